"""Writing history, in the transaction of the change it records (R18)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, insert, select, update

from bot.db import Session
from bot.use_cases.account_change import record_account_change
from models.audit_entry import GENESIS_HASH, Actor, AuditChainTip, AuditEntry, compute_entry_hash

# Where a session keeps the heads that its transaction holds.
LOCKED_TIPS_KEY = "audit_heads"


_ENTRY_TABLE, _TIP_TABLE = AuditEntry.__table__, AuditChainTip.__table__  # type: ignore[attr-defined]
_ENTRY_INSERT = insert(_ENTRY_TABLE)
_TIP_INSERT = insert(_TIP_TABLE)
_TIP_UPDATE = (
    update(_TIP_TABLE)
    .where(_TIP_TABLE.c.account_id == bindparam("account"))
    .values(number=bindparam("to"), hash=bindparam("sealed"))
)
_TIP_LOCK_QUERY = (
    select(_TIP_TABLE.c.number, _TIP_TABLE.c.hash)
    .where(_TIP_TABLE.c.account_id == bindparam("account"))
    .with_for_update()
)


@dataclass
class _LockedTip:
    """How far the account's history has come."""

    number: int
    hash: str


async def write_audit_entry(
    session: Session,
    *,
    account_id: str,
    actor: Actor,
    subject: str,
    action: str,
    at: datetime,
    status_change: tuple[str | None, str | None] = (None, None),
    reason: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Append one entry; Homes that show the account are drawn again. The caller holds the account's lock, so
    that numbers have no gaps.

    `subject` is `quote:SQ-1001` and the like; `change` is (from status, to status).
    """
    assert not session.in_nested_transaction(), "what a savepoint took back would be remembered here"
    head = await _lock_chain_tip(session, account_id)
    entry = {
        "account_id": account_id,
        "number": head.number + 1,
        "at": at,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "source": actor.source,
        "subject": subject,
        "action": action,
        "from_status": status_change[0],
        "to_status": status_change[1],
        "reason": reason,
        "details": details or {},
        "previous_hash": head.hash,
    }
    head.number, head.hash = head.number + 1, compute_entry_hash(entry)
    # Without the mapper: nothing of it is read again here, and most transactions do it several times.
    await session.exec(_ENTRY_INSERT, params={**entry, "hash": head.hash})
    await session.exec(_TIP_UPDATE, params={"account": account_id, "to": head.number, "sealed": head.hash})
    await record_account_change(session, account_id)


async def get_last_entry_number(session: Session, account_id: str) -> int:
    """Of the account's last entry, this transaction's included."""
    return (await _lock_chain_tip(session, account_id)).number


async def _lock_chain_tip(session: Session, account_id: str) -> _LockedTip:
    """Until the transaction ends, so that it is asked for once."""
    held: dict[str, _LockedTip] = session.info.setdefault(LOCKED_TIPS_KEY, {})
    if account_id not in held:
        found = (await session.exec(_TIP_LOCK_QUERY, params={"account": account_id})).one_or_none()
        if found is None:
            await session.exec(
                _TIP_INSERT, params={"account_id": account_id, "number": 0, "hash": GENESIS_HASH}
            )
        held[account_id] = _LockedTip(*found) if found else _LockedTip(0, GENESIS_HASH)
    return held[account_id]


async def list_audit_entries(session: Session, subjects: list[str]) -> list[AuditEntry]:
    """The history of these subjects, oldest first."""
    found = await session.exec(
        select(AuditEntry).where(col(AuditEntry.subject).in_(subjects)).order_by(col(AuditEntry.id))
    )
    return list(found.all())
