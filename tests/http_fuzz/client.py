"""The HTTP endpoint in this process: sends bad requests to it and checks the responses."""

import hashlib
import io
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

import httpx
import structlog

from bot.bootstrap import open_slack_clients
from bot.logs import configure_logging
from bot.settings import Settings
from handlers.http import build_http_app
from handlers.routes import ROUTES
from handlers.slack_app import SlackApp
from sandbox.delivery import compute_signature
from sandbox.traffic import AppRequest
from tests.handlers.db_snapshot import load_all_rows
from tests.http_fuzz.cases import SIGNATURE, TIMESTAMP, Case, Headers
from tests.http_fuzz.recorder import MARKER, get_route, record_requests
from tests.world import World
from tests.world import world as open_world

# Methods that show a person a reply outside the HTTP response.
REPLY_METHODS = {"views.open", "views.update", "views.publish", "chat.postMessage", "response_url"}
# Links open a page, old buttons do nothing, and events need no reply.
SILENT_ROUTE_KINDS = ("", "link", "event", "uninstall")
ERROR_PATTERN = re.compile(r'Traceback|"level": "(error|critical)"|\[(error|critical)')
# In the sandbox's response URLs, with which anybody can post as the bot.
RESPONSE_URL = "/response/"
MONEY_TABLES = (
    "service_order",
    "order_line",
    "charge_attempt",
    "receipt",
    "ledger_charge",
    "seat_assignment",
)


@contextmanager
def capture_production_logs(settings: Settings) -> Iterator[io.StringIO]:
    """Captures all that `serve` would write: its logs, and any other output."""
    written, root = io.StringIO(), logging.getLogger()
    kept = {logger: logger.level for logger in map(logging.getLogger, [None, *root.manager.loggerDict])}
    handlers, configured = root.handlers[:], structlog.get_config()
    root.handlers.clear()
    try:
        with redirect_stdout(written), redirect_stderr(written):
            configure_logging(settings)
            # The tests' own client; the bot itself doesn't use httpx.
            logging.getLogger("httpx").setLevel(logging.ERROR)
            yield written
    finally:
        root.handlers[:] = handlers
        structlog.configure(**configured)
        for logger, level in kept.items():
            logger.setLevel(level)


@dataclass(frozen=True)
class CheckedResponse:
    """`kind` is `rejected` (4xx), `replied` or `silent`; `faults` is what is wrong with it."""

    kind: str
    faults: list[str]


@dataclass
class HttpEndpoint:
    world: World
    client: httpx.AsyncClient
    log_output: io.StringIO
    requests: list[AppRequest]

    async def send(self, case: Case) -> CheckedResponse:
        timestamp = str(int(time.time()) + case.at)
        correct: Headers = {
            "Content-Type": case.content_type,
            TIMESTAMP: timestamp,
            SIGNATURE: compute_signature(self.world.slack.signing_secret, timestamp, case.body),
        }
        return await self._send(case, {**correct, **case.headers})

    async def replay(self, request: AppRequest) -> CheckedResponse:
        """Sends the same bytes and signature again, as an attacker could for five minutes."""
        case = Case("again " + " ".join(get_route(request.payload)), request.body)
        return await self._send(case, request.headers)

    async def digest_money_tables(self) -> dict[str, str]:
        """A digest of each table that says who paid what."""
        rows = await load_all_rows(self.world)
        return {name: hashlib.sha256(repr(rows[name]).encode()).hexdigest() for name in MONEY_TABLES}

    async def _send(self, case: Case, headers: Mapping[str, str | bytes | None]) -> CheckedResponse:
        self.log_output.seek(self.log_output.truncate(0))
        traffic = self.world.slack.slack.traffic
        traffic.reset()
        # So that no Home waits for its rate limit.
        self.world.clock.move(seconds=2)
        response = await self.client.post(
            "/slack/events", content=case.body, headers=_encode_headers(headers)
        )
        await self.world.dependencies.tasks.wait_until_idle()
        has_reply = _has_reply(response) or bool(REPLY_METHODS & {call.method for call in traffic.calls})
        kind = "rejected" if 400 <= response.status_code < 500 else "replied" if has_reply else "silent"
        return CheckedResponse(
            kind,
            [*self._list_wrong_statuses(case, response.status_code, kind), *self._list_leaks(response.text)],
        )

    def _list_wrong_statuses(self, case: Case, status: int, kind: str) -> Iterator[str]:
        if case.refused is not None and status != case.refused:
            yield f"{status} instead of {case.refused}"
        elif kind != "rejected" and status != 200:
            yield f"{status}"
        elif kind == "silent" and get_route(case.payload)[0] not in SILENT_ROUTE_KINDS:
            yield "no reply"

    def _list_leaks(self, said: str) -> Iterator[str]:
        written = self.log_output.getvalue()
        if any(
            secret in written + said
            for secret in (self.world.slack.signing_secret, self.world.slack.bot_token)
        ):
            yield f"a secret leaks: {written}"
        if MARKER in written or RESPONSE_URL in written:
            yield f"a payload is logged: {written}"
        if ERROR_PATTERN.search(written) or "Traceback" in said:
            yield f"an error is logged: {written}"


def _has_reply(response: httpx.Response) -> bool:
    """A reply to a command, errors at a form's fields, a view, or the challenge of a URL verification."""
    if response.status_code != 200 or not response.text:
        return False
    said: dict[str, Any] = json.loads(response.text)
    return any(said.get(name) for name in ("text", "errors", "view")) or "challenge" in said


def _encode_headers(headers: Mapping[str, str | bytes | None]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in headers.items()
        if value is not None
    ]


@asynccontextmanager
async def open_endpoint(log_format: str = "json") -> AsyncIterator[HttpEndpoint]:
    """After the recorded tour, so that every payload and the rows its ids refer to exist."""
    async with (
        open_world(log_format=log_format) as world,
        open_slack_clients(world.dependencies.settings, world.dependencies.database) as clients,
    ):
        requests = list(await record_requests(world))
        with capture_production_logs(world.dependencies.settings) as written:
            app = build_http_app(
                world.dependencies, SlackApp(world.dependencies, clients, ROUTES), clients, None
            )
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://bot") as http:
                yield HttpEndpoint(world, http, written, requests)
