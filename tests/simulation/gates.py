"""Gates: where an actor stops until it is let on, and where its process may die.

There is one before and after each call of a port, before each transaction, and after each commit.
"""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field

# Who is running: a press of somebody's, or a job.
actor: ContextVar[str] = ContextVar("actor", default="nobody")


@dataclass(eq=False)
class Process:
    """One replica. Dead, it never runs on; another takes its place."""

    name: str
    dead: bool = False


@dataclass(eq=False)
class Waiter:
    process: Process
    actor: str
    gate: str
    future: "asyncio.Future[None]" = field(repr=False)

    def __str__(self) -> str:
        return f"{self.process.name} {self.actor}: {self.gate}"


class Gates:
    """With `closed` false everybody passes without stopping. `over` ends what still runs."""

    def __init__(self) -> None:
        self.waiting: list[Waiter] = []
        # Held, since what nobody refers to is cleaned up: the dead clean nothing up.
        self._dead: list[Waiter] = []
        self.closed = True
        self.over = False

    async def wait(self, process: Process, gate: str) -> None:
        """Wait to be let on. Whatever a dead process awaits never comes: its cancelling either."""
        while True:
            if self.over:
                raise asyncio.CancelledError
            if not self.closed and not process.dead:
                return
            waiter = Waiter(process, actor.get(), gate, asyncio.get_running_loop().create_future())
            (self._dead if process.dead else self.waiting).append(waiter)
            try:
                await waiter.future
            except asyncio.CancelledError:
                if not process.dead or self.over:
                    raise
                continue
            finally:
                if waiter in self.waiting:
                    self.waiting.remove(waiter)
            if not process.dead:
                return

    def release(self, waiter: Waiter, error: Exception | None = None) -> None:
        """On with the actor; with an error, that is what the awaited call came to."""
        self.waiting.remove(waiter)
        if error is None:
            waiter.future.set_result(None)
        else:
            waiter.future.set_exception(error)

    def kill_process(self, process: Process) -> None:
        """The process dies where it stands: nothing of it runs on, nothing is cleaned up."""
        process.dead = True
        self._dead += [waiter for waiter in self.waiting if waiter.process is process]
        self.waiting = [waiter for waiter in self.waiting if waiter.process is not process]
