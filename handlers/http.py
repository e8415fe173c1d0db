"""The HTTP server: Slack's requests in HTTP mode, and pages for operators and the billing provider."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import cast

import uvicorn
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_sdk.signature import SignatureVerifier
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.dependencies import Dependencies
from bot.installations.clients import MultiWorkspaceClients, SlackClientProvider
from bot.metrics import REQUESTS_REJECTED_TOTAL
from handlers.billing_webhook import build_webhook_routes
from handlers.health import build_health_routes
from handlers.http_connections import MAX_HEAD_BYTES, ConnectionLimits, get_http_bounds
from handlers.install import build_install_routes
from handlers.payloads import UnreadablePayload, parse_http_body
from handlers.request_body import BodyTooLarge, read_body
from handlers.slack_app import SlackApp
from handlers.socket_mode import SocketModeRunner

TIMESTAMP = re.compile(r"[0-9]{1,12}")


def build_http_app(
    dependencies: Dependencies,
    slack_app: SlackApp,
    clients: SlackClientProvider,
    socket_runner: SocketModeRunner | None,
) -> Router:
    # A bare router, because Starlette's application would add two layers of error pages.
    routes = [*build_health_routes(dependencies, socket_runner), *build_webhook_routes(dependencies)]
    if isinstance(clients, MultiWorkspaceClients):
        routes += build_install_routes(dependencies, clients)
    if not dependencies.settings.is_socket_mode:
        # Routes are tried in order, and most of the traffic is for this one.
        routes.insert(0, _build_slack_route(dependencies, slack_app))
    return Router(routes)


def _build_slack_route(dependencies: Dependencies, slack_app: SlackApp) -> Route:
    secret = dependencies.settings.slack_signing_secret
    assert secret is not None, "HTTP mode has a signing secret"
    return Route(
        "/slack/events",
        _make_slack_endpoint(slack_app),
        methods=["POST"],
        middleware=[Middleware(SlackRequestGuard, signing_secret=secret.get_secret_value())],
    )


def _make_slack_endpoint(slack_app: SlackApp) -> Callable[[Request], Awaitable[Response]]:
    async def handle_slack_request(request: Request) -> Response:
        try:
            body = parse_http_body(await request.body(), request.headers.get("content-type", ""))
        except UnreadablePayload as unreadable:
            return to_starlette_response(await slack_app.reject(unreadable))
        is_retry = "x-slack-retry-num" in request.headers
        return to_starlette_response(await slack_app.handle(body, is_retry=is_retry))

    return handle_slack_request


class SlackRequestGuard:
    """ASGI middleware that lets through requests that are not too large and were signed by Slack in the last
    five minutes."""

    def __init__(self, app: ASGIApp, signing_secret: str) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await read_body(request)
        except BodyTooLarge:
            await _reject("too_large", 413)(scope, receive, send)
        except ClientDisconnect:
            return
        else:
            await self._handle_body(request, body, send)

    async def _handle_body(self, request: Request, body: bytes, send: Send) -> None:
        if not self._is_signed(request, body):
            await _reject("unsigned", 401)(request.scope, request.receive, send)
        else:
            await self._app(request.scope, _replay(body), send)

    def _is_signed(self, request: Request, body: bytes) -> bool:
        # The verifier raises if the timestamp is not a number of seconds, the signature is not ASCII or the
        # body is not UTF-8.
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        signature = request.headers.get("x-slack-signature", "")
        if not TIMESTAMP.fullmatch(timestamp) or not signature.isascii():
            return False
        return self._verifier.is_valid(body.decode("utf-8", "replace"), timestamp, signature)


def _reject(reason: str, status: int) -> Response:
    REQUESTS_REJECTED_TOTAL.labels(reason).inc()
    return PlainTextResponse(reason, status)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # The entry point handles signals: it stops what feeds the server before the server itself.
        yield


def open_listener(host: str, port: int) -> socket.socket:
    """`::` also accepts IPv4 where the system can."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    is_dual = host == "::" and socket.has_dualstack_ipv6()
    return socket.create_server((host, port), family=family, dualstack_ipv6=is_dual)


@asynccontextmanager
async def serve_http(app: ASGIApp, listener: socket.socket) -> AsyncIterator[None]:
    """Serves on `listener` while inside; requests in progress are answered before leaving."""
    # The head and the body of a response are two writes: without this the second waits until the first is
    # acknowledged, 40 ms later. Accepted connections inherit it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    limits = ConnectionLimits(app, get_http_bounds())
    config = uvicorn.Config(
        limits,
        # It calls the factory as it would the class.
        http=cast(type[asyncio.Protocol], limits.create_protocol),
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        # Everything is answered within three seconds, or it is too late for Slack.
        timeout_graceful_shutdown=3,
        # The client's address is not needed: the signature proves who sent a request.
        proxy_headers=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():  # noqa: ASYNC110 -- uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        await task
