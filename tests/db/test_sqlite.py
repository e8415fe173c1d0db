"""SQLite in the event loop: what waits in a thread leaves the connection in order."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import QueuePool, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import select

from bot.db import Database, DatabaseNotWritable, Session
from models.account import Account
from tests.models.examples import make_account
from tests.time_limits import HANG_SECONDS


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/seatbot.db")
    async with database.write() as session:
        await (await session.connection()).execute(text("CREATE TABLE number (number INTEGER)"))
    yield database
    await database.close()


@pytest.fixture
def other_process(database: Database, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(tmp_path / "seatbot.db", isolation_level=None)) as connection:
        yield connection


async def insert(database: Database, *numbers: int) -> None:
    async with database.write() as session:
        connection = await session.connection()
        rows = [{"n": number} for number in numbers]
        await connection.execute(text("INSERT INTO number VALUES (:n)"), rows)


async def read_numbers(session: Session) -> list[int]:
    connection = await session.connection()
    return [*(await connection.execute(text("SELECT number FROM number"))).scalars()]


async def select_numbers(database: Database) -> list[int]:
    async with database.read() as session:
        return await read_numbers(session)


def open_connections(database: Database) -> int:
    pool = database.sync_engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


async def test_a_write_waits_for_another_process_and_leaves_the_loop_to_others(
    database: Database, other_process: sqlite3.Connection
) -> None:
    other_process.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(insert(database, 1))
    for _ in range(3):
        await asyncio.sleep(0.02)
        assert await select_numbers(database) == []
    assert not waiting.done()
    other_process.execute("COMMIT")
    await waiting
    assert await select_numbers(database) == [1]


async def test_a_write_cancelled_twice_while_another_process_writes_holds_no_lock(
    database: Database, other_process: sqlite3.Connection
) -> None:
    other_process.execute("BEGIN IMMEDIATE")
    waiting = asyncio.create_task(insert(database, 1))
    for _ in range(2):
        await asyncio.sleep(0.05)
        waiting.cancel()
    await asyncio.sleep(0.05)
    assert not waiting.done()
    other_process.execute("COMMIT")
    with pytest.raises(asyncio.CancelledError):
        await waiting
    other_process.execute("BEGIN IMMEDIATE")
    other_process.execute("INSERT INTO number VALUES (2)")
    other_process.execute("COMMIT")
    await insert(database, 3)
    assert await select_numbers(database) == [2, 3]


async def test_a_failed_write_is_rolled_back_and_the_next_one_succeeds(database: Database) -> None:
    async def fail() -> None:
        async with database.write() as session:
            await (await session.connection()).execute(text("INSERT INTO number VALUES (1)"))
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    await insert(database, 2)
    assert await select_numbers(database) == [2]


async def test_a_connection_that_was_opened_read_only_is_replaced(database: Database) -> None:
    """As those are that were opened while the file system was mounted read-only."""
    async with database.read() as session:
        await (await session.connection()).execute(text("PRAGMA query_only = ON"))
    with pytest.raises(DatabaseNotWritable):
        await insert(database, 1)
    await insert(database, 2)
    assert await select_numbers(database) == [2]


async def test_many_rows_are_inserted_by_one_statement(database: Database) -> None:
    await insert(database, 1, 2, 3)
    assert await select_numbers(database) == [1, 2, 3]


async def test_a_new_session_sees_what_was_committed_since_the_last(database_with_accounts: Database) -> None:
    async with database_with_accounts.read() as session:
        before = await session.get_one(Account, "acme")
    async with database_with_accounts.write() as session:
        (await session.get_one(Account, "acme")).name = "Acme SE"
    async with database_with_accounts.read() as session:
        assert (await session.get_one(Account, "acme")).name == "Acme SE"
    assert before.name == "Acme SA"


async def test_a_snapshot_does_not_see_what_is_committed_meanwhile(database: Database) -> None:
    await insert(database, 1)
    async with database.stream() as session:
        assert await read_numbers(session) == [1]
        await insert(database, 2)
        assert await read_numbers(session) == [1]
    assert await select_numbers(database) == [1, 2]


async def test_failed_reads_hold_no_connection(database: Database) -> None:
    async def read_missing_table() -> None:
        async with database.read() as session:
            await (await session.connection()).execute(text("SELECT number FROM nowhere"))

    for _ in range(20):
        with pytest.raises(OperationalError):
            await read_missing_table()
    assert open_connections(database) == 0
    assert await select_numbers(database) == []


async def test_concurrent_reads_and_writes_do_not_wait_for_each_other(database: Database) -> None:
    async def read_and_insert(number: int) -> int:
        async with database.read() as session:
            before = await read_numbers(session)
            await asyncio.sleep(0)
        await insert(database, number)
        return len(before)

    assert await asyncio.gather(*(read_and_insert(n) for n in range(8))) == [0] * 8
    assert sorted(await select_numbers(database)) == [*range(8)]


async def test_more_sessions_than_the_pool_size_can_read_concurrently(database: Database) -> None:
    """Waiting for a connection would block the loop."""

    async def read_slowly() -> None:
        async with database.read() as session:
            await read_numbers(session)
            await asyncio.sleep(0.02)

    async with asyncio.timeout(HANG_SECONDS):
        await asyncio.gather(*(read_slowly() for _ in range(40)))
    assert open_connections(database) == 0
    assert await select_numbers(database) == []


async def test_a_read_that_failed_to_flush_does_not_affect_the_next(database_with_accounts: Database) -> None:
    async with database_with_accounts.read() as session:
        session.add(make_account(id="acme"))
        with pytest.raises(SQLAlchemyError):
            await session.flush()
    async with database_with_accounts.read() as session:
        assert (await session.get_one(Account, "acme")).name == "Acme SA"


async def test_reading_writes_nothing(database_with_accounts: Database) -> None:
    async with database_with_accounts.read() as session:
        (await session.get_one(Account, "acme")).name = "Another"
        await session.exec(select(Account))
    async with database_with_accounts.read() as session:
        assert (await session.get_one(Account, "acme")).name == "Acme SA"


async def test_a_session_open_while_the_database_is_closed_leaves_nothing_open(database: Database) -> None:
    async with database.read() as session:
        await read_numbers(session)
        await database.close()
    assert not session.in_transaction()
