"""Which notice to deliver next: in order for each destination, within Slack's limits, one worker at a time.

The claims and the next permitted times are rows, so that all this holds across replicas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select, SelectOfScalar
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.db import Session
from bot.services import Services
from bot.settings import Settings
from bot.use_cases.delivery.posted_message import find_status_message
from models.destination import DestinationKind
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from models.notice_payloads import QuoteReminderPayload, parse_payload
from models.quote import Quote

# Slack takes some hundreds of messages a minute in a workspace: five may go at once, five a second follow.
TEAM_MESSAGE_INTERVAL = timedelta(milliseconds=200)
TEAM_BURST_ALLOWANCE = 4 * TEAM_MESSAGE_INTERVAL
TEAM_SLOT_PREFIX = "team:"

# Written out: as a parameter it would hide from the planner that the partial indexes hold what is asked.
IS_WAITING_NOTICE = text("notice.status = 'waiting'")

_SLOT_LOCK_QUERY = (
    select(DeliverySlot)
    .where(col(DeliverySlot.destination).in_(bindparam("names", expanding=True)))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)
_SLOT_INSERT = text(
    "INSERT INTO delivery_slot (destination, next_at) VALUES (:destination, :next_at) ON CONFLICT DO NOTHING"
).bindparams(bindparam("next_at", type_=UTCDateTime()))
_OLDEST_NOTICE_ID = (
    select(Notice.id)
    .where(
        IS_WAITING_NOTICE,
        Notice.destination == DeliverySlot.destination,
        col(Notice.due_at) <= bindparam("at"),
    )
    .order_by(col(Notice.id))
    .limit(1)
    .correlate(DeliverySlot)
    .scalar_subquery()
)
_OLDEST_NOTICES_QUERY = select(Notice).where(
    col(Notice.id).in_(
        select(_OLDEST_NOTICE_ID).where(col(DeliverySlot.destination).in_(bindparam("names", expanding=True)))
    )
)


# To look up what is due costs as much for many as for one.
PREFETCH_SIZE = 128

TeamDestination = tuple[str, str]


@dataclass(frozen=True)
class DeliveryLease:
    """A destination's oldest due notice, and until when the destination is this worker's: an answer that is
    not there by `answer_by` is not waited for."""

    notice: Notice
    expires_at: datetime
    deadline: datetime

    def get_remaining_seconds(self, at: datetime) -> float:
        """Raises TimeoutError where it is too late to begin."""
        if at >= self.deadline:
            raise TimeoutError("claimed too long ago")
        return (self.deadline - at).total_seconds()


def get_lease_duration(settings: Settings) -> timedelta:
    """Shorter than an order line's: while a destination is held, its later notices wait."""
    return settings.lease_duration / 2


def get_delivery_timeout(settings: Settings) -> timedelta:
    """Shorter than the lease: whoever claims the destination next finds nobody else posting to it."""
    return settings.lease_duration / 3


