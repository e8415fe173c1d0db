"""Sessions of the database: `read` for looking, `write` for one transaction that changes something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from contextvars import ContextVar

from sqlalchemy import Connection, bindparam, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.sqlite import KeptSessions, LoopConnection, LoopSession, connect, snapshot
from models.account import Account, AccountNotFound
from models.migrations.run import is_at_head, upgrade_database

# An import of a thousand accounts holds the file for some seconds; nobody fails for it.
BUSY_SECONDS = 15.0

# PostgreSQL allows a hundred connections by default: eight replicas fit.
CONNECTIONS = 10

# With the machine gone and no answer at all, a connection is given up after so many seconds.
CONNECT_WITHIN = 5

# A server that hangs, or holds back what is asked for, is away after so many seconds.
ANSWER_WITHIN = 15

# What a database that is away, restarting or overloaded makes a statement raise.
AWAY = (OperationalError, InterfaceError, PoolTimeout)

# What is held by no row, by numbers that mean nothing else.
MIGRATING, IMPORTING = 7_328_001, 7_328_002

# Whether this task has a transaction open. No port may be called then (a test watches it).
transaction_open: ContextVar[bool] = ContextVar("transaction_open", default=False)


def driver_url(url: str) -> str:
    """`sqlite:///…` and `postgresql://…` with the drivers this project uses."""
    scheme, rest = url.split("://", 1)
    return ("sqlite+loop" if scheme == "sqlite" else "postgresql+psycopg") + "://" + rest


class Database:
    """Two engines over one SQLite file, since a transaction that will write must say so at its start:
    of those that read first and write later, all but one fail when they meet. PostgreSQL needs one pool:
    what is read is in no transaction there, and nothing may be written through it."""

    def __init__(self, url: str) -> None:
        self.url = driver_url(url)
        self._reader, self._writer = self._engines(self.url)
        self._writing = self._turns(self.url)
        self._kept = KeptSessions(self._reader) if self.url.startswith("sqlite") else None

    @staticmethod
    def _engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
        """For reading and for writing."""
        if url.startswith("sqlite"):
            return _sqlite_engine(url, writing=False), _sqlite_engine(url, writing=True)
        engine = create_async_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=0,
            pool_timeout=ANSWER_WITHIN,
            hide_parameters=True,
            connect_args=_patience(url),
        )
        # Each statement sees what is committed by then anyway: to begin and to end is two questions more.
        return engine.execution_options(isolation_level="AUTOCOMMIT"), engine

    @staticmethod
    def _turns(url: str) -> AbstractAsyncContextManager[None]:
        """SQLite has one writer. Within the process they take turns, each waking the next; SQLite itself
        would have them look again after ever longer sleeps."""
        return asyncio.Lock() if url.startswith("sqlite") else nullcontext()

    @property
    def engine(self) -> AsyncEngine:
        return self._reader

    @property
    def writer(self) -> AsyncEngine:
        return self._writer

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        with _marked_open():
            async with self._looking() as session:
                yield session

    def _looking(self) -> AbstractAsyncContextManager[AsyncSession]:
        return self._looking_once() if self._kept is None else self._kept.one()

    @asynccontextmanager
    async def _looking_once(self) -> AsyncIterator[AsyncSession]:
        async with self._session(self._reader, looking=True) as session:
            await session.connection()
            yield session

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[AsyncSession]:
        """For what is read some at a time, all of it as it was at the beginning."""
        on_server = self._writer.dialect.name == "postgresql"
        with _marked_open():
            engine = self._writer if on_server else self._reader
            async with self._session(engine, looking=True) as session:
                if on_server:
                    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                    yield session
                else:
                    async with snapshot(await session.connection()):
                        yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction: committed at the end, rolled back where anything is raised."""
        with _marked_open():
            async with self._writing, self._session(self._writer) as session, session.begin():
                await session.connection()
                yield session

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine, *, looking: bool = False) -> AsyncIterator[AsyncSession]:
        on_sqlite = engine.dialect.name == "sqlite"
        session = (LoopSession if on_sqlite else AsyncSession)(
            engine, expire_on_commit=False, autoflush=not looking
        )
        try:
            yield session
        finally:
            # SQLite never waits here; a server is let go of also where whoever asked is cancelled.
            closing = session.close()
            await (closing if on_sqlite else asyncio.shield(closing))

    async def migrate(self) -> None:
        """Bring the database to the shape the models expect, however many processes start at once."""
        async with self._writer.begin() as connection:
            await _hold_alone(connection, MIGRATING)
            await connection.run_sync(upgrade_database)

    async def migrated(self) -> bool:
        async with self._reader.connect() as connection:
            return await connection.run_sync(is_at_head)

    async def close(self) -> None:
        if self._kept is not None:
            await self._kept.close()
        await self._reader.dispose()
        await self._writer.dispose()


