"""Repeats many simultaneous presses of one button:

python -m tests.replicas [--processes 8] [--presses 50] [--rounds 200]
"""

import argparse
import asyncio
import sys

from rich.console import Console
from rich.progress import Progress

from tests.replicas.stress import StressResult, run_stress

console = Console()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.replicas")
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--presses", type=int, default=50, help="simultaneous ones per process")
    parser.add_argument("--rounds", type=int, default=200, help="each for another order")
    arguments = parser.parse_args()
    result = asyncio.run(_run(arguments.processes, arguments.presses, arguments.rounds))
    for error in result.errors[:20]:
        console.print(error, markup=False, highlight=False)
    console.print(
        f"{result.seconds:.0f} s, the slowest answer after {result.slowest:.1f} s, {result.late} late"
    )
    console.print(f"{result.presses} presses, {result.charges} charges, {len(result.errors)} errors")
    return 1 if result.errors or result.charges != arguments.rounds else 0


async def _run(processes: int, presses: int, rounds: int) -> StressResult:
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("rounds", total=rounds)
        return await run_stress(processes, presses, rounds, lambda: progress.advance(bar))


if __name__ == "__main__":
    sys.exit(main())
