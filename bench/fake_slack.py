"""A Slack that responds immediately and records when each request arrived. The sandbox validates everything,
which makes it too slow for a benchmark."""

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

from bench.rate_limiter import SlackRateLimits
from bench.raw_http import Response, start_server

TEAM = "T01BENCH"
# Libraries send JSON or forms.
TRIGGER_PATTERN = re.compile(rb'(?:"trigger_id":\s*"|\btrigger_id=)([^"&]+)')
CHANNEL_PATTERN = re.compile(rb'(?:"channel":\s*"|\bchannel=)([^"&]+)')
USER_PATTERN = re.compile(rb'"user_id":\s*"([^"]+)"')
VIEW_ID_PATTERN = re.compile(rb'"view_id":\s*"([^"]+)"')
VIEW_RESPONSE = json.dumps({"ok": True, "view": {"id": "V1", "type": "modal", "hash": "1.a"}}).encode()
AUTH_RESPONSE = {
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
    """`updated_views` has the last content of each updated view; `messages` has (time, channel, message) of
    each accepted message, in seconds of `perf_counter`."""

    rate_limits: SlackRateLimits | None = None
    updated_views: dict[str, bytes] = field(default_factory=dict)
    messages: list[tuple[float, str, bytes]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    expected_views: dict[str, asyncio.Future[float]] = field(default_factory=dict)
    url: str = ""
    _ts: int = 0

    def expect_view(self, key: str) -> "asyncio.Future[float]":
        """Returns a future of the time at which the view with that trigger or id arrives."""
        future: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        self.expected_views[key] = future
        return future

    def pop_updated_view(self, view_id: str) -> dict[str, Any]:
        view: dict[str, Any] = json.loads(self.updated_views.pop(view_id))["view"]
        return json.loads(view) if isinstance(view, str) else view

    def respond(self, path: str, body: bytes) -> Response:
        at = time.perf_counter()
        parts = urlsplit(path)
        method = parts.path.rpartition("/")[2]
        self.calls[method] += 1
        answer = METHODS.get(method)
        return answer(self, at, parts.query, body) if answer else Response(200, b'{"ok":true}')

    def open_view(self, at: float, _: str, body: bytes) -> Response:
        return self._resolve_view(at, TRIGGER_PATTERN, body)

    def update_view(self, at: float, _: str, body: bytes) -> Response:
        self.updated_views[_find_value(VIEW_ID_PATTERN, body)] = body
        return self._resolve_view(at, VIEW_ID_PATTERN, body)

    def publish_home(self, at: float, _: str, body: bytes) -> Response:
        return self._resolve_view(at, USER_PATTERN, body)

    def _resolve_view(self, at: float, pattern: re.Pattern[bytes], body: bytes) -> Response:
        waiting = self.expected_views.pop(_find_value(pattern, body), None)
        if waiting is not None and not waiting.done():
            waiting.set_result(at)
        return Response(200, VIEW_RESPONSE)

    def post_message(self, at: float, _: str, body: bytes) -> Response:
        channel = _find_value(CHANNEL_PATTERN, body)
        if self.rate_limits is not None and not self.rate_limits.accept_message(channel, at):
            return Response(429, b'{"ok":false,"error":"ratelimited"}')
        self.messages.append((at, channel, body))
        self._ts += 1
        return Response(200, b'{"ok":true,"channel":"%s","ts":"%d.000000"}' % (channel.encode(), self._ts))

    def get_user(self, _: float, query: str, body: bytes) -> Response:
        user_id = parse_qs(query or body.decode())["user"][0]
        return Response(200, json.dumps({"ok": True, "user": _build_user(user_id)}).encode())

    def get_upload_url(self, *_: object) -> Response:
        """A receipt's PDF is uploaded to this URL; without it, the bot would retry for ever."""
        return Response(
            200, json.dumps({"ok": True, "upload_url": f"{self.url}upload", "file_id": "F1"}).encode()
        )

    def authenticate(self, *_: object) -> Response:
        return Response(200, json.dumps(AUTH_RESPONSE).encode())


def _find_value(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return found.group(1).decode() if found else ""


def _build_user(user_id: str) -> dict[str, object]:
    return {
        "id": user_id,
        "team_id": TEAM,
        "name": user_id.lower(),
        "real_name": user_id,
        "tz": "Europe/Paris",
        "locale": "en-GB",
        "profile": {"email": f"{user_id.lower()}@bench.example"},
    }


METHODS: dict[str, Callable[[FakeSlack, float, str, bytes], Response]] = {
    "auth.test": FakeSlack.authenticate,
    "users.info": FakeSlack.get_user,
    "views.open": FakeSlack.open_view,
    "views.update": FakeSlack.update_view,
    "views.publish": FakeSlack.publish_home,
    "chat.postMessage": FakeSlack.post_message,
    "chat.update": FakeSlack.post_message,
    "files.getUploadURLExternal": FakeSlack.get_upload_url,
}


@asynccontextmanager
async def run_fake_slack(limits: SlackRateLimits | None = None) -> AsyncIterator[FakeSlack]:
    slack = FakeSlack(limits)
    server, port = await start_server(slack.respond)
    slack.url = f"http://127.0.0.1:{port}/api/"
    try:
        yield slack
    finally:
        server.close()


@asynccontextmanager
async def run_mail_sink() -> AsyncIterator[str]:
    """Runs an SMTP server that accepts everything, and yields its URL."""
    server = await asyncio.get_running_loop().create_server(_MailProtocol, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


class _MailProtocol(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._buffer, self._in_data = transport, b"", False
        transport.write(b"220 bench\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = b"\r\n.\r\n" if self._in_data else b"\r\n"
            line, found, rest = self._buffer.partition(end)
            if not found:
                return
            self._buffer = rest
            self._respond(line)

    def _respond(self, line: bytes) -> None:
        self._in_data = not self._in_data and line.upper().startswith(b"DATA")
        self._transport.write(b"354 continue\r\n" if self._in_data else b"250 OK\r\n")
        if line.upper().startswith(b"QUIT"):
            self._transport.close()
