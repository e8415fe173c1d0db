"""A clock that moves only when advanced, and an event loop that runs by it."""

import asyncio
from collections.abc import Callable
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVarTuple

Arguments = TypeVarTuple("Arguments")

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def advance(self, **by: float) -> None:
        self.at += timedelta(**by)

    def seconds(self) -> float:
        return (self.at - EPOCH).total_seconds()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Timeouts follow the clock; calls in an executor run immediately. So only the order of calls decides
    what happens next."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        self._call_count = 0
        super().__init__()

    def time(self) -> float:
        return self._virtual.seconds()

    def call_soon(
        self, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.Handle:
        self._call_count += 1
        return super().call_soon(callback, *args, context=context)

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def settle(self) -> None:
        """Runs until every other task waits for a gate, for a timer, or for another task."""
        # A timer that is due runs an iteration later than what was scheduled before.
        quiet_iterations = 0
        while quiet_iterations < 2:
            before = self._call_count
            await asyncio.sleep(0)
            # This task itself was scheduled once.
            quiet_iterations = quiet_iterations + 1 if self._call_count == before + 1 else 0
