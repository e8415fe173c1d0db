"""The help of a command."""

from bot.i18n import Localizer


def format_help(localizer: Localizer, command: str) -> str:
    """mrkdwn; `command` includes the slash."""
    return localizer.format_mrkdwn("help-" + command.removeprefix("/"))
