"""What `help` after a command says."""

from bot.i18n import Localizer


def format_help(localizer: Localizer, command: str) -> str:
    """mrkdwn. `command` as typed: `/add-seats`."""
    return localizer.format_mrkdwn("help-" + command.removeprefix("/"))
