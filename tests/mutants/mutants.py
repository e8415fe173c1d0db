"""Planted bugs, as they lie in their files.

A file's name is the bug's. Its head says what the bug is, which rule it breaks and which tests should notice
(with a line `# database: postgresql` where only that one shows it); the patch follows:

    # A retry is sent with the key of the attempt before it.
    # Breaks R19 (each attempt has a key of its own).
    # suite: tests/handlers/test_service_orders.py tests/billing

    --- a/bot/…
"""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent

HEAD_LINE = re.compile(r"^# (?:(Breaks|suite:|database:) )?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Bug:
    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def blind(self) -> bool:
        """By someone who had not seen the tests."""
        return self.path.parent.name == "blind"

    @property
    def sentence(self) -> str:
        return self._head.get("", "")

    @property
    def rules(self) -> list[str]:
        return re.findall(r"\bR\d+\b", self._head.get("Breaks", ""))

    @property
    def suite(self) -> list[str]:
        """Files and tests, as pytest takes them."""
        return self._head.get("suite:", "").split()

    @property
    def database(self) -> str:
        return self._head.get("database:", "sqlite")

    @property
    def files(self) -> list[str]:
        return re.findall(r"^\+\+\+ b/(\S+)", self._text, re.MULTILINE)

    def lines(self, sign: str) -> list[str]:
        """Those it puts in ("+") or takes out ("-")."""
        _, *hunks = re.split(r"^@@ .*$", self._text, flags=re.MULTILINE)
        return [line for hunk in hunks for line in hunk.splitlines() if line.startswith(sign)]

    @cached_property
    def _head(self) -> dict[str, str]:
        """Each kind of line in the head; several of one kind read on."""
        found: dict[str, str] = {}
        for kind, words in HEAD_LINE.findall(self._text.split("\n--- ")[0]):
            found[kind] = f"{found.get(kind, '')} {words}".strip()
        return found

    @cached_property
    def _text(self) -> str:
        return self.path.read_text(encoding="utf-8")


def planted() -> list[Bug]:
    return [Bug(path) for path in sorted(HERE.glob("*/*.patch"))]
