"""`python -m tests.mutants`: plants each bug, or `--only NAME`, and reports whether the tests catch it."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.mutants.mutants import ROOT, Mutant, list_mutants
from tests.mutants.trial import Trial, copy_tree, run_trial

console = Console(highlight=False)


def main(
    only: Annotated[str | None, typer.Option(help="Plant only this bug.")] = None,
    processes: Annotated[int, typer.Option(help="How many suites to run at once.")] = 2,
) -> None:
    mutants = [mutant for mutant in list_mutants() if only in (None, mutant.name)]
    if not mutants:
        raise typer.BadParameter(f"there is no bug {only}")
    began = time.monotonic()
    caught = 0
    for trial in _run_trials(mutants, processes):
        caught += trial.caught
        _print_verdict(trial)
    console.print(f"{time.monotonic() - began:.0f} s")
    console.print(f"{len(mutants)} planted, {caught} caught")
    raise typer.Exit(0 if caught == len(mutants) else 1)


def _run_trials(mutants: list[Mutant], processes: int) -> Iterator[Trial]:
    """In the order in which they end. Each runs in a process of its own, for which a thread waits."""
    columns = (TextColumn("bugs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    threads = ThreadPoolExecutor(processes)
    with Progress(*columns, console=console, transient=True) as progress, copy_tree(ROOT) as clean:
        trials = [threads.submit(run_trial, mutant, clean) for mutant in mutants]
        try:
            for trial in progress.track(as_completed(trials), total=len(trials)):
                yield trial.result()
        finally:
            threads.shutdown(cancel_futures=True)


def _print_verdict(trial: Trial) -> None:
    if trial.caught:
        verdict = f"[green]caught[/]      {trial.mutant.name}  [dim]{escape(trial.test or '')}[/]"
    elif trial.problem is None:
        verdict = f"[red]NOT CAUGHT[/]  {trial.mutant.name}: {escape(trial.mutant.description)}"
    else:
        verdict = f"[red]NO VERDICT[/]  {trial.mutant.name}: {escape(trial.problem)}"
    console.print(verdict, soft_wrap=True)


if __name__ == "__main__":
    typer.run(main)
