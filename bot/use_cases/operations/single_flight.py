import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import structlog

from bot.dependencies import Dependencies

log = structlog.get_logger()

ResultT = TypeVar("ResultT")


class SingleFlight(Generic[ResultT]):
    """Runs one call at a time; those who ask meanwhile get its result.

    A call that hangs is not cancelled, as that would cost a database connection: the next caller waits for it
    too."""

    def __init__(
        self,
        name: str,
        dependencies: Dependencies,
        call: Callable[[], Coroutine[Any, Any, ResultT]],
    ) -> None:
        self._name, self._dependencies, self._call = name, dependencies, call
        self._running_task: asyncio.Task[ResultT] | None = None

    async def wait_for_result(self) -> ResultT | None:
        task = self._running_task
        if task is None or task.done():
            task = self._running_task = self._dependencies.tasks.start_unbounded(
                self._call(), f"check of {self._name}"
            )
        finished, _ = await asyncio.wait({task}, timeout=self._dependencies.timeouts.check_seconds)
        if not finished:
            log.warning("check.timed_out", check=self._name)
            return None
        return task.result()
