"""`python -m tests.crash_matrix`: every cell; or one alone, by its number: `--cell N`."""

import multiprocessing
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from tests.crash_matrix.cells import Cell, cells, troubles_of

console = Console(highlight=False)


def main(
    cell: Annotated[int | None, typer.Option(help="Run this one alone.")] = None,
    processes: Annotated[int, typer.Option(help="How many processes to use.")] = 2,
) -> None:
    numbered = list(enumerate(cells()))
    chosen = numbered if cell is None else [numbered[cell]]
    failed = 0
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        ended = pool.imap(_troubles, chosen)
        for number, troubles in track(ended, "cells", len(chosen), console=console, transient=True):
            failed += bool(troubles)
            for trouble in troubles:
                console.print(
                    f"cell {number}, {dict(numbered)[number]}: {trouble}", markup=False, soft_wrap=True
                )
    console.print(f"{len(chosen)} cells, {failed} failed")
    raise typer.Exit(1 if failed else 0)


def _troubles(numbered: tuple[int, Cell]) -> tuple[int, list[str]]:
    number, cell = numbered
    return number, troubles_of(cell)


if __name__ == "__main__":
    typer.run(main)
