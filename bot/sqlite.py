"""SQLite for an event loop: `sqlite+loop:///path`, with the driver of the standard library.

A statement takes microseconds, and runs in the loop's own thread. Handing each step of it to another thread
and back took ten times as long, since under load every hand-over waits for the interpreter's lock. What may
wait, for another process that writes or for the disk, is left to a thread of the connection.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only
from sqlalchemy.util.concurrency import in_greenlet
from sqlmodel.ext.asyncio.session import AsyncSession

# Nothing waits between two questions, so that one is mostly enough.
MOST_KEPT = 5

# In the loop's thread nobody waits for another process.
NOT_AT_ALL = 0.0


class LoopDialect(SQLiteDialect_pysqlite):
    """What SQLAlchemy must know: its calls may switch to the loop, here only to begin and to commit."""

    driver = "loop"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return AsyncAdaptedQueuePool

    # SQLAlchemy takes a driver that never waits for one that cannot.

    def do_execute(self, *args: Any, **kwargs: Any) -> None:
        _seem_to_wait()
        super().do_execute(*args, **kwargs)  # type: ignore[no-untyped-call]

    def do_executemany(self, *args: Any, **kwargs: Any) -> None:
        _seem_to_wait()
        super().do_executemany(*args, **kwargs)  # type: ignore[no-untyped-call]

    def do_execute_no_params(self, *args: Any, **kwargs: Any) -> None:
        _seem_to_wait()
        super().do_execute_no_params(*args, **kwargs)  # type: ignore[no-untyped-call]


def _seem_to_wait() -> None:
    if in_greenlet():
        await_only(NOTHING)


class _Nothing:
    """To wait for, without a turn of the loop."""

    def __await__(self) -> Generator[None, None, None]:
        return
        yield


NOTHING = _Nothing()


registry.register("sqlite.loop", __name__, LoopDialect.__name__)


class LoopSession(AsyncSession):
    """Between beginning and committing nothing waits: what is asked most often is asked without the switch
    to a greenlet, which takes as long as the question. The transaction is begun by `connection()`."""

    async def exec(self, statement: Any, **options: Any) -> Any:
        return self.sync_session.exec(statement, **options)

    async def get(self, *args: Any, **options: Any) -> Any:
        return self.sync_session.get(*args, **options)

    async def get_one(self, *args: Any, **options: Any) -> Any:
        return self.sync_session.get_one(*args, **options)

    async def flush(self, objects: Sequence[Any] | None = None) -> None:
        self.sync_session.flush(objects)

    async def close(self) -> None:
        self.sync_session.close()


class KeptSessions:
    """Sessions that only look. To make one, with its transaction, takes as long as a question: some are kept.
    The engine is in AUTOCOMMIT, so that they hold nothing of the database between two questions."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._idle: list[LoopSession] = []
        self._most = MOST_KEPT

    @asynccontextmanager
    async def one(self) -> AsyncIterator[AsyncSession]:
        session = self._idle.pop() if self._idle else await self._made()
        try:
            yield session
        except BaseException:
            await session.close()
            raise
        # What was read is read anew by whoever is next.
        session.expunge_all()
        if session.is_active and len(self._idle) < self._most:
            self._idle.append(session)
        else:
            await session.close()

    async def _made(self) -> LoopSession:
        session = LoopSession(self._engine, expire_on_commit=False, autoflush=False)
        await session.connection()
        return session

    async def close(self) -> None:
        """Those still in use are closed when they are given back."""
        self._most = 0
        while self._idle:
            await self._idle.pop().close()


@asynccontextmanager
async def snapshot(connection: AsyncConnection) -> AsyncIterator[None]:
    """On a connection in AUTOCOMMIT: everything is read as it was at the beginning."""
    await connection.exec_driver_sql("BEGIN")
    try:
        yield
    finally:
        await connection.exec_driver_sql("ROLLBACK")


class LoopConnection(sqlite3.Connection):
    """What waits is called from within SQLAlchemy's greenlet, and leaves the loop to others meanwhile."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # It starts with the first work for it: a connection that only reads never has one.
        self._thread = ThreadPoolExecutor(1, "sqlite")

    def cursor(self, *args: Any, **kwargs: Any) -> "LoopCursor":  # type: ignore[override]
        return super().cursor(LoopCursor)

    def begin_immediate(self, busy_seconds: float) -> None:
        """Mostly nobody else writes, and there is nothing to wait for."""
        try:
            self.execute("BEGIN IMMEDIATE").close()
        except sqlite3.OperationalError:
            await_only(self._in_thread(lambda: self._wait_and_begin(busy_seconds)))

    def commit(self) -> None:
        await_only(self._in_thread(super().commit))

    def close(self) -> None:
        super().close()
        self._thread.shutdown(wait=False)

    def _wait_and_begin(self, busy_seconds: float) -> None:
        self._allow(busy_seconds)
        try:
            self.execute("BEGIN IMMEDIATE").close()
        finally:
            self._allow(NOT_AT_ALL)

    def _allow(self, busy_seconds: float) -> None:
        self.execute(f"PRAGMA busy_timeout = {busy_seconds * 1000:.0f}").close()

    async def _in_thread(self, work: Callable[[], None]) -> None:
        """To its end also where whoever asked is cancelled, once or again: what the connection is asked
        next would hold up the loop until the thread has let go of it."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            while not running.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait({running})
            raise


class LoopCursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """SQLAlchemy's asyncio half asks for it once a result is handed out. Its rows are yet to be read."""


def connect(path: str, busy_seconds: float) -> LoopConnection:
    connection = sqlite3.connect(
        path,
        timeout=busy_seconds,
        # The driver's own transactions begin too late and never for reads.
        isolation_level=None,
        check_same_thread=False,
        factory=LoopConnection,
    )
    # FULL: an order that was acknowledged survives the machine's power failing.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    connection.execute("PRAGMA busy_timeout = 0").close()
    return connection
