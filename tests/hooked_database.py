"""A second process' view of a database, which lets a test do something at the moment of a race."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.db import Database, Session

Hook = Callable[[], Awaitable[object]]


class HookedDatabase(Database):
    """With connections of its own. Each hook is called once: before a transaction begins, and before it
    commits."""

    before_begin: Hook | None = None
    before_commit: Hook | None = None

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        if hook := self.before_begin:
            self.before_begin = None
            await hook()
        async with super().write() as session:
            yield session
            if hook := self.before_commit:
                self.before_commit = None
                await hook()


@asynccontextmanager
async def open_hooked_database(url: str) -> AsyncIterator[HookedDatabase]:
    database = HookedDatabase(url)
    try:
        yield database
    finally:
        await database.close()
