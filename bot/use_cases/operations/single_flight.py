import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

import structlog

from bot.tasks import BackgroundTasks

log = structlog.get_logger()

ResultT = TypeVar("ResultT")

# Prometheus and load balancers give up after ten seconds, and then learn nothing.
CHECK_TIMEOUT_SECONDS = 2.0


class SingleFlight(Generic[ResultT]):
    """Runs one call at a time, whose result everybody gets who asks meanwhile.

    A call that hangs is not cancelled, as that would cost a database connection: it is waited for again."""

    def __init__(
        self,
        name: str,
        tasks: BackgroundTasks,
        call: Callable[[], Coroutine[Any, Any, ResultT]],
    ) -> None:
        self._name, self._tasks, self._call = name, tasks, call
        self._running_task: asyncio.Task[ResultT] | None = None

    async def wait_for_result(self) -> ResultT | None:
        """None if there is no result within the timeout."""
        task = self._running_task
        if task is None or task.done():
            task = self._running_task = self._tasks.start_unbounded(self._call(), f"check of {self._name}")
        finished, _ = await asyncio.wait({task}, timeout=CHECK_TIMEOUT_SECONDS)
        if not finished:
            log.warning("check.timed_out", check=self._name)
            return None
        return task.result()
