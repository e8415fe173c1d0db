"""Slack's markup: what people typed is escaped, what we write in it is `SlackMarkup`."""

import re
from datetime import datetime

# Slack formats what is between two of them. It has no escape sequence for them, so look-alikes are shown. An
# underscore inside a word, as in an email address, formats nothing.
LOOK_ALIKES = {"*": "\u2217", "~": "\u223c", "`": "\u02cb"}
FORMATTING_UNDERSCORE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
UNDERSCORE_LOOK_ALIKE = "\u02cd"
# Most texts have none of what is escaped.
ESCAPED_CHARACTERS = re.compile(r"[*~`_&<>]")

DATE_TOKEN = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


class SlackMarkup(str):
    """Text in Slack's own markup, such as a date token: it is filled in as it is, never escaped."""


def escape_mrkdwn(text: str) -> str:
    # What a person typed must never become a mention, link or channel, nor bold or struck out.
    if ESCAPED_CHARACTERS.search(text) is None:
        return text
    for sign, look_alike in LOOK_ALIKES.items():
        if text.count(sign) > 1:
            text = text.replace(sign, look_alike)
    if "_" in text and len(FORMATTING_UNDERSCORE.findall(text)) > 1:
        text = FORMATTING_UNDERSCORE.sub(UNDERSCORE_LOOK_ALIKE, text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape_mrkdwn(text: str) -> str:
    """Unescapes text that Slack has escaped once: `&amp;lt;` was typed as `&lt;`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def format_link(url: str) -> SlackMarkup:
    """`verbatim` keeps Slack from linking bare URLs."""
    quoted = url.replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
    return SlackMarkup(f"<{quoted.replace('&', '&amp;')}>")


def format_date_token(at: datetime, fallback: str) -> SlackMarkup:
    """Readers see it in their own zone; clients that cannot show it show `fallback`."""
    written = escape_mrkdwn(fallback).replace("|", "")
    return SlackMarkup(f"<!date^{int(at.timestamp())}^{{date_short}}, {{time}}|{written}>")


def replace_date_tokens(text: str) -> str:
    """Replaces each date token in the mrkdwn by its fallback."""
    return DATE_TOKEN.sub(r"\1", text)
