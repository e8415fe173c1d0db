from bot.i18n.localizer import Localizer
from bot.i18n.messages import MESSAGES_FOLDER
from bot.i18n.mrkdwn import (
    SlackMarkup,
    escape_mrkdwn,
    format_date_token,
    format_link,
    replace_date_tokens,
    unescape_mrkdwn,
)
from bot.i18n.truncation import truncate_text

__all__ = [
    "MESSAGES_FOLDER",
    "Localizer",
    "SlackMarkup",
    "escape_mrkdwn",
    "format_date_token",
    "format_link",
    "replace_date_tokens",
    "truncate_text",
    "unescape_mrkdwn",
]
