"""Bad requests to the HTTP endpoint, in two processes: python -m tests.http_fuzz [--cases 10000] [--first 0]

Every recorded request again, each field of each payload out of shape, and so many cases of Hypothesis.
"""

import argparse
import multiprocessing
import sys
import time

from rich.console import Console
from rich.progress import Progress

from tests.http_fuzz.run import Chunk, RunResult, run_chunk

console = Console(highlight=False)


PROCESSES = 2
# So many cases at once go to a process.
CHUNK = 250
# The fields of all payloads are dealt out in so many parts.
PARTS = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.http_fuzz")
    parser.add_argument("--cases", type=int, default=10_000, help="to generate")
    parser.add_argument("--first", type=int, default=0, help="another number generates other cases")
    asked = parser.parse_args()
    began = time.monotonic()
    sizes = [min(CHUNK, asked.cases - done) for done in range(0, asked.cases, CHUNK)]
    chunks: list[Chunk] = [("replays", 0, 0), *(("fields", part, PARTS) for part in range(PARTS))]
    chunks += [("generated", asked.first + number, size) for number, size in enumerate(sizes)]
    outcome = _run_all(chunks)
    for line in outcome.failed[:20]:
        console.print(line, markup=False, soft_wrap=True)
    answers = ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.kinds.items()))
    console.print(f"{answers}; {time.monotonic() - began:.0f} s")
    console.print(f"{outcome.cases} cases, {len(outcome.failed)} failed")
    return 1 if outcome.failed else 0


def _run_all(chunks: list[Chunk]) -> RunResult:
    total = RunResult()
    pool = multiprocessing.get_context("spawn").Pool(PROCESSES)
    with Progress(console=console, transient=True) as progress:
        bar = progress.add_task("bad requests", total=len(chunks))
        for outcome in pool.imap_unordered(run_chunk, chunks):
            total += outcome
            progress.advance(bar)
    pool.close()
    pool.join()
    return total


if __name__ == "__main__":
    sys.exit(main())
