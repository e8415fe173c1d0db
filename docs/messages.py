"""Every text that people read, in both languages side by side: the page `docs/messages.md`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from fluent.syntax import FluentParser
from fluent.syntax.ast import GroupComment, Message

from bot.i18n import FOLDER, LANGUAGES

NAMES = {"en": "English", "fr": "Français"}

INTRODUCTION = """\
# Messages

Written by `make docs` from the texts in `bot/i18n/`. Do not edit it: a test compares it with them.

What stands in braces is filled in. `{ $count -> … }` chooses by what is filled in: the choice with an
asterisk is taken where no other fits. Asterisks around words make them bold in Slack.
"""


@dataclass(frozen=True)
class Text:
    section: str
    key: str
    words: str


def messages_page() -> str:
    languages = [_texts(language) for language in LANGUAGES]
    lines, section = [INTRODUCTION.rstrip()], ""
    for key in languages[0]:
        row = [texts[key] for texts in languages]
        if row[0].section != section:
            section = row[0].section
            head = ["key", *(NAMES[language] for language in LANGUAGES)]
            title = " · ".join(dict.fromkeys(text.section for text in row))
            lines += ["", f"## {title}", "", _row(head), _row(["---"] * len(head))]
        lines.append(_row([f"`{key}`", *(_cell(text.words) for text in row)]))
    return "\n".join([*lines, ""])


def _texts(language: str) -> dict[str, Text]:
    source = (FOLDER / f"{language}.ftl").read_text(encoding="utf-8")
    return {text.key: text for text in _read(source)}


def _read(source: str) -> Iterator[Text]:
    section = ""
    for part in FluentParser().parse(source).body:
        if isinstance(part, GroupComment):
            section = part.content or ""
        elif isinstance(part, Message) and part.value and part.value.span:
            yield Text(section, part.id.name, source[part.value.span.start : part.value.span.end])


def _cell(words: str) -> str:
    """Lines as lines, and nothing of it as Markdown. What is quoted for Fluent stands as it comes out."""
    plain = re.sub(r'\{"(.*?)"\}', r"\1", words)
    escaped = re.sub(r"([\\`*_\[\]|#])", r"\\\1", plain.replace("&", "&amp;").replace("<", "&lt;"))
    return "<br>".join(line.strip() for line in escaped.splitlines())


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"
