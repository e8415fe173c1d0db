"""The database: sessions to `read`, to `write` in one transaction, and to `stream` a snapshot."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import Engine, update
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.db.errors import DatabaseErrorKind, DatabaseNotWritable, get_database_error_kind
from bot.db.postgresql import NO_POOLER, PoolerOptions, PostgreSQLBackend, create_postgresql_engine
from bot.db.postgresql_listener import WorkCallback
from bot.db.session import Session
from bot.db.slow_statements import log_slow_statements
from bot.db.sqlite import SQLiteBackend, create_sqlite_engine
from models.database_identity import DatabaseId, DatabaseIdentity

Backend: TypeAlias = SQLiteBackend | PostgreSQLBackend

# What a statement raises if the database is down, restarting or overloaded.
DATABASE_UNAVAILABLE_ERRORS = (OperationalError, InterfaceError, PoolTimeout)

# Whether this task is inside a session. No port may be called then (a test checks it).
transaction_open: ContextVar[bool] = ContextVar("transaction_open", default=False)


def to_driver_url(url: str) -> str:
    """`postgresql://…` with the driver this project uses; SQLite's is SQLAlchemy's default."""
    scheme, rest = url.split("://", 1)
    return url if scheme == "sqlite" else f"postgresql+psycopg://{rest}"


def create_backend(
    url: str, listen_url: str | None = None, pooler_options: PoolerOptions = NO_POOLER
) -> Backend:
    backend: Backend
    if url.startswith("sqlite"):
        backend = SQLiteBackend(create_sqlite_engine(url))
    else:
        backend = PostgreSQLBackend(create_postgresql_engine(url, pooler_options), listen_url, pooler_options)
    log_slow_statements(backend.sync_engine)
    return backend


class Database:
    def __init__(
        self,
        url: str,
        *,
        listen_url: str | None = None,
        pooler_options: PoolerOptions = NO_POOLER,
        backend: Backend | None = None,
    ) -> None:
        """`listen_url` leads to the same database without a pooler; `backend` is one made before, to share
        its engine."""
        self.url = to_driver_url(url)
        self._backend = backend or create_backend(
            self.url, to_driver_url(listen_url) if listen_url else None, pooler_options
        )
        self._has_failed_write = False
        # Some may have been opened while the database was read-only, and stay so.
        self._has_old_connections = False

    @property
    def sync_engine(self) -> Engine:
        return self._backend.sync_engine

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        """Each statement sees what is committed by then. Queries flush nothing."""
        with _transaction_open():
            async with self._backend.read() as session:
                yield session

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Session]:
        """Reads in batches from one snapshot: everything as it was at the beginning."""
        with _transaction_open():
            async with self._backend.snapshot() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        """Opens one transaction: committed at the end, rolled back if anything is raised."""
        try:
            with _transaction_open():
                async with self._backend.write() as session:
                    yield session
        except DatabaseNotWritable:
            self._has_failed_write = True
            raise
        except DBAPIError as error:
            if get_database_error_kind(error) is not DatabaseErrorKind.PERMISSION or error.orig is None:
                raise
            self._has_failed_write = True
            raise DatabaseNotWritable(DatabaseErrorKind.PERMISSION, error.statement, error.orig) from error
        self._has_failed_write = False

    def listen(self, on_work: WorkCallback) -> AbstractAsyncContextManager[None]:
        """Calls `on_work` after transactions that store work for a job: on PostgreSQL those of any process,
        on SQLite those of this one. Some calls may be lost, so jobs also run at intervals."""
        return self._backend.listen(on_work)

    async def check_notifications(self) -> None:
        """Raises one of LISTEN_ERRORS if `listen` receives no notifications."""
        await self._backend.check_notifications()

    async def migrate(self) -> None:
        """Migrates the schema to what the models expect, however many processes start at once."""
        await self._backend.migrate()

    async def is_migrated(self) -> bool:
        return await self._backend.is_migrated()

    async def check_writable(self) -> None:
        """Raises DatabaseNotWritable. Nothing is written unless the last transaction failed for that."""
        try:
            await self._backend.check_writable()
            if self._has_failed_write:
                await self._backend.check_space()
                async with self.write() as session:
                    await session.exec(update(DatabaseIdentity).values(stored_at=DatabaseIdentity.stored_at))
        except DatabaseNotWritable:
            self._has_old_connections = True
            raise
        if self._has_old_connections:
            self._has_old_connections = False
            self._backend.replace_connections()

    async def check_space(self) -> None:
        """Raises DatabaseNotWritable if its disk is full. Nothing that is written remains."""
        await self._backend.check_space()

    async def check_prepared_statements(self) -> None:
        """Raises the driver's error if a pooler breaks them."""
        await self._backend.check_prepared_statements()

    async def fetch_server_time(self) -> datetime | None:
        """Returns the time of the database server's clock; None if it runs on this machine."""
        return await self._backend.fetch_server_time()

    async def read_id(self) -> DatabaseId | None:
        """Reads the id of the database that answers; None if nothing distinguishes it from a copy."""
        return await self._backend.read_id()

    async def is_loaded_from_dump(self) -> bool:
        """Whether the document numbers were written all at once. Says nothing once one has been issued since,
        nor if none ever was."""
        return await self._backend.is_loaded_from_dump()

    def read_remembered_numbers(self) -> dict[str, int]:
        """The last document numbers by prefix, if they are known from outside the database."""
        return self._backend.read_remembered_numbers()

    def renew_id(self, current: DatabaseId | None, last_numbers: Mapping[str, int]) -> DatabaseId | None:
        """The id to store in the database from now on. Call it in the transaction that stores it."""
        return self._backend.renew_id(current, last_numbers)

    async def close(self) -> None:
        await self._backend.close()


@contextmanager
def _transaction_open() -> Iterator[None]:
    token = transaction_open.set(True)
    try:
        yield
    finally:
        transaction_open.reset(token)
