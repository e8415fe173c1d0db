"""A connection to SQLite for an event loop.

A statement takes microseconds, and runs in the loop's own thread. Handing each step of it to another thread
and back took ten times as long, since under load every hand-over waits for the interpreter's lock. What may
wait, for another process that writes or for the disk, is left to the driver's thread.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import aiosqlite

Result = TypeVar("Result")

ROWS_AT_ONCE = 64
# In the loop's thread nobody waits for another process.
NOT_AT_ALL = 0.0


class LoopConnection(aiosqlite.Connection):
    async def _connect(self) -> aiosqlite.Connection:
        try:
            return await super()._connect()
        except sqlite3.Error:
            # The thread is about to end, and would tell a loop of it that may be closed by then.
            self._thread.join()
            raise

    async def _execute(self, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        if fn == self._conn.commit:
            return await _to_the_end(super()._execute(fn, *args, **kwargs))  # type: ignore[no-untyped-call]
        return fn(*args, **kwargs)

    async def begin_immediate(self, busy_seconds: float) -> None:
        """Mostly nobody else writes, and there is nothing to wait for."""
        try:
            self._conn.execute("BEGIN IMMEDIATE").close()
        except sqlite3.OperationalError:
            waiting = partial(self._wait_and_begin, busy_seconds)
            await _to_the_end(super()._execute(waiting))  # type: ignore[no-untyped-call]

    def _wait_and_begin(self, busy_seconds: float) -> None:
        self._allow(busy_seconds)
        try:
            self._conn.execute("BEGIN IMMEDIATE").close()
        finally:
            self._allow(NOT_AT_ALL)

    def _allow(self, busy_seconds: float) -> None:
        self._conn.execute(f"PRAGMA busy_timeout = {busy_seconds * 1000:.0f}").close()

    def begin(self) -> None:
        self._conn.execute("BEGIN").close()


async def _to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Also where whoever asked is cancelled: what the connection is asked next would hold up the loop until
    the thread has let go of it."""
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise


def connect(path: str, busy_seconds: float) -> LoopConnection:
    connection = LoopConnection(partial(_connected, path, busy_seconds), ROWS_AT_ONCE)
    # A process that ends does not wait for it.
    connection._thread.daemon = True
    return connection


def _connected(path: str, busy_seconds: float) -> sqlite3.Connection:
    # The driver's own transactions begin too late and never for reads.
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    # FULL: an order that was acknowledged survives the machine's power failing.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("PRAGMA busy_timeout = 0").close()
    return connection
