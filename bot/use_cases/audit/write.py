"""Writing audit entries, in the transaction of the change they record (R18)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql
from sqlmodel import col, insert, select, update

from bot.db import Session
from bot.use_cases.account_change import record_account_change
from models.audit.entry import (
    GENESIS_HASH,
    Actor,
    AuditChainTip,
    AuditEntry,
    AuditPerson,
    compute_content_digest,
    compute_entry_hash,
    generate_salt,
)
from models.audit.subject import AuditSubject

# Keys of `Session.info`: the chain tips that the transaction has locked, and the ids of people.
LOCKED_TIPS_KEY, PERSON_IDS_KEY = "audit_chain_tips", "audit_person_ids"

# Prebuilt and without the ORM, because most transactions run them several times.
_ENTRY_TABLE, _TIP_TABLE = AuditEntry.__table__, AuditChainTip.__table__  # type: ignore[attr-defined]
_ENTRY_INSERT = insert(_ENTRY_TABLE)
_PERSON_TABLE = AuditPerson.__table__  # type: ignore[attr-defined]
_TIP_INSERT = insert(_TIP_TABLE)
_TIP_UPDATE = (
    update(_TIP_TABLE)
    .where(_TIP_TABLE.c.account_id == bindparam("account"))
    .values(number=bindparam("new_number"), hash=bindparam("new_hash"))
)
_TIP_LOCK_QUERY = (
    select(_TIP_TABLE.c.number, _TIP_TABLE.c.hash)
    .where(_TIP_TABLE.c.account_id == bindparam("account"))
    .with_for_update()
)


@dataclass
class _LockedTip:
    """The number and hash of the account's last entry."""

    number: int
    hash: str


async def write_audit_entry(
    session: Session,
    *,
    account_id: str,
    actor: Actor,
    subject: AuditSubject,
    action: str,
    at: datetime,
    status_change: tuple[str | None, str | None] = (None, None),
    reason: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Append one entry, and schedule the Homes that show the account for an update. The caller holds the
    account's lock, so that numbers have no gaps.

    `status_change` is (from status, to status). Names, addresses and what people typed belong in `reason` and
    `details`, which can be erased.
    """
    assert not session.in_nested_transaction(), (
        "a rolled back savepoint would leave a wrong tip in session.info"
    )
    person_id = await _get_or_create_person_id(session, actor) if actor.is_person else None
    tip = await _lock_chain_tip(session, account_id)
    entry = {
        "account_id": account_id,
        "number": tip.number + 1,
        "at": at,
        "actor_kind": actor.kind,
        "person_id": person_id,
        "source": actor.source,
        "subject": str(subject),
        "action": action,
        "from_status": status_change[0],
        "to_status": status_change[1],
        **_build_content(reason, details or {}),
        "previous_hash": tip.hash,
    }
    tip.number, tip.hash = tip.number + 1, compute_entry_hash(entry)
    await session.exec(_ENTRY_INSERT, params={**entry, "hash": tip.hash})
    await session.exec(
        _TIP_UPDATE, params={"account": account_id, "new_number": tip.number, "new_hash": tip.hash}
    )
    await record_account_change(session, account_id)


def _build_content(reason: str | None, details: dict[str, Any]) -> dict[str, Any]:
    """What can be erased, with its salt, and its digest, which remains."""
    salt = generate_salt() if reason is not None or details else None
    digest = compute_content_digest(salt, reason, details) if salt else None
    return {"reason": reason, "details": details, "content_salt": salt, "content_digest": digest}


async def _get_or_create_person_id(session: Session, actor: Actor) -> str:
    ids: dict[Actor, str] = session.info.setdefault(PERSON_IDS_KEY, {})
    if actor not in ids:
        ids[actor] = await _find_person_id(session, actor) or await _create_person(session, actor)
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


async def _create_person(session: Session, actor: Actor) -> str:
    person = AuditPerson.from_actor(actor)
    if session.get_bind().dialect.name == "sqlite":
        # SQLite has one writer, so nobody else can have stored this person since.
        await session.exec(insert(_PERSON_TABLE), params=person.model_dump())
        return person.id
    statement = postgresql.insert(_PERSON_TABLE).on_conflict_do_nothing()
    await session.exec(statement, params=person.model_dump())
    # Another transaction may have stored this person in the meantime.
    person_id = await _find_person_id(session, actor)
    assert person_id is not None, "the person is stored"
    return person_id


async def get_last_entry_number(session: Session, account_id: str) -> int:
    return (await _lock_chain_tip(session, account_id)).number


async def _lock_chain_tip(session: Session, account_id: str) -> _LockedTip:
    locked_tips: dict[str, _LockedTip] = session.info.setdefault(LOCKED_TIPS_KEY, {})
    if account_id not in locked_tips:
        row = (await session.exec(_TIP_LOCK_QUERY, params={"account": account_id})).one_or_none()
        if row is None:
            await session.exec(
                _TIP_INSERT, params={"account_id": account_id, "number": 0, "hash": GENESIS_HASH}
            )
        locked_tips[account_id] = _LockedTip(*row) if row else _LockedTip(0, GENESIS_HASH)
    return locked_tips[account_id]


async def list_audit_entries(session: Session, subjects: list[AuditSubject]) -> list[AuditEntry]:
    entries = await session.exec(
        select(AuditEntry)
        .where(col(AuditEntry.subject).in_([str(subject) for subject in subjects]))
        .order_by(col(AuditEntry.id))
    )
    return list(entries.all())
