"""Socket Mode: Slack's requests over a WebSocket.

A connection can be open, answer pings and still deliver nothing (bolt-python#1529). So if nothing was
received for a while, the runner opens a new one: its `hello` message is the proof that it delivers.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import structlog
from slack_bolt import BoltResponse
from slack_bolt.adapter.socket_mode.async_base_handler import AsyncBaseSocketModeHandler
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.network import find_proxy
from bot.use_cases.operations.check_result import CheckResult
from handlers.slack_app import SlackApp

log = structlog.get_logger()

# If Slack is unavailable the bot starts all the same: jobs run, and the connection is opened later.
CONNECT_TIMEOUT_SECONDS, CLOSE_TIMEOUT_SECONDS = 5.0, 2.0

# A connection that answers no ping for four times as long is replaced.
PING_INTERVAL_SECONDS = 10


class _Client(SocketModeClient):
    async def issue_new_wss_url(self) -> str:
        """Each may be on another host, which decides about the proxy."""
        url = await super().issue_new_wss_url()
        self.proxy = find_proxy(url)
        return url


class _Handler(AsyncBaseSocketModeHandler):
    client: _Client

    def __init__(self, slack_app: SlackApp, app_token: str, client: AsyncWebClient) -> None:
        self.app = slack_app.bolt_app
        self.client = _Client(app_token, web_client=client, ping_interval=PING_INTERVAL_SECONDS)
        self.client.socket_mode_request_listeners.append(self.handle)
        self._slack_app = slack_app

    async def handle(self, client: AsyncBaseSocketModeClient, req: SocketModeRequest) -> None:
        """Without an ack Slack tells the person that it failed."""
        is_retry = req.retry_attempt is not None
        response = await self._slack_app.handle(req.payload, is_retry=is_retry)
        if response.status == 200:
            ack = SocketModeResponse(req.envelope_id, _read_ack_body(response))
            await client.send_socket_mode_response(ack)


def _read_ack_body(response: BoltResponse) -> dict[str, Any] | None:
    """Bolt writes an ack of text alone as plain text, which HTTP allows."""
    if not response.body.startswith("{"):
        return {"text": response.body} if response.body else None
    body: dict[str, Any] = json.loads(response.body)
    return body


class SocketModeRunner:
    def __init__(self, idle_timeout_seconds: float) -> None:
        self._idle_timeout = idle_timeout_seconds
        self._last_message_at = time.monotonic()
        self._is_connected = False

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - self._last_message_at

    def get_status(self) -> CheckResult:
        if not self._is_connected:
            return CheckResult("socket mode", False, "not connected yet")
        # A new connection was opened after half of this time, and nothing arrived on it.
        passed = self.idle_seconds <= 2 * self._idle_timeout
        return CheckResult("socket mode", passed, f"last heard {self.idle_seconds:.0f} s ago")

    @asynccontextmanager
    async def connect(self, app: SlackApp, app_token: str, client: AsyncWebClient) -> AsyncIterator[None]:
        """Connected inside the context. The handler is built here, because its HTTP session needs the
        running loop."""
        handler = _Handler(app, app_token, client)
        handler.client.on_message_listeners.append(self._record_message)
        connecting: asyncio.Task[Any] = asyncio.create_task(handler.connect_async())  # type: ignore[no-untyped-call]
        await asyncio.wait({connecting}, timeout=CONNECT_TIMEOUT_SECONDS)
        watching = asyncio.create_task(self._watch(handler, connecting))
        try:
            yield
        finally:
            for task in (watching, connecting):
                task.cancel()
            await asyncio.gather(watching, connecting, return_exceptions=True)
            # It waits for Slack to close the connection, too.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                    await handler.close_async()  # type: ignore[no-untyped-call]

    async def _record_message(self, _: aiohttp.WSMessage) -> None:
        self._last_message_at, self._is_connected = time.monotonic(), True

    async def _watch(self, handler: _Handler, connecting: asyncio.Task[Any]) -> None:
        await asyncio.wait({connecting})
        while True:
            await asyncio.sleep(self._idle_timeout / 4)
            if self.idle_seconds > self._idle_timeout:
                await self._reconnect(handler)

    async def _reconnect(self, handler: _Handler) -> None:
        log.info("socket_mode.reconnecting", idle_seconds=round(self.idle_seconds))
        try:
            await handler.client.connect_to_new_endpoint(force=True)
        except Exception as error:
            # Whatever the error is, watching continues.
            log.warning("socket_mode.reconnect_failed", error=type(error).__name__)