class DueNoticeQueue:
    """What is due, for one worker. It remembers destinations beyond those it takes now; whether each is still
    due and free is asked again in the transaction that claims it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._prefetched: Sequence[TeamDestination] = ()

    async def claim_notices(self, limit: int) -> list[DeliveryLease]:
        """Up to `room` notices that are due and permitted now, each of another destination."""
        looked = not self._prefetched
        if looked:
            self._prefetched = await self._list_destinations(max(limit, PREFETCH_SIZE))
        chosen, self._prefetched = self._prefetched[:limit], self._prefetched[limit:]
        claims = await _claim_destinations(self._services, chosen) if chosen else []
        if len(claims) < len(chosen):
            # What held back one of them, another worker or the workspace's pace, holds back others.
            self._prefetched = ()
        return claims if claims or looked else await self.claim_notices(limit)

    async def _list_destinations(self, limit: int) -> Sequence[TeamDestination]:
        mail = self._services.mailer.is_configured
        async with self._services.read() as session:
            return (await session.exec(select_due_destinations(self._services.now(), limit, mail=mail))).all()


def select_due_destinations(at: datetime, limit: int, *, mail: bool) -> Select[str, str]:
    """Destinations (and their workspaces) with something to deliver that nothing holds back, the one that
    has waited longest first. Without a mail server, e-mails wait."""
    slot, team = aliased(DeliverySlot), aliased(DeliverySlot)
    by_mail = col(Notice.destination).startswith(f"{DestinationKind.EMAIL.value}:")
    unclaimed = or_(col(slot.claimed_until).is_(None), col(slot.claimed_until) <= at)
    free = or_(col(slot.destination).is_(None), and_(col(slot.next_at) <= at, unclaimed))
    in_pace = or_(by_mail, col(team.destination).is_(None), col(team.next_at) <= at + TEAM_BURST_ALLOWANCE)
    return (
        select(Notice.destination, Notice.team)
        .outerjoin(slot, col(slot.destination) == Notice.destination)
        .outerjoin(team, col(team.destination) == TEAM_SLOT_PREFIX + col(Notice.team))
        .where(IS_WAITING_NOTICE, col(Notice.due_at) <= at, free, in_pace)
        .where(*([] if mail else [~by_mail]))
        .group_by(col(Notice.destination), col(Notice.team))
        .order_by(func.min(Notice.id))
        .limit(limit)
    )


async def _claim_destinations(
    services: Services, destinations: Sequence[TeamDestination]
) -> list[DeliveryLease]:
    names = {destination for destination, _ in destinations} | {
        TEAM_SLOT_PREFIX + team for _, team in destinations
    }
    async with services.write() as session:
        at = services.now()
        slots = await _lock_or_create_slots(session, names, at)
        free = [name for name in dict(destinations) if name in slots and slots[name].is_free(at)]
        # In a statement of its own: one that took slots and notices at once could find them of two moments.
        notices = await _load_next_notices(session, free, at)
        taken = [
            notice for name in free if (notice := notices.get(name)) and _reserve_team_slot(slots, notice, at)
        ]
        until = at + get_lease_duration(services.settings)
        for notice in taken:
            slots[notice.destination].claimed_until = until
    return [DeliveryLease(notice, until, at + get_delivery_timeout(services.settings)) for notice in taken]


async def _lock_or_create_slots(session: Session, names: set[str], at: datetime) -> dict[str, DeliverySlot]:
    """The slots, made where there are none, held by this transaction; without those that another's holds."""
    slots = await _lock_slots(session, names)
    missing = names - slots.keys()
    if missing:
        # Sorted: two workers that make the same ones cannot wait in a ring.
        rows = [{"destination": name, "next_at": at} for name in sorted(missing)]
        await session.exec(_SLOT_INSERT, params=rows)  # type: ignore[call-overload]
        slots |= await _lock_slots(session, missing)
    return slots


async def _lock_slots(session: Session, names: set[str]) -> dict[str, DeliverySlot]:
    found = await session.exec(_SLOT_LOCK_QUERY, params={"names": [*names]})
    return {slot.destination: slot for slot in found.all()}


def _reserve_team_slot(slots: dict[str, DeliverySlot], notice: Notice, at: datetime) -> bool:
    """One of the workspace's turns; e-mails need none."""
    if notice.parsed_destination.is_email:
        return True
    pace = slots.get(TEAM_SLOT_PREFIX + notice.team)
    if pace is None or pace.next_at > at + TEAM_BURST_ALLOWANCE:
        return False
    pace.next_at = max(pace.next_at, at) + TEAM_MESSAGE_INTERVAL
    return True


async def _load_next_notices(session: Session, destinations: list[str], at: datetime) -> dict[str, Notice]:
    """The oldest due notice of each destination, past those that a newer one makes needless."""
    found: dict[str, Notice] = {}
    while destinations:
        oldest = await session.exec(_OLDEST_NOTICES_QUERY, params={"names": destinations, "at": at})
        found |= {notice.destination: notice for notice in oldest.all()}
        passed = [
            name for name in destinations if name in found and await is_obsolete(session, found[name], at)
        ]
        for name in passed:
            notice = found.pop(name)
            notice.status, notice.delivered_at = NoticeStatus.DELIVERED, at
        destinations = passed
    return found


def select_due_notices(destination: str, at: datetime) -> SelectOfScalar[Notice]:
    return select(Notice).where(
        IS_WAITING_NOTICE, Notice.destination == destination, col(Notice.due_at) <= at
    )


async def is_obsolete(session: Session, notice: Notice, at: datetime) -> bool:
    if notice.kind is NoticeKind.QUOTE_REMINDER:
        return await _is_reminder_obsolete(session, notice, at)
    return await _is_superseded(session, notice, at)


async def _is_reminder_obsolete(session: Session, notice: Notice, at: datetime) -> bool:
    """The quote is decided, or ends at another time now, of which other reminders were stored."""
    quote = await session.get_one(Quote, notice.quote_id)
    payload = parse_payload(notice)
    announced = payload.expires_at if isinstance(payload, QuoteReminderPayload) else None
    return not quote.is_pending(at) or announced not in (None, quote.expires_at)


async def _is_superseded(session: Session, notice: Notice, at: datetime) -> bool:
    """A status message is drawn from how things stand: of several redrawings due, the last is enough."""
    if notice.kind is not NoticeKind.ORDER_STATUS or await find_status_message(session, notice) is None:
        return False
    newer = select_due_notices(notice.destination, at).where(
        col(Notice.id) > notice.key,
        Notice.kind == NoticeKind.ORDER_STATUS,
        Notice.order_id == notice.order_id,
    )
    return (await session.exec(newer.limit(1))).first() is not None
