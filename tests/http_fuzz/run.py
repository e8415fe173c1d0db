"""Running cases one after another, and counting."""

import asyncio
import atexit
import io
import multiprocessing
from collections import Counter
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings

from sandbox.traffic import AppRequest
from tests.http_fuzz.cases import Case, cases, every_field
from tests.http_fuzz.client import CheckedResponse, HttpEndpoint, open_endpoint
from tests.http_fuzz.recorder import get_route
from tests.time_limits import HANG_SECONDS

Result = TypeVar("Result")

# (what to run, number of the part or seed, number of parts or cases)
Chunk = tuple[str, int, int]


@dataclass
class RunResult:
    """How many responses of each kind there were, and what went wrong, a line each."""

    kinds: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def add(self, about: str, answer: CheckedResponse) -> None:
        self.kinds[answer.kind] += 1
        if answer.faults:
            self.failed.append(f"{about}: {'; '.join(answer.faults)}")

    def __add__(self, other: "RunResult") -> "RunResult":
        return RunResult(self.kinds + other.kinds, self.failed + other.failed)

    @property
    def cases(self) -> int:
        return self.kinds.total()


# Ends a hang. The bot waits that long for its own work here, so each further case would hang as long again.
CASE_TIMEOUT_SECONDS = CLOSE_TIMEOUT_SECONDS = HANG_SECONDS
TOUR_TIMEOUT_SECONDS = 5 * HANG_SECONDS
CANCEL_TIMEOUT_SECONDS = 10.0


class Hang(AssertionError):
    """Names the tasks that were waiting, and for what."""


def run_bounded(runner: asyncio.Runner, work: Coroutine[Any, Any, Result], seconds: float) -> Result:
    async def wait() -> Result:
        running = asyncio.ensure_future(work)
        done, _ = await asyncio.wait({running}, timeout=seconds)
        if not done:
            stacks = _describe_tasks()
            running.cancel()
            await asyncio.wait({running}, timeout=CANCEL_TIMEOUT_SECONDS)
            raise Hang(f"not done after {seconds:g} seconds\n{stacks}")
        return running.result()

    return runner.run(wait())


def _describe_tasks() -> str:
    written = io.StringIO()
    for task in asyncio.all_tasks():
        task.print_stack(file=written)
    return written.getvalue()


class Run:
    """An endpoint and its event loop."""

    def __init__(self, runner: asyncio.Runner, endpoint: HttpEndpoint) -> None:
        self._runner, self._endpoint = runner, endpoint

    @property
    def requests(self) -> list[AppRequest]:
        return self._endpoint.requests

    def run_cases(self, chosen: Iterable[Case]) -> RunResult:
        outcome = RunResult()
        for case in chosen:
            outcome.add(case.about, self._send(case))
        return outcome

    def run_generated_cases(self, number: int, first: int) -> RunResult:
        """This many cases of Hypothesis, always the same for the same `first`."""
        outcome = RunResult()

        @seed(first)
        @settings(
            max_examples=number,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(cases(self.requests))
        def run(case: Case) -> None:
            outcome.add(case.about, self._send(case))

        run()
        return outcome

    def replay_requests(self) -> RunResult:
        """Each recorded request again, byte for byte."""
        outcome = RunResult()
        for request in self.requests:
            answer = self._run(self._endpoint.replay(request))
            outcome.add("again " + " ".join(get_route(request.payload)), answer)
        return outcome

    def digest_money_tables(self) -> dict[str, str]:
        return self._run(self._endpoint.digest_money_tables())

    def _send(self, case: Case) -> CheckedResponse:
        return self._run(self._endpoint.send(case))

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return run_bounded(self._runner, work, CASE_TIMEOUT_SECONDS)


@contextmanager
def open_run(log_format: str = "json") -> Iterator[Run]:
    with asyncio.Runner() as runner:
        opened = open_endpoint(log_format)
        endpoint = run_bounded(runner, opened.__aenter__(), TOUR_TIMEOUT_SECONDS)
        try:
            yield Run(runner, endpoint)
        finally:
            run_bounded(runner, opened.__aexit__(None, None, None), CLOSE_TIMEOUT_SECONDS)


@cache
def _get_process_run() -> Run:
    """One per process, as long as it lives; every other one logs to the console instead of JSON."""
    stack = ExitStack()
    atexit.register(stack.close)
    [number] = multiprocessing.current_process()._identity
    return stack.enter_context(open_run("json" if number % 2 else "console"))


def run_chunk(chunk: Chunk) -> RunResult:
    what, number, size = chunk
    run = _get_process_run()
    before = run.digest_money_tables()
    match what:
        case "replays":
            outcome = run.replay_requests()
        case "fields":
            outcome = run.run_cases(every_field(run.requests, number, size))
        case _:
            outcome = run.run_generated_cases(size, first=number)
    moved = [
        f"{name} changed in {chunk}"
        for name, digest in run.digest_money_tables().items()
        if digest != before[name]
    ]
    return outcome + RunResult(failed=moved)
