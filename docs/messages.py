"""Every text that people read, in both languages side by side: the page `docs/messages.md`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fluent.syntax import FluentParser
from fluent.syntax.ast import GroupComment, Message

from bot.i18n import MESSAGES_FOLDER
from models.text.localized_text import LANGUAGES

LANGUAGE_NAMES = {"en": "English", "fr": "Français"}

INTRODUCTION = """\
# Messages

Written by `make docs` from the texts in `bot/i18n/`. Do not edit it: a test compares it with them.

What stands in braces is filled in. `{ $count -> … }` chooses by what is filled in: the choice with an
asterisk is used if no other fits. Asterisks around words make them bold in Slack.
"""


@dataclass(frozen=True)
class MessageText:
    section: str
    key: str
    text: str


def render_messages_page() -> str:
    languages = [_load_texts(language) for language in LANGUAGES]
    lines, section = [INTRODUCTION.rstrip()], ""
    for key in languages[0]:
        row = [texts[key] for texts in languages]
        if row[0].section != section:
            section = row[0].section
            head = ["key", *(LANGUAGE_NAMES[language] for language in LANGUAGES)]
            title = " · ".join(dict.fromkeys(text.section for text in row))
            lines += ["", f"## {title}", "", _format_row(head), _format_row(["---"] * len(head))]
        lines.append(_format_row([f"`{key}`", *(_format_cell(text.text) for text in row)]))
    return "\n".join([*lines, ""])


def _load_texts(language: str) -> dict[str, MessageText]:
    source = (MESSAGES_FOLDER / f"{language}.ftl").read_text(encoding="utf-8")
    return {text.key: text for text in _parse_texts(source)}


def _parse_texts(source: str) -> Iterator[MessageText]:
    section = ""
    for part in FluentParser().parse(source).body:
        if isinstance(part, GroupComment):
            section = part.content or ""
        elif isinstance(part, Message) and part.value and part.value.span:
            yield MessageText(section, part.id.name, source[part.value.span.start : part.value.span.end])


def _format_cell(text: str) -> str:
    """Keeps line breaks and escapes Markdown. Text quoted for Fluent appears unquoted."""
    plain = re.sub(r'\{"(.*?)"\}', r"\1", text)
    escaped = re.sub(r"([\\`*_\[\]|#])", r"\\\1", plain.replace("&", "&amp;").replace("<", "&lt;"))
    return "<br>".join(line.strip() for line in escaped.splitlines())


def _format_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
