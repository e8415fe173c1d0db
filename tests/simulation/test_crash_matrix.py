"""A sample of the cells, with each fault and each ending; `make crash-matrix` runs all."""

import pytest

from tests.simulation.crash_matrix import (
    Fault,
    ProcessEnding,
    count_gates,
    find_cell_violations,
    find_death_violations,
    list_cells,
    record_faultless_run,
)

# Coprime to the number of faults times that of endings, so that all occur.
STRIDE = 17


def test_an_order_of_two_lines_has_several_commits_before_its_last_charge() -> None:
    record = record_faultless_run()
    assert record.commits > record.last_before_a_charge > 2


def test_an_order_ends_correctly_after_any_fault_at_any_commit() -> None:
    chosen = list_cells()[::STRIDE]
    assert {cell.fault for cell in chosen} >= set(Fault)
    assert {cell.ending for cell in chosen} == set(ProcessEnding)
    found = {str(cell): violations for cell in chosen if (violations := find_cell_violations(cell))}
    assert found == {}


@pytest.mark.long
def test_with_stripe_an_order_ends_correctly_after_any_fault_at_any_commit() -> None:
    chosen = list_cells(with_stripe=True)[::STRIDE]
    assert {cell.fault for cell in chosen} >= set(Fault)
    assert {cell.ending for cell in chosen} == set(ProcessEnding)
    found = {
        str(cell): violations
        for cell in chosen
        if (violations := find_cell_violations(cell, with_stripe=True))
    }
    assert found == {}


def test_with_stripe_an_order_ends_correctly_if_the_process_dies_between_two_requests() -> None:
    """An order takes several requests there: the next worker finds the result of the last one."""
    chosen = range(1, count_gates(), STRIDE)
    found = {gate: violations for gate in chosen if (violations := find_death_violations(gate))}
    assert found == {}
