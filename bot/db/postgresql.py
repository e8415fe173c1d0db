"""PostgreSQL through SQLAlchemy's own asyncio half."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import structlog
from psycopg.errors import InsufficientPrivilege, ReadOnlySqlTransaction
from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db.errors import (
    DatabaseErrorKind,
    DatabaseNotWritable,
    get_database_error_kind,
    raise_not_writable,
)
from bot.db.locks import MIGRATION_LOCK, lock_exclusively
from bot.db.postgresql_listener import NotificationListener, WorkCallback
from models.database_identity import DatabaseId
from models.migrations.run import is_usable, upgrade_database

# PostgreSQL allows a hundred connections by default: eight replicas fit.
POOL_SIZE = 10
# More writing transactions at once would mostly wait for each other's locks, such as the counter of document
# numbers, and hold their own for longer. Meanwhile, reading goes on over the other connections.
MAX_WRITERS = 4

# How long a connection may take to open if the server's machine does not answer at all.
CONNECT_TIMEOUT_SECONDS = 5

# A server that hangs, or has no connection free, counts as unavailable after this.
STATEMENT_TIMEOUT_SECONDS = 15

# While a migration waits for a table that a long transaction has read, all others that need the table wait
# behind it. So it waits for a moment, lets them pass, and tries again.
MIGRATION_LOCK_TIMEOUT_SECONDS = 2
MIGRATION_PAUSE_SECONDS = 4
MIGRATION_ATTEMPTS = 20

log = structlog.get_logger()

SERVER_TIME_QUERY = text("SELECT clock_timestamp()")

# Any role may ask for both. A standby has the same, so a failover changes neither.
SYSTEM_IDENTIFIER = text("SELECT system_identifier FROM pg_control_system()")
# `pg_restore --clean` keeps the database, and creates its tables again. So no migration may replace this one.
DATABASE_OIDS = text(
    "SELECT oid, CAST(CAST('document_sequence' AS regclass) AS oid) FROM pg_database"
    " WHERE datname = current_database()"
)

# A dump is loaded with one COPY per table. While numbers are being issued, a transaction writes one row.
LOADED_FROM_DUMP_QUERY = text(
    "SELECT count(*) > 1 AND count(DISTINCT CAST(xmin AS text)) = 1 FROM document_sequence"
)

# A role with a privilege for some tables usually has it for all. Before the first migration there are none.
READ_ONLY_REASON_QUERY = text(
    """
    SELECT CASE
        WHEN pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on' THEN 'read_only'
        WHEN NOT has_table_privilege(to_regclass('service_order'), 'INSERT')
            OR NOT has_table_privilege(to_regclass('document_sequence'), 'UPDATE') THEN 'permission'
    END
    """
)

NOT_WRITABLE_ERRORS = {
    DatabaseErrorKind.READ_ONLY: ReadOnlySqlTransaction,
    DatabaseErrorKind.PERMISSION: InsufficientPrivilege,
}

WRITABLE_CACHE_SECONDS = 15.0

# A row may still be changed within its page while no page can be added. This takes about a megabyte.
MAY_CREATE_TEMPORARY_TABLES = text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
# Where the tables are, not where temporary ones are kept.
USE_MAIN_TABLESPACE = text("SET LOCAL temp_tablespaces = ''")
TAKE_SPACE = text(
    "CREATE TEMPORARY TABLE space_probe ON COMMIT DROP AS"
    " SELECT repeat(md5(CAST(number AS text)), 30) FROM generate_series(1, 1000) AS number"
)

# psycopg prepares a statement when it is executed for the sixth time.
PREPARED_AFTER_EXECUTIONS = 7
PREPARED_PROBE = text("SELECT CAST(:value AS integer)")


@dataclass(frozen=True)
class PoolerOptions:
    """What a pooler in transaction mode may not be able to pass on."""

    prepared_statements: bool = True
    startup_options: bool = True


NO_POOLER = PoolerOptions()


class PostgreSQLBackend:
    """Sessions of one database. Reading is in no transaction: each statement sees what is committed by then
    with or without one, and beginning and ending one takes two more round trips."""

    def __init__(
        self,
        engine: AsyncEngine,
        listen_url: str | None = None,
        pooler_options: PoolerOptions = NO_POOLER,
    ) -> None:
        """`listen_url` is for notifications, if those of `engine` go through a pooler."""
        self.sync_engine = engine.sync_engine
        self._writable_until = -math.inf
        self._replaced_at = -math.inf
        self._listeners = {"connect": self._record_connection, "checkout": self._check_connection}
        for name, listener in self._listeners.items():
            event.listen(self.sync_engine, name, listener)
        url = listen_url or engine.url.render_as_string(hide_password=False)
        options = NO_POOLER if listen_url else pooler_options
        self._listener = NotificationListener(url, _build_connect_args(url, options), self._notify)
        self._reader, self._writer = engine, engine.execution_options(isolation_level="READ COMMITTED")
        # First come, first served: of those who wait for a connection, the pool lets later ones overtake.
        self._connection_turns = TimedSemaphore(POOL_SIZE)
        self._writer_turns = TimedSemaphore(MAX_WRITERS)

    def read(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._open_session(self._reader, autoflush=False)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncSession]:
        async with self._open_session(self._writer, autoflush=False) as session:
            await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        async with (
            self._writer_turns,
            self._open_session(self._writer, autoflush=True) as session,
            session.begin(),
        ):
            yield session

    async def check_writable(self) -> None:
        # Queried again after each new connection, which a failover causes, and after a while.
        if time.monotonic() < self._writable_until:
            return
        async with self._reader.connect() as connection:
            reason = await connection.scalar(READ_ONLY_REASON_QUERY)
            if reason is not None:
                # It keeps the role and defaults with which it was opened.
                await connection.invalidate()
                kind = DatabaseErrorKind(reason)
                raise DatabaseNotWritable(kind, None, NOT_WRITABLE_ERRORS[kind]())
        self._writable_until = time.monotonic() + WRITABLE_CACHE_SECONDS

    def replace_connections(self) -> None:
        """Each is replaced the next time it is needed."""
        self._replaced_at = time.monotonic()

    async def check_space(self) -> None:
        async with self._writer.begin() as connection:
            if await connection.scalar(MAY_CREATE_TEMPORARY_TABLES):
                await connection.execute(USE_MAIN_TABLESPACE)
                await connection.execute(TAKE_SPACE)

    def _record_connection(self, _: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info["opened_at"] = time.monotonic()
        self._writable_until = -math.inf

    def _check_connection(self, _: DBAPIConnection, record: ConnectionPoolEntry, *__: object) -> None:
        if record.info.get("opened_at", math.inf) < self._replaced_at:
            # The pool closes it and opens another one.
            raise DisconnectionError

    async def check_prepared_statements(self) -> None:
        # A pooler in transaction mode puts two connections on one of the server's.
        async with self._reader.connect() as first, self._reader.connect() as second:
            for value in range(PREPARED_AFTER_EXECUTIONS):
                for connection in (first, second):
                    await connection.scalar(PREPARED_PROBE, {"value": value})

    async def fetch_server_time(self) -> datetime | None:
        async with self._reader.connect() as connection:
            time: datetime = (await connection.execute(SERVER_TIME_QUERY)).scalar_one()
        return time

    async def read_id(self) -> DatabaseId | None:
        async with self._reader.connect() as connection:
            database_oid, table_oid = (await connection.execute(DATABASE_OIDS)).one()
            try:
                cluster = await connection.scalar(SYSTEM_IDENTIFIER)
            except ProgrammingError:
                # Revoked. A restore still has other OIDs.
                cluster = ""
        return DatabaseId(str(cluster), f"{database_oid}/{table_oid}")

    async def is_loaded_from_dump(self) -> bool:
        async with self._reader.connect() as connection:
            return bool(await connection.scalar(LOADED_FROM_DUMP_QUERY))

    def read_remembered_numbers(self) -> dict[str, int]:
        return {}

    def renew_id(self, current: DatabaseId | None, last_numbers: Mapping[str, int]) -> DatabaseId | None:
        return current

    async def migrate(self) -> None:
        for attempt in range(1, MIGRATION_ATTEMPTS + 1):
            try:
                await self._migrate_once()
            except OperationalError as error:
                is_blocked = get_database_error_kind(error) is DatabaseErrorKind.LOCKED
                if not is_blocked or attempt == MIGRATION_ATTEMPTS:
                    raise
            else:
                return
            log.warning("database.migration_blocked", attempt=attempt, attempts=MIGRATION_ATTEMPTS)
            await asyncio.sleep(MIGRATION_PAUSE_SECONDS)

    async def _migrate_once(self) -> None:
        async with self._writer.begin() as connection:
            await lock_exclusively(connection, MIGRATION_LOCK)
            await connection.execute(text(f"SET LOCAL lock_timeout = '{MIGRATION_LOCK_TIMEOUT_SECONDS}s'"))
            await connection.run_sync(upgrade_database)

    async def is_migrated(self) -> bool:
        async with self._reader.connect() as connection:
            return await connection.run_sync(is_usable)

    @asynccontextmanager
    async def listen(self, on_work: WorkCallback) -> AsyncIterator[None]:
        listening = asyncio.create_task(self._listener.run(on_work), name="listen")
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    async def check_notifications(self) -> None:
        await self._listener.check()

    @asynccontextmanager
    async def _open_session(self, engine: AsyncEngine, *, autoflush: bool) -> AsyncIterator[AsyncSession]:
        async with (
            self._connection_turns,
            AsyncSession(engine, expire_on_commit=False, autoflush=autoflush) as session,
        ):
            yield session

    async def _notify(self, channel: str) -> None:
        async with self._reader.connect() as connection:
            await connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})

    async def close(self) -> None:
        """Leaves the engine to the next backend, with a new pool."""
        for name, listener in self._listeners.items():
            event.remove(self.sync_engine, name, listener)
        await self._reader.dispose()


class TimedSemaphore(asyncio.Semaphore):
    async def acquire(self) -> Literal[True]:
        try:
            async with asyncio.timeout(STATEMENT_TIMEOUT_SECONDS):
                return await super().acquire()
        except TimeoutError:
            raise PoolTimeout("no connection became free") from None


def create_postgresql_engine(url: str, pooler_options: PoolerOptions = NO_POOLER) -> AsyncEngine:
    engine = create_async_engine(
        url,
        # Connections are in autocommit mode, since most sessions read: nothing is switched, nor rolled back.
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=STATEMENT_TIMEOUT_SECONDS,
        hide_parameters=True,
        connect_args=_build_connect_args(url, pooler_options),
    )
    raise_not_writable(engine.sync_engine)
    return engine


def _build_connect_args(url: str, pooler_options: PoolerOptions) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        # A server whose machine or network is gone sends nothing, so keepalives detect it.
        "keepalives_idle": STATEMENT_TIMEOUT_SECONDS // 3,
        "keepalives_interval": STATEMENT_TIMEOUT_SECONDS // 3,
        "keepalives_count": 2,
        "tcp_user_timeout": STATEMENT_TIMEOUT_SECONDS * 1000,
    }
    if pooler_options.startup_options:
        # The options in the URL itself come last, so they override these.
        options = str(make_url(url).query.get("options", ""))
        arguments["options"] = f"-c statement_timeout={STATEMENT_TIMEOUT_SECONDS}s {options}".strip()
    if not pooler_options.prepared_statements:
        arguments["prepare_threshold"] = None
    return arguments
