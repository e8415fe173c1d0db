"""How fast the bot is, beside what people would otherwise run: `make bench`, or

python -m bench [--quick] [--only modals] [--keep]
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path

from rich.console import Console

from bench.report import Figure, keep, show, write

Measure = Callable[[float], Awaitable[list[Figure]]]

ROOT = Path(__file__).parents[1]
PARTS = ("modals", "ordering", "notices", "idle_jobs", "scaling", "footprint")
QUICK = 0.2
console = Console()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--quick", action="store_true", help="a fifth of everything, for trying it out")
    parser.add_argument("--only", choices=PARTS, action="append", help="a part")
    parser.add_argument("--keep", action="store_true", help="put the table into docs/performance.md")
    asked = parser.parse_args()
    if asked.keep and (asked.quick or asked.only):
        parser.error("--keep is for a whole run: the table is replaced by what was measured")
    figures: list[Figure] = []
    for part in asked.only or PARTS:
        begun = time.monotonic()
        measure: Measure = import_module(f"bench.metrics.{part}").measure
        figures += asyncio.run(_run(measure(QUICK if asked.quick else 1.0)))
        console.print(f"{part}: {time.monotonic() - begun:.0f} s", style="dim")
    show(figures, console)
    write(figures, ROOT / "build/bench.json")
    if asked.keep:
        keep(figures, ROOT / "docs/performance.md")
    return 0


async def _run(work: Awaitable[list[Figure]]) -> list[Figure]:
    return await work


if __name__ == "__main__":
    sys.exit(main())
