"""SQLite in the event loop: what waits in a thread leaves the connection as it should be."""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import select

from bot.db import Database, Session
from models.account import Account
from tests.models.examples import an_account


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/seatbot.db")
    async with database.writer.begin() as connection:
        await connection.execute(text("CREATE TABLE number (number INTEGER)"))
    yield database
    await database.close()


async def store(database: Database, number: int) -> None:
    async with database.write() as session:
        await (await session.connection()).execute(text("INSERT INTO number VALUES (:n)"), {"n": number})


async def stored(database: Database) -> list[int]:
    async with database.read() as session:
        found = await (await session.connection()).execute(text("SELECT number FROM number"))
        return [*found.scalars()]


async def test_who_is_cancelled_twice_while_another_process_writes_holds_nothing(
    database: Database, tmp_path: Path
) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "seatbot.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store(database, 1))
        for _ in range(2):
            await asyncio.sleep(0.05)
            waiting.cancel()
        await asyncio.sleep(0.05)
        assert not waiting.done()
        other.execute("COMMIT")
        with pytest.raises(asyncio.CancelledError):
            await waiting
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO number VALUES (2)")
        other.execute("COMMIT")
    await store(database, 3)
    assert await stored(database) == [2, 3]


async def test_many_rows_go_in_at_once(database: Database) -> None:
    async with database.writer.begin() as connection:
        await connection.execute(text("INSERT INTO number VALUES (:n)"), [{"n": 1}, {"n": 2}])
        await connection.exec_driver_sql("INSERT INTO number VALUES (3)")
    assert await stored(database) == [1, 2, 3]


async def test_looking_again_shows_what_was_committed_meanwhile(database_with_accounts: Database) -> None:
    async def account(session: Session) -> Account:
        return await session.get_one(Account, "acme")

    async with database_with_accounts.read() as session:
        before = await account(session)
    async with database_with_accounts.write() as session:
        (await account(session)).name = "Acme SE"
    async with database_with_accounts.read() as session:
        assert (await account(session)).name == "Acme SE"
    assert before.name == "Acme SA"


async def test_looks_that_failed_hold_no_connection(database: Database) -> None:
    """The pool has fifteen."""
    failed = []

    async def look_at_nothing() -> None:
        async with database.read() as session:
            failed.append(session)
            await (await session.connection()).execute(text("SELECT number FROM nowhere"))

    for _ in range(20):
        with pytest.raises(OperationalError):
            await look_at_nothing()
    assert await stored(database) == []


async def test_many_look_at_once_and_write_meanwhile(database: Database) -> None:
    async def look_and_write(number: int) -> int:
        async with database.read() as session:
            connection = await session.connection()
            before = (await connection.execute(text("SELECT count(*) FROM number"))).scalar_one()
            await asyncio.sleep(0)
        await store(database, number)
        return int(before)

    assert await asyncio.gather(*(look_and_write(n) for n in range(8))) == [0] * 8
    assert sorted(await stored(database)) == [*range(8)]


async def test_more_may_look_at_once_than_there_are_connections(database: Database) -> None:
    """Whoever waited for one gets it: none is kept beyond need."""

    async def look() -> None:
        async with database.read():
            await asyncio.sleep(0.02)

    async with asyncio.timeout(10):
        await asyncio.gather(*(look() for _ in range(40)))
    assert await stored(database) == []


async def test_a_look_that_failed_unseen_spoils_no_other(database_with_accounts: Database) -> None:
    async with database_with_accounts.read() as session:
        session.add(an_account(id="acme"))
        with pytest.raises(SQLAlchemyError):
            await session.flush()
    async with database_with_accounts.read() as session:
        assert (await session.get_one(Account, "acme")).name == "Acme SA"


async def test_nothing_is_written_by_looking(database_with_accounts: Database) -> None:
    async with database_with_accounts.read() as session:
        (await session.get_one(Account, "acme")).name = "Another"
        await session.exec(select(Account))
    async with database_with_accounts.read() as session:
        assert (await session.get_one(Account, "acme")).name == "Acme SA"


async def test_who_looks_while_the_database_is_closed_leaves_nothing_open(database: Database) -> None:
    async with database.read() as session:
        await database.close()
    assert not session.in_transaction()
