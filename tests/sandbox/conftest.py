from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from slack_bolt.app.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from tests.sandbox.browser import Pages
from tests.sandbox.browser_page import CONFIG, SandboxBrowser
from tests.sandbox.tiny_app import TRANSPORTS, connect_over_http, create_tiny_app
from tests.time_limits import HANG_SECONDS


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with Sandbox.start(ack_seconds=HANG_SECONDS) as sandbox:
        sandbox.slack.workspace.trigger_seconds = HANG_SECONDS
        yield sandbox


@pytest.fixture
def alice(slack: Sandbox) -> Person:
    return slack.get_person("U01ALICE")


@pytest.fixture(params=sorted(TRANSPORTS))
async def app(slack: Sandbox, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    """The tiny app, connected: each test that asks for it runs over both transports."""
    app = create_tiny_app(slack)
    async with TRANSPORTS[request.param](slack, app):
        yield app


@pytest_asyncio.fixture(loop_scope="session")
async def browsing(pages: Pages) -> AsyncIterator[SandboxBrowser]:
    async with Sandbox.start(CONFIG, ack_seconds=HANG_SECONDS) as slack:
        slack.slack.workspace.trigger_seconds = HANG_SECONDS
        app = create_tiny_app(slack)
        async with connect_over_http(slack, app):
            browsing = SandboxBrowser(
                pages, slack, app, AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
            )
            yield browsing
            await pages.close()
