"""What a client can take up before its request is verified is bounded."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlencode

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from handlers import http, http_connections
from handlers.http import serve_http
from handlers.http_connections import MAX_HEAD_BYTES, READ_BYTES, HttpBounds
from handlers.request_body import MAX_BODY_BYTES
from tests.handlers.transport.test_http import post, signed
from tests.time_limits import HANG_SECONDS
from tests.world import world as open_world

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

HEAD = b"POST / HTTP/1.1\r\nHost: bot\r\nContent-Length: 1000\r\n\r\n"
# More than the buffers of both sockets.
LARGE = 20_000_000
LARGE_REQUEST = b"GET /large HTTP/1.1\r\nHost: bot\r\n\r\n"


async def echo_length(scope: Scope, receive: Receive, send: Send) -> None:
    length = 0
    while (message := await receive())["type"] == "http.request":
        length += len(message.get("body", b""))
        if not message.get("more_body"):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            return await send({"type": "http.response.body", "body": str(length).encode()})
    return None


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"x" * 1_000_000, "more_body": True})
        await asyncio.sleep(0)


async def send_large_part(send: Send) -> None:
    length = str(LARGE + len(b"end")).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    for _ in range(20):
        await send({"type": "http.response.body", "body": b"x" * (LARGE // 20), "more_body": True})


class HttpServer:
    def __init__(self, port: int) -> None:
        self.port = port
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, data: bytes = b"") -> Streams:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        writer.write(data)
        return reader, writer

    async def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def ask(self, data: bytes) -> bytes:
        """The first line of the response; empty if there is none."""
        reader, _ = await self.connect(data)
        async with asyncio.timeout(HANG_SECONDS):
            return await read_or_nothing(reader)


async def read_or_nothing(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readline()
    except ConnectionError:
        return b""


@asynccontextmanager
async def serve_app(
    monkeypatch: pytest.MonkeyPatch, app: object = echo_length, **bounds: float
) -> AsyncIterator[HttpServer]:
    monkeypatch.setattr(http, "get_http_bounds", lambda: HttpBounds(**bounds))  # type: ignore[arg-type]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with serve_http(app, listener):  # type: ignore[arg-type]
            bot = HttpServer(listener.getsockname()[1])
            try:
                yield bot
            finally:
                await bot.close()


def rejected(reason: str) -> float:
    return REGISTRY.get_sample_value("seatbot_requests_rejected_total", {"reason": reason}) or 0.0


async def test_a_request_that_does_not_arrive_in_time_is_disconnected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Silent, in the middle of its head or its body, or in the next request of a connection."""
    before = rejected("incomplete")
    whole = HEAD + b"x" * 1000
    async with serve_app(monkeypatch, receive_seconds=0.3) as bot:
        slow = [await bot.connect(data) for data in (b"", b"GET / HT", HEAD, HEAD + b"xx", whole)]
        assert b"200" in await slow[-1][0].readline()
        assert (await slow[-1][0].readuntil(b"1000\r\n0\r\n\r\n")).endswith(b"1000\r\n0\r\n\r\n")
        slow[-1][1].write(b"GET / HT")
        async with asyncio.timeout(HANG_SECONDS):
            assert [await read_or_nothing(reader) for reader, _ in slow] == [b""] * 5
        assert b"200" in await bot.ask(whole), "it still answers"
    assert rejected("incomplete") == before + 4, "a connection that sent nothing is no request"


async def test_a_body_that_keeps_arriving_slowly_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_app(monkeypatch, receive_seconds=0.5) as bot:
        reader, writer = await bot.connect(HEAD)
        async with asyncio.timeout(HANG_SECONDS):
            while not reader.at_eof() and not reader.exception():
                writer.write(b"x")
                await asyncio.sleep(0.05)


def chunked(body: bytes, size: int) -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return HEAD.replace(b"Content-Length: 1000", b"Transfer-Encoding: chunked") + framed + b"0\r\n\r\n"


