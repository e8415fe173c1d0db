"""After a restore no document number is issued twice.

A backup does not know the numbers issued after it, which people have received. So a process does not serve a
database that is not the one it was, before somebody said what was issued.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, func, select, update

from bot.db import Database, Session, build_insert, lock_account
from bot.use_cases.audit.write import write_audit_entry
from bot.version import PROGRAM
from models.account import Account
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.database_identity import IDENTITY_ROW_ID, DatabaseId, DatabaseIdentity
from models.document_sequence import INITIAL_LAST_NUMBER, PREFIXES, SERVICE_ORDER_PREFIX, DocumentSequence
from models.service_order import ServiceOrder


class RestoredDatabase(Exception):
    """`last_numbers` are those known to have been issued, by prefix: stored, or remembered elsewhere."""

    def __init__(self, last_numbers: Mapping[str, int]) -> None:
        numbers = " ".join(f"{prefix}-{last_numbers[prefix]}" for prefix in PREFIXES)
        super().__init__(
            "the database was restored from a backup, or moved, and may issue document numbers a second "
            f"time: {PROGRAM} accept-restore {numbers} (each with the last number that people have received, "
            "if it is a later one; see docs/operate.md)"
        )


class NumberUnknown(Exception):
    """`last_numbers` are those known to have been issued, by prefix."""

    def __init__(self, last_numbers: Mapping[str, int]) -> None:
        numbers = " ".join(f"{prefix}-{last_numbers[prefix]}" for prefix in PREFIXES)
        super().__init__(
            "give the last number of each kind that people have received. The last ones known here and to "
            f"the billing provider: {PROGRAM} accept-restore {numbers}"
        )


@dataclass(frozen=True)
class DatabaseState:
    """`stored` is none if no version that stores it has served the database yet, `current` if nothing
    identifies it."""

    stored: DatabaseIdentity | None
    current: DatabaseId | None
    last_numbers: dict[str, int]
    remembered_numbers: dict[str, int]
    is_loaded_from_dump: bool

    @property
    def is_restored(self) -> bool:
        return self._is_other or self.issued_numbers != self.last_numbers

    @property
    def _is_other(self) -> bool:
        if self.stored is not None and self.stored.database_id != self.current:
            return True
        # A dump from before the identity was stored, or one that was loaded into the emptied tables.
        has_issued = any(number > INITIAL_LAST_NUMBER for number in self.last_numbers.values())
        return has_issued and self.is_loaded_from_dump

    @property
    def issued_numbers(self) -> dict[str, int]:
        return _merge(self.last_numbers, self.remembered_numbers)


async def check_not_restored(database: Database, at: datetime) -> None:
    """Stores the database's id if it has never been served. Raises RestoredDatabase."""
    current, is_loaded = await database.read_id(), await database.is_loaded_from_dump()
    async with database.write() as session:
        state = await _load_state(session, database, current, is_loaded)
        if state.is_restored:
            raise RestoredDatabase(state.issued_numbers)
        if state.stored is None:
            await _store_identity(session, database.renew_id(current, state.last_numbers), at)


async def load_database_state(database: Database) -> DatabaseState:
    current, is_loaded = await database.read_id(), await database.is_loaded_from_dump()
    async with database.read() as session:
        return await _load_state(session, database, current, is_loaded)


async def find_last_order_time(database: Database) -> datetime | None:
    """Returns the time of the last order in the backup: orders that are missing from it were placed and
    charged later."""
    async with database.read() as session:
        return (await session.exec(select(func.max(ServiceOrder.placed_at)))).one()


async def accept_restored_database(
    database: Database, issued: Sequence[str], at: datetime, *, charge_keys: Iterable[str] = ()
) -> dict[str, tuple[int, int]]:
    """Moves the numbering past those given (`SO-1042`), those remembered, and the orders in the provider's
    records. Returns the gaps by prefix: the last number before, and after. The history of each account
    records them. Raises NumberUnknown unless one of each kind is given."""
    current, is_loaded = await database.read_id(), await database.is_loaded_from_dump()
    async with database.write() as session:
        state = await _load_state(session, database, current, is_loaded)
        known = _merge(state.issued_numbers, _find_charged_orders(charge_keys))
        given = _parse_numbers(issued)
        if given is None:
            raise NumberUnknown(known)
        before, after = state.last_numbers, _merge(known, given)
        gaps = {
            prefix: (before[prefix], after[prefix]) for prefix in before if after[prefix] > before[prefix]
        }
        for prefix, (_, last_number) in gaps.items():
            await session.exec(
                update(DocumentSequence)
                .where(col(DocumentSequence.prefix) == prefix)
                .values(last_number=last_number)
            )
        await _mark_as_used(session)
        if gaps:
            await _record_gaps(session, gaps, at)
        await _store_identity(session, database.renew_id(current, after), at)
    return gaps


async def _mark_as_used(session: Session) -> None:
    # From now on the rows have different transactions, which a dump's have not: a savepoint has its own.
    async with session.begin_nested():
        await session.exec(
            update(DocumentSequence)
            .where(col(DocumentSequence.prefix) == SERVICE_ORDER_PREFIX)
            .values(last_number=DocumentSequence.last_number)
        )


def _find_charged_orders(charge_keys: Iterable[str]) -> dict[str, int]:
    # A charge's key begins with its order's number.
    matches = (re.match(rf"{SERVICE_ORDER_PREFIX}-([0-9]{{1,9}})-", key) for key in charge_keys)
    return {SERVICE_ORDER_PREFIX: max((int(match[1]) for match in matches if match), default=0)}


def _parse_numbers(issued: Sequence[str]) -> dict[str, int] | None:
    matches = [re.fullmatch(rf"({'|'.join(PREFIXES)})-([0-9]{{1,9}})", number) for number in issued]
    numbers = {match[1]: int(match[2]) for match in matches if match}
    if len(issued) != len(PREFIXES) or len(numbers) != len(PREFIXES):
        return None
    return numbers


def _merge(*numbers: Mapping[str, int]) -> dict[str, int]:
    return {prefix: max(known.get(prefix, 0) for known in numbers) for prefix in PREFIXES}


async def _load_state(
    session: Session, database: Database, current: DatabaseId | None, is_loaded: bool
) -> DatabaseState:
    sequences = await session.exec(select(DocumentSequence))
    return DatabaseState(
        stored=await session.get(DatabaseIdentity, IDENTITY_ROW_ID),
        current=current,
        last_numbers={sequence.prefix: sequence.last_number for sequence in sequences.all()},
        remembered_numbers=database.read_remembered_numbers(),
        is_loaded_from_dump=is_loaded,
    )


async def _record_gaps(session: Session, gaps: Mapping[str, tuple[int, int]], at: datetime) -> None:
    details = {prefix: f"{first + 1}-{last}" for prefix, (first, last) in gaps.items()}
    account_ids = await session.exec(select(Account.id).order_by(Account.id))
    for account_id in account_ids.all():
        account = await lock_account(session, account_id)
        await write_audit_entry(
            session,
            account_id=account_id,
            actor=Actor("operator", "operator", "restored"),
            subject=account.audit_subject,
            action=AuditAction.NUMBERS_SKIPPED,
            at=at,
            details=details,
        )


async def _store_identity(session: Session, database_id: DatabaseId | None, at: datetime) -> None:
    if database_id is None:
        return
    values = {"cluster": database_id.cluster, "database": database_id.database, "stored_at": at}
    await session.exec(
        build_insert(session, DatabaseIdentity)
        .values(id=IDENTITY_ROW_ID, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )
