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
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.installations.slack_errors import (
    SlackErrorKind,
    get_error_kind,
    get_error_name,
    read_retry_after,
)
from bot.network import find_proxy
from bot.use_cases.operations.check_result import CheckResult
from handlers.slack_app import SlackApp

log = structlog.get_logger()

# If Slack is unavailable the bot starts all the same: jobs run, and the connection is opened later.
FIRST_CONNECTION_SECONDS, CLOSE_TIMEOUT_SECONDS = 5.0, 2.0

# One attempt, with the request for its URL; then pauses that double.
CONNECT_TIMEOUT_SECONDS, MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 30.0, 1.0, 60.0

# aiohttp closes a connection that answers no ping for half as long.
PING_INTERVAL_SECONDS, CHECK_INTERVAL_SECONDS = 10.0, 1.0

# A connection that has been replaced stays open for the acks of what it delivered, due within three seconds.
DRAIN_SECONDS = 3.0


class _Client(SocketModeClient):
    """One connection, never opened again: a URL is good for one connection, and `SocketModeClient` would
    retry the same one for ever."""

    def __init__(self, app_token: str, client: AsyncWebClient) -> None:
        super().__init__(app_token, web_client=client, ping_interval=PING_INTERVAL_SECONDS)
        self.on_message_listeners.append(self._record_message)
        self.should_replace = asyncio.Event()
        self._opened_at = time.monotonic()
        self.last_message_at: float | None = None

    @property
    def is_delivering(self) -> bool:
        """Whether Slack has sent its `hello`, and the connection is still open."""
        is_open = self.current_session is not None and not self.current_session.closed
        return is_open and self.last_message_at is not None

    @property
    def idle_seconds(self) -> float:
        return time.monotonic() - (self.last_message_at or self._opened_at)

    async def connect(self) -> None:
        opened = await self.web_client.apps_connections_open(app_token=self.app_token)
        url = str(opened["url"])
        self.current_session = await self.aiohttp_client_session.ws_connect(
            url,
            autoping=False,
            heartbeat=self.ping_interval,
            # Each URL may be on another host, which decides about the proxy.
            proxy=find_proxy(url),
            ssl=self.web_client.ssl if self.web_client.ssl is not None else True,
        )
        self._opened_at = time.monotonic()
        self.message_receiver = asyncio.ensure_future(self.receive_messages())

    async def connect_to_new_endpoint(self, force: bool = False) -> None:
        # `SocketModeClient` calls this when Slack says `disconnect` or closes the connection.
        self.should_replace.set()

    async def _record_message(self, _: aiohttp.WSMessage) -> None:
        self.last_message_at = time.monotonic()


def _read_ack_body(response: BoltResponse) -> dict[str, Any] | None:
    # Bolt writes an ack that is only text as plain text, which is allowed over HTTP only.
    if not response.body.startswith("{"):
        return {"text": response.body} if response.body else None
    body: dict[str, Any] = json.loads(response.body)
    return body


class SocketModeRunner:
    def __init__(self, idle_timeout_seconds: float) -> None:
        self._idle_timeout = idle_timeout_seconds
        self._last_message_at = time.monotonic()
        # Includes connections that have been replaced and are not closed yet.
        self._clients: set[_Client] = set()
        self._draining: set[asyncio.Task[None]] = set()

    @property
    def idle_seconds(self) -> float:
        """The time since something was received on any connection."""
        return time.monotonic() - self._last_message_at

    def get_status(self) -> CheckResult:
        if not any(client.is_delivering for client in self._clients):
            return CheckResult("socket mode", False, "not connected")
        # A new connection was opened after half of this time, and nothing arrived on it.
        passed = self.idle_seconds <= 2 * self._idle_timeout
        return CheckResult("socket mode", passed, f"last heard {self.idle_seconds:.0f} s ago")

    @asynccontextmanager
    async def connect(self, app: SlackApp, app_token: str, client: AsyncWebClient) -> AsyncIterator[None]:
        """Stays connected inside the context."""
        first_connection = asyncio.Event()
        connecting = asyncio.create_task(self._stay_connected(app, app_token, client, first_connection))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FIRST_CONNECTION_SECONDS):
                await first_connection.wait()
        try:
            yield
        finally:
            tasks = (connecting, *self._draining)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(self._close(client) for client in list(self._clients)))

    async def _stay_connected(
        self, app: SlackApp, app_token: str, web_client: AsyncWebClient, first_connection: asyncio.Event
    ) -> None:
        # Only this opens connections, so there is one attempt at a time.
        current = await self._open(app, app_token, web_client)
        first_connection.set()
        while True:
            await self._wait_until_renewal(current)
            replaced, current = current, await self._open(app, app_token, web_client)
            self._drain(replaced)

    async def _open(self, app: SlackApp, app_token: str, web_client: AsyncWebClient) -> _Client:
        """Retries until it succeeds, each time with a new URL. Logs a warning for the first failure only."""
        pause, is_reported = MIN_RETRY_SECONDS, False
        while True:
            client = _Client(app_token, web_client)
            client.socket_mode_request_listeners.append(_build_listener(app))
            client.on_message_listeners.append(self._record_message)
            self._clients.add(client)
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_SECONDS):
                    await client.connect()
                return client
            except Exception as error:
                # Whatever the error is, the next attempt may succeed.
                await self._close(client)
                if not is_reported:
                    # Not its message, which contains the URL with its ticket.
                    log.warning("socket_mode.connection_failed", error=get_error_name(error))
                    is_reported = True
                await asyncio.sleep(max(pause, _find_retry_after(error)))
                pause = min(2 * pause, MAX_RETRY_SECONDS)

    async def _record_message(self, _: aiohttp.WSMessage) -> None:
        self._last_message_at = time.monotonic()

    async def _wait_until_renewal(self, client: _Client) -> None:
        while await client.is_connected() and not client.should_replace.is_set():
            if client.idle_seconds > self._idle_timeout:
                log.info("socket_mode.reconnecting", idle_seconds=round(client.idle_seconds))
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(CHECK_INTERVAL_SECONDS, self._idle_timeout / 4)):
                    await client.should_replace.wait()

    def _drain(self, client: _Client) -> None:
        async def close_later() -> None:
            await asyncio.sleep(DRAIN_SECONDS)
            await self._close(client)

        task = asyncio.create_task(close_later())
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)

    async def _close(self, client: _Client) -> None:
        # This also waits for Slack to close the connection, but not for long.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await client.close()  # type: ignore[no-untyped-call]
        self._clients.discard(client)


def _build_listener(app: SlackApp) -> Any:
    async def handle(client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        # Without an ack, Slack shows the person an error.
        is_retry = request.retry_attempt is not None
        response = await app.handle(request.payload, is_retry=is_retry)
        if response.status != 200:
            return
        try:
            await client.send_socket_mode_response(
                SocketModeResponse(request.envelope_id, _read_ack_body(response))
            )
        except ConnectionError as error:
            log.warning("socket_mode.ack_undelivered", error=type(error).__name__)

    return handle


def _find_retry_after(error: Exception) -> float:
    if isinstance(error, SlackApiError) and get_error_kind(error) is SlackErrorKind.RATE_LIMITED:
        return read_retry_after(error)
    return 0.0
