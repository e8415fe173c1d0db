"""A minimal HTTP/1.1 client and server over asyncio: a client library would take more time than what is
measured."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Response:
    status: int
    body: bytes


class _HttpParser(asyncio.Protocol):
    """Splits received data into heads and bodies."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(HEAD_END)) >= 0:
            head, start = self._buffer[:end], end + len(HEAD_END)
            length = _parse_content_length(head)
            if length is None:
                body, following = _parse_chunks(self._buffer, start)
            else:
                body, following = self._buffer[start : start + length], start + length
            if following < 0 or len(self._buffer) < following:
                return
            self._buffer = self._buffer[following:]
            self.handle_message(head, body)

    def handle_message(self, head: bytes, body: bytes) -> None:
        raise NotImplementedError


def _parse_content_length(head: bytes) -> int | None:
    """Returns None if the body is chunked."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        match name.lower():
            case b"content-length":
                return int(value)
            case b"transfer-encoding":
                return None
    return 0


def _parse_chunks(data: bytes, at: int) -> tuple[bytes, int]:
    """Returns the body and where it ends, or -1 if it is incomplete."""
    body = b""
    while (line_end := data.find(b"\r\n", at)) >= 0:
        size = int(data[at:line_end], 16)
        body, at = body + data[line_end + 2 : line_end + 2 + size], line_end + 2 + size + 2
        if size == 0:
            return body, at
    return b"", -1


class Connection(_HttpParser):
    """A keep-alive connection, for one request at a time."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port
        self._waiting: asyncio.Future[Response] | None = None

    @classmethod
    async def connect(cls, port: int) -> "Connection":
        connection = cls(port)
        await connection._open()
        return connection

    async def _open(self) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    async def send(self, request: bytes) -> Response:
        """A server closes a connection that was idle for some seconds, sometimes as it is used again."""
        for _ in range(2):
            if self.transport is None or self.transport.is_closing():
                await self._open()
            assert self.transport is not None, "the connection is made"
            self._waiting = asyncio.get_running_loop().create_future()
            self.transport.write(request)
            with suppress(ConnectionError):
                return await self._waiting
        raise ConnectionError("the server closed the connection")

    def handle_message(self, head: bytes, body: bytes) -> None:
        assert self._waiting is not None, "an answer follows a request"
        self._waiting.set_result(Response(int(head[9:12]), body))

    def connection_lost(self, _: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError("the server closed the connection"))

    def close(self) -> None:
        if self.transport is not None:
            self.transport.close()


Responder = Callable[[str, bytes], Response]


class ServerConnection(_HttpParser):
    """The server's side of a connection; `respond` takes the path and the body."""

    def __init__(self, respond: Responder) -> None:
        super().__init__()
        self._respond = respond

    def handle_message(self, head: bytes, body: bytes) -> None:
        assert self.transport is not None, "the connection is made"
        answer = self._respond(head.split(b" ", 2)[1].decode(), body)
        retry = b"retry-after: 1\r\n" if answer.status == 429 else b""
        self.transport.write(
            b"HTTP/1.1 %d .\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s"
            % (answer.status, retry, len(answer.body), answer.body)
        )


async def start_server(respond: Responder) -> tuple[asyncio.Server, int]:
    server = await asyncio.get_running_loop().create_server(lambda: ServerConnection(respond), "127.0.0.1", 0)
    return server, int(server.sockets[0].getsockname()[1])
