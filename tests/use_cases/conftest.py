from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from bot.db import Database, Session
from bot.use_cases.accounts_import.run import ImportOptions, ImportSummary, import_accounts
from tests.use_cases.imports import ACME, AT, Import
from tests.use_cases.outbox import Outbox


@pytest.fixture
def outbox(database_with_accounts: Database) -> Outbox:
    return Outbox(database_with_accounts)


@pytest.fixture
def imports(database: Database, tmp_path: Path) -> Import:
    async def run(text: str = ACME, at: datetime = AT, *, overwrite: bool = False) -> ImportSummary:
        path = tmp_path / "accounts.yml"
        path.write_text(text, "utf-8")
        options = ImportOptions(overwrite=frozenset({"acme"} if overwrite else ()))
        return await import_accounts(database, path=path, at=at, options=options)

    return run


@pytest.fixture
async def session(database: Database) -> AsyncIterator[Session]:
    async with database.read() as session:
        yield session
