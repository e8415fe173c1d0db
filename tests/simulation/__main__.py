"""`python -m tests.simulation --seeds N`, or one seed alone with its trace: `--seed N`."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.pool import Pool
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.simulation.coverage import missing
from tests.simulation.run import Outcome, open_store, run_chunk, run_seed

# So many seeds at once go to a process.
CHUNK = 10
# A run of fewer need not have met everything.
ENOUGH = 300

console = Console(highlight=False)


def main(
    seeds: Annotated[int, typer.Option(help="How many seeds to run.")] = ENOUGH,
    first: Annotated[int, typer.Option(help="The seed to begin with.")] = 0,
    seed: Annotated[int | None, typer.Option(help="Run this one alone and print its trace.")] = None,
    processes: Annotated[int, typer.Option(help="How many processes to use.")] = 2,
    at_stripe: Annotated[bool, typer.Option(help="Over the Stripe gateway and a fake Stripe.")] = False,
) -> None:
    if seed is not None:
        raise typer.Exit(_replay(seed, at_stripe))
    raise typer.Exit(_run_all(range(first, first + seeds), processes, at_stripe))


def _replay(seed: int, at_stripe: bool) -> int:
    outcome = run_seed(open_store(), seed, at_stripe=at_stripe)
    console.print("\n".join(outcome.trace), markup=False, soft_wrap=True)
    _print_broken(outcome, at_stripe)
    console.print(f"1 seeds, {outcome.orders} orders, {len(outcome.violations)} violations")
    return 1 if outcome.violations else 0


def _run_all(seeds: range, processes: int, at_stripe: bool) -> int:
    began = time.monotonic()
    seen: Counter[str] = Counter()
    orders, violations = 0, 0
    chunks = [seeds[at : at + CHUNK] for at in range(0, len(seeds), CHUNK)]
    with _progress(len(seeds)) as step, _pool(processes) as pool:
        for outcome in _flat(pool.imap(partial(run_chunk, at_stripe=at_stripe), chunks)):
            step()
            seen += outcome.seen
            orders += outcome.orders
            violations += len(outcome.violations)
            _print_broken(outcome, at_stripe)
    unseen = missing(seen, at_stripe=at_stripe) if len(seeds) >= ENOUGH else []
    for what in unseen:
        console.print(f"never occurred: {what}", markup=False)
    console.print(f"{len(seeds) / (time.monotonic() - began):.1f} seeds a second")
    console.print(f"{len(seeds)} seeds, {orders} orders, {violations} violations")
    return 1 if violations or unseen else 0


def _print_broken(outcome: Outcome, at_stripe: bool) -> None:
    if outcome.violations:
        console.print("\n".join(outcome.trace[-40:]), markup=False, soft_wrap=True)
    for violation in outcome.violations:
        console.print(f"seed {outcome.seed}: {violation}", markup=False, soft_wrap=True)
    if outcome.violations:
        where = " --at-stripe" if at_stripe else ""
        console.print(f"replay: python -m tests.simulation{where} --seed {outcome.seed}", markup=False)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("seeds"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("seeds", total=total)
        yield lambda: progress.advance(task)


def _pool(processes: int) -> Pool:
    return multiprocessing.get_context("spawn").Pool(processes)


def _flat(chunks: Iterable[list[Outcome]]) -> Iterator[Outcome]:
    for chunk in chunks:
        yield from chunk


if __name__ == "__main__":
    typer.run(main)
