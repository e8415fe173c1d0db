import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import structlog

from bot.db import Database
from bot.use_cases.account_import import import_accounts
from tests.world import ACCOUNTS, START, World
from tests.world import world as open_world


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the last migration, copied for each test."""
    path = tmp_path_factory.mktemp("database") / "migrated.db"

    async def migrate() -> None:
        database = Database(f"sqlite:///{path}")
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "seatbot.db"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    await database.close()


@pytest.fixture(scope="session")
def accounts_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, with tests/accounts.yml imported."""
    path = tmp_path_factory.mktemp("database") / "accounts.db"
    shutil.copy(migrated_file, path)

    async def fill() -> None:
        database = Database(f"sqlite:///{path}")
        await import_accounts(database, path=ACCOUNTS, at=START)
        await database.close()

    asyncio.run(fill())
    return path


@pytest.fixture
async def world(accounts_file: Path, tmp_path: Path) -> AsyncIterator[World]:
    """The whole program over HTTP, its clock in the test's hands."""
    async with open_world(accounts_file, tmp_path) as world:
        yield world
