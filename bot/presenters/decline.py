"""Why a line was declined, in words."""

from bot.i18n import Localizer


def format_decline_reason(localizer: Localizer, reason: str | None) -> str:
    """Plain text that ends a sentence. A code without a text is quoted as the provider's."""
    key = "decline-" + (reason or "unknown").replace("_", "-")
    if localizer.has_message(key):
        return localizer.format_text(key)
    return localizer.format_text("decline-with-code", reason=reason)
