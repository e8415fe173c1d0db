"""Running cases one after another, and counting."""

import asyncio
import atexit
import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache

from hypothesis import HealthCheck, Phase, given, seed, settings

from sandbox.traffic import AppRequest
from tests.http_fuzz.cases import Case, cases, every_field
from tests.http_fuzz.client import Answer, Door, open_door
from tests.http_fuzz.recorder import route_of

# What to run; which part, or what to generate from; of how many, or how many.
Chunk = tuple[str, int, int]


@dataclass
class Outcome:
    """How many were answered how, and what went wrong, a line each."""

    kinds: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)

    def add(self, about: str, answer: Answer) -> None:
        self.kinds[answer.kind] += 1
        if answer.faults:
            self.failed.append(f"{about}: {'; '.join(answer.faults)}")

    def __add__(self, other: "Outcome") -> "Outcome":
        return Outcome(self.kinds + other.kinds, self.failed + other.failed)

    @property
    def cases(self) -> int:
        return self.kinds.total()


class Run:
    """A door, and the loop that it stands in."""

    def __init__(self, runner: asyncio.Runner, door: Door) -> None:
        self._runner, self._door = runner, door

    @property
    def requests(self) -> list[AppRequest]:
        return self._door.requests

    def of(self, chosen: Iterable[Case]) -> Outcome:
        outcome = Outcome()
        for case in chosen:
            outcome.add(case.about, self._answer(case))
        return outcome

    def generated(self, number: int, first: int) -> Outcome:
        """So many cases of Hypothesis, always the same for the same `first`."""
        outcome = Outcome()

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
            outcome.add(case.about, self._answer(case))

        run()
        return outcome

    def replays(self) -> Outcome:
        """Each recorded request once more, byte for byte."""
        outcome = Outcome()
        for request in self.requests:
            answer = self._runner.run(self._door.answer_again(request))
            outcome.add("again " + " ".join(route_of(request.payload)), answer)
        return outcome

    def money(self) -> dict[str, str]:
        return self._runner.run(self._door.money())

    def _answer(self, case: Case) -> Answer:
        return self._runner.run(self._door.answer(case))


@contextmanager
def open_run(log_format: str = "json") -> Iterator[Run]:
    with asyncio.Runner() as runner:
        opened = open_door(log_format)
        door = runner.run(opened.__aenter__())
        try:
            yield Run(runner, door)
        finally:
            runner.run(opened.__aexit__(None, None, None))


@cache
def _run() -> Run:
    """One for a process, for as long as it lives; every other one logs for people instead of machines."""
    stack = ExitStack()
    atexit.register(stack.close)
    [number] = multiprocessing.current_process()._identity
    return stack.enter_context(open_run("json" if number % 2 else "console"))


def run_chunk(chunk: Chunk) -> Outcome:
    what, number, size = chunk
    run = _run()
    before = run.money()
    match what:
        case "replays":
            outcome = run.replays()
        case "fields":
            outcome = run.of(every_field(run.requests, number, size))
        case _:
            outcome = run.generated(size, first=number)
    moved = [f"{name} changed in {chunk}" for name, digest in run.money().items() if digest != before[name]]
    return outcome + Outcome(failed=moved)
