"""Two imports at once, on either database: the second waits for the first, and sees what it has stored."""

import asyncio
from pathlib import Path

import pytest

from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
from bot.db import Database, Session
from bot.use_cases.accounts_import.export import export_accounts
from bot.use_cases.accounts_import.run import ImportOptions, ImportSummary, import_accounts
from models.account import Account
from models.audit.entry import AuditEntry
from models.subscription import Subscription
from tests.hooked_database import open_hooked_database
from tests.time_limits import HANG_SECONDS
from tests.use_cases.imports import ACME, AT, UMBRELLA, Import, get_row, list_rows
from tests.variants import both_databases

pytestmark = both_databases


async def store(database: Database, path: Path, text: str, operator: str) -> ImportSummary:
    await asyncio.to_thread(path.write_text, text, "utf-8")
    return await import_accounts(database, path=path, at=AT, options=ImportOptions(operator=operator))


async def overlap(
    database: Database, folder: Path, first: str, second: str, operators: tuple[str, str] = ("bob", "eve")
) -> ImportSummary:
    """Bob's import has done everything but its commit when Eve's asks for its turn; hers ends it."""
    paths = [folder / f"{name}/accounts.yml" for name in ("bob", "eve")]
    for path in paths:
        path.parent.mkdir()
    async with open_hooked_database(database.url) as bobs, open_hooked_database(database.url) as eves:
        has_work, is_asked = asyncio.Event(), asyncio.Event()

        async def wait_for_eve() -> None:
            has_work.set()
            await is_asked.wait()

        async def ask() -> None:
            is_asked.set()

        bobs.before_commit, eves.before_begin = wait_for_eve, ask
        async with asyncio.timeout(HANG_SECONDS):
            bob = asyncio.create_task(store(bobs, paths[0], first, operators[0]))
            await has_work.wait()
            try:
                return await store(eves, paths[1], second, operators[1])
            finally:
                is_asked.set()
                await bob


async def test_both_create_the_account_and_the_second_changes_what_the_first_stored(
    database: Database, session: Session, tmp_path: Path
) -> None:
    """It says so even if both run as the same user, with files of one name."""
    operators = ("root", "root")
    summary = await overlap(database, tmp_path, ACME, ACME.replace("Acme SA", "Acme SAS"), operators)
    assert (await get_row(session, Account)).name == "Acme SAS"
    assert summary.warnings == [
        "acme was changed by root (import:accounts.yml) on 2026-11-16 11:00 UTC while this import ran"
    ]
    changes = [e.details for e in await list_rows(session, AuditEntry) if e.action == "updated"]
    assert changes == [{"name": ["Acme SA", "Acme SAS"]}]


async def test_the_second_of_two_edited_exports_is_refused(
    imports: Import, database: Database, session: Session, tmp_path: Path
) -> None:
    await imports()
    exported = (await export_accounts(database)).text
    edits = (exported.replace("Acme SA", "Acme SAS"), exported.replace("locale: fr", "locale: en"))
    with pytest.raises(InvalidAccountsFile, match="acme was changed by bob"):
        await overlap(database, tmp_path, *edits)
    account = await get_row(session, Account)
    assert (account.name, account.locale) == ("Acme SAS", "fr")


async def test_an_id_that_the_first_has_stored_meanwhile_is_refused_by_name(
    database: Database, session: Session, tmp_path: Path
) -> None:
    """Eve's file was right when it was checked."""
    umbrella = UMBRELLA.rstrip() + ACME[ACME.index("\n    subscriptions:") : ACME.index("    quotes:")]
    with pytest.raises(InvalidAccountsFile, match=r"sub_1 belongs to the account acme"):
        await overlap(database, tmp_path, ACME, "accounts:\n" + umbrella.replace("rescue", "goto-training"))
    assert [a.id for a in await list_rows(session, Account)] == ["acme"]
    assert {s.account_id for s in await list_rows(session, Subscription)} == {"acme"}
