"""The HTTP door in this process, what it answers to bad requests, and what is wrong with an answer."""

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
from handlers.slack_app import build_slack_app
from sandbox.delivery import signature
from sandbox.traffic import AppRequest
from tests.handlers.db_snapshot import stored
from tests.http_fuzz.cases import SIGNATURE, TIMESTAMP, Case, Headers
from tests.http_fuzz.recorder import MARKER, recorded, route_of
from tests.world import World
from tests.world import world as open_world

# Where a sentence is said that is not in the answer itself.
SAID = {"views.open", "views.update", "views.publish", "chat.postMessage", "response_url"}
# Links lead out, old buttons do nothing, and nobody waits for the answer to an event.
SILENT = ("", "link", "event", "uninstall")
ERROR = re.compile(r'Traceback|"level": "(error|critical)"|\[(error|critical)')
# As the sandbox writes it. Whoever knows one can speak for the bot.
RESPONSE_URL = "/response/"
MONEY = ("service_order", "order_line", "charge_attempt", "receipt", "ledger_charge", "seat_assignment")


@contextmanager
def production_logs(settings: Settings) -> Iterator[io.StringIO]:
    """All that `serve` would write while inside: its logs, and what else comes out."""
    written, root = io.StringIO(), logging.getLogger()
    kept = {logger: logger.level for logger in map(logging.getLogger, [None, *root.manager.loggerDict])}
    handlers, configured = root.handlers[:], structlog.get_config()
    root.handlers.clear()
    try:
        with redirect_stdout(written), redirect_stderr(written):
            configure_logging(settings)
            # The tests' own client; the bot has none of its kind.
            logging.getLogger("httpx").setLevel(logging.ERROR)
            yield written
    finally:
        root.handlers[:] = handlers
        structlog.configure(**configured)
        for logger, level in kept.items():
            logger.setLevel(level)


@dataclass(frozen=True)
class Answer:
    """`kind` is `refused` (4xx), `told` or `silent`; `faults` is what is wrong with it."""

    kind: str
    faults: list[str]


@dataclass
class Door:
    world: World
    client: httpx.AsyncClient
    written: io.StringIO
    requests: list[AppRequest]

    async def answer(self, case: Case) -> Answer:
        timestamp = str(int(time.time()) + case.at)
        right: Headers = {
            "Content-Type": case.content_type,
            TIMESTAMP: timestamp,
            SIGNATURE: signature(self.world.slack.signing_secret, timestamp, case.body),
        }
        return await self._answer(case, {**right, **case.headers})

    async def answer_again(self, request: AppRequest) -> Answer:
        """The same bytes and signature once more, as whoever captured them can send them for five minutes."""
        case = Case("again " + " ".join(route_of(request.payload)), request.body)
        return await self._answer(case, request.headers)

    async def money(self) -> dict[str, str]:
        """A digest of each table that says who paid what."""
        rows = await stored(self.world)
        return {name: hashlib.sha256(repr(rows[name]).encode()).hexdigest() for name in MONEY}

    async def _answer(self, case: Case, headers: Mapping[str, str | bytes | None]) -> Answer:
        self.written.seek(self.written.truncate(0))
        traffic = self.world.slack.slack.traffic
        traffic.reset()
        # Nothing waits for its turn to be drawn.
        self.world.clock.move(seconds=2)
        response = await self.client.post("/slack/events", content=case.body, headers=_in_bytes(headers))
        await self.world.services.tasks.wait_until_idle()
        told = _in_words(response) or bool(SAID & {call.method for call in traffic.calls})
        kind = "refused" if 400 <= response.status_code < 500 else "told" if told else "silent"
        return Answer(kind, [*self._wrong(case, response.status_code, kind), *self._leaks(response.text)])

    def _wrong(self, case: Case, status: int, kind: str) -> Iterator[str]:
        if case.refused is not None and status != case.refused:
            yield f"{status} instead of {case.refused}"
        elif kind != "refused" and status != 200:
            yield f"{status}"
        elif kind == "silent" and route_of(case.payload)[0] not in SILENT:
            yield "not a word"

    def _leaks(self, said: str) -> Iterator[str]:
        written = self.written.getvalue()
        if any(
            secret in written + said
            for secret in (self.world.slack.signing_secret, self.world.slack.bot_token)
        ):
            yield f"a secret leaks: {written}"
        if MARKER in written or RESPONSE_URL in written:
            yield f"a payload is logged: {written}"
        if ERROR.search(written) or "Traceback" in said:
            yield f"an error is logged: {written}"


def _in_words(response: httpx.Response) -> bool:
    """A command's reply, the words at a form's fields, a screen; or what a handshake asks for."""
    if response.status_code != 200 or not response.text:
        return False
    said: dict[str, Any] = json.loads(response.text)
    return any(said.get(name) for name in ("text", "errors", "view")) or "challenge" in said


def _in_bytes(headers: Mapping[str, str | bytes | None]) -> list[tuple[bytes, bytes]]:
    return [
        (name.encode(), value if isinstance(value, bytes) else value.encode("latin-1"))
        for name, value in headers.items()
        if value is not None
    ]


@asynccontextmanager
async def open_door(log_format: str = "json") -> AsyncIterator[Door]:
    """With the tour behind it: every payload known, and rows that the ids in them mean."""
    async with (
        open_world(log_format=log_format) as world,
        open_slack_clients(world.services.settings, world.services.database) as clients,
    ):
        requests = list(await recorded(world))
        with production_logs(world.services.settings) as written:
            app = build_http_app(
                world.services, build_slack_app(world.services, clients, ROUTES), clients, None
            )
            transport = httpx.ASGITransport(app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://bot") as http:
                yield Door(world, http, written, requests)
