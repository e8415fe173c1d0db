import asyncio
import gc
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
import structlog
import uvloop
from playwright.async_api import Browser

from bot.db import Database
from tests.postgres import database_url, open_database
from tests.sandbox.browser import Pages, open_chromium
from tests.variants import get_variant, list_variants, set_variant
from tests.world import World
from tests.world import world as open_world


def pytest_configure() -> None:
    """What is imported stays: searching it for garbage again and again took a quarter of the time."""
    gc.set_threshold(50_000, 20, 50)


def pytest_collection_finish() -> None:
    gc.freeze()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """The event loop that `serve` runs on."""
    return {"uvloop": uvloop.new_event_loop}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    variants = list_variants(metafunc.definition)
    if variants != [get_variant()]:
        first, *others = variants
        params = [first, *(pytest.param(other, marks=pytest.mark.long) for other in others)]
        metafunc.parametrize("_variant", params, indirect=True, ids=str)


@pytest.fixture(autouse=True)
def _variant(request: pytest.FixtureRequest) -> Iterator[None]:
    default = get_variant()
    set_variant(getattr(request, "param", default))
    yield
    set_variant(default)


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    renderer = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback, colors=False)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    """What a test configures ends with it: commands write their log to a stream that pytest closes."""
    config, root = structlog.get_config(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.configure(**config)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
async def database() -> AsyncIterator[Database]:
    """At the last migration, with nothing in it."""
    with database_url("migrated") as url:
        database = open_database(url)
        yield database
        await database.close()


@pytest.fixture
async def database_with_accounts() -> AsyncIterator[Database]:
    """The same, with tests/accounts.yml imported."""
    with database_url("accounts") as url:
        database = open_database(url)
        yield database
        await database.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """The whole program over HTTP, its clock in the test's hands."""
    async with open_world() as world:
        yield world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for the process."""
    async with open_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def pages(browser: Browser) -> AsyncIterator[Pages]:
    """Errors in a page fail the test."""
    pages = Pages(browser)
    yield pages
    await pages.close()
    assert pages.errors == []
