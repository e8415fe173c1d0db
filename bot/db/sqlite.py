"""SQLite for an event loop, over SQLAlchemy's ordinary engine and session.

A query takes microseconds, so it runs in the loop's own thread. Only what may wait runs in another: `BEGIN
IMMEDIATE` while another process writes, `COMMIT` (for the disk), and migrations.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

import structlog
from sqlalchemy import Connection, CursorResult, Engine, Executable, ScalarResult, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from bot.db.errors import DatabaseErrorKind, DatabaseNotWritable, raise_not_writable
from bot.db.issued_numbers import IssuedNumbersFile, NumbersUnreadable
from bot.db.postgresql_listener import WorkCallback
from models.database_identity import DatabaseId
from models.migrations.run import is_usable, upgrade_database

# An import of a thousand accounts locks the file for some seconds; nothing fails for it.
BUSY_TIMEOUT_SECONDS = 15.0

POOL_SIZE = 5

# A transaction needs some of it, and a checkpoint more.
MIN_FREE_BYTES = 1024 * 1024

# Key of `Session.info`: the last document numbers that its transaction has issued, by prefix.
ISSUED_NUMBERS_KEY = "issued_numbers"

log = structlog.get_logger()

BEGIN_IMMEDIATE = text("BEGIN IMMEDIATE")

P = ParamSpec("P")
T = TypeVar("T")
Parameters: TypeAlias = Mapping[str, Any] | Sequence[Mapping[str, Any]]


def _as_coroutine(
    method: Callable[Concatenate[Session, P], T],
) -> Callable[Concatenate["SQLiteSession", P], Coroutine[Any, Any, T]]:
    async def call(self: "SQLiteSession", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return method(self.sync_session, *args, **kwargs)

    return call


class SQLiteSession:
    """The methods of AsyncSession that this project calls, over SQLModel's ordinary session."""

    def __init__(self, session: Session) -> None:
        self.sync_session = session
        self.info = session.info
        self.add, self.add_all, self.expunge_all = session.add, session.add_all, session.expunge_all
        self.get_bind, self.in_transaction = session.get_bind, session.in_transaction
        self.in_nested_transaction = session.in_nested_transaction

    exec = _as_coroutine(Session.exec)
    get = _as_coroutine(Session.get)
    get_one = _as_coroutine(Session.get_one)
    merge = _as_coroutine(Session.merge)
    delete = _as_coroutine(Session.delete)
    flush = _as_coroutine(Session.flush)
    refresh = _as_coroutine(Session.refresh)

    async def connection(self) -> "SQLiteConnection":
        return SQLiteConnection(self.sync_session.connection())

    @property
    def no_autoflush(self) -> AbstractContextManager[object]:
        return self.sync_session.no_autoflush

    @asynccontextmanager
    async def begin_nested(self) -> AsyncIterator[None]:
        with self.sync_session.begin_nested():
            yield

    async def stream_scalars(self, statement: Executable) -> AsyncIterator[Any]:
        return _iterate(self.sync_session.scalars(statement))


