"""Every rule that is cited has its heading in docs/rules.md, which also says what is not built yet."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rules_page import ROOT, RULES_PAGE, rule_sections

SOURCES = {".py", ".md", ".yml", ".yaml", ".toml", ".ftl", ".typ", ".mako", ".patch", ".json", ".sh", ""}
NOT_OURS = {"__pycache__", "build"}
CITATION = re.compile(r"\bR[0-9]{1,2}\b")
MARK = "*not built yet*"

# An issue that builds one of these removes it here, and its mark from the page.
NOT_BUILT_YET = {
    "R30",
    "R31",
}


def source_files() -> Iterator[Path]:
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if not name.startswith(".") and name not in NOT_OURS]
        for path in (Path(folder, name) for name in names if not name.startswith(".")):
            if path.suffix in SOURCES:
                yield path


def find_citations() -> dict[str, list[str]]:
    """Rule number → the files that cite it."""
    found: dict[str, list[str]] = {}
    for path in source_files():
        for number in {*CITATION.findall(path.read_text(encoding="utf-8", errors="ignore"))}:
            found.setdefault(number, []).append(str(path.relative_to(ROOT)))
    return found


def test_every_cited_rule_is_on_the_page() -> None:
    cited = find_citations()
    assert len(cited) > 20, "the citations were not found"
    written = {number for number, _ in rule_sections()}
    assert {number: files for number, files in cited.items() if number not in written} == {}


def test_the_rules_are_numbered_consecutively() -> None:
    numbers = [number for number, _ in rule_sections()]
    assert numbers == [f"R{n}" for n in range(1, len(numbers) + 1)]


def test_every_rule_says_something() -> None:
    assert [number for number, text in rule_sections() if len(text.split()) < 15] == []


def test_only_the_expected_rules_are_marked_as_not_built_yet() -> None:
    assert {number for number, text in rule_sections() if MARK in text} == NOT_BUILT_YET


def test_the_mark_is_always_written_the_same_way() -> None:
    page = RULES_PAGE.read_text(encoding="utf-8")
    assert len(re.findall(r"not (?:yet built|built yet)", page, re.IGNORECASE)) == page.count(MARK)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_rules_are_linked_from(page: str) -> None:
    assert "](docs/rules.md)" in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["R2D2", "0xR1F", "R123", "AR5"])
def test_text_that_only_looks_like_a_rule_is_no_citation(text: str) -> None:
    assert CITATION.findall(text) == []
