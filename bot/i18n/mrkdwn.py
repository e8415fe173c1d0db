"""Slack's markup: what people typed is escaped, what we write in it is `SlackMarkup`."""

import re
from datetime import datetime

DATE_TOKEN = re.compile(r"<!date\^[^|>]*\|([^>]*)>")


class SlackMarkup(str):
    """Text in Slack's own markup, such as a date token: it is filled in as it is, never escaped."""


def escape_mrkdwn(text: str) -> str:
    """So that what a person typed never becomes a mention, link or channel."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def format_date_token(at: datetime, fallback: str) -> SlackMarkup:
    """Each reader sees it in their own zone; a client that cannot show it shows `fallback`."""
    written = escape_mrkdwn(fallback).replace("|", "")
    return SlackMarkup(f"<!date^{int(at.timestamp())}^{{date_short}}, {{time}}|{written}>")


def replace_date_tokens(text: str) -> str:
    """The mrkdwn `text` with the fallback of each date token in its place."""
    return DATE_TOKEN.sub(r"\1", text)
