"""`python -m tests.replicas`, small enough for every run."""

from tests.replicas.stress import run_stress

PROCESSES, PRESSES, ROUNDS = 2, 10, 1


async def test_simultaneous_presses_of_one_button_charge_once_and_are_all_answered() -> None:
    """One quote makes one order, and nobody is left without an answer (R19, R20)."""
    result = await run_stress(PROCESSES, PRESSES, ROUNDS, lambda: None)
    assert result.errors == []
    assert (result.presses, result.charges) == (PROCESSES * PRESSES * ROUNDS, ROUNDS)
