"""The same as `python -m tests.stress`, small enough for every run."""

from tests.stress.presses import stress

PROCESSES, PRESSES, ROUNDS = 2, 10, 3


async def test_presses_of_one_button_at_the_same_moment_charge_once_and_are_all_answered() -> None:
    """R19, R20"""
    result = await stress(PROCESSES, PRESSES, ROUNDS, lambda: None)
    assert result.errors == []
    assert (result.presses, result.charges) == (PROCESSES * PRESSES * ROUNDS, ROUNDS)
