"""Compares the bot on PostgreSQL with what people would otherwise run: `make bench`, or

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
from bench.report import Figure, print_figures, remove_goal, save_table, write_json
from tests.variants import Kind

ROOT = Path(__file__).parents[1]
QUICK_SCALE = 0.2
console = Console()


@dataclass(frozen=True)
class Benchmark:
    """One or two rows of the table. `measure` takes a fraction of the full number of rounds, and a
    database."""

    measure: Callable[[float, Kind], Awaitable[list[Figure]]]
    also_on_sqlite: bool = False


BENCHMARKS = {
    "queries": Benchmark(queries.measure_queries),
    "ordering": Benchmark(ordering.measure_ordering, also_on_sqlite=True),
    "completion": Benchmark(ordering.measure_completion, also_on_sqlite=True),
    "ack": Benchmark(modals.measure_ack),
    "modal": Benchmark(modals.measure_modal, also_on_sqlite=True),
    "openings": Benchmark(modals.measure_openings, also_on_sqlite=True),
    "notices": Benchmark(notices.measure_notices, also_on_sqlite=True),
    "limits": Benchmark(notices.measure_limits),
    "idle": Benchmark(idle.measure_idle),
    "replicas": Benchmark(replicas.measure_replicas),
    "scale": Benchmark(scaling.measure_scale),
    "start": Benchmark(footprint.measure_start),
    "memory": Benchmark(footprint.measure_memory),
}


def main() -> int:
    options = _parse_options()
    figures: list[Figure] = []
    for name in options.only or BENCHMARKS:
        for measured in _measure(name, QUICK_SCALE if options.quick else 1.0, sqlite=not options.no_sqlite):
            figures += measured
    print_figures(figures, console)
    write_json(figures, ROOT / "build/bench.json")
    if options.keep:
        save_table(figures, ROOT / "docs/performance.md")
    return 0


def _parse_options() -> Any:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true", help="a fifth of the rounds, to try it out")
    parser.add_argument("--only", choices=BENCHMARKS, action="append", help="single rows")
    parser.add_argument("--no-sqlite", action="store_true", help="on PostgreSQL only")
    parser.add_argument("--keep", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    if options.keep and (options.quick or options.only):
        parser.error("--keep is for a whole run: the table is replaced by what was measured")
    return options


def _measure(name: str, scale: float, *, sqlite: bool) -> Iterator[list[Figure]]:
    row = BENCHMARKS[name]
    kinds: list[Kind] = ["postgresql"]
    if sqlite and row.also_on_sqlite:
        kinds.append("sqlite")
    for kind in kinds:
        started = time.monotonic()
        figures = asyncio.run(_run(row.measure(scale, kind)))
        console.print(f"{name} on {kind}: {time.monotonic() - started:.0f} s", style="dim")
        yield figures if kind == "postgresql" else [remove_goal(figure, "SQLite") for figure in figures]


async def _run(work: Awaitable[list[Figure]]) -> list[Figure]:
    return await work


if __name__ == "__main__":
    sys.exit(main())
