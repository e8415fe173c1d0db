"""A way to PostgreSQL that can be cut, and that loses notifications as a pooler in transaction mode does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from sqlalchemy.engine import make_url

NOTIFICATION_RESPONSE = b"A"


@dataclass
class FakePooler:
    """`url` leads through it."""

    database_url: str
    delivers_notifications: bool = True
    url: str = ""
    _is_cut: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    @property
    def connection_count(self) -> int:
        """Clients, each with a connection to the server."""
        return len(self._writers) // 2

    def cut(self) -> None:
        """As if the network were gone: nothing can be opened until `mend`."""
        self._is_cut = True
        for writer in self._writers:
            writer.close()

    def mend(self) -> None:
        self._is_cut = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.close()
            return
        server_reader, server_writer = await asyncio.open_unix_connection(_get_socket(self.database_url))
        self._writers |= {writer, server_writer}
        tasks = {
            asyncio.create_task(self._forward_requests(reader, server_writer)),
            asyncio.create_task(self._forward_responses(server_reader, writer)),
        }
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        self._writers -= {writer, server_writer}
        writer.close()
        server_writer.close()
        await asyncio.wait(tasks)

    async def _forward_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)

    async def _forward_responses(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                # A byte for the kind, then the length, which counts itself.
                kind, length = await reader.readexactly(1), await reader.readexactly(4)
                body = await reader.readexactly(int.from_bytes(length) - 4)
                if self.delivers_notifications or kind != NOTIFICATION_RESPONSE:
                    writer.write(kind + length + body)


def _get_socket(url: str) -> str:
    return f"{make_url(url).query['host']}/.s.PGSQL.5432"


@asynccontextmanager
async def fake_pooler(database_url: str, *, delivers_notifications: bool) -> AsyncIterator[FakePooler]:
    pooler = FakePooler(database_url, delivers_notifications)
    async with await asyncio.start_server(pooler.accept, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        user, database = make_url(database_url).username, make_url(database_url).database
        # What libpq asks for before its first message is not framed as messages are.
        options = "sslmode=disable&gssencmode=disable"
        pooler.url = f"postgresql://{user}@127.0.0.1:{port}/{database}?{options}"
        try:
            yield pooler
        finally:
            pooler.cut()