def _patience(url: str) -> dict[str, str | int]:
    """How long a server is waited for; what the address itself says of it comes later, and holds."""
    said = str(make_url(url).query.get("options", ""))
    return {
        "connect_timeout": CONNECT_WITHIN,
        "options": f"-c statement_timeout={ANSWER_WITHIN}s {said}".strip(),
        # One that is gone, with its network, says nothing: the system asks for a sign of life.
        "keepalives_idle": ANSWER_WITHIN // 3,
        "keepalives_interval": ANSWER_WITHIN // 3,
        "keepalives_count": 2,
        "tcp_user_timeout": ANSWER_WITHIN * 1000,
    }


class _marked_open:  # noqa: N801
    """Marks the running task as being inside a transaction."""

    def __enter__(self) -> None:
        self._token = transaction_open.set(True)

    def __exit__(self, *_: object) -> None:
        transaction_open.reset(self._token)


def _sqlite_engine(url: str, *, writing: bool) -> AsyncEngine:
    path = str(make_url(url).database)

    def connected() -> LoopConnection:
        return connect(path, BUSY_SECONDS)

    if not writing:
        # As on a server: each statement sees what is committed by then.
        options = {"isolation_level": "AUTOCOMMIT", "skip_autocommit_rollback": True}
        return create_async_engine(url, creator=connected, hide_parameters=True, **options)
    engine = create_async_engine(url, creator=connected, hide_parameters=True)

    @event.listens_for(engine.sync_engine, "begin")
    def start(connection: Connection) -> None:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, LoopConnection), "the creator makes no other"
        driver.begin_immediate(BUSY_SECONDS)

    return engine


async def hold_import(session: AsyncSession) -> None:
    """Imports of accounts come one after another: of what is new there is no row yet to hold."""
    await _hold_alone(await session.connection(), IMPORTING)


async def _hold_alone(connection: AsyncConnection, what: int) -> None:
    """Until this transaction ends, however long it takes. SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        await connection.execute(text("SET LOCAL statement_timeout = 0"))
        await connection.execute(text("SELECT pg_advisory_xact_lock(:what)"), {"what": what})


_LOCKED = (
    select(Account)
    .where(Account.id == bindparam("account"))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


async def lock_account(session: AsyncSession, account_id: str, *seen: SQLModel) -> Account:
    """The account, held by this transaction: changes of one account happen one after another. It and the
    rows that were `seen` before are read anew, since the lock may have been waited for.

    SQLite has one writer, and holds all as it is since the transaction began. PostgreSQL locks the row, but
    not against rows that refer to it: a notice can be stored by whom the account's change would wait for.
    """
    if session.get_bind().dialect.name == "sqlite":
        account = await session.get(Account, account_id)
    else:
        account = (await session.exec(_LOCKED, params={"account": account_id})).one_or_none()
        for row in seen:
            await session.refresh(row)
    if account is None:
        raise AccountNotFound
    return account
