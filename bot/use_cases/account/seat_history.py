"""How an account's seats changed: through settled order lines, and through changes made outside the bot."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.db import Session
from models.account import Account
from models.audit.action import AuditAction
from models.audit.entry import AuditEntry
from models.audit.subject import AuditSubject, SubjectType
from models.service_order import OrderLine
from models.subscription import Subscription
from models.subscription.seat_history import SeatChange, SeatHistory, build_seat_history

HISTORY_PERIOD = timedelta(days=365)
# A chart shows the last few days on which anything changed.
ORDER_LINES_LIMIT = 200
# Changes made outside the bot: an import that overwrote the seats, or the provider.
EXTERNAL_CHANGE_ACTIONS = (AuditAction.OVERWRITTEN.value, AuditAction.SEATS_CHANGED.value)


async def load_seat_history(
    session: Session, account: Account, subscriptions: Sequence[Subscription], at: datetime
) -> SeatHistory:
    since = at - HISTORY_PERIOD
    ids = [subscription.id for subscription in subscriptions]
    changes = [
        *await _list_ordered_changes(session, account, ids, since),
        *await _list_external_changes(session, account, ids, since),
    ]
    return build_seat_history({s.id: s.seats for s in subscriptions}, changes)


async def _list_ordered_changes(
    session: Session, account: Account, ids: Sequence[str], since: datetime
) -> list[SeatChange]:
    """Lists the most recent changes. If there are more, the oldest day may be incomplete."""
    found = await session.exec(
        select(OrderLine.subscription_id, col(OrderLine.settled_at), OrderLine.seats)
        .where(col(OrderLine.subscription_id).in_(ids), col(OrderLine.settled_at) > since)
        .order_by(col(OrderLine.settled_at).desc())
        .limit(ORDER_LINES_LIMIT)
    )
    changes = [SeatChange(id_, account.get_local_date(at), seats) for id_, at, seats in found.all() if at]
    if len(changes) < ORDER_LINES_LIMIT or changes[0].day == changes[-1].day:
        return changes
    return [change for change in changes if change.day != changes[-1].day]


async def _list_external_changes(
    session: Session, account: Account, ids: Sequence[str], since: datetime
) -> list[SeatChange]:
    found = await session.exec(
        select(AuditEntry).where(
            col(AuditEntry.subject).in_([str(AuditSubject(SubjectType.SUBSCRIPTION, id_)) for id_ in ids]),
            col(AuditEntry.action).in_(EXTERNAL_CHANGE_ACTIONS),
            AuditEntry.at > since,
        )
    )
    entries = [entry for entry in found.all() if "seats" in entry.details]
    return [
        SeatChange(
            entry.audit_subject.key,
            account.get_local_date(entry.at),
            entry.details["seats"][1] - entry.details["seats"][0],
        )
        for entry in entries
    ]
