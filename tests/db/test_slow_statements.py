"""A slow statement is logged with an id that stays the same."""

from collections.abc import AsyncIterator, MutableMapping
from typing import Any

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from bot.db import Database, slow_statements
from bot.db.slow_statements import compute_statement_id
from models.account import Account
from tests.postgres import database_url

ACCOUNTS_BY_ID = "SELECT account.name FROM account WHERE account.id IN (__[POSTCOMPILE_id_1])"


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    with database_url("migrated") as url:
        database = Database(url)
        yield database
        await database.close()


async def list_names(database: Database, *account_ids: str) -> None:
    async with database.read() as session:
        await session.exec(select(Account.name).where(col(Account.id).in_(account_ids)))


async def log_of(database: Database, *account_ids: str) -> list[MutableMapping[str, Any]]:
    with structlog.testing.capture_logs() as entries:
        await list_names(database, *account_ids)
    return [entry for entry in entries if entry["event"] == "database.slow_statement"]


async def test_a_slow_statement_is_logged_with_an_id_that_does_not_depend_on_its_values(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_statements, "SLOW_STATEMENT_SECONDS", 0)
    [one], [two] = await log_of(database, "acme"), await log_of(database, "acme", "globex")
    assert one["log_level"] == "warning"
    assert one["sql"] == two["sql"] == ACCOUNTS_BY_ID
    assert one["statement"] == two["statement"] == compute_statement_id(ACCOUNTS_BY_ID)
    assert one["duration_seconds"] >= 0


async def test_a_statement_in_time_is_not_logged(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_statements, "SLOW_STATEMENT_SECONDS", 3600)
    assert await log_of(database, "acme") == []


async def test_a_slow_statement_that_fails_is_logged_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_statements, "SLOW_STATEMENT_SECONDS", 0)
    with structlog.testing.capture_logs() as entries, pytest.raises(SQLAlchemyError):
        async with database.read() as session:
            await (await session.connection()).execute(text("SELECT 1 FROM nothing"))
    [entry] = entries
    assert (entry["event"], entry["sql"]) == ("database.slow_statement", "SELECT 1 FROM nothing")
