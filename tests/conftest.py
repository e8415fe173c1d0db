import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.db import Database
from tests.postgres import database_url
from tests.world import World
from tests.world import world as open_world


def pytest_collection_finish() -> None:
    """What was imported stays: looking through it for garbage, over and over, took a quarter of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture(scope="session", autouse=True)
def _kept_engines() -> Iterator[None]:
    """An engine compiles each statement once. Here that is once a worker, and not once a test: what a closed
    database leaves serves the next one at its address, with a new pool."""
    free: dict[str, list[tuple[AsyncEngine, AsyncEngine]]] = {}
    make, close = Database._engines, Database.close

    def engines(url: str) -> tuple[AsyncEngine, AsyncEngine]:
        kept = free.get(url)
        return kept.pop() if kept else make(url)

    async def closed(database: Database) -> None:
        await close(database)
        free.setdefault(database.url, []).append((database._reader, database._writer))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "_engines", staticmethod(engines))
        patch.setattr(Database, "close", closed)
        yield


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
