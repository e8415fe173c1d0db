"""Bounds what a client can take up before its request is verified: connections, time and memory.

uvicorn bounds a request's head (`h11_max_incomplete_event_size`) and the time between two requests
(`timeout_keep_alive`). How long a request may take to arrive, and how many connections are open, it leaves
to others (docs/decisions/0021-bound-http-connections.md).
"""

import asyncio
import resource
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.metrics import REQUESTS_REJECTED_TOTAL

# Slack's and a billing provider's heads have some hundred bytes.
MAX_HEAD_BYTES = 64 * 1024
# What is read at once is parsed at once. A body in chunks of a byte, which a proxy may pass on from any
# client, takes a microsecond or two per byte; meanwhile nothing else runs.
READ_BYTES = 8 * 1024
# By how much a chunked body may be larger on the wire than what the application has read of it: uvicorn
# holds back up to 64 KiB, and the rest is for the chunks' own lines.
MAX_CHUNKING_BYTES = 128 * 1024

_current_connection: ContextVar["HttpConnection"] = ContextVar("current_connection")


@dataclass(frozen=True)
class HttpBounds:
    """`receive_seconds` is for the head of a request, and again for its body: Slack itself gives up after
    three. `unread_seconds` is how long a client may leave a response unread, `response_seconds` how long one
    may take altogether."""

    max_connections: int = 500
    receive_seconds: float = 10.0
    unread_seconds: float = 10.0
    response_seconds: float = 60.0


def get_http_bounds() -> HttpBounds:
    # At most half of the process's file descriptors: the rest are for the database and outgoing calls.
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if descriptors == resource.RLIM_INFINITY:
        return HttpBounds()
    return HttpBounds(max_connections=min(HttpBounds.max_connections, descriptors // 2))


class ConnectionLimits:
    """ASGI middleware that also makes the protocol of each connection, for `uvicorn.Config(http=…)`.

    At the limit, the connection that has kept the bot waiting for longest makes room for a new one: the bot
    waits for its request, or for it to read a response."""

    def __init__(self, app: ASGIApp, bounds: HttpBounds) -> None:
        self._app = app
        self.bounds = bounds
        self._connections: set[HttpConnection] = set()
        # Ordered by when they began to keep the bot waiting.
        self._evictable: dict[HttpConnection, None] = {}

    def create_protocol(self, **options: Any) -> "HttpConnection":
        return HttpConnection(self, H11Protocol(**options))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = _current_connection.get()
        connection.start_response()
        connection.start_body(Headers(scope=scope).get("transfer-encoding"))
        try:
            await self._app(scope, connection.wrap_receive(receive), send)
        finally:
            # Starts the timer of the next request, or of the rest of this one's body if it wasn't read.
            connection.start_receiving()

    def add(self, connection: "HttpConnection") -> bool:
        if len(self._connections) >= self.bounds.max_connections:
            REQUESTS_REJECTED_TOTAL.labels("too_many_connections").inc()
            if not self._evictable:
                return False
            next(iter(self._evictable)).abort()
        self._connections.add(connection)
        return True

    def remove(self, connection: "HttpConnection") -> None:
        self._connections.discard(connection)
        self._evictable.pop(connection, None)

    def mark_evictable(self, connection: "HttpConnection", is_evictable: bool) -> None:
        self._evictable.pop(connection, None)
        # An aborted connection has been removed, but still finishes its response.
        if is_evictable and connection in self._connections:
            self._evictable[connection] = None


class HttpConnection(asyncio.BufferedProtocol):
    """Passes everything on to uvicorn's protocol, READ_BYTES at a time, and disconnects a client that takes
    too long."""

    def __init__(self, limits: ConnectionLimits, http: H11Protocol) -> None:
        self._limits = limits
        self._http = http
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._unread_timer: asyncio.TimerHandle | None = None
        self._is_receiving = False
        self._has_data = False
        self._buffer = bytearray(READ_BYTES)
        self._chunking_bytes: int | None = None

    # uvloop's transports have the methods of asyncio.Transport, but are not instances of it.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if not self._limits.add(self):
            transport.abort()
            return
        self._transport = transport
        self.start_receiving()
        self._http.connection_made(transport)

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        if self._transport is None:
            return
        if self._chunking_bytes is not None:
            self._chunking_bytes += nbytes
            if self._chunking_bytes > MAX_CHUNKING_BYTES:
                REQUESTS_REJECTED_TOTAL.labels("small_chunks").inc()
                self.abort()
                return
        data = bytes(self._buffer[:nbytes])
        self._has_data = True
        # The task of the request inherits it.
        token = _current_connection.set(self)
        try:
            self._http.data_received(data)
        finally:
            _current_connection.reset(token)

    def eof_received(self) -> None:
        """None closes the connection, as in uvicorn's protocol."""

    def pause_writing(self) -> None:
        """The client does not read as fast as the bot writes."""
        self._http.pause_writing()
        if self._transport is not None:
            self._unread_timer = asyncio.get_running_loop().call_later(
                self._limits.bounds.unread_seconds, self.abort
            )
            self._update_limits()

    def resume_writing(self) -> None:
        self._stop_unread_timer()
        self._update_limits()
        self._http.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        self._stop_timer()
        self._stop_unread_timer()
        self._limits.remove(self)
        self._http.connection_lost(exc)

    def start_receiving(self) -> None:
        self._has_data = False
        self._start_timer(self._limits.bounds.receive_seconds, self._handle_receive_timeout)
        self._is_receiving = True
        self._update_limits()

    def start_response(self) -> None:
        self._start_timer(self._limits.bounds.response_seconds, self.abort)
        self._is_receiving = False
        self._update_limits()

    def start_body(self, transfer_encoding: str | None) -> None:
        self._chunking_bytes = None if transfer_encoding is None else 0

    def wrap_receive(self, receive: Receive) -> Receive:
        """The body must arrive within the time limit for receiving, counted from its head."""
        is_complete = False

        async def receive_in_time() -> Message:
            nonlocal is_complete
            if is_complete:
                return await receive()
            if not self._is_receiving:
                self.start_receiving()
                self._has_data = True
            message = await receive()
            if self._chunking_bytes is not None:
                self._chunking_bytes -= len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                is_complete = True
                self._chunking_bytes = None
                self.start_response()
            return message

        return receive_in_time

    def abort(self) -> None:
        if self._transport is not None:
            self._limits.remove(self)
            self._transport.abort()

    def _handle_receive_timeout(self) -> None:
        if self._has_data:
            REQUESTS_REJECTED_TOTAL.labels("incomplete").inc()
        self.abort()

    def _update_limits(self) -> None:
        self._limits.mark_evictable(self, self._is_receiving or self._unread_timer is not None)

    def _start_timer(self, seconds: float, on_timeout: Callable[[], None]) -> None:
        self._stop_timer()
        if self._transport is not None:
            self._timer = asyncio.get_running_loop().call_later(seconds, on_timeout)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_unread_timer(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None
