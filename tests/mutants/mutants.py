"""Mutants: the product with a planted bug, each described by a TOML file that is named after the bug.

    bug = "A retry is sent with the key of the attempt before it."
    breaks = "R19 (each attempt has a key of its own)"
    suite = ["tests/handlers/service_order/test_service_orders.py", "tests/billing"]
    database = "postgresql"  # only if the bug has no effect on SQLite
    file = "bot/…"

    [[change]]
    old = '''…'''
    new = '''…'''

`old` occurs once in the file. Whitespace is ignored, so a mutant survives reformatting.
"""

import re
import textwrap
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

TOKEN = re.compile(r"\w+|[^\w\s]")


class DoesNotApply(Exception):
    """The code has changed: `old` is missing, or occurs more than once."""


@dataclass(frozen=True)
class Change:
    old: str
    new: str

    def apply_to(self, text: str) -> str:
        pattern = r"\s*".join(map(re.escape, TOKEN.findall(self.old)))
        found = list(re.finditer(pattern, text))
        if len(found) != 1:
            raise DoesNotApply(f"found {len(found)} times: {self.old}")
        start, end = found[0].span()
        line = text[text.rfind("\n", 0, start) + 1 : start]
        indent = line[: len(line) - len(line.lstrip())]
        new = textwrap.indent(textwrap.dedent(self.new), indent).lstrip()
        return text[:start] + new + text[end:]

    def count_lines(self) -> int:
        """The lines it adds or those it removes, whichever are more."""
        old, new = (text.strip().splitlines() for text in (self.old, self.new))
        removed = [line for line in old if line not in new]
        added = [line for line in new if line not in old]
        return max(len(removed), len(added))


@dataclass(frozen=True)
class Mutant:
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def is_independent(self) -> bool:
        """Whether its author had not seen the tests."""
        return self.path.parent.name == "independent"

    @property
    def description(self) -> str:
        return str(self._values["bug"])

    @property
    def rules(self) -> list[str]:
        return re.findall(r"\bR\d+\b", self._values["breaks"])

    @property
    def suite(self) -> list[str]:
        """Files and tests, as pytest takes them."""
        return list(self._values["suite"])

    @property
    def database(self) -> str:
        return str(self._values.get("database", "sqlite"))

    @property
    def file(self) -> str:
        return str(self._values["file"])

    @property
    def changes(self) -> list[Change]:
        return [Change(**change) for change in self._values["change"]]

    def apply_to(self, text: str) -> str:
        """The file's text with the bug. Raises DoesNotApply."""
        for change in self.changes:
            text = change.apply_to(text)
        return text

    @cached_property
    def _values(self) -> dict[str, Any]:
        return tomllib.loads(self.path.read_text(encoding="utf-8"))


def list_mutants() -> list[Mutant]:
    return [Mutant(path) for path in sorted(HERE.glob("*/*.toml"))]
