"""Why a line was declined, in words."""

from bot.i18n import Localizer


def format_decline_reason(localizer: Localizer, reason: str | None) -> str:
    """Plain, the end of a sentence. A code we have no words for is named as the provider's."""
    key = "decline-" + (reason or "unknown").replace("_", "-")
    if localizer.has_message(key):
        return localizer.format_text(key)
    return localizer.format_text("decline-with-code", reason=reason)
