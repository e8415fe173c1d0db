from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """`passed` is none for advice: nothing is wrong, but something could be set."""

    name: str
    passed: bool | None
    message: str
