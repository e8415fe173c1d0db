"""The history for those who audit it: written out, and checked whether it is as it was written (R18)."""

import csv
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from enum import StrEnum
from typing import Any, TextIO

from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import Database
from models.account import Account, AccountNotFound
from models.audit_entry import AuditEntry, AuditHead, Chain, Flaw

AT_ONCE = 500
# What a spreadsheet would take for a formula, and what people typed may begin with it.
FORMULA = ("=", "+", "-", "@", "\t", "\r")

Write = Callable[[dict[str, Any]], None]
# Told how many entries are done, of how many.
Progress = Callable[[int, int], None]


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"


@dataclass
class History:
    """How far an account's history goes, and what is wrong with it."""

    account_id: str
    number: int
    hash: str
    flaws: list[Flaw] = field(default_factory=list)


async def check_histories(database: Database, *, progress: Progress) -> list[History]:
    """Every account's history, by account."""
    chains: dict[str, Chain] = {}
    flaws: dict[str, list[Flaw]] = {}
    async with database.stream() as session:
        async for entry in _entries(session, progress):
            chain = chains.setdefault(entry.account_id, Chain())
            flaws.setdefault(entry.account_id, []).extend(chain.follow(entry))
        heads = {head.account_id: head for head in (await session.exec(select(AuditHead))).all()}
        accounts = (await session.exec(select(Account.id))).all()
    found = []
    for account_id in sorted({*accounts, *heads, *chains}):
        chain = chains.get(account_id, Chain())
        broken = [*flaws.get(account_id, []), *chain.end(heads.get(account_id))]
        found.append(History(account_id, chain.number, chain.hash, broken))
    return found


async def export_history(
    database: Database, *, account_id: str, form: Format, out: TextIO, progress: Progress
) -> int:
    """Write an account's history, entry by entry as they are read. Raises AccountNotFound."""
    async with database.stream() as session:
        if await session.get(Account, account_id) is None:
            raise AccountNotFound
        written = 0
        with WRITERS[form](out) as write:
            async for entry in _entries(session, progress, account_id):
                write(_row(entry))
                written += 1
        return written


@contextmanager
def _csv(out: TextIO) -> Iterator[Write]:
    writer = csv.DictWriter(
        out, fieldnames=[n for n in AuditEntry.model_fields if n != "id"], lineterminator="\n"
    )
    writer.writeheader()

    def write(row: dict[str, Any]) -> None:
        details = json.dumps(row["details"], ensure_ascii=False, sort_keys=True)
        writer.writerow({name: _cell(value) for name, value in {**row, "details": details}.items()})

    yield write


def _cell(value: Any) -> Any:
    """No formula: an apostrophe makes it text to a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


@contextmanager
def _json(out: TextIO) -> Iterator[Write]:
    """One array, an entry a line."""
    before = "[\n"

    def write(row: dict[str, Any]) -> None:
        nonlocal before
        out.write(before + json.dumps(row, ensure_ascii=False))
        before = ",\n"

    yield write
    out.write("[]\n" if before == "[\n" else "\n]\n")


WRITERS: dict[Format, Callable[[TextIO], AbstractContextManager[Write]]] = {
    Format.CSV: _csv,
    Format.JSON: _json,
}


async def _entries(
    session: AsyncSession, progress: Progress, account_id: str | None = None
) -> AsyncIterator[AuditEntry]:
    """In the order of their numbers, some at a time: a history may be longer than memory."""
    wanted = [AuditEntry.account_id == account_id] if account_id else []
    total = (await session.exec(select(func.count()).select_from(AuditEntry).where(*wanted))).one()
    query = (
        select(AuditEntry)
        .where(*wanted)
        .order_by(AuditEntry.account_id, col(AuditEntry.number), col(AuditEntry.id))
    )
    stream = await session.stream_scalars(query.execution_options(yield_per=AT_ONCE))
    done = 0
    async for entry in stream:
        yield entry
        done += 1
        if done % AT_ONCE == 0 or done == total:
            progress(done, total)


def _row(entry: AuditEntry) -> dict[str, Any]:
    """The entry with its instant in ISO 8601, in UTC."""
    at = entry.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return {**entry.model_dump(mode="json", exclude={"id"}), "at": at}
