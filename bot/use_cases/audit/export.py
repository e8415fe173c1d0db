"""Exporting and verifying the audit history (R18)."""

import csv
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import Any, TextIO

from sqlmodel import col, func, select

from bot.csv_cells import BYTE_ORDER_MARK, escape_cell
from bot.db import Database, Session
from models.account import Account, AccountNotFound
from models.audit.entry import AuditChainTip, AuditEntry, ChainViolation, HashChainVerifier
from models.text.control_characters import escape_control_characters

BATCH_SIZE = 500

# Field of an export -> column of AuditPerson.
PERSON_FIELDS = {
    "actor_name": "name",
    "actor_email": "email",
    "actor_team_id": "team_id",
    "actor_user_id": "user_id",
    "person_salt": "salt",
}

RowWriter = Callable[[dict[str, Any]], None]
# Called with the number of finished entries and the total.
ProgressCallback = Callable[[int, int], None]


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


class Delimiter(StrEnum):
    """Between the cells of a line. Spreadsheets expect a semicolon where decimals have a comma."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"


DELIMITER_CHARACTERS = {Delimiter.COMMA: ",", Delimiter.SEMICOLON: ";", Delimiter.TAB: "\t"}


@dataclass
class ChainReport:
    """How long an account's history is, and what is wrong with it."""

    account_id: str
    last_number: int
    last_hash: str
    erased_entries: int = 0
    violations: list[ChainViolation] = field(default_factory=list)


async def verify_histories(database: Database, *, progress: ProgressCallback) -> list[ChainReport]:
    chains: dict[str, HashChainVerifier] = {}
    flaws: dict[str, list[ChainViolation]] = {}
    async with database.stream() as session:
        async for entry in _stream_entries(session, progress):
            chain = chains.setdefault(entry.account_id, HashChainVerifier())
            flaws.setdefault(entry.account_id, []).extend(chain.verify_next(entry))
        heads = {head.account_id: head for head in (await session.exec(select(AuditChainTip))).all()}
        accounts = (await session.exec(select(Account.id))).all()
    found = []
    for account_id in sorted({*accounts, *heads, *chains}):
        chain = chains.get(account_id, HashChainVerifier())
        broken = [*flaws.get(account_id, []), *chain.verify_tip(heads.get(account_id))]
        found.append(
            ChainReport(account_id, chain.last_number, chain.last_hash, chain.erased_entries, broken)
        )
    return found


async def export_history(
    database: Database,
    *,
    account_id: str,
    export_format: ExportFormat,
    out: TextIO,
    progress: ProgressCallback,
    delimiter: Delimiter = Delimiter.COMMA,
) -> int:
    """Writes an account's history entry by entry, as they are read. Raises AccountNotFound."""
    async with database.stream() as session:
        if await session.get(Account, account_id) is None:
            raise AccountNotFound
        written = 0
        with _open_writer(out, export_format, delimiter) as write:
            async for entry in _stream_entries(session, progress, account_id):
                write(_build_row(entry))
                written += 1
        return written


def _open_writer(
    out: TextIO, export_format: ExportFormat, delimiter: Delimiter
) -> AbstractContextManager[RowWriter]:
    if export_format is ExportFormat.JSON:
        return _open_json_writer(out)
    return _open_csv_writer(out, DELIMITER_CHARACTERS[delimiter])


@contextmanager
def _open_csv_writer(out: TextIO, delimiter: str) -> Iterator[RowWriter]:
    out.write(BYTE_ORDER_MARK)
    fields = [name for name in AuditEntry.model_fields if name != "id"]
    writer = csv.DictWriter(
        out, fieldnames=[*fields, *PERSON_FIELDS, "erased"], delimiter=delimiter, lineterminator="\n"
    )
    writer.writeheader()

    def write(row: dict[str, Any]) -> None:
        details = json.dumps(row["details"], ensure_ascii=False, sort_keys=True)
        writer.writerow({name: escape_cell(value) for name, value in {**row, "details": details}.items()})

    yield write


@contextmanager
def _open_json_writer(out: TextIO) -> Iterator[RowWriter]:
    before = "[\n"

    def write(row: dict[str, Any]) -> None:
        nonlocal before
        # JSON escapes control characters below 0x20 by itself.
        out.write(before + escape_control_characters(json.dumps(row, ensure_ascii=False), "\\u{:04x}"))
        before = ",\n"

    yield write
    out.write("[]\n" if before == "[\n" else "\n]\n")


async def _stream_entries(
    session: Session, progress: ProgressCallback, account_id: str | None = None
) -> AsyncIterator[AuditEntry]:
    # In batches, because a history may not fit in memory.
    wanted = [AuditEntry.account_id == account_id] if account_id else []
    total = (await session.exec(select(func.count()).select_from(AuditEntry).where(*wanted))).one()
    query = (
        select(AuditEntry)
        .where(*wanted)
        .order_by(AuditEntry.account_id, col(AuditEntry.number), col(AuditEntry.id))
    )
    stream = await session.stream_scalars(query.execution_options(yield_per=BATCH_SIZE))
    done = 0
    async for entry in stream:
        yield entry
        done += 1
        if done % BATCH_SIZE == 0 or done == total:
            progress(done, total)


def _build_row(entry: AuditEntry) -> dict[str, Any]:
    at = entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    person = entry.person.model_dump() if entry.person else {}
    return {
        **entry.model_dump(mode="json", exclude={"id"}),
        "at": at,
        **{field: person.get(column) for field, column in PERSON_FIELDS.items()},
        "actor_name": entry.actor_name,
        "erased": entry.is_content_erased or entry.is_person_erased,
    }
