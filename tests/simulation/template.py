"""The initial databases of worlds, as SQLite serialises them."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts

ACCOUNTS = Path(__file__).parent / "accounts.yml"
# The scene's quotes: Alice's own for two subscriptions, and an external one for one of them.
OWN_QUOTE, EXTERNAL_QUOTE = 1, 2
IMPORTED_AT = datetime(2026, 11, 10, 9, 0, tzinfo=UTC)


@cache
def build_imported_database() -> bytes:
    """Migrated, with the accounts imported."""
    with TemporaryDirectory(prefix="simulation-") as folder:
        path = Path(folder) / "template.db"
        asyncio.run(_create_database(path))
        raw = sqlite3.connect(path)
        raw.execute("PRAGMA journal_mode=DELETE")
        content = raw.serialize()
        raw.close()
        return content


async def _create_database(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    await database.migrate()
    await import_accounts(database, path=ACCOUNTS, at=IMPORTED_AT)
    await database.close()
