"""Tables of cases that differ in breadth only: some in every run, all of them in `make test-long`."""

from collections.abc import Iterable
from typing import Any

import pytest


def mark_long_except(cases: Iterable[Any], *kept: Any) -> list[Any]:
    """For `parametrize`."""
    cases = list(cases)
    assert set(kept) <= set(cases), "renamed"
    return [case if case in kept else _mark_long(case) for case in cases]


def _mark_long(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.long)
