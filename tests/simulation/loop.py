"""Time that moves only when told to, and an event loop that lives by it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

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
    """Timeouts run by the clock; what would go to a thread runs at once. So nothing but the order of calls
    decides what happens next."""

    def __init__(self, clock: VirtualClock) -> None:
        self._virtual = clock
        super().__init__()

    def time(self) -> float:
        return self._virtual.seconds()

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    async def settle(self) -> None:
        """Until everything waits: for a gate, for a timer, or for what does."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        # Private to asyncio, and the only way to know that nobody is about to run.
        while getattr(self, "_ready"):  # noqa: ASYNC110, B009
            await asyncio.sleep(0)
