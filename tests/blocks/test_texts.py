"""The two languages say the same things, with the same words to fill in, in their own typography."""

import re
from pathlib import Path

import pytest
from fluent.syntax import FluentParser, FluentSerializer
from fluent.syntax.ast import Identifier, Junk, Message, MessageReference, VariableReference
from fluent.syntax.visitor import Visitor

from bot.i18n import MESSAGES_FOLDER
from models.text.localized_text import LANGUAGES

ROOT = Path(__file__).parents[2]
# Keys that are put together where they are used.
PUT_TOGETHER = re.compile(
    r"refusal|decline-|history-|help-|service-order-(placed|processing|completed|failed)$"
    r"|order-line-(waiting|charging|needs-customer|unknown)$"
    r"|notifications-((orders|receipts|decisions|reminders)(-hint)?|at-once|daily)$"
    r"|checkout-(line[12]|postal-code|city|state|country)$"
)


class Words(Visitor):
    """What a message is filled with: its variables, and the messages it takes in."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.taken_in: set[str] = set()

    def visit_VariableReference(self, node: VariableReference) -> None:  # noqa: N802
        self.variables.add(node.id.name)

    def visit_MessageReference(self, node: MessageReference) -> None:  # noqa: N802
        self.taken_in.add(node.id.name)


def messages(language: str) -> dict[str, Words]:
    resource = FluentParser().parse((MESSAGES_FOLDER / f"{language}.ftl").read_text(encoding="utf-8"))
    found: dict[str, Words] = {}
    for part in resource.body:
        if isinstance(part, Message):
            assert part.id.name not in found, f"{part.id.name} is there twice"
            found[part.id.name] = Words()
            found[part.id.name].visit(part)
    return found


def variables(found: dict[str, Words], key: str) -> set[str]:
    words = found[key]
    return words.variables.union(*(variables(found, other) for other in words.taken_in))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_of_a_language_is_understood(language: str) -> None:
    resource = FluentParser().parse((MESSAGES_FOLDER / f"{language}.ftl").read_text(encoding="utf-8"))
    assert [part.content for part in resource.body if isinstance(part, Junk)] == []


def test_the_languages_have_the_same_keys() -> None:
    assert messages("en").keys() == messages("fr").keys()


def test_the_languages_fill_in_the_same_words() -> None:
    english, french = messages("en"), messages("fr")
    differing = {key for key in english if variables(english, key) != variables(french, key)}
    assert differing == set()


def test_no_key_is_left_that_nothing_shows() -> None:
    code = "".join(p.read_text(encoding="utf-8") for folder in ("bot", "handlers") for p in _modules(folder))
    found = messages("en")
    taken_in = set[str]().union(*(words.taken_in for words in found.values()))
    unused = [
        key
        for key in found.keys() - taken_in
        if not re.search(f"[\"']{key}[\"']", code) and not PUT_TOGETHER.match(key)
    ]
    assert unused == []


def test_each_text_has_one_key() -> None:
    said: dict[str, list[str]] = {}
    for part in FluentParser().parse((MESSAGES_FOLDER / "en.ftl").read_text(encoding="utf-8")).body:
        if isinstance(part, Message):
            text = FluentSerializer().serialize_entry(Message(Identifier("any"), part.value))
            said.setdefault(text, []).append(part.id.name)
    assert [keys for keys in said.values() if len(keys) > 1] == []


def test_every_key_that_is_shown_has_a_text() -> None:
    code = "".join(p.read_text(encoding="utf-8") for folder in ("bot", "handlers") for p in _modules(folder))
    shown = set(re.findall(r"\.format_(?:text|mrkdwn)\(\s*[\"']([a-z][a-z0-9-]*)[\"']\s*[,)]", code))
    assert shown - messages("en").keys() == set()


def _modules(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def test_french_has_no_breaking_space_before_its_punctuation() -> None:
    text = (MESSAGES_FOLDER / "fr.ftl").read_text(encoding="utf-8")
    sentences = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in sentences if re.search(r"\S [:;!?»]|« ", line)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_apostrophes_and_ellipses_are_typographic(language: str) -> None:
    text = (MESSAGES_FOLDER / f"{language}.ftl").read_text(encoding="utf-8")
    assert re.findall(r".*\w'\w.*|.*\w\.\.\..*", text) == []