async def test_a_body_in_tiny_chunks_is_cut_off_before_it_takes_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The parser's work grows with the number of chunks. A proxy's chunks are as large as what it reads."""
    before, bites = rejected("small_chunks"), []
    feed = H11Protocol.data_received

    def record(protocol: H11Protocol, data: bytes) -> None:
        bites.append(len(data))
        feed(protocol, data)

    monkeypatch.setattr(H11Protocol, "data_received", record)
    async with serve_app(monkeypatch) as bot:
        assert await bot.ask(chunked(b"x" * MAX_BODY_BYTES, size=1)) == b""
        assert sum(bites) < 400_000
        assert max(bites) <= READ_BYTES, "others are served in between"
        assert rejected("small_chunks") == before + 1
        assert b"200" in await bot.ask(chunked(b"x" * MAX_BODY_BYTES, size=1024))
    assert rejected("small_chunks") == before + 1


async def test_a_head_larger_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_app(monkeypatch) as bot:
        for start in (b"GET /", b"GET / HTTP/1.1\r\nX-A: ", b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20_000):
            assert b"200" not in await bot.ask(start + b"x" * (4 * MAX_HEAD_BYTES))
        assert b"200" in await bot.ask(HEAD + b"x" * 1000)


async def test_a_body_of_the_largest_size_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    head = b"POST / HTTP/1.1\r\nHost: bot\r\nContent-Length: %d\r\n\r\n" % MAX_BODY_BYTES
    async with serve_app(monkeypatch) as bot:
        assert b"200" in await bot.ask(head + b"x" * MAX_BODY_BYTES)


async def test_pipelined_requests_are_all_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_app(monkeypatch) as bot:
        reader, _ = await bot.connect((HEAD + b"x" * 1000) * 3)
        async with asyncio.timeout(HANG_SECONDS):
            for _ in range(3):
                await reader.readuntil(b"1000\r\n0\r\n\r\n")


async def test_a_client_that_does_not_read_is_disconnected(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serve_app(monkeypatch, app=flood, response_seconds=0.3) as bot:
        reader, _ = await bot.connect(b"GET / HTTP/1.1\r\nHost: bot\r\n\r\n")
        async with asyncio.timeout(HANG_SECONDS):
            with suppress(ConnectionError):
                await asyncio.sleep(1)
                while await reader.read(1_000_000):
                    pass


async def test_a_client_that_stops_reading_is_disconnected_before_the_response_must_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    is_over = asyncio.Event()

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        await send_large_part(send)
        await send({"type": "http.response.body", "body": b"end"})
        is_over.set()

    async with serve_app(
        monkeypatch, app=respond, unread_seconds=0.3, response_seconds=2 * HANG_SECONDS
    ) as bot:
        await bot.connect(LARGE_REQUEST)
        async with asyncio.timeout(HANG_SECONDS):
            await is_over.wait()


async def test_connections_that_do_not_read_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/large":
            return await echo_length(scope, receive, send)
        await send_large_part(send)
        return await send({"type": "http.response.body", "body": b"end"})

    async with serve_app(monkeypatch, app=respond, max_connections=10) as bot:
        for _ in range(10):
            reader, _ = await bot.connect(LARGE_REQUEST)
            async with asyncio.timeout(HANG_SECONDS):
                assert b"200" in await reader.readline()
        for _ in range(20):
            assert b"200" in await bot.ask(HEAD + b"x" * 1000)


async def test_a_client_that_reads_again_is_not_cut_off_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    finished = asyncio.Event()

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        await send_large_part(send)
        await finished.wait()
        await send({"type": "http.response.body", "body": b"end"})

    async with serve_app(monkeypatch, app=respond, max_connections=1, unread_seconds=1) as bot:
        reader, _ = await bot.connect(LARGE_REQUEST)
        async with asyncio.timeout(HANG_SECONDS):
            await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(LARGE)
            await asyncio.sleep(1.2)
            assert await bot.ask(HEAD + b"x" * 1000) == b"", "there is no room"
            finished.set()
            assert await reader.readexactly(3) == b"end"


async def test_silent_connections_make_room_for_new_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever holds connections, health checks and signed requests get through."""
    monkeypatch.setattr(http, "get_http_bounds", lambda: HttpBounds(max_connections=20))
    before = rejected("too_many_connections")
    async with open_world(transport="http") as world:
        bot = HttpServer(world.port)
        for data in (b"", b"GET /healthz HT", HEAD) * 40:
            await bot.connect(data)
        async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:
            assert (await client.get(f"http://127.0.0.1:{world.port}/healthz")).text == "ok"
        body = urlencode({"command": "/quotes", "team_id": "T01ACME", "user_id": "U01ALICE", "text": "help"})
        assert (await post(world, body, signed(world, body))).status_code == 200
        await world.get_person("alice").command("/quotes")
        await world.get_person("alice").wait_for_modal("quote.list")
        await bot.close()
    assert rejected("too_many_connections") >= before + 100


async def test_no_room_is_made_by_cutting_off_a_request_that_has_arrived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finished = asyncio.Event()

    async def wait(scope: Scope, receive: Receive, send: Send) -> None:
        await finished.wait()
        await echo_length(scope, receive, send)

    async with serve_app(monkeypatch, app=wait, max_connections=2) as bot:
        asked = [asyncio.create_task(bot.ask(HEAD + b"x" * 1000)) for _ in range(2)]
        await asyncio.sleep(0.2)
        assert await bot.ask(HEAD + b"x" * 1000) == b"", "there is no room"
        finished.set()
        assert [b"200" in line for line in await asyncio.gather(*asked)] == [True, True]


@pytest.mark.parametrize(("descriptors", "connections"), [(256, 128), (1024, 500), (-1, 500)])
def test_half_of_the_descriptors_are_left_to_the_database_and_outgoing_calls(
    descriptors: int, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resource.getrlimit", lambda _: (descriptors, descriptors))
    assert http_connections.get_http_bounds().max_connections == connections


async def test_a_forged_event_is_counted_and_logged_once_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    before = rejected("unsigned_event")
    async with (
        open_world(
            transport="http", stripe_webhook_secret="whsec_1", billing="stripe", stripe_api_key="rk_test_1"
        ) as world,
        httpx.AsyncClient(timeout=HANG_SECONDS) as client,
    ):
        for _ in range(5):
            answer = await client.post(
                f"http://127.0.0.1:{world.port}/stripe/webhook", content=json.dumps({"object": "event"})
            )
            assert answer.status_code == 400
    assert rejected("unsigned_event") == before + 5
    assert capsys.readouterr().out.count("provider_event.rejected") <= 1
