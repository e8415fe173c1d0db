"""The Socket Mode door.

A connection can be open, answer pings and still bring nothing (bolt-python#1529). So whoever has heard
nothing for a while connects anew: the new connection's greeting is the proof that it can hear.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.use_cases.operations.doctor import CheckResult

log = structlog.get_logger()

# With Slack away the bot starts all the same: jobs run, and the connection comes when it can.
CONNECT_WITHIN = 10.0


class SocketDoor:
    """`quiet` is for how many seconds nothing may be heard before it connects anew."""

    def __init__(self, quiet: float) -> None:
        self._quiet = quiet
        self._heard = time.monotonic()
        self._greeted = False

    @property
    def silent_for(self) -> float:
        return time.monotonic() - self._heard

    def finding(self) -> CheckResult:
        if not self._greeted:
            return CheckResult("socket mode", False, "not connected yet")
        # A new connection was asked for at half this time, and has not come.
        well = self.silent_for <= 2 * self._quiet
        return CheckResult("socket mode", well, f"last heard {self.silent_for:.0f} s ago")

    @asynccontextmanager
    async def open(self, app: AsyncApp, app_token: str, client: AsyncWebClient) -> AsyncIterator[None]:
        """Connected while inside. Built here, inside the running loop, as its session needs one."""
        handler = AsyncSocketModeHandler(app, app_token, web_client=client)
        handler.client.on_message_listeners.append(self._hear)
        connecting: asyncio.Task[Any] = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
        await asyncio.wait({connecting}, timeout=CONNECT_WITHIN)
        watching = asyncio.create_task(self._watch(handler, connecting))
        try:
            yield
        finally:
            for task in (watching, connecting):
                task.cancel()
            await asyncio.gather(watching, connecting, return_exceptions=True)
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _hear(self, _: aiohttp.WSMessage) -> None:
        self._heard, self._greeted = time.monotonic(), True

    async def _watch(self, handler: AsyncSocketModeHandler, connecting: asyncio.Task[Any]) -> None:
        await asyncio.wait({connecting})
        while True:
            await asyncio.sleep(self._quiet / 4)
            if self.silent_for > self._quiet:
                await self._connect_anew(handler)

    async def _connect_anew(self, handler: AsyncSocketModeHandler) -> None:
        log.info("socket_mode.reconnecting", idle_seconds=round(self.silent_for))
        try:
            await handler.client.connect_to_new_endpoint(force=True)
        except Exception as error:
            # Whatever it is: who watches must go on watching.
            log.warning("socket_mode.reconnect_failed", error=type(error).__name__)
