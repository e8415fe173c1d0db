from collections.abc import AsyncIterator

import pytest
from slack_bolt.app.async_app import AsyncApp

from sandbox import Person, Sandbox
from tests.sandbox.tiny_app import TRANSPORTS, tiny_app


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs a real browser, and is skipped where there is none")


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture
def alice(slack: Sandbox) -> Person:
    return slack.person("U01ALICE")


@pytest.fixture(params=sorted(TRANSPORTS))
async def app(slack: Sandbox, request: pytest.FixtureRequest) -> AsyncIterator[AsyncApp]:
    """The tiny app, connected: each test that asks for it runs over both transports."""
    app = tiny_app(slack)
    async with TRANSPORTS[request.param](slack, app):
        yield app
