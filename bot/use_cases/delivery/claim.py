"""Which notices to deliver next: in order per destination, within Slack's rate limits, one worker at a time.

Leases and rate limits are rows, so they hold across replicas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from bot.db import Session
from bot.services import Services
from bot.use_cases.due_rows import ClaimQueue
from bot.use_cases.pacing import (
    MESSAGE_LIMIT,
    get_delivery_timeout,
    get_lease_duration,
    lock_or_create_slots,
    update_together,
)
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from models.notice.destination import DestinationKind
from models.notice.payloads import QuoteReminderPayload, parse_payload
from models.quote import Quote

# A literal: the planner does not use a partial index for a condition with a parameter.
IS_WAITING_NOTICE = text("notice.status = 'waiting'")

TeamDestination = tuple[str, str]


@dataclass(frozen=True)
class DeliveryLease:
    """A destination's oldest due notice. Only this worker delivers to the destination until `expires_at`;
    the delivery is abandoned at `deadline`."""

    notice: Notice
    expires_at: datetime
    deadline: datetime

    def get_remaining_seconds(self, at: datetime) -> float:
        """Raises TimeoutError after the deadline."""
        if at >= self.deadline:
            raise TimeoutError("claimed too long ago")
        return (self.deadline - at).total_seconds()


def build_notice_queue(services: Services) -> ClaimQueue[TeamDestination, DeliveryLease]:
    return ClaimQueue(
        services, partial(_find_due_destinations, services), partial(_claim_destinations, services)
    )


async def _find_due_destinations(services: Services, limit: int) -> Sequence[TeamDestination]:
    with_email = services.mailer.is_configured
    async with services.read() as session:
        due = select_due_destinations(services.now(), limit, with_email=with_email)
        return (await session.exec(due)).all()


def select_due_destinations(at: datetime, limit: int, *, with_email: bool) -> Select[str, str]:
    """Destinations, with their workspaces, that have a due notice, no lease and no rate limit in their way;
    the one that has waited longest first. Without a mail server, e-mails wait."""
    slot, team = aliased(DeliverySlot), aliased(DeliverySlot)
    is_email = col(Notice.destination).startswith(f"{DestinationKind.EMAIL.value}:")
    is_unclaimed = or_(col(slot.claimed_until).is_(None), col(slot.claimed_until) <= at)
    is_free = or_(col(slot.destination).is_(None), and_(col(slot.next_at) <= at, is_unclaimed))
    has_token = or_(
        is_email, col(team.destination).is_(None), col(team.next_at) <= at + MESSAGE_LIMIT.burst_allowance
    )
    return (
        select(Notice.destination, Notice.team)
        .outerjoin(slot, col(slot.destination) == Notice.destination)
        .outerjoin(team, col(team.destination) == MESSAGE_LIMIT.slot_prefix + col(Notice.team))
        .where(IS_WAITING_NOTICE, col(Notice.due_at) <= at, is_free, has_token)
        .where(*([] if with_email else [~is_email]))
        .group_by(col(Notice.destination), col(Notice.team))
        .order_by(func.min(Notice.id))
        .limit(limit)
    )


async def _claim_destinations(
    services: Services, destinations: Sequence[TeamDestination]
) -> list[DeliveryLease]:
    names = {destination for destination, _ in destinations}
    names |= {MESSAGE_LIMIT.get_slot_name(team) for _, team in destinations}
    async with services.write() as session:
        at = services.now()
        slots = await lock_or_create_slots(session, names, at, skip_locked=True)
        free = [name for name in dict(destinations) if name in slots and slots[name].is_free(at)]
        # A separate statement: one that locked slots and read notices could see them at different times.
        notices = await _load_next_notices(session, free, at)
        claimed = [
            notice for name in free if (notice := notices.get(name)) and _take_token(slots, notice, at)
        ]
        expires_at = at + get_lease_duration(services.settings)
        for notice in claimed:
            slots[notice.destination].claimed_until = expires_at
        changed = {notice.destination for notice in claimed}
        changed |= {MESSAGE_LIMIT.get_slot_name(notice.team) for notice in claimed}
        update_together(slots[name] for name in changed & slots.keys())
    deadline = at + get_delivery_timeout(services.settings)
    return [DeliveryLease(notice, expires_at, deadline) for notice in claimed]


def _take_token(slots: dict[str, DeliverySlot], notice: Notice, at: datetime) -> bool:
    if notice.parsed_destination.is_email:
        return True
    return MESSAGE_LIMIT.take_token(slots.get(MESSAGE_LIMIT.get_slot_name(notice.team)), at)


async def _load_next_notices(session: Session, destinations: list[str], at: datetime) -> dict[str, Notice]:
    """The oldest due notice of each destination; obsolete ones are marked as delivered."""
    oldest: dict[str, Notice] = {}
    while destinations:
        for notice in await _load_oldest_notices(session, destinations, at):
            oldest[notice.destination] = notice
        obsolete = [
            name for name in destinations if name in oldest and await is_obsolete(session, oldest[name], at)
        ]
        for name in obsolete:
            notice = oldest.pop(name)
            notice.status, notice.delivered_at = NoticeStatus.DELIVERED, at
        destinations = obsolete
    return oldest


async def _load_oldest_notices(
    session: Session, destinations: Sequence[str], at: datetime
) -> Sequence[Notice]:
    oldest_id = (
        select(Notice.id)
        .where(
            IS_WAITING_NOTICE,
            Notice.destination == DeliverySlot.destination,
            col(Notice.due_at) <= at,
        )
        .order_by(col(Notice.id))
        .limit(1)
        .correlate(DeliverySlot)
        .scalar_subquery()
    )
    ids = select(oldest_id).where(col(DeliverySlot.destination).in_(destinations))
    return (await session.exec(select(Notice).where(col(Notice.id).in_(ids)))).all()


async def is_obsolete(session: Session, notice: Notice, at: datetime) -> bool:
    """A reminder for a quote that is decided, or whose expiry has changed: that has reminders of its own."""
    if notice.kind is not NoticeKind.QUOTE_REMINDER:
        return False
    quote = await session.get_one(Quote, notice.quote_id)
    payload = parse_payload(notice)
    announced = payload.expires_at if isinstance(payload, QuoteReminderPayload) else None
    return not quote.is_pending(at) or announced not in (None, quote.expires_at)
