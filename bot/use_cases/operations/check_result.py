from collections.abc import Sized
from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """`passed` is none for advice: nothing is wrong, but something could be set."""

    name: str
    passed: bool | None
    message: str


def format_remainder(items: Sized, shown_count: int) -> str:
    remainder = len(items) - shown_count
    return f" (and {remainder} more)" if remainder > 0 else ""
