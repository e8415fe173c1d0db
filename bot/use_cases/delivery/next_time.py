"""When the next notice can be delivered."""

from datetime import datetime

from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, select
from sqlmodel.sql.expression import Select

from bot.dependencies import Dependencies
from bot.use_cases.delivery.claim import IS_WAITING_NOTICE
from bot.use_cases.due_rows import get_later
from bot.use_cases.rate_limits import MAX_SUSPENSION, MESSAGE_LIMIT, ignore_implausible_time
from models.lease import MAX_LEASE
from models.notice.destination import DestinationKind
from models.notice.notice import DeliverySlot, Notice


async def find_next_delivery_time(dependencies: Dependencies) -> datetime | None:
    """The earliest time that the rate limits of its destination and workspace, and the lease of another
    worker, allow."""
    at = dependencies.now()
    async with dependencies.read() as session:
        waiting = await session.exec(select_next_times(at, with_email=dependencies.mailer.is_configured))
        times = [
            max(free_at, token_at) if token_at and token_at <= at + MAX_SUSPENSION else free_at
            for free_at, token_at in waiting.all()
        ]
    return min(times, default=None)


def select_next_times(at: datetime, *, with_email: bool) -> Select[datetime, datetime | None]:
    """Selects, for each workspace with waiting notices, the earliest time that one's destination is free, and
    when the workspace's next message is allowed (None for emails, and if nothing was posted yet)."""
    slot, team = aliased(DeliverySlot), aliased(DeliverySlot)
    is_email = col(Notice.destination).startswith(f"{DestinationKind.EMAIL.value}:")
    is_team_slot = and_(~is_email, col(team.destination) == MESSAGE_LIMIT.slot_prefix + col(Notice.team))
    permitted_at = ignore_implausible_time(slot.next_at, at, MAX_SUSPENSION)
    claimed_until = ignore_implausible_time(slot.claimed_until, at, MAX_LEASE)
    free_at = get_later(get_later(col(Notice.due_at), permitted_at), claimed_until)
    return (
        select(func.min(free_at), col(team.next_at))
        .select_from(Notice)
        .outerjoin(slot, col(slot.destination) == Notice.destination)
        .outerjoin(team, is_team_slot)
        .where(IS_WAITING_NOTICE, *([] if with_email else [~is_email]))
        .group_by(col(Notice.team), col(team.next_at))
    )
