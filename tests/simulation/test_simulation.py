"""The seeds of the suite. They go to processes in chunks; the last chunk to end judges what all have met."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from tests.simulation.coverage import FAULTS_OF_STRIPE, WORD, missing
from tests.simulation.run import Outcome, open_store, run_chunk, run_seed

CHUNKS, SEEDS = 6, 50
# Such that each fault, and all that can happen to word from there, is among them in two seeds at least.
SEEDS_AT_STRIPE = (1, 4, 15, 34, 47, 48, 64, 102, 127, 136, 156, 157, 165, 191, 194)


def _report(outcome: Outcome, where: str = "") -> str:
    tail = "\n".join(outcome.trace[-40:])
    broken = "\n".join(outcome.violations)
    return f"{tail}\n{broken}\nreplay: python -m tests.simulation{where} --seed {outcome.seed}"


@pytest.fixture
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all the processes that run this suite."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_fault_breaks_what_must_hold(chunk: int, shared_folder: Path) -> None:
    outcomes = run_chunk(range(chunk * SEEDS, (chunk + 1) * SEEDS))
    broken = [outcome for outcome in outcomes if outcome.violations]
    assert not broken, "\n\n".join(_report(outcome) for outcome in broken[:3])
    seen: Counter[str] = sum((outcome.seen for outcome in outcomes), Counter())
    everything = _seen_by_all(shared_folder, chunk, seen)
    assert everything is None or not missing(everything)


def _seen_by_all(folder: Path, chunk: int, seen: Counter[str]) -> Counter[str] | None:
    """What all chunks met; none while some still run, or are not run at all."""
    written = folder / f"simulation-{chunk}.part"
    written.write_text(json.dumps(seen), encoding="utf-8")
    written.rename(written.with_suffix(".json"))
    chunks = sorted(folder.glob("simulation-*.json"))
    if len(chunks) < CHUNKS:
        return None
    return sum((Counter(json.loads(path.read_text(encoding="utf-8"))) for path in chunks), Counter())


def test_over_stripe_no_fault_breaks_what_must_hold() -> None:
    outcomes = run_chunk(SEEDS_AT_STRIPE, at_stripe=True)
    broken = [outcome for outcome in outcomes if outcome.violations]
    assert not broken, "\n\n".join(_report(outcome, " --at-stripe") for outcome in broken[:3])
    seen: Counter[str] = sum((outcome.seen for outcome in outcomes), Counter())
    assert [what for what in (*FAULTS_OF_STRIPE, *WORD) if not seen[what]] == []


def test_over_stripe_too_the_same_seed_replays_to_the_same_trace() -> None:
    first, again = (run_seed(open_store(), SEEDS_AT_STRIPE[0], at_stripe=True) for _ in range(2))
    assert first.trace == again.trace
    assert len(first.trace) > 100
    assert any(" word: " in line for line in first.trace)


@pytest.mark.parametrize("seed", [3, 11])
def test_the_same_seed_replays_to_the_same_trace(seed: int) -> None:
    first, again = (run_seed(open_store(), seed) for _ in range(2))
    assert first.trace == again.trace
    assert len(first.trace) > 100
