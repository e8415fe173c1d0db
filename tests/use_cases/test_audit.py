"""The history written out, and what was done to it behind everybody's back found (R18)."""

import asyncio
import csv
import io
import json
import re
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlmodel import col, select

from bot.db import Database
from bot.use_cases.audit.export import DELIMITER_CHARACTERS, ExportFormat, export_history, verify_histories
from bot.use_cases.audit.write import write_audit_entry
from models.account import Account, AccountNotFound
from models.audit.action import AuditAction
from models.audit.entry import GENESIS_HASH, Actor, AuditEntry
from models.audit.subject import AuditSubject, SubjectType
from tests.models.examples import NOW
from tests.postgres import database_url
from tests.variants import both_databases, only_sqlite

pytestmark = both_databases

ACTOR = Actor("contact", "=Alice", "test")
# Another entry's row, under a number of its own.
COPY = (
    "INSERT INTO audit_entry SELECT NULL, account_id, {number}, at, actor_kind, person_id, "
    "source, subject, action, from_status, to_status, reason, details, content_salt, content_digest, "
    "previous_hash, hash "
    "FROM audit_entry WHERE account_id = 'acme' AND number = {of}"
)


def quietly(done: int, total: int) -> None:
    assert 0 < done <= total


async def write_history(database: Database, entries: int) -> int:
    """Some entries more for Acme. Returns the number of the last."""
    async with database.write() as session:
        for number in range(entries):
            await write_audit_entry(
                session,
                account_id="acme",
                actor=ACTOR,
                subject=AuditSubject(SubjectType.QUOTE, "SQ-1"),
                action=AuditAction.UPDATED,
                at=NOW,
                reason=f"été {number}",
                details={"seats": number},
            )
        query = select(AuditEntry.number).where(AuditEntry.account_id == "acme")
        return (await session.exec(query.order_by(col(AuditEntry.number).desc()).limit(1))).one()


async def found(database: Database) -> list[str]:
    """What is wrong with Acme's history; all others are well."""
    histories = await verify_histories(database, progress=quietly)
    assert [h.account_id for h in histories if h.violations and h.account_id != "acme"] == []
    return [flaw.description for h in histories for flaw in h.violations]


async def test_r18_an_unchanged_history_is_valid(database_with_accounts: Database) -> None:
    last = await write_history(database_with_accounts, 3)
    assert await found(database_with_accounts) == []
    histories = {h.account_id: h for h in await verify_histories(database_with_accounts, progress=quietly)}
    assert histories["acme"].last_number == last
    async with database_with_accounts.read() as session:
        accounts = (await session.exec(select(Account.id))).all()
    assert sorted(histories) == sorted(accounts)


async def test_r18_entries_written_during_a_check_are_no_violation(database_with_accounts: Database) -> None:
    """All of it is read as it was at the beginning."""
    last = await write_history(database_with_accounts, 3)
    url = database_with_accounts.url.replace("+psycopg", "")

    async def write_one() -> None:
        other = Database(url)
        await write_history(other, 1)
        await other.close()

    def meanwhile(done: int, total: int) -> None:
        with ThreadPoolExecutor(1) as elsewhere:
            elsewhere.submit(asyncio.run, write_one()).result()

    histories = await verify_histories(database_with_accounts, progress=meanwhile)
    assert [flaw.description for history in histories for flaw in history.violations] == []
    assert {h.account_id: h.last_number for h in histories}["acme"] == last
    assert await write_history(database_with_accounts, 1) == last + 2


def resealed(connection: sqlite3.Connection, last: int) -> None:
    """Entry 3 changed, and all from there on sealed again, as someone would who has read the code."""
    connection.execute("UPDATE audit_entry SET reason = 'another' WHERE account_id = 'acme' AND number = 3")
    connection.row_factory = sqlite3.Row
    previous = GENESIS_HASH
    query = "SELECT * FROM audit_entry WHERE account_id = 'acme' ORDER BY number"
    for row in connection.execute(query).fetchall():
        at = datetime.fromisoformat(row["at"]).replace(tzinfo=UTC)
        entry = AuditEntry(**{**dict(row), "at": at, "details": json.loads(row["details"])})
        if entry.number >= 3:
            entry.previous_hash = previous
            entry.content_digest = entry.compute_content_digest()
            entry.hash = entry.compute_hash()
            connection.execute(
                "UPDATE audit_entry SET content_digest = ?, previous_hash = ?, hash = ? WHERE id = ?",
                (entry.content_digest, entry.previous_hash, entry.hash, entry.id),
            )
        previous = entry.hash


