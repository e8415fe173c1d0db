"""States as data: a table says which status may follow which, and a function enforces it (R18)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from models.errors import ForbiddenTransition

StatusT = TypeVar("StatusT", bound=StrEnum)
Transitions = Mapping[StatusT, frozenset[StatusT]]


def check_transition(transitions: Transitions[StatusT], current: StatusT, to: StatusT) -> StatusT:
    """Returns `to` if it may follow `current`. Raises ForbiddenTransition."""
    if to not in transitions[current]:
        raise ForbiddenTransition(current=current.value, wanted=to.value)
    return to
