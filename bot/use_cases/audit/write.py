"""Writing audit entries, in the transaction of the change they record (R18)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, insert, select, update

from bot.db import Session, build_insert, lock_audit_chain_tip
from bot.use_cases.account_change import record_account_change
from models.audit.action import AuditAction
from models.audit.entry import (
    Actor,
    AuditChainTip,
    AuditEntry,
    AuditPerson,
    compute_content_digest,
    compute_entry_hash,
    generate_salt,
)
from models.audit.subject import AuditSubject

# Key of `Session.info`: the ids of people.
PERSON_IDS_KEY = "audit_person_ids"

# Prebuilt and without the ORM, because most transactions run them.
_ENTRY_TABLE, _TIP_TABLE = AuditEntry.__table__, AuditChainTip.__table__  # type: ignore[attr-defined]
# With RETURNING, several entries are inserted by one statement.
_ENTRY_INSERT = insert(_ENTRY_TABLE).returning(_ENTRY_TABLE.c.number)
_PERSON_TABLE = AuditPerson.__table__  # type: ignore[attr-defined]
_TIP_UPDATE = (
    update(_TIP_TABLE)
    .where(_TIP_TABLE.c.account_id == bindparam("account"))
    .values(number=bindparam("new_number"), hash=bindparam("new_hash"))
)


@dataclass(frozen=True)
class NewAuditEntry:
    """`status_change` is (from status, to status). Names, addresses and what people typed belong in `reason`
    and `details`, which can be erased."""

    actor: Actor
    subject: AuditSubject
    action: AuditAction
    at: datetime
    status_change: tuple[str | None, str | None] = (None, None)
    reason: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


async def write_audit_entry(
    session: Session,
    *,
    account_id: str,
    actor: Actor,
    subject: AuditSubject,
    action: AuditAction,
    at: datetime,
    status_change: tuple[str | None, str | None] = (None, None),
    reason: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    entry = NewAuditEntry(actor, subject, action, at, status_change, reason, details or {})
    await write_audit_entries(session, account_id, [entry])


async def prepare_audit_entries(session: Session, account_id: str, actor: Actor) -> None:
    """Stores what `write_audit_entries` stores beside entries of this actor, if that has to be stored
    earlier."""
    await _get_or_create_person_id(session, actor)
    await record_account_change(session, account_id)


async def write_audit_entries(session: Session, account_id: str, entries: Sequence[NewAuditEntry]) -> None:
    """Appends entries in their order, and schedules updates of the Homes that show the account. The caller
    holds the account's lock, so that numbers have no gaps."""
    assert not session.in_nested_transaction(), (
        "a rolled back savepoint would leave a wrong tip in session.info"
    )
    if not entries:
        return
    person_ids = [await _get_or_create_person_id(session, entry.actor) for entry in entries]
    tip = await lock_audit_chain_tip(session, account_id)
    rows = []
    for entry, person_id in zip(entries, person_ids, strict=True):
        row = _build_row(account_id, entry, person_id, tip.number + 1, tip.hash)
        tip.number, tip.hash = row["number"], row["hash"]
        rows.append(row)
    await session.exec(_ENTRY_INSERT, params=rows)
    await session.exec(
        _TIP_UPDATE, params={"account": account_id, "new_number": tip.number, "new_hash": tip.hash}
    )
    await record_account_change(session, account_id)


def _build_row(
    account_id: str, entry: NewAuditEntry, person_id: str | None, number: int, previous_hash: str
) -> dict[str, Any]:
    row = {
        "account_id": account_id,
        "number": number,
        "at": entry.at,
        "actor_kind": entry.actor.kind,
        "person_id": person_id,
        "source": entry.actor.source,
        "subject": str(entry.subject),
        "action": entry.action.value,
        "from_status": entry.status_change[0],
        "to_status": entry.status_change[1],
        **_build_content(entry.reason, dict(entry.details)),
        "previous_hash": previous_hash,
    }
    return {**row, "hash": compute_entry_hash(row)}


def _build_content(reason: str | None, details: dict[str, Any]) -> dict[str, Any]:
    """Returns what can be erased, with its salt, and the digest, which remains."""
    salt = generate_salt() if reason is not None or details else None
    digest = compute_content_digest(salt, reason, details) if salt else None
    return {"reason": reason, "details": details, "content_salt": salt, "content_digest": digest}


async def _get_or_create_person_id(session: Session, actor: Actor) -> str | None:
    if actor.person_id is not None or not actor.is_person:
        return actor.person_id
    ids: dict[Actor, str | None] = session.info.setdefault(PERSON_IDS_KEY, {})
    if actor not in ids:
        # The request has read the id of a person who has acted before, so this one is probably new. On SQLite
        # a trigger refuses to insert a person again.
        if session.get_bind().dialect.name == "sqlite":
            ids[actor] = await _find_person_id(session, actor) or await _create_person(session, actor)
        else:
            ids[actor] = await _create_person(session, actor) or await _find_person_id(session, actor)
    return ids[actor]


async def _find_person_id(session: Session, actor: Actor) -> str | None:
    found = await session.exec(
        select(AuditPerson.id).where(
            AuditPerson.team_id == actor.team_id,
            AuditPerson.user_id == actor.user_id,
            AuditPerson.name == actor.name,
            AuditPerson.email == actor.email,
        )
    )
    return found.one_or_none()


async def _create_person(session: Session, actor: Actor) -> str | None:
    new_person = AuditPerson.from_actor(actor).model_dump()
    statement = build_insert(session, _PERSON_TABLE).on_conflict_do_nothing().returning(_PERSON_TABLE.c.id)
    created_id: str | None = (await session.exec(statement, params=new_person)).scalar_one_or_none()
    return created_id


async def get_last_entry_number(session: Session, account_id: str) -> int:
    return (await lock_audit_chain_tip(session, account_id)).number


async def list_audit_entries(session: Session, subjects: list[AuditSubject]) -> list[AuditEntry]:
    entries = await session.exec(
        select(AuditEntry)
        .where(col(AuditEntry.subject).in_([str(subject) for subject in subjects]))
        .order_by(col(AuditEntry.id))
    )
    return list(entries.all())
