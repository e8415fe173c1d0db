"""SQLite, as the product uses it, without threads: every query returns before another actor runs."""

import asyncio
import atexit
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from bot.db import Database, Session
from bot.db.sqlite import SQLiteBackend
from tests.simulation.gates import Gates, Process


class Store:
    """One database file, reset for each seed. Transactions never overlap, so one connection is enough; only
    processes die here, not the machine, so nothing needs to be flushed to disk."""

    def __init__(self, *templates: bytes) -> None:
        self._folder = TemporaryDirectory(prefix="simulation-")
        self._templates = [_load_template(template) for template in templates]
        self.folder = Path(self._folder.name)
        self.raw = sqlite3.connect(self.folder / "world.db", isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=MEMORY", "synchronous=OFF", "foreign_keys=ON", "locking_mode=EXCLUSIVE"):
            self.raw.execute(f"PRAGMA {pragma}")
        self.engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool)
        self.reset()
        atexit.register(self.close)

    def reset(self, template: int = 0) -> None:
        """Restores a template, for use in another event loop."""
        self._templates[template].backup(self.raw)
        # Closing a session takes an iteration of the loop: the next session waits for it.
        self.session_lock = asyncio.Lock()

    def rows(self, query: str, *values: Any) -> Iterator[tuple[Any, ...]]:
        """Committed rows."""
        return iter(self.raw.execute(query, values).fetchall())

    def close(self) -> None:
        self.raw.close()
        for template in self._templates:
            template.close()
        self._folder.cleanup()


def _load_template(content: bytes) -> sqlite3.Connection:
    memory = sqlite3.connect(":memory:", check_same_thread=False)
    memory.deserialize(content)
    return memory


class GatedDatabase(Database):
    """One process's connection to the store."""

    def __init__(self, store: Store, gates: Gates, process: Process, committed: Callable[[], None]) -> None:
        super().__init__("sqlite://", backend=SQLiteBackend(store.engine))
        self._gates, self._process, self._committed = gates, process, committed
        self._session_lock = store.session_lock

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Session]:
        await self._gates.wait(self._process, "read")
        async with self._session_lock, super().read() as session:
            yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Session]:
        await self._gates.wait(self._process, "begin")
        async with self._session_lock, super().write() as session:
            yield session
        self._committed()
        await self._gates.wait(self._process, "committed")
