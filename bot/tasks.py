"""Background tasks: bounded in number, logged when they fail, and drained on shutdown."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

import structlog

from models.errors import Refusal

FirstT = TypeVar("FirstT")
SecondT = TypeVar("SecondT")

log = structlog.get_logger()

# Sixteen people who click a button at the same moment are answered within this time.
MAX_INTERACTIVE_WAIT_SECONDS = 1.0
CANCEL_TIMEOUT_SECONDS = 1.0


@overload
async def gather_or_cancel(
    first: Coroutine[Any, Any, FirstT], second: Coroutine[Any, Any, SecondT], /
) -> tuple[FirstT, SecondT]: ...
@overload
async def gather_or_cancel(*coroutines: Coroutine[Any, Any, FirstT]) -> tuple[FirstT, ...]: ...
async def gather_or_cancel(*coroutines: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Like `asyncio.gather`, but if one fails, the others are cancelled."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in coroutines]
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return tuple(task.result() for task in tasks)


class TooBusy(Refusal):
    """There are too many tasks, or the process is stopping. Nothing was started."""


class BackgroundTasks:
    def __init__(self, max_tasks: int = 256) -> None:
        self._max_tasks = max_tasks
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False
        # Reported at /readyz before anything is refused, so that load balancers can react.
        self.is_stopping = False
        self._interactive_count = 0
        self._no_interactive_requests = asyncio.Event()
        self._no_interactive_requests.set()

    @contextmanager
    def track_interactive_request(self) -> Iterator[None]:
        self._interactive_count += 1
        self._no_interactive_requests.clear()
        try:
            yield
        finally:
            self._interactive_count -= 1
            if not self._interactive_count:
                self._no_interactive_requests.set()

    async def wait_for_interactive_requests(self) -> None:
        """Lets interactive requests go first, for at most MAX_INTERACTIVE_WAIT_SECONDS."""
        if self._interactive_count:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MAX_INTERACTIVE_WAIT_SECONDS):
                    await self._no_interactive_requests.wait()

    @property
    def is_draining(self) -> bool:
        return self._closed

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Raises TooBusy if there are too many tasks, or once draining."""
        if self._closed or len(self._running) >= self._max_tasks:
            work.close()
            raise TooBusy
        return self.start_unbounded(work, name)

    def start_unbounded(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Starts work that completes something already started: never refused, not even while draining."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._handle_task_done)
        return task

    def _handle_task_done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task.failed", task=task.get_name(), exc_info=error)

    async def wait_until_idle(self) -> None:
        while self._running:
            await asyncio.wait(set(self._running))

    async def drain(self, seconds: float) -> None:
        """Starts nothing new, waits for what is running, and cancels what takes longer than `seconds`. Tasks
        that ignore the cancellation are left behind."""
        self._closed = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self._running and (left := deadline - loop.time()) > 0:
            await asyncio.wait(set(self._running), timeout=left)
        if not self._running:
            return
        for task in list(self._running):
            log.warning("task.cancelled", task=task.get_name())
            task.cancel()
        await asyncio.wait(set(self._running), timeout=CANCEL_TIMEOUT_SECONDS)
