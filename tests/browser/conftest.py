from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from sandbox import Sandbox
from tests.browser.browser_session import BrowserSessions
from tests.browser.gallery import WORKSPACE, Gallery
from tests.sandbox.browser import open_chromium
from tests.world import world


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs a real browser, and is skipped where there is none")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for the process; each person has a context of their own."""
    async with open_chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def sessions(browser: Browser) -> AsyncIterator[BrowserSessions]:
    """The whole program, with browsers. Errors in a browser fail the test."""
    async with world() as program:
        sessions = BrowserSessions(program, browser)
        yield sessions
        await sessions.close()
    assert sessions.browser_errors == []
    assert program.slack.refusals == []
    assert program.slack.warnings == []


@pytest_asyncio.fixture(loop_scope="session")
async def gallery() -> AsyncIterator[Gallery]:
    async with Sandbox.start(WORKSPACE) as slack:
        yield Gallery(slack)
