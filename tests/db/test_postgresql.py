"""What only PostgreSQL's sessions do."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.db import Database, postgresql
from bot.db.postgresql import POOL_SIZE
from tests.postgres import new_database


async def test_connections_are_given_in_the_order_of_requests() -> None:
    database, turns = Database(new_database("turns")), list[str]()

    def record_turn(*_: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        turns.append(task.get_name())

    async def open_two_sessions() -> None:
        for turn in ("first", "second"):
            async with asyncio.TaskGroup() as group:
                group.create_task(_query(database), name=turn)

    event.listen(database.sync_engine, "checkout", record_turn)
    async with asyncio.TaskGroup() as group:
        for _ in range(3 * POOL_SIZE):
            group.create_task(open_two_sessions())
    await database.close()

    assert turns == [*["first"] * 3 * POOL_SIZE, *["second"] * 3 * POOL_SIZE]


async def test_transactions_that_wait_for_a_lock_leave_connections_to_read_over() -> None:
    database, is_over = Database(new_database("writers")), asyncio.Event()

    async def hold_transaction() -> None:
        async with database.write():
            await is_over.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(2 * POOL_SIZE):
            group.create_task(hold_transaction())
        await asyncio.sleep(0)
        await _query(database)
        is_over.set()
    await database.close()


async def test_waiting_for_a_connection_ends_with_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    database, is_over = Database(new_database("full")), asyncio.Event()
    # Only now, because the server's own timeout is the same.
    monkeypatch.setattr(postgresql, "STATEMENT_TIMEOUT_SECONDS", 0.01)

    async def hold_connection() -> None:
        async with database.read():
            await is_over.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(POOL_SIZE):
            group.create_task(hold_connection())
        await asyncio.sleep(0)
        with pytest.raises(PoolTimeout):
            await _query(database)
        is_over.set()
    await _query(database)
    await database.close()


async def _query(database: Database) -> None:
    async with database.read() as session:
        connection = await session.connection()
        await connection.execute(text("SELECT 1"))
