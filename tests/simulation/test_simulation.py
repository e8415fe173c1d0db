"""Some seeds with each provider; `make simulate` runs all of them, and checks that everything occurred."""

from collections import Counter
from random import Random

import pytest

from bot.tasks import gather_or_cancel
from tests.simulation.faults import NoFaults
from tests.simulation.gates import Process
from tests.simulation.loop import VirtualClock
from tests.simulation.run import EARLIEST, Outcome, open_store, run_chunk, run_in_virtual_time, run_seed
from tests.simulation.world import SimulatedWorld

CHUNKS = [range(4), pytest.param(range(4, 20), marks=pytest.mark.long)]
# Among them invoices that are overdue, paid in part, cancelled and written off.
SEEDS_WITH_STRIPE = [(15, 48), pytest.param((1, 35), marks=pytest.mark.long)]


def _report(outcome: Outcome, option: str = "") -> str:
    tail = "\n".join(outcome.trace[-40:])
    broken = "\n".join(outcome.violations)
    return f"{tail}\n{broken}\nreplay: python -m tests.simulation{option} --seed {outcome.seed}"


@pytest.mark.parametrize("seeds", CHUNKS, ids=lambda seeds: f"from {seeds.start}")
def test_no_fault_breaks_an_invariant(seeds: range) -> None:
    broken = [outcome for outcome in run_chunk(seeds) if outcome.violations]
    assert not broken, "\n\n".join(_report(outcome) for outcome in broken[:3])


@pytest.mark.parametrize("seeds", SEEDS_WITH_STRIPE, ids=str)
def test_with_stripe_no_fault_breaks_an_invariant(seeds: tuple[int, ...]) -> None:
    outcomes = run_chunk(seeds, with_stripe=True)
    broken = [outcome for outcome in outcomes if outcome.violations]
    assert not broken, "\n\n".join(_report(outcome, " --with-stripe") for outcome in broken[:3])


def test_with_stripe_the_same_seed_replays_to_the_same_trace() -> None:
    first, again = (run_seed(open_store(), 1, with_stripe=True) for _ in range(2))
    assert first.trace == again.trace
    assert len(first.trace) > 100
    assert any(" event: " in line for line in first.trace)


def test_the_same_seed_replays_to_the_same_trace() -> None:
    first, again = (run_seed(open_store(), 11) for _ in range(2))
    assert first.trace == again.trace
    assert len(first.trace) > 100


def test_opening_the_gates_skips_actors_that_a_failure_has_cancelled() -> None:
    clock = VirtualClock(EARLIEST)
    world = SimulatedWorld(open_store(), clock, Random(0), NoFaults(), Counter())

    async def fail(process: Process) -> None:
        await world.gates.wait(process, "first")
        raise LookupError

    async def open_gates() -> None:
        process = world.open_replica().process
        beside = world.gates.wait(process, "second")
        world.start_actor(world.replicas[0], "both", gather_or_cancel(fail(process), beside))
        await world.loop.settle()
        assert [waiter.gate for waiter in world.gates.waiting] == ["first", "second"]
        await world.open_gates()
        await world.stop_actors()

    run_in_virtual_time(world, open_gates, workers=1)
    assert (world.violations, world.gates.waiting) == (["both failed: LookupError()"], [])
