"""A Slack that answers at once and remembers when what arrived. The sandbox checks all it is sent, and so is
too slow to be the yardstick."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bench.rate_limiter import Limits
from bench.raw_http import Answer, serve

TEAM = "T01BENCH"
# Libraries send JSON or forms.
TRIGGER = re.compile(rb'(?:"trigger_id":\s*"|\btrigger_id=)([^"&]+)')
CHANNEL = re.compile(rb'(?:"channel":\s*"|\bchannel=)([^"&]+)')
USER = re.compile(rb'"user_id":\s*"([^"]+)"')
VIEW_ID = re.compile(rb'"view_id":\s*"([^"]+)"')
VIEW = json.dumps({"ok": True, "view": {"id": "V1", "type": "modal", "hash": "1.a"}}).encode()
AUTH = {
    "ok": True,
    "url": "https://bench.slack.com/",
    "team": "Bench",
    "user": "seatbot",
    "team_id": TEAM,
    "user_id": "U0BOT",
    "bot_id": "B0BOT",
    "is_enterprise_install": False,
}


@dataclass
class FakeSlack:
    """`drawn` holds the last screen of each view that was updated; `posted` holds (when, channel, message) of
    what was taken, in seconds of `perf_counter`."""

    limits: Limits | None = None
    drawn: dict[str, bytes] = field(default_factory=dict)
    posted: list[tuple[float, str, bytes]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    waiting: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    url: str = ""
    _ts: int = 0

    def screen(self, key: str) -> "asyncio.Future[float]":
        """When the screen of that trigger or view arrives."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.waiting[key] = future
        return future

    def updated_view(self, view_id: str) -> dict[str, Any]:
        view: dict[str, Any] = json.loads(self.drawn.pop(view_id))["view"]
        return json.loads(view) if isinstance(view, str) else view

    def respond(self, path: str, body: bytes) -> Answer:
        at = time.perf_counter()
        parts = urlsplit(path)
        method = parts.path.rpartition("/")[2]
        self.calls[method] += 1
        answer = METHODS.get(method)
        return answer(self, at, parts.query, body) if answer else Answer(200, b'{"ok":true}')

    def opened(self, at: float, _: str, body: bytes) -> Answer:
        return self._shown(at, TRIGGER, body)

    def updated(self, at: float, _: str, body: bytes) -> Answer:
        self.drawn[_named(VIEW_ID, body)] = body
        return self._shown(at, VIEW_ID, body)

    def home(self, at: float, _: str, body: bytes) -> Answer:
        return self._shown(at, USER, body)

    def _shown(self, at: float, pattern: re.Pattern[bytes], body: bytes) -> Answer:
        waiting = self.waiting.pop(_named(pattern, body), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(at)
        return Answer(200, VIEW)

    def message(self, at: float, _: str, body: bytes) -> Answer:
        channel = _named(CHANNEL, body)
        if self.limits is not None and not self.limits.take(channel, at):
            return Answer(429, b'{"ok":false,"error":"ratelimited"}')
        self.posted.append((at, channel, body))
        self._ts += 1
        return Answer(200, b'{"ok":true,"channel":"%s","ts":"%d.000000"}' % (channel.encode(), self._ts))

    def user(self, _: float, query: str, body: bytes) -> Answer:
        user_id = parse_qs(query or body.decode())["user"][0]
        return Answer(200, json.dumps({"ok": True, "user": _user(user_id)}).encode())

    def upload_url(self, *_: object) -> Answer:
        """A receipt's PDF goes there; without it, its upload would be tried again for ever."""
        return Answer(
            200, json.dumps({"ok": True, "upload_url": f"{self.url}upload", "file_id": "F1"}).encode()
        )

    def who(self, *_: object) -> Answer:
        return Answer(200, json.dumps(AUTH).encode())


def _named(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return found.group(1).decode() if found else ""


def _user(user_id: str) -> dict[str, object]:
    return {
        "id": user_id,
        "team_id": TEAM,
        "name": user_id.lower(),
        "real_name": user_id,
        "tz": "Europe/Paris",
        "locale": "en-GB",
        "profile": {"email": f"{user_id.lower()}@bench.example"},
    }


METHODS: dict[str, Callable[[FakeSlack, float, str, bytes], Answer]] = {
    "auth.test": FakeSlack.who,
    "users.info": FakeSlack.user,
    "views.open": FakeSlack.opened,
    "views.update": FakeSlack.updated,
    "views.publish": FakeSlack.home,
    "chat.postMessage": FakeSlack.message,
    "chat.update": FakeSlack.message,
    "files.getUploadURLExternal": FakeSlack.upload_url,
}


@asynccontextmanager
async def fake_slack(limits: Limits | None = None) -> AsyncIterator[FakeSlack]:
    slack = FakeSlack(limits)
    server, port = await serve(slack.respond)
    slack.url = f"http://127.0.0.1:{port}/api/"
    try:
        yield slack
    finally:
        server.close()


@asynccontextmanager
async def mail_sink() -> AsyncIterator[str]:
    """An SMTP server that takes everything; its address."""
    server = await asyncio.get_running_loop().create_server(_Mailbox, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


class _Mailbox(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer, self._in_letter = transport, b"", False
        transport.write(b"220 bench\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_letter else b"\r\n"
            line, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            self._answer(line)

    def _answer(self, line: bytes) -> None:
        self._in_letter = not self._in_letter and line.upper().startswith(b"DATA")
        self._transport.write(b"354 go on\r\n" if self._in_letter else b"250 taken\r\n")
        if line.upper().startswith(b"QUIT"):
            self._transport.close()
