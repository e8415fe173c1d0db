"""Gates: where an actor stops until it is released, and where its process may die.

There is one before and after each call of a port, before each transaction, and after each commit.
"""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field

# What is running: a click or a job.
actor: ContextVar[str] = ContextVar("actor", default="nobody")


@dataclass(eq=False)
class Process:
    """One replica. Once `is_dead`, it never resumes; another takes its place."""

    name: str
    is_dead: bool = False


@dataclass(eq=False)
class Waiter:
    process: Process
    actor: str
    gate: str
    future: "asyncio.Future[None]" = field(repr=False)

    def __str__(self) -> str:
        return f"{self.process.name} {self.actor}: {self.gate}"


class Gates:
    """If `closed` is false, no actor stops. `over` cancels everything that still runs."""

    def __init__(self) -> None:
        self.waiting: list[Waiter] = []
        # Referenced here, so that they are never finalized: a dead process cleans nothing up.
        self._dead: list[Waiter] = []
        self.closed = True
        self.over = False

    async def wait(self, process: Process, gate: str) -> None:
        """Waits until released. Nothing that a dead process awaits completes, not even its cancellation."""
        while True:
            if self.over:
                raise asyncio.CancelledError
            if not self.closed and not process.is_dead:
                return
            waiter = Waiter(process, actor.get(), gate, asyncio.get_running_loop().create_future())
            (self._dead if process.is_dead else self.waiting).append(waiter)
            try:
                await waiter.future
            except asyncio.CancelledError:
                if not process.is_dead or self.over:
                    raise
                continue
            finally:
                if waiter in self.waiting:
                    self.waiting.remove(waiter)
            if not process.is_dead:
                return

    def release(self, waiter: Waiter, error: Exception | None = None) -> None:
        """Resumes the actor; with `error`, its call raises that."""
        self.waiting.remove(waiter)
        if error is None:
            waiter.future.set_result(None)
        else:
            waiter.future.set_exception(error)

    def kill_process(self, process: Process) -> None:
        """Kills the process where it is: none of its code continues, and no cleanup runs."""
        process.is_dead = True
        self._dead += [waiter for waiter in self.waiting if waiter.process is process]
        self.waiting = [waiter for waiter in self.waiting if waiter.process is not process]
