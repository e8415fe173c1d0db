"""What only PostgreSQL's sessions do."""

import asyncio
from typing import Any

import psycopg
import pytest
import structlog
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from bot.db import Database, describe_database_error, postgresql, to_driver_url
from bot.db.postgresql import POOL_SIZE, PostgreSQLBackend, create_postgresql_engine
from models.migrations.run import downgrade_database, list_revisions
from models.migrations.tables import metadata
from tests.postgres import create_database
from tests.time_limits import HANG_SECONDS

PROCESS_ID = text("SELECT pg_backend_pid()")
OPEN_PROCESS_IDS = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")


async def test_connections_are_handed_out_in_the_order_of_requests() -> None:
    database, turns = Database(create_database("turns")), list[str]()

    def record_turn(*_: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        turns.append(task.get_name())

    async def open_two_sessions() -> None:
        for turn in ("first", "second"):
            async with asyncio.TaskGroup() as group:
                group.create_task(_query(database), name=turn)

    # A session that has to connect is overtaken by those that find a connection in the pool.
    await _fill_pool(database)
    event.listen(database.sync_engine, "checkout", record_turn)
    async with asyncio.TaskGroup() as group:
        for _ in range(3 * POOL_SIZE):
            group.create_task(open_two_sessions())
    await database.close()

    assert turns == [*["first"] * 3 * POOL_SIZE, *["second"] * 3 * POOL_SIZE]


async def test_connections_are_replaced_also_if_they_are_in_use() -> None:
    backend = PostgreSQLBackend(create_postgresql_engine(to_driver_url(create_database("replaced"))))
    async with backend.read() as first, backend.read() as second:
        old = {await first.scalar(PROCESS_ID), await second.scalar(PROCESS_ID)}
        backend.replace_connections()
        assert await first.scalar(PROCESS_ID) in old
    async with backend.read() as first, backend.read() as second:
        new = {await first.scalar(PROCESS_ID), await second.scalar(PROCESS_ID)}
        assert set((await (await first.connection()).execute(OPEN_PROCESS_IDS)).scalars()) == new
    assert new.isdisjoint(old)
    await backend.close()


async def test_transactions_that_wait_for_a_lock_leave_connections_for_reading() -> None:
    database, is_over = Database(create_database("writers")), asyncio.Event()

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
    database, is_over = Database(create_database("full")), asyncio.Event()
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


async def _fill_pool(database: Database) -> None:
    are_open = asyncio.Barrier(POOL_SIZE)

    async def open_connection() -> None:
        async with database.read() as session:
            await session.connection()
            await are_open.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(POOL_SIZE):
            group.create_task(open_connection())


async def _query(database: Database, sql: str = "SELECT 1") -> None:
    async with database.read() as session:
        connection = await session.connection()
        await connection.execute(text(sql))


async def test_a_migration_behind_a_long_transaction_blocks_nobody_and_continues_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(postgresql, "MIGRATION_LOCK_TIMEOUT_SECONDS", 0.3)
    monkeypatch.setattr(postgresql, "MIGRATION_PAUSE_SECONDS", 0)
    url = create_database("blocked")
    database = Database(url)
    await database.migrate()
    _downgrade(database)
    with structlog.testing.capture_logs() as logs, psycopg.connect(url) as backup:
        # As pg_dump does.
        backup.execute(f"LOCK TABLE {', '.join(metadata.tables)} IN ACCESS SHARE MODE")
        migration = asyncio.create_task(database.migrate())
        while sum(entry["event"] == "database.migration_blocked" for entry in logs) < 2:
            # It would wait for the migration, which waits for the backup.
            await _query(database, "SELECT count(*) FROM service_order")
        assert not migration.done()
        backup.rollback()
        async with asyncio.timeout(HANG_SECONDS):
            await migration
    assert await database.is_migrated()
    await database.close()


async def test_a_migration_that_stays_blocked_gives_up_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgresql, "MIGRATION_LOCK_TIMEOUT_SECONDS", 0.05)
    monkeypatch.setattr(postgresql, "MIGRATION_PAUSE_SECONDS", 0)
    monkeypatch.setattr(postgresql, "MIGRATION_ATTEMPTS", 2)
    url = create_database("stays_blocked")
    database = Database(url)
    await database.migrate()
    _downgrade(database)
    with psycopg.connect(url) as backup:
        backup.execute(f"LOCK TABLE {', '.join(metadata.tables)} IN ACCESS SHARE MODE")
        with pytest.raises(OperationalError) as raised:
            await database.migrate()
    assert "another transaction holds a table that the migration changes" in describe_database_error(
        raised.value
    )
    assert not await database.is_migrated()
    await database.close()


def _downgrade(database: Database) -> None:
    """To the revision before the last."""
    engine = create_engine(database.url)
    with engine.begin() as connection:
        downgrade_database(connection, list_revisions()[-2])
    engine.dispose()
