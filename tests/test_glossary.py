"""The glossary is short, is found, and says the same as the rules."""

import pytest

from tests.rules_page import ROOT, RULES_PAGE

GLOSSARY = ROOT / "docs/glossary.md"
MOST_TERMS = 40


def read_terms(page: str) -> dict[str, str]:
    """Term → the last cell of its row, which in a table of product terms is the French."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ")
    ]
    terms = [row for row in rows if row[0] not in ("term", "---")]
    names = [row[0] for row in terms]
    assert len(names) == len({*names}), "a term stands there twice"
    return {row[0]: row[-1] for row in terms}


def read_section(page: str, heading: str) -> str:
    [after] = page.split(f"\n## {heading}\n")[1:]
    return after.split("\n## ")[0]


def test_the_glossary_is_short() -> None:
    assert 20 < len(read_terms(GLOSSARY.read_text(encoding="utf-8"))) <= MOST_TERMS


def test_product_terms_and_their_french_are_those_of_the_rules() -> None:
    glossary = read_section(GLOSSARY.read_text(encoding="utf-8"), "The product")
    rules = read_section(RULES_PAGE.read_text(encoding="utf-8"), "Terms")
    assert read_terms(glossary) == read_terms(rules)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_the_glossary_is_linked_from(page: str) -> None:
    assert "](docs/glossary.md)" in (ROOT / page).read_text(encoding="utf-8")
