"""The HTTP door, and the small server that tells operators how the bot is."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import uvicorn
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router
from starlette.types import Receive, Scope, Send

from bot.installations.clients import MultiWorkspaceClients, SlackClientProvider
from bot.metrics import REQUESTS_REJECTED_TOTAL
from bot.services import Services
from handlers.billing_webhook import build_webhook_routes
from handlers.health import build_health_routes
from handlers.install import build_install_routes
from handlers.payload import read_payload
from handlers.request_body import read_body
from handlers.socket_mode import SocketDoor

SECONDS = re.compile(r"[0-9]{1,12}")


def build_server(
    services: Services, app: AsyncApp, clients: SlackClientProvider, door: SocketDoor | None
) -> Router:
    """`/slack/events` in HTTP mode; `/healthz`, `/readyz` and `/metrics` in both, the pages by which many
    workspaces install the bot, and the billing provider's events."""
    routes = [*build_health_routes(services, door), *build_webhook_routes(services)]
    if isinstance(clients, MultiWorkspaceClients):
        routes += build_install_routes(services, clients)
    if not services.settings.is_socket_mode:
        # They are tried in their order, and this one is asked for most.
        routes.insert(0, Route("/slack/events", _SlackEvents(services, app), methods=["POST"]))
    return Router(routes)


class _SlackEvents:
    """Where Slack knocks. Starlette takes an instance for an ASGI app, and puts nothing around it."""

    def __init__(self, services: Services, app: AsyncApp) -> None:
        secret = services.settings.slack_signing_secret
        assert secret is not None, "HTTP mode has a signing secret"
        self._verifier = SignatureVerifier(secret.get_secret_value())
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self._answer(Request(scope, receive))
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        text = await _text(request)
        if text is None:
            return _turned_away("too large", 413)
        if not _signed(self._verifier, request, text):
            return _turned_away("unsigned", 401)
        try:
            payload = read_payload(text)
        except ValueError:
            return _turned_away("malformed", 400)
        return to_starlette_response(await self._app.async_dispatch(_trusted(request, payload)))


def _turned_away(why: str, status: int) -> Response:
    REQUESTS_REJECTED_TOTAL.labels(why.replace(" ", "_")).inc()
    return PlainTextResponse(why, status)


async def _text(request: Request) -> str | None:
    body = await read_body(request)
    return None if body is None else body.decode("utf-8", "replace")


def _signed(verifier: SignatureVerifier, request: Request, text: str) -> bool:
    """The verifier raises at a timestamp that is no number of seconds, and at a signature beyond ASCII."""
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    if not SECONDS.fullmatch(timestamp) or not signature.isascii():
        return False
    return verifier.is_valid(text, timestamp, signature)


def _trusted(request: Request, payload: dict[str, Any]) -> AsyncBoltRequest:
    """Bolt parses a body before it looks at its signature, and answers 500 to what it cannot parse. From a
    socket it takes what is parsed and trusted already, as this is."""
    return AsyncBoltRequest(body=payload, headers=dict(request.headers), mode="socket_mode")


class _Server(uvicorn.Server):
    """Signals are the entry point's business: it stops what feeds the server before the server."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def main_loop(self) -> None:
        """uvicorn would look ten times a second whether it should stop, and at each tenth write the date."""
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), timeout=1)

    def stop(self) -> None:
        self.should_exit = True
        self._told.set()


@asynccontextmanager
async def serving(app: Router, listener: socket.socket) -> AsyncIterator[None]:
    """Answering on `listener` while inside; requests under way are answered before leaving."""
    # The head and the body of an answer are two writes: without this the second waits for the first to be
    # acknowledged, 40 ms late. What is accepted inherits it.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=10,
        # Nothing here asks where a request came from: a signature says who sent it.
        proxy_headers=False,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():  # noqa: ASYNC110 -- uvicorn has no event to wait for
        await asyncio.sleep(0.005)
    try:
        yield
    finally:
        server.stop()
        await task
