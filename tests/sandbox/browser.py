"""Starts Chromium for tests, if it is installed, and opens pages in it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Route,
    async_playwright,
    expect,
)

from tests.time_limits import HANG_SECONDS

# The same browser without its window takes half the processor time.
CHROMIUM_PATHS = (Path("/usr/bin/chromium-headless-shell"), Path("/usr/bin/chromium"))
# A busy machine is slow, not wrong.
expect.set_options(timeout=HANG_SECONDS * 1000)
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# Pages of the sandbox are all that a test may reach: links that lead out end here.
OTHER_SITE_HTML = "<title>Elsewhere</title>"


def find_chromium() -> Path:
    """Skips the test if there is none, or fails if the run requires a browser."""
    for path in CHROMIUM_PATHS:
        if path.exists():
            return path
    reason = "no browser: Chromium is missing (Debian: apt-get install chromium-headless-shell)"
    if os.environ.get("SEATBOT_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    path = find_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Pages:
    """Opens pages, each with its own cookies, and keeps their errors."""

    browser: Browser
    errors: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    async def open(self, url: str, **options: Any) -> Page:
        context = await self.browser.new_context(**options)
        self._contexts.append(context)
        await context.route(lambda url: "//127.0.0.1" not in url, _answer_elsewhere)
        page = await context.new_page()
        page.set_default_timeout(HANG_SECONDS * 1000)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", self._record_error)
        await page.goto(url)
        return page

    async def close(self) -> None:
        """Call it before the server stops: a page reports a lost connection as an error."""
        contexts, self._contexts = self._contexts, []
        for context in contexts:
            await context.close()

    def _record_error(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


async def _answer_elsewhere(route: Route) -> None:
    await route.fulfill(body=OTHER_SITE_HTML, content_type="text/html")
