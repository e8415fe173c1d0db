"""What `help` after a command says."""

from bot.i18n import Reader


def help_text(reader: Reader, command: str) -> str:
    """mrkdwn. `command` as typed: `/add-seats`."""
    return reader.mrkdwn("help-" + command.removeprefix("/"))
