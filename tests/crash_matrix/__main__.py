"""`python -m tests.crash_matrix`: every cell; or one alone, by its number: `--cell N`."""

import multiprocessing
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from tests.crash_matrix.cells import cells, gates, troubles_of, troubles_of_dying_at

console = Console(highlight=False)


def main(
    cell: Annotated[int | None, typer.Option(help="Run this one alone.")] = None,
    processes: Annotated[int, typer.Option(help="How many processes to use.")] = 2,
    at_stripe: Annotated[bool, typer.Option(help="Over the Stripe gateway and a fake Stripe.")] = False,
) -> None:
    if at_stripe:
        _die_everywhere(processes)
    numbered = list(enumerate(cells(at_stripe=at_stripe)))
    chosen = numbered if cell is None else [numbered[cell]]
    failed = 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        # What stands in this module a process of the pool cannot find.
        found = pool.imap(partial(troubles_of, at_stripe=at_stripe), [cell for _, cell in chosen])
        ended = zip([number for number, _ in chosen], found, strict=True)
        for number, troubles in track(ended, "cells", len(chosen), console=console, transient=True):
            failed += bool(troubles)
            for trouble in troubles:
                console.print(
                    f"cell {number}, {dict(numbered)[number]}: {trouble}", markup=False, soft_wrap=True
                )
    console.print(f"{len(chosen)} cells, {failed} failed")
    raise typer.Exit(1 if failed else 0)


def _die_everywhere(processes: int) -> None:
    """A process that dies between any two requests."""
    everywhere = range(1, gates())
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        found = pool.imap(troubles_of_dying_at, everywhere)
        ended = list(track(found, "deaths", len(everywhere), console=console, transient=True))
    for gate, troubles in zip(everywhere, ended, strict=True):
        for trouble in troubles:
            console.print(f"dead at gate {gate}: {trouble}", markup=False, soft_wrap=True)
    console.print(f"{len(ended)} deaths, {sum(map(bool, ended))} failed")
    if any(ended):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
