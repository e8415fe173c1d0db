"""Writing history, in the transaction of the change it records (R18)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, insert, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.use_cases.account_change import note_change
from models.audit_entry import FIRST_HASH, Actor, AuditEntry, AuditHead, seal

# Where a session keeps the heads that its transaction holds.
HEADS = "audit_heads"


_ENTRIES, _HEADS = AuditEntry.__table__, AuditHead.__table__  # type: ignore[attr-defined]
_APPEND = insert(_ENTRIES)
_BEGIN = insert(_HEADS)
_GO_ON = (
    update(_HEADS)
    .where(_HEADS.c.account_id == bindparam("account"))
    .values(number=bindparam("to"), hash=bindparam("sealed"))
)
_HEAD = (
    select(_HEADS.c.number, _HEADS.c.hash)
    .where(_HEADS.c.account_id == bindparam("account"))
    .with_for_update()
)


@dataclass
class _Head:
    """How far the account's history has come."""

    number: int
    hash: str


async def record(
    session: AsyncSession,
    *,
    account_id: str,
    actor: Actor,
    subject: str,
    action: str,
    at: datetime,
    change: tuple[str | None, str | None] = (None, None),
    reason: str | None = None,
    details: dict[str, Any] | None = None,
) -> None:
    """Append one entry; Homes that show the account are drawn again. The caller holds the account's lock, so
    that numbers have no gaps.

    `subject` is `quote:SQ-1001` and the like; `change` is (from status, to status).
    """
    assert not session.in_nested_transaction(), "what a savepoint took back would be remembered here"
    head = await _hold_head(session, account_id)
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
        "from_status": change[0],
        "to_status": change[1],
        "reason": reason,
        "details": details or {},
        "previous_hash": head.hash,
    }
    head.number, head.hash = head.number + 1, seal(entry)
    # Without the mapper: nothing of it is read again here, and most transactions do it several times.
    await session.exec(_APPEND, params={**entry, "hash": head.hash})
    await session.exec(_GO_ON, params={"account": account_id, "to": head.number, "sealed": head.hash})
    await note_change(session, account_id)


async def history_number(session: AsyncSession, account_id: str) -> int:
    """Of the account's last entry, this transaction's included."""
    return (await _hold_head(session, account_id)).number


async def _hold_head(session: AsyncSession, account_id: str) -> _Head:
    """Until the transaction ends, so that it is asked for once."""
    held: dict[str, _Head] = session.info.setdefault(HEADS, {})
    if account_id not in held:
        found = (await session.exec(_HEAD, params={"account": account_id})).one_or_none()
        if found is None:
            await session.exec(_BEGIN, params={"account_id": account_id, "number": 0, "hash": FIRST_HASH})
        held[account_id] = _Head(*found) if found else _Head(0, FIRST_HASH)
    return held[account_id]


async def entries_of(session: AsyncSession, subjects: list[str]) -> list[AuditEntry]:
    """The history of these subjects, oldest first."""
    found = await session.exec(
        select(AuditEntry).where(col(AuditEntry.subject).in_(subjects)).order_by(col(AuditEntry.id))
    )
    return list(found.all())
