"""A sample of the cells, with each fault and each fate; `make crash-matrix` runs all."""

import pytest

from bot.use_cases.service_order import process as process_orders
from tests.simulation.crash_matrix import (
    Fault,
    ProcessFate,
    count_gates,
    find_cell_violations,
    find_death_violations,
    list_cells,
    record_faultless_run,
)

# Has no divisor in common with the number of faults times that of fates: all come in turn.
STRIDE = 19


def test_an_order_of_two_lines_has_several_commits_before_its_last_charge() -> None:
    record = record_faultless_run()
    assert record.commits > record.last_before_a_charge > 2


def test_an_order_ends_correctly_after_any_fault_at_any_commit() -> None:
    chosen = list_cells()[::STRIDE]
    assert {cell.fault for cell in chosen} >= set(Fault)
    assert {cell.ending for cell in chosen} == set(ProcessFate)
    found = {str(cell): violations for cell in chosen if (violations := find_cell_violations(cell))}
    assert found == {}


def test_over_stripe_an_order_ends_correctly_after_any_fault_at_any_commit() -> None:
    chosen = list_cells(at_stripe=True)[::STRIDE]
    assert {cell.fault for cell in chosen} >= set(Fault)
    assert {cell.ending for cell in chosen} == set(ProcessFate)
    found = {
        str(cell): violations for cell in chosen if (violations := find_cell_violations(cell, at_stripe=True))
    }
    assert found == {}


def test_over_stripe_an_order_ends_correctly_if_the_process_dies_between_two_requests() -> None:
    """An order is several requests there: what one of them left is found by the next worker."""
    chosen = range(1, count_gates(), STRIDE)
    found = {gate: violations for gate in chosen if (violations := find_death_violations(gate))}
    assert found == {}


def test_a_retry_that_forgets_the_open_attempt_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a cell is worth: with a new key for each call, a lost answer is charged again, or never ends."""

    async def forgotten(*_: object) -> None:
        return None

    monkeypatch.setattr(process_orders, "_find_open_charge", forgotten)
    lost = next(c for c in list_cells() if c.fault is Fault.ANSWER_LOST and c.ending is ProcessFate.GOES_ON)
    assert find_cell_violations(lost)
