"""docs/rules.md, as the tests read it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
RULES_PAGE = ROOT / "docs/rules.md"

HEADING = re.compile(r"^### (R\d+): \S.*$", re.MULTILINE)


def rule_sections() -> list[tuple[str, str]]:
    """Each rule's number, such as `R7`, and the text below its heading, in the order of the page."""
    _, *parts = HEADING.split(RULES_PAGE.read_text(encoding="utf-8"))
    return [*zip(parts[::2], parts[1::2], strict=True)]
