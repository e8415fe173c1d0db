"""Which notice to deliver next: in order for each destination, within Slack's limits, one worker at a time.

The claims and the next permitted times are rows, so that all this holds across replicas.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.services import Services
from bot.settings import Settings
from bot.use_cases.letter import Address, status_message
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from models.quote import Quote

log = structlog.get_logger()

# Slack takes some hundreds of messages a minute in a workspace: five may go at once, five a second follow.
TEAM_PAUSE = timedelta(milliseconds=200)
TEAM_LEAD = 4 * TEAM_PAUSE
TEAM = "team:"

# Written out: as a parameter it would hide from the planner that the partial indexes hold what is asked.
WAITING = text("notice.status = 'waiting'")


@dataclass(frozen=True)
class Claim:
    """A destination's oldest due notice, and until when the destination is this worker's."""

    notice: Notice
    until: datetime


def delivery_lease(settings: Settings) -> timedelta:
    """Shorter than an order line's: while a destination is held, its later notices wait."""
    return settings.lease / 2


def longest_delivery(settings: Settings) -> timedelta:
    """Shorter than the lease: whoever claims the destination next finds nobody else posting to it."""
    return settings.lease / 3


async def claim_due(services: Services, room: int) -> list[Claim]:
    """Up to `room` notices that are due and permitted now, each of another destination."""
    if room == 0:
        return []
    at = services.now()
    async with services.read() as session:
        due = (await session.exec(due_destinations(at, room, mail=services.mailer.configured))).all()
    if not due:
        return []
    async with services.write() as session:
        names = {destination for destination, _ in due} | {TEAM + team for _, team in due}
        await _make_slots(session, names, at)
        lease = delivery_lease(services.settings)
        claims = [await _claim(session, destination, at, lease) for destination, _ in due]
    return [claim for claim in claims if claim]


def due_destinations(at: datetime, room: int, *, mail: bool) -> Select[str, str]:
    """Destinations (and their workspaces) with something to deliver that nothing holds back, the one that
    has waited longest first. Without a mail server, e-mails wait."""
    slot, team = aliased(DeliverySlot), aliased(DeliverySlot)
    by_mail = col(Notice.destination).startswith("email:")
    unclaimed = or_(col(slot.claimed_until).is_(None), col(slot.claimed_until) <= at)
    free = or_(col(slot.destination).is_(None), and_(col(slot.next_at) <= at, unclaimed))
    in_pace = or_(by_mail, col(team.destination).is_(None), col(team.next_at) <= at + TEAM_LEAD)
    return (
        select(Notice.destination, Notice.team)
        .outerjoin(slot, col(slot.destination) == Notice.destination)
        .outerjoin(team, col(team.destination) == TEAM + col(Notice.team))
        .where(WAITING, col(Notice.due_at) <= at, free, in_pace)
        .where(*([] if mail else [~by_mail]))
        .group_by(col(Notice.destination), col(Notice.team))
        .order_by(func.min(Notice.id))
        .limit(room)
    )


async def _make_slots(session: AsyncSession, names: set[str], at: datetime) -> None:
    found = await session.exec(
        select(DeliverySlot.destination).where(col(DeliverySlot.destination).in_(names))
    )
    # Sorted, and before any slot is held: two workers that make the same ones cannot wait in a ring.
    for name in sorted(names - set(found.all())):
        try:
            async with session.begin_nested():
                session.add(DeliverySlot(destination=name, next_at=at))
        except IntegrityError:
            log.debug("another worker made the slot", slot=name)


async def _claim(session: AsyncSession, destination: str, at: datetime, lease: timedelta) -> Claim | None:
    slot = await _hold(session, destination)
    if slot is None or slot.next_at > at or (slot.claimed_until and slot.claimed_until > at):
        return None
    notice = await _next_notice(session, destination, at)
    if notice is None or not await _take_turn(session, notice, at):
        return None
    slot.claimed_until = at + lease
    return Claim(notice, slot.claimed_until)


async def _hold(session: AsyncSession, name: str) -> DeliverySlot | None:
    """The slot, held by this transaction; none while another's holds it."""
    found = await session.exec(
        select(DeliverySlot)
        .where(DeliverySlot.destination == name)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return found.one_or_none()


async def _take_turn(session: AsyncSession, notice: Notice, at: datetime) -> bool:
    """One of the workspace's turns; e-mails need none."""
    if Address.of(notice).kind == "email":
        return True
    pace = await _hold(session, TEAM + notice.team)
    if pace is None or pace.next_at > at + TEAM_LEAD:
        return False
    pace.next_at = max(pace.next_at, at) + TEAM_PAUSE
    return True


async def _next_notice(session: AsyncSession, destination: str, at: datetime) -> Notice | None:
    """The oldest due notice of a destination, past those that a newer one makes needless."""
    while True:
        found = await session.exec(due_of(destination, at).order_by(col(Notice.id)).limit(1))
        notice = found.one_or_none()
        if notice is None or not await needless(session, notice, at):
            return notice
        notice.status, notice.delivered_at = NoticeStatus.DELIVERED, at
        session.add(notice)


def due_of(destination: str, at: datetime) -> SelectOfScalar[Notice]:
    return select(Notice).where(WAITING, Notice.destination == destination, col(Notice.due_at) <= at)


async def needless(session: AsyncSession, notice: Notice, at: datetime) -> bool:
    if notice.kind is NoticeKind.QUOTE_REMINDER:
        return await _nothing_to_remind_of(session, notice, at)
    return await _overtaken(session, notice, at)


async def _nothing_to_remind_of(session: AsyncSession, notice: Notice, at: datetime) -> bool:
    """The quote is decided, or ends at another time now, of which other reminders were stored."""
    quote = await session.get_one(Quote, notice.quote_id)
    ends = quote.expires_at.isoformat()
    return not quote.pending_at(at) or notice.words.get("ends", ends) != ends


async def _overtaken(session: AsyncSession, notice: Notice, at: datetime) -> bool:
    """A status message is drawn from how things stand: of several redrawings due, the last is enough."""
    if notice.kind is not NoticeKind.ORDER_STATUS or await status_message(session, notice) is None:
        return False
    newer = due_of(notice.destination, at).where(
        col(Notice.id) > notice.key,
        Notice.kind == NoticeKind.ORDER_STATUS,
        Notice.order_id == notice.order_id,
    )
    return (await session.exec(newer.limit(1))).first() is not None
