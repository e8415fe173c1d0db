"""Some seeds over each provider; `make simulate` runs all of them, and checks that everything occurred."""

import pytest

from tests.simulation.run import Outcome, open_store, run_chunk, run_seed

CHUNKS = [range(10), pytest.param(range(10, 20), marks=pytest.mark.long)]
SEEDS_AT_STRIPE = (1, 15, 47, 156)


def _report(outcome: Outcome, where: str = "") -> str:
    tail = "\n".join(outcome.trace[-40:])
    broken = "\n".join(outcome.violations)
    return f"{tail}\n{broken}\nreplay: python -m tests.simulation{where} --seed {outcome.seed}"


@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"from {seeds.start}")
def test_no_fault_breaks_an_invariant(seeds: range) -> None:
    broken = [outcome for outcome in run_chunk(seeds) if outcome.violations]
    assert not broken, "\n\n".join(_report(outcome) for outcome in broken[:3])


def test_over_stripe_no_fault_breaks_an_invariant() -> None:
    outcomes = run_chunk(SEEDS_AT_STRIPE, at_stripe=True)
    broken = [outcome for outcome in outcomes if outcome.violations]
    assert not broken, "\n\n".join(_report(outcome, " --at-stripe") for outcome in broken[:3])


def test_over_stripe_the_same_seed_replays_to_the_same_trace() -> None:
    first, again = (run_seed(open_store(), SEEDS_AT_STRIPE[0], at_stripe=True) for _ in range(2))
    assert first.trace == again.trace
    assert len(first.trace) > 100
    assert any(" event: " in line for line in first.trace)


def test_the_same_seed_replays_to_the_same_trace() -> None:
    first, again = (run_seed(open_store(), 11) for _ in range(2))
    assert first.trace == again.trace
    assert len(first.trace) > 100
