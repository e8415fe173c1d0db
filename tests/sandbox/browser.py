"""Starts Chromium for tests, if it is installed."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright, expect

from tests.time_limits import HANG_SECONDS

CHROMIUM = Path("/usr/bin/chromium")
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


def require_chromium() -> None:
    """Skips, or fails if the run requires a browser."""
    if CHROMIUM.exists():
        return
    reason = f"no browser: {CHROMIUM} is missing (Debian: apt-get install chromium)"
    if os.environ.get("SEATBOT_BROWSER") == "required":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def open_chromium() -> AsyncIterator[Browser]:
    require_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()
