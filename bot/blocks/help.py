"""The help of a command."""

from bot.i18n import Localizer


def format_help(localizer: Localizer, command: str) -> str:
    return localizer.format_mrkdwn("help-" + command.removeprefix("/"))
