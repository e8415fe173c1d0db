"""A part of the cells, each fault and ending among them; `make crash-matrix` runs all."""

import pytest

from bot.use_cases.service_order import process as process_orders
from tests.crash_matrix.cells import (
    Ending,
    Fault,
    cells,
    gates,
    recorded,
    troubles_of,
    troubles_of_dying_at,
)

# No divisor of the number of faults times that of endings: so all come by turns.
EVERY = 11
PARTS = 2
EVERY_AT_STRIPE = 13


def test_placing_and_processing_two_lines_commit_more_often_than_they_charge() -> None:
    record = recorded()
    assert record.commits > record.last_before_a_charge > 2


@pytest.mark.parametrize("part", range(PARTS))
def test_whatever_follows_a_commit_the_order_ends_right(part: int) -> None:
    chosen = cells()[::EVERY]
    assert {cell.fault for cell in chosen} >= set(Fault)
    assert {cell.ending for cell in chosen} == set(Ending)
    found = {str(cell): troubles for cell in chosen[part::PARTS] if (troubles := troubles_of(cell))}
    assert found == {}


def test_over_stripe_whatever_follows_a_commit_the_order_ends_right() -> None:
    chosen = cells(at_stripe=True)[::EVERY_AT_STRIPE]
    assert {cell.fault for cell in chosen} >= set(Fault)
    assert {cell.ending for cell in chosen} == set(Ending)
    found = {str(cell): troubles for cell in chosen if (troubles := troubles_of(cell, at_stripe=True))}
    assert found == {}


def test_over_stripe_a_process_may_die_between_any_two_requests() -> None:
    """An order is several requests there: what one of them left is found by the next worker."""
    chosen = range(1, gates(), EVERY_AT_STRIPE)
    found = {gate: troubles for gate in chosen if (troubles := troubles_of_dying_at(gate))}
    assert found == {}


def test_an_attempt_that_is_forgotten_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cell is worth: with a new key for each call, a lost answer is charged again, or never ends."""

    async def forgotten(*_: object) -> None:
        return None

    monkeypatch.setattr(process_orders, "_find_open_charge", forgotten)
    lost = next(c for c in cells() if c.fault is Fault.ANSWER_LOST and c.ending is Ending.GOES_ON)
    assert troubles_of(lost)