class SQLiteConnection:
    """The same of AsyncConnection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def execute(self, statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
        return self._connection.execute(statement, parameters)


async def _iterate(rows: ScalarResult[Any]) -> AsyncIterator[Any]:
    with rows:
        for row in rows:
            yield row


async def run_in_thread(executor: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    """Waits for the thread even if the caller is cancelled: until it ends, it is using the connection."""
    running = asyncio.get_running_loop().run_in_executor(executor, work)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        while not running.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait({running})
        raise


class SQLiteBackend:
    """Sessions of one file. The driver is in autocommit mode, so reading sees what is committed by then and
    writing says when its transaction begins: of transactions that read first and write later, all but one
    fail if they meet."""

    def __init__(self, engine: Engine) -> None:
        self.sync_engine = engine
        # SQLite has one writer. In this process each wakes the next; SQLite would have them sleep and retry.
        self._write_lock = asyncio.Lock()
        self._executor = ThreadPoolExecutor(1, "sqlite")
        self._work_callbacks: list[WorkCallback] = []
        path = engine.url.database
        self._path = Path(path) if path and path != ":memory:" else None
        self._numbers_file = IssuedNumbersFile(self._path) if self._path else None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[SQLiteSession]:
        with Session(self.sync_engine, expire_on_commit=False, autoflush=False) as session:
            yield SQLiteSession(session)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[SQLiteSession]:
        async with self.read() as session:
            await (await session.connection()).execute(text("BEGIN"))
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[SQLiteSession]:
        async with self._write_lock:
            with Session(self.sync_engine, expire_on_commit=False) as session:
                await self._begin_immediate(session.connection())
                yield SQLiteSession(session)
                session.flush()
                try:
                    await self._run_blocking(lambda: self._commit(session))
                finally:
                    # Also if the caller is cancelled: it is committed all the same.
                    for on_work in self._work_callbacks:
                        on_work(None)

    def _commit(self, session: Session) -> None:
        session.commit()
        issued = session.info.get(ISSUED_NUMBERS_KEY)
        if not issued or self._numbers_file is None:
            return
        try:
            self._numbers_file.record(issued)
        except FileNotFoundError:
            # Not served yet.
            pass
        except (OSError, NumbersUnreadable) as error:
            log.error("issued_numbers.write_failed", error=type(error).__name__)

    async def check_writable(self) -> None:
        if self._path is None:
            return
        if not (os.access(self._path, os.W_OK) and os.access(self._path.parent, os.W_OK)):
            raise DatabaseNotWritable(DatabaseErrorKind.READ_ONLY, None, sqlite3.OperationalError())
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < MIN_FREE_BYTES:
            raise DatabaseNotWritable(DatabaseErrorKind.DISK_FULL, None, sqlite3.OperationalError())

    def replace_connections(self) -> None:
        # The first write that fails does so.
        ...

    async def check_space(self) -> None:
        # `check_writable` has asked the file system.
        ...

    async def check_prepared_statements(self) -> None: ...

    async def fetch_server_time(self) -> datetime | None:
        return None

    async def read_id(self) -> DatabaseId | None:
        numbers = self._numbers_file.read() if self._numbers_file else None
        return DatabaseId("", numbers.key) if numbers else None

    async def is_loaded_from_dump(self) -> bool:
        # A copied file shows no traces of copying.
        return False

    def read_remembered_numbers(self) -> dict[str, int]:
        numbers = self._numbers_file.read() if self._numbers_file else None
        return numbers.last_numbers if numbers else {}

    def renew_id(self, current: DatabaseId | None, last_numbers: Mapping[str, int]) -> DatabaseId | None:
        return DatabaseId("", self._numbers_file.create(last_numbers)) if self._numbers_file else None

    async def migrate(self) -> None:
        async with self._write_lock:
            await self._run_blocking(lambda: _upgrade(self.sync_engine))

    async def is_migrated(self) -> bool:
        if self._path is not None and self._path.parent.is_dir() and not self._path.exists():
            # Connecting would create it (without its folder, it fails).
            return False
        with self.sync_engine.connect() as connection:
            return is_usable(connection)

    @asynccontextmanager
    async def listen(self, on_work: WorkCallback) -> AsyncIterator[None]:
        """`on_work` is called after each commit of this process, whatever it wrote."""
        self._work_callbacks.append(on_work)
        try:
            yield
        finally:
            self._work_callbacks.remove(on_work)

    async def check_notifications(self) -> None:
        # Nothing can be wrong: notifications are calls within the process.
        ...

    async def close(self) -> None:
        self.sync_engine.dispose()
        self._executor.shutdown(wait=False)

    async def _begin_immediate(self, connection: Connection) -> None:
        # Usually no other process is writing, and no wait is needed.
        try:
            connection.execute(BEGIN_IMMEDIATE)
        except DatabaseNotWritable:
            raise
        except OperationalError:
            await self._run_blocking(lambda: _wait_and_begin(connection))

    async def _run_blocking(self, work: Callable[[], None]) -> None:
        await run_in_thread(self._executor, work)


def _upgrade(engine: Engine) -> None:
    with engine.connect() as connection:
        # A migration may replace a table that others refer to.
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        try:
            _wait_and_begin(connection)
            upgrade_database(connection)
            connection.commit()
        finally:
            connection.rollback()
            connection.exec_driver_sql("PRAGMA foreign_keys = ON")


def _wait_and_begin(connection: Connection) -> None:
    _set_busy_timeout(connection, BUSY_TIMEOUT_SECONDS)
    try:
        connection.execute(BEGIN_IMMEDIATE)
    finally:
        if not connection.invalidated:
            _set_busy_timeout(connection, 0)


def _set_busy_timeout(connection: Connection, seconds: float) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {seconds * 1000:.0f}")


def create_sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        # More connections than that are closed when they are returned: nothing may wait for one in the loop.
        pool_size=POOL_SIZE,
        max_overflow=-1,
        hide_parameters=True,
        # None is the driver's autocommit mode.
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT_SECONDS},
    )
    event.listen(engine, "connect", _configure)
    raise_not_writable(engine)
    return engine


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    # FULL: an order that was acknowledged survives a power failure. No timeout: the loop waits for nobody.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=0"):
        connection.execute(f"PRAGMA {pragma}").close()
