"""The HTTP door, and the small server that tells operators how the bot is."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import parse_qs

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from slack_bolt.adapter.starlette.async_handler import AsyncSlackRequestHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.services import Services

# Slack's own payloads stay far below.
LARGEST_BODY = 1024 * 1024


def build_server(services: Services, app: AsyncApp) -> Starlette:
    """`/slack/events` in HTTP mode; `/healthz`, `/readyz` and `/metrics` in both."""
    routes = [
        Route("/healthz", _healthz),
        Route("/readyz", _readyz(services)),
        Route("/metrics", _metrics),
    ]
    if not services.settings.socket_mode:
        routes.append(Route("/slack/events", _slack_events(services, app), methods=["POST"]))
    return Starlette(routes=routes)


def _slack_events(services: Services, app: AsyncApp) -> Callable[[Request], Awaitable[Response]]:
    handler = AsyncSlackRequestHandler(app)
    secret = services.settings.slack_signing_secret
    assert secret is not None, "HTTP mode has a signing secret"
    verifier = SignatureVerifier(secret.get_secret_value())

    async def receive(request: Request) -> Response:
        """Bolt parses a body before it looks at its signature, and answers 500 to what it cannot parse."""
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST_BODY:
            return PlainTextResponse("too large", 413)
        body = (await request.body()).decode("utf-8", "replace")
        if not _signed(verifier, request, body):
            return PlainTextResponse("unsigned", 401)
        if not _readable(body):
            return PlainTextResponse("malformed", 400)
        return await handler.handle(request)

    return receive


def _signed(verifier: SignatureVerifier, request: Request, body: str) -> bool:
    timestamp = request.headers.get("x-slack-request-timestamp", "")
    signature = request.headers.get("x-slack-signature", "")
    return timestamp.isdecimal() and verifier.is_valid(body, timestamp, signature)


def _readable(body: str) -> bool:
    """Whether it is what Slack sends: a form, a form with a JSON object as its payload, or a JSON object."""
    fields = parse_qs(body)
    text = fields["payload"][0] if "payload" in fields else body if body.lstrip()[:1] in "[{" else "{}"
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


def _readyz(services: Services) -> Callable[[Request], Awaitable[Response]]:
    async def ready(request: Request) -> Response:
        try:
            migrated = await services.database.migrated()
        except Exception:
            return PlainTextResponse("database unreachable", 503)
        return PlainTextResponse("ok") if migrated else PlainTextResponse("database not migrated", 503)

    return ready


async def _metrics(request: Request) -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class _Server(uvicorn.Server):
    """Signals are the entry point's business: it stops what feeds the server before the server."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: Starlette, listener: socket.socket) -> AsyncIterator[None]:
    """Answering on `listener` while inside; requests under way are answered before leaving."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=10
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
