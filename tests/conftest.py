import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.db import Database


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the last migration, copied for each test."""
    path = tmp_path_factory.mktemp("database") / "migrated.db"

    async def migrate() -> None:
        database = Database(f"sqlite:///{path}")
        await database.migrate()
        await database.close()

    asyncio.run(migrate())
    return path


@pytest.fixture
async def database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    path = tmp_path / "seatbot.db"
    shutil.copy(migrated_file, path)
    database = Database(f"sqlite:///{path}")
    yield database
    await database.close()
