"""The fault simulation with random seeds, and the crash matrix.

python -m tests.simulation --seeds N            many seeds; one alone, with its trace: --seed N
python -m tests.simulation --crash-matrix       every cell of the crash matrix; one alone: --cell N
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import chain
from multiprocessing import get_context
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.coverage import list_missing
from tests.simulation.crash_matrix import count_gates, find_cell_violations, find_death_violations, list_cells
from tests.simulation.run import Outcome, open_store, run_chunk, run_seed

# Seeds per task of a process.
CHUNK_SIZE = 10
# A shorter run need not have met everything.
FULL_RUN_SEEDS = 300

Job = TypeVar("Job")
Result = TypeVar("Result")

console = Console(highlight=False)


def main(
    seeds: Annotated[int, typer.Option(help="How many seeds to run.")] = FULL_RUN_SEEDS,
    first: Annotated[int, typer.Option(help="The seed to begin with.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Run only this seed and print its trace.")] = None,
    crash_matrix: Annotated[bool, typer.Option("--crash-matrix", help="Run cells instead of seeds.")] = False,
    cell: Annotated[int | None, typer.Option(help="Run only this cell.")] = None,
    processes: Annotated[int, typer.Option(help="How many processes to use.")] = 2,
    with_stripe: Annotated[
        bool, typer.Option("--with-stripe", help="Use Stripe's gateway and a fake.")
    ] = False,
) -> None:
    if crash_matrix or cell is not None:
        passed = run_crash_matrix(cell, processes, with_stripe)
    elif seed is not None:
        passed = replay_seed(seed, with_stripe)
    else:
        passed = run_seeds(range(first, first + seeds), processes, with_stripe)
    raise typer.Exit(0 if passed else 1)


def replay_seed(seed: int, with_stripe: bool) -> bool:
    outcome = run_seed(open_store(), seed, with_stripe=with_stripe)
    console.print("\n".join(outcome.trace), markup=False, soft_wrap=True)
    _print_broken(outcome, with_stripe)
    console.print(f"1 seeds, {outcome.orders} orders, {len(outcome.violations)} violations")
    return not outcome.violations


def run_seeds(seeds: range, processes: int, with_stripe: bool) -> bool:
    began = time.monotonic()
    seen: Counter[str] = Counter()
    orders, violations = 0, 0
    chunks = [seeds[at : at + CHUNK_SIZE] for at in range(0, len(seeds), CHUNK_SIZE)]
    with _map("seeds", partial(run_chunk, with_stripe=with_stripe), chunks, processes) as outcomes:
        for outcome in chain.from_iterable(outcomes):
            seen += outcome.seen
            orders += outcome.orders
            violations += len(outcome.violations)
            _print_broken(outcome, with_stripe)
    unseen = list_missing(seen, with_stripe=with_stripe) if len(seeds) >= FULL_RUN_SEEDS else []
    for what in unseen:
        console.print(f"never occurred: {what}", markup=False)
    console.print(f"{len(seeds) / (time.monotonic() - began):.1f} seeds a second")
    console.print(f"{len(seeds)} seeds, {orders} orders, {violations} violations")
    return not violations and not unseen


def run_crash_matrix(number: int | None, processes: int, with_stripe: bool) -> bool:
    """With Stripe, a process also dies between any two requests."""
    passed = True
    if with_stripe and number is None:
        gates = {gate: f"the process dies at gate {gate}" for gate in range(1, count_gates())}
        passed = _run_cases("deaths", find_death_violations, list(gates), gates, processes)
    names = {
        cell: f"cell {number}, {cell}" for number, cell in enumerate(list_cells(with_stripe=with_stripe))
    }
    chosen = list(names) if number is None else [list(names)[number]]
    find_violations = partial(find_cell_violations, with_stripe=with_stripe)
    return _run_cases("cells", find_violations, chosen, names, processes) and passed


def _run_cases(
    kind: str,
    find_violations: Callable[[Job], list[str]],
    cases: list[Job],
    names: dict[Job, str],
    processes: int,
) -> bool:
    failed = 0
    with _map(kind, find_violations, cases, processes) as results:
        for case, violations in zip(cases, results, strict=True):
            failed += bool(violations)
            for violation in violations:
                console.print(f"{names[case]}: {violation}", markup=False, soft_wrap=True)
    console.print(f"{len(cases)} {kind}, {failed} failed")
    return not failed


def _print_broken(outcome: Outcome, with_stripe: bool) -> None:
    if outcome.violations:
        console.print("\n".join(outcome.trace[-40:]), markup=False, soft_wrap=True)
    for violation in outcome.violations:
        console.print(f"seed {outcome.seed}: {violation}", markup=False, soft_wrap=True)
    if outcome.violations:
        option = " --with-stripe" if with_stripe else ""
        console.print(f"replay: python -m tests.simulation{option} --seed {outcome.seed}", markup=False)


@contextmanager
def _map(
    kind: str, run: Callable[[Job], Result], jobs: list[Job], processes: int
) -> Iterator[Iterator[Result]]:
    """Runs jobs in several processes, with a progress bar; yields the results in their order."""
    columns = (TextColumn(kind), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        Progress(*columns, console=console, transient=True) as progress,
        get_context("spawn").Pool(processes) as pool,
    ):
        yield iter(progress.track(pool.imap(run, jobs), total=len(jobs)))


if __name__ == "__main__":
    typer.run(main)
