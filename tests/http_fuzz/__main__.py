"""Bad requests to the HTTP endpoint, in two processes: python -m tests.http_fuzz [--cases 10000] [--first 0]

Replays every recorded request, malforms each field of each payload, and generates cases with Hypothesis.
"""

import argparse
import multiprocessing
import sys
import time

from rich.console import Console
from rich.progress import Progress

from tests.http_fuzz.run import Chunk, RunResult, choose_log_format, run_chunk

console = Console(highlight=False)


PROCESSES = 2
# Cases per task of a process.
CHUNK = 250
# The fields of all payloads are divided into this many parts.
PARTS = 40


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.http_fuzz")
    parser.add_argument("--cases", type=int, default=10_000, help="how many to generate")
    parser.add_argument("--first", type=int, default=0, help="the first seed; others generate other cases")
    arguments = parser.parse_args()
    began = time.monotonic()
    sizes = [min(CHUNK, arguments.cases - done) for done in range(0, arguments.cases, CHUNK)]
    chunks: list[Chunk] = [("replays", 0, 0), *(("fields", part, PARTS) for part in range(PARTS))]
    chunks += [("generated", arguments.first + number, size) for number, size in enumerate(sizes)]
    outcome = _run_all(chunks)
    for line in outcome.failed[:20]:
        console.print(line, markup=False, soft_wrap=True)
    answers = ", ".join(f"{count} {kind}" for kind, count in sorted(outcome.kinds.items()))
    console.print(f"{answers}; {time.monotonic() - began:.0f} s")
    console.print(f"{outcome.cases} cases, {len(outcome.failed)} failed")
    return 1 if outcome.failed else 0


def _run_all(chunks: list[Chunk]) -> RunResult:
    total = RunResult()
    context = multiprocessing.get_context("spawn")
    pool = context.Pool(PROCESSES, initializer=choose_log_format, initargs=(context.Value("i", 0),))
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
