from collections.abc import AsyncIterator

import pytest_asyncio

from sandbox import Sandbox
from tests.browser.browser_session import BrowserSessions
from tests.browser.gallery import WORKSPACE, Gallery
from tests.sandbox.browser import Pages
from tests.world import world


@pytest_asyncio.fixture(loop_scope="session")
async def sessions(pages: Pages) -> AsyncIterator[BrowserSessions]:
    """The whole program, with browsers. Errors in a browser fail the test."""
    async with world() as program:
        yield BrowserSessions(program, pages)
        await pages.close()
    assert program.slack.refusals == []
    assert program.slack.warnings == []


@pytest_asyncio.fixture(loop_scope="session")
async def gallery() -> AsyncIterator[Gallery]:
    async with Sandbox.start(WORKSPACE) as slack:
        yield Gallery(slack)