Tampering = Callable[[sqlite3.Connection, int], object]

TAMPERINGS: dict[str, tuple[Tampering, str]] = {
    "changed": (
        lambda c, last: c.execute(
            "UPDATE audit_entry SET reason = 'x' WHERE account_id = 'acme' AND number = 3"
        ),
        "entry 3 was changed",
    ),
    "another moment": (
        lambda c, last: c.execute(
            "UPDATE audit_entry SET at = '2020-01-01 00:00:00' WHERE account_id = 'acme' AND number = 3"
        ),
        "entry 3 was changed",
    ),
    "removed": (
        lambda c, last: c.execute("DELETE FROM audit_entry WHERE account_id = 'acme' AND number = 3"),
        "entry 3 is missing",
    ),
    "several removed": (
        lambda c, last: c.execute("DELETE FROM audit_entry WHERE account_id = 'acme' AND number IN (2, 3)"),
        "entries 2 to 3 are missing",
    ),
    "the first removed": (
        lambda c, last: c.execute("DELETE FROM audit_entry WHERE account_id = 'acme' AND number = 1"),
        "entry 1 is missing",
    ),
    "removed, and the others moved up": (
        lambda c, last: (
            c.execute("DELETE FROM audit_entry WHERE account_id = 'acme' AND number = 3"),
            c.execute("UPDATE audit_entry SET number = number - 1 WHERE account_id = 'acme' AND number > 3"),
        ),
        "entry 3 does not follow the one before: another stood there",
    ),
    "put in between": (
        lambda c, last: (
            c.execute(
                "UPDATE audit_entry SET number = -number - 1 WHERE account_id = 'acme' AND number >= 3"
            ),
            c.execute("UPDATE audit_entry SET number = -number WHERE account_id = 'acme' AND number < 0"),
            c.execute(COPY.format(number=3, of=2)),
        ),
        "entry 3 does not follow the one before: another stood there",
    ),
    "put in after the last": (
        lambda c, last: c.execute(COPY.format(number=last + 1, of=last)),
        "was put in after the last one",
    ),
    "the last ones removed": (
        lambda c, last: c.execute(
            f"DELETE FROM audit_entry WHERE account_id = 'acme' AND number > {last - 2}"
        ),
        "are missing",
    ),
    "all removed": (
        lambda c, last: c.execute("DELETE FROM audit_entry WHERE account_id = 'acme'"),
        "entries 1 to",
    ),
    "all removed, and that there were any": (
        lambda c, last: (
            c.execute("DELETE FROM audit_entry WHERE account_id = 'acme'"),
            c.execute("DELETE FROM audit_chain_tip WHERE account_id = 'acme'"),
        ),
        "how far it had come is gone",
    ),
    "sealed again to the end": (resealed, "the last, is not the one that was written"),
}


@only_sqlite
@pytest.mark.parametrize("name", TAMPERINGS)
async def test_r18_changes_to_the_database_file_are_found(name: str) -> None:
    """The triggers are dropped, which anybody with the file can do."""
    with database_url("accounts") as url:
        database = Database(url)
        last = await write_history(database, 6)
        tamper, words = TAMPERINGS[name]
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            triggers = connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
            for (trigger,) in triggers:
                connection.execute(f"DROP TRIGGER {trigger}")
            tamper(connection, last)
        connection.close()
        flaws = await found(database)
        assert words in "\n".join(flaws)
        await database.close()


async def exported(database: Database, form: ExportFormat) -> str:
    out = io.StringIO()
    await export_history(database, account_id="acme", export_format=form, out=out, progress=quietly)
    return out.getvalue()


async def entries_of_acme(database: Database) -> list[AuditEntry]:
    async with database.read() as session:
        query = select(AuditEntry).where(AuditEntry.account_id == "acme").order_by(col(AuditEntry.number))
        return list((await session.exec(query)).all())


