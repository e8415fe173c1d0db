"""Writing history, in the transaction of the change it records (R18)."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.use_cases.home_change import note_change
from models.audit_entry import Actor, AuditEntry, AuditHead

# Where a session keeps the heads that its transaction holds.
HEADS = "audit_heads"


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
) -> AuditEntry:
    """Append one entry; Homes that show the account are drawn again. The caller holds the account's lock, so
    that numbers have no gaps.

    `subject` is `quote:SQ-1001` and the like; `change` is (from status, to status).
    """
    head = session.info.get(HEADS, {}).get(account_id) or await _hold_head(session, account_id)
    entry = AuditEntry(
        account_id=account_id,
        number=head.number + 1,
        at=at,
        actor_kind=actor.kind,
        actor_id=actor.id,
        actor_name=actor.name,
        source=actor.source,
        subject=subject,
        action=action,
        from_status=change[0],
        to_status=change[1],
        reason=reason,
        details=details or {},
        previous_hash=head.hash,
        hash="",
    )
    entry.hash = entry.seal()
    head.number, head.hash = entry.number, entry.hash
    session.add_all([entry, head])
    note_change(session, account_id)
    await session.flush()
    return entry


_HEAD = (
    select(AuditHead)
    .where(AuditHead.account_id == bindparam("account"))
    .with_for_update()
    .execution_options(populate_existing=True)
)


async def _hold_head(session: AsyncSession, account_id: str) -> AuditHead:
    """Until the transaction ends, so that it is asked for once."""
    found = await session.exec(_HEAD, params={"account": account_id})
    head = found.one_or_none() or AuditHead(account_id=account_id)
    session.info.setdefault(HEADS, {})[account_id] = head
    return head


async def entries_of(session: AsyncSession, subjects: list[str]) -> list[AuditEntry]:
    """The history of these subjects, oldest first."""
    found = await session.exec(
        select(AuditEntry).where(col(AuditEntry.subject).in_(subjects)).order_by(col(AuditEntry.id))
    )
    return list(found.all())
