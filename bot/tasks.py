"""Background tasks that are counted, bounded, named in the log when they fail, and waited for at the end."""

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from models.errors import Refusal

log = structlog.get_logger()

# Sixteen people who press at once are answered within it; what nobody waits for is never held up for long.
MAX_INTERACTIVE_WAIT_SECONDS = 1.0


class TooBusy(Refusal):
    """The bound is reached: nothing was started."""


class BackgroundTasks:
    def __init__(self, max_tasks: int = 256) -> None:
        self._max_tasks = max_tasks
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False
        # Soon nothing new is taken: said before it is so, to whoever sends it.
        self.is_stopping = False
        self._interactive_count = 0
        self._no_interactive_requests = asyncio.Event()
        self._no_interactive_requests.set()

    @contextmanager
    def track_interactive_request(self) -> Iterator[None]:
        """Around what a person looks at their screen for."""
        self._interactive_count += 1
        self._no_interactive_requests.clear()
        try:
            yield
        finally:
            self._interactive_count -= 1
            if not self._interactive_count:
                self._no_interactive_requests.set()

    async def wait_for_interactive_requests(self) -> None:
        """Whoever works for nobody in particular lets people go first, for a moment at most each time."""
        if self._interactive_count:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MAX_INTERACTIVE_WAIT_SECONDS):
                    await self._no_interactive_requests.wait()

    @property
    def is_draining(self) -> bool:
        """Whoever works through a queue takes nothing more from it."""
        return self._closed

    def __len__(self) -> int:
        return len(self._running)

    def start(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` in the background. Raises TooBusy past the bound, or once draining."""
        if self._closed or len(self._running) >= self._max_tasks:
            work.close()
            raise TooBusy
        return self.start_unbounded(work, name)

    def start_unbounded(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """What ends something that was started: past the bound, and while draining, too."""
        task = asyncio.create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._handle_task_done)
        return task

    def _handle_task_done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task.failed", task=task.get_name(), exc_info=error)

    async def wait_until_idle(self) -> None:
        """Wait until nothing runs, tasks that tasks started included."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def drain(self, seconds: float) -> None:
        """Take nothing new, wait for what runs, cancel what takes longer."""
        self._closed = True
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while self._running and (left := deadline - loop.time()) > 0:
            await asyncio.wait(set(self._running), timeout=left)
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