async def test_the_history_as_json_is_complete_with_times_in_utc(
    database_with_accounts: Database,
) -> None:
    database = database_with_accounts
    await write_history(database, 3)
    rows = json.loads(await exported(database, ExportFormat.JSON))
    entries = await entries_of_acme(database)
    assert [row["number"] for row in rows] == [entry.number for entry in entries]
    assert rows[-1]["at"] == "2026-11-15T23:00:00Z"
    assert (rows[-1]["reason"], rows[-1]["details"]) == ("été 2", {"seats": 2})
    assert [row["hash"] for row in rows] == [entry.hash for entry in entries]


async def test_the_history_as_csv_is_complete_and_has_no_formulas(database_with_accounts: Database) -> None:
    database = database_with_accounts
    await write_history(database, 3)
    text = await exported(database, ExportFormat.CSV)
    assert text.startswith("\ufeff"), "or a spreadsheet takes it for another encoding"
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [int(row["number"]) for row in rows] == [e.number for e in await entries_of_acme(database)]
    assert rows[-1]["at"] == "2026-11-15T23:00:00Z"
    assert rows[-1]["actor_name"] == "'=Alice"
    assert json.loads(rows[-1]["details"]) == {"seats": 2}


HARMLESS = {
    "ok;=HYPERLINK(1);x": "ok;'=HYPERLINK(1);x",
    'ok;"=HYPERLINK(1);x': "ok;\"'=HYPERLINK(1);x",
    'ok, " "@SUM(1)': 'ok, " "\'@SUM(1)',
    ' "=1"': ' "\'=1"',
    "a\t+1\n\n-2": "a\t'+1\n\n'-2",
    "a, @SUM(1)": "a, '@SUM(1)",
    "\uff1d1+1": "'\uff1d1+1",
    "\x1b]0;title\x07\x9b2J\r=1": "\\x1b]0;title\\x07\\x9b2J\\x0d=1",
    "2 - 1 = 1": "2 - 1 = 1",
}


async def test_user_input_stays_text_in_every_spreadsheet_and_terminal(
    database_with_accounts: Database,
) -> None:
    """Whatever it splits a line at; and a terminal that shows the output does nothing but show it."""
    database = database_with_accounts
    async with database.write() as session:
        for reason in HARMLESS:
            await write_audit_entry(
                session,
                account_id="acme",
                actor=ACTOR,
                subject=AuditSubject(SubjectType.QUOTE, "SQ-1"),
                action=AuditAction.EXTENDED,
                at=NOW,
                reason=reason,
            )
    for delimiter, character in DELIMITER_CHARACTERS.items():
        out = io.StringIO(newline="")
        await export_history(
            database,
            account_id="acme",
            export_format=ExportFormat.CSV,
            out=out,
            progress=quietly,
            delimiter=delimiter,
        )
        text = out.getvalue().removeprefix("\ufeff")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=character))
        assert [row["reason"] for row in rows if row["action"] == AuditAction.EXTENDED] == [
            *HARMLESS.values()
        ]
    as_json = await exported(database, ExportFormat.JSON)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", as_json)
    assert [row["reason"] for row in json.loads(as_json) if row["action"] == AuditAction.EXTENDED] == [
        *HARMLESS
    ]


async def test_a_long_history_is_read_in_batches(database_with_accounts: Database) -> None:
    last = await write_history(database_with_accounts, 1200)
    progress_calls: list[tuple[int, int]] = []
    out = io.StringIO()
    written = await export_history(
        database_with_accounts,
        account_id="acme",
        export_format=ExportFormat.JSON,
        out=out,
        progress=lambda d, t: progress_calls.append((d, t)),
    )
    assert written == last
    assert progress_calls == [(500, last), (1000, last), (last, last)]


async def test_nothing_is_written_for_an_unknown_account(database_with_accounts: Database) -> None:
    out = io.StringIO()
    with pytest.raises(AccountNotFound):
        await export_history(
            database_with_accounts,
            account_id="nobody",
            export_format=ExportFormat.CSV,
            out=out,
            progress=quietly,
        )
    assert out.getvalue() == ""
