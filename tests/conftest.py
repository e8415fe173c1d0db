from collections.abc import AsyncIterator

import pytest
import structlog

from bot.db import Database
from tests.postgres import database_url
from tests.world import World
from tests.world import world as open_world


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """At the last migration, with nothing in it."""
    with database_url("migrated") as url:
        database = Database(url)
        yield database
        await database.close()


@pytest.fixture
async def database_with_accounts() -> AsyncIterator[Database]:
    """The same, with tests/accounts.yml imported."""
    with database_url("accounts") as url:
        database = Database(url)
        yield database
        await database.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """The whole program over HTTP, its clock in the test's hands."""
    async with open_world() as world:
        yield world
