"""Measures the bot, on PostgreSQL, beside what people would otherwise run: `make bench`, or

python -m bench [--quick] [--only ordering --only ack] [--no-sqlite] [--keep]
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.metrics import footprint, idle, modals, notices, ordering, queries, replicas, scaling
from bench.report import Figure, keep, show, without_goal, write
from tests.postgres import Kind

ROOT = Path(__file__).parents[1]
QUICK = 0.2
console = Console()


@dataclass(frozen=True)
class Row:
    """A line or two of the table. `measure` takes a share of the full effort, and a database."""

    measure: Callable[[float, Kind], Awaitable[list[Figure]]]
    also_on_sqlite: bool = False


ROWS = {
    "queries": Row(queries.measure_queries),
    "ordering": Row(ordering.measure_ordering, also_on_sqlite=True),
    "completion": Row(ordering.measure_completion, also_on_sqlite=True),
    "ack": Row(modals.measure_ack),
    "modal": Row(modals.measure_modal, also_on_sqlite=True),
    "openings": Row(modals.measure_openings, also_on_sqlite=True),
    "notices": Row(notices.measure_notices, also_on_sqlite=True),
    "limits": Row(notices.measure_limits),
    "idle": Row(idle.measure_idle),
    "replicas": Row(replicas.measure_replicas),
    "scale": Row(scaling.measure_scale),
    "start": Row(footprint.measure_start),
    "memory": Row(footprint.measure_memory),
}


def main() -> int:
    options = _parse_options()
    figures: list[Figure] = []
    for name in options.only or ROWS:
        for measured in _measure(name, QUICK if options.quick else 1.0, sqlite=not options.no_sqlite):
            figures += measured
    show(figures, console)
    write(figures, ROOT / "build/bench.json")
    if options.keep:
        keep(figures, ROOT / "docs/performance.md")
    return 0


def _parse_options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true", help="a fifth of everything, for trying it out")
    parser.add_argument("--only", choices=ROWS, action="append", help="single rows")
    parser.add_argument("--no-sqlite", action="store_true", help="on PostgreSQL only")
    parser.add_argument("--keep", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    if options.keep and (options.quick or options.only):
        parser.error("--keep is for a whole run: the table is replaced by what was measured")
    return options


def _measure(name: str, scale: float, *, sqlite: bool) -> Iterator[list[Figure]]:
    row = ROWS[name]
    kinds: list[Kind] = ["postgresql"]
    if sqlite and row.also_on_sqlite:
        kinds.append("sqlite")
    for kind in kinds:
        started = time.monotonic()
        figures = asyncio.run(_run(row.measure(scale, kind)))
        console.print(f"{name} on {kind}: {time.monotonic() - started:.0f} s", style="dim")
        yield figures if kind == "postgresql" else [without_goal(figure, "SQLite") for figure in figures]


async def _run(work: Awaitable[list[Figure]]) -> list[Figure]:
    return await work


if __name__ == "__main__":
    sys.exit(main())
