"""Which notice to deliver next: in order for each destination, within Slack's limits, one worker at a time.

The claims and the next permitted times are rows, so that all this holds across replicas.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select, SelectOfScalar
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.services import Services
from bot.settings import Settings
from bot.use_cases.delivery.posted_message import Address, status_message
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from models.quote import Quote

# Slack takes some hundreds of messages a minute in a workspace: five may go at once, five a second follow.
TEAM_PAUSE = timedelta(milliseconds=200)
TEAM_LEAD = 4 * TEAM_PAUSE
TEAM = "team:"

# Written out: as a parameter it would hide from the planner that the partial indexes hold what is asked.
WAITING = text("notice.status = 'waiting'")

_HOLD_SLOTS = (
    select(DeliverySlot)
    .where(col(DeliverySlot.destination).in_(bindparam("names", expanding=True)))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)
_MAKE_SLOT = text(
    "INSERT INTO delivery_slot (destination, next_at) VALUES (:destination, :next_at) ON CONFLICT DO NOTHING"
).bindparams(bindparam("next_at", type_=UTCDateTime()))
_OLDEST_OF_SLOT = (
    select(Notice.id)
    .where(WAITING, Notice.destination == DeliverySlot.destination, col(Notice.due_at) <= bindparam("at"))
    .order_by(col(Notice.id))
    .limit(1)
    .correlate(DeliverySlot)
    .scalar_subquery()
)
_OLDEST = select(Notice).where(
    col(Notice.id).in_(
        select(_OLDEST_OF_SLOT).where(col(DeliverySlot.destination).in_(bindparam("names", expanding=True)))
    )
)


# To look up what is due costs as much for many as for one.
LOOK_AHEAD = 128

Destination = tuple[str, str]


@dataclass(frozen=True)
class Claim:
    """A destination's oldest due notice, and until when the destination is this worker's: an answer that is
    not there by `answer_by` is not waited for."""

    notice: Notice
    until: datetime
    answer_by: datetime

    def seconds_left(self, at: datetime) -> float:
        """Raises TimeoutError where it is too late to begin."""
        if at >= self.answer_by:
            raise TimeoutError("claimed too long ago")
        return (self.answer_by - at).total_seconds()


def delivery_lease(settings: Settings) -> timedelta:
    """Shorter than an order line's: while a destination is held, its later notices wait."""
    return settings.lease / 2


def longest_delivery(settings: Settings) -> timedelta:
    """Shorter than the lease: whoever claims the destination next finds nobody else posting to it."""
    return settings.lease / 3


class DueNotices:
    """What is due, for one worker. It remembers destinations beyond those it takes now; whether each is still
    due and free is asked again in the transaction that claims it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._ahead: Sequence[Destination] = ()

    async def claim(self, room: int) -> list[Claim]:
        """Up to `room` notices that are due and permitted now, each of another destination."""
        looked = not self._ahead
        if looked:
            self._ahead = await self._look(max(room, LOOK_AHEAD))
        chosen, self._ahead = self._ahead[:room], self._ahead[room:]
        claims = await _claim(self._services, chosen) if chosen else []
        if len(claims) < len(chosen):
            # What held back one of them, another worker or the workspace's pace, holds back others.
            self._ahead = ()
        return claims if claims or looked else await self.claim(room)

    async def _look(self, most: int) -> Sequence[Destination]:
        mail = self._services.mailer.configured
        async with self._services.read() as session:
            return (await session.exec(due_destinations(self._services.now(), most, mail=mail))).all()


def due_destinations(at: datetime, most: int, *, mail: bool) -> Select[str, str]:
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
        .limit(most)
    )


async def _claim(services: Services, due: Sequence[Destination]) -> list[Claim]:
    names = {destination for destination, _ in due} | {TEAM + team for _, team in due}
    async with services.write() as session:
        at = services.now()
        slots = await _hold(session, names, at)
        free = [name for name in dict(due) if name in slots and slots[name].free(at)]
        # In a statement of its own: one that took slots and notices at once could find them of two moments.
        notices = await _next_notices(session, free, at)
        taken = [notice for name in free if (notice := notices.get(name)) and _take_turn(slots, notice, at)]
        until = at + delivery_lease(services.settings)
        for notice in taken:
            slots[notice.destination].claimed_until = until
    return [Claim(notice, until, at + longest_delivery(services.settings)) for notice in taken]


async def _hold(session: AsyncSession, names: set[str], at: datetime) -> dict[str, DeliverySlot]:
    """The slots, made where there are none, held by this transaction; without those that another's holds."""
    slots = await _held(session, names)
    missing = names - slots.keys()
    if missing:
        # Sorted: two workers that make the same ones cannot wait in a ring.
        rows = [{"destination": name, "next_at": at} for name in sorted(missing)]
        await session.exec(_MAKE_SLOT, params=rows)  # type: ignore[call-overload]
        slots |= await _held(session, missing)
    return slots


async def _held(session: AsyncSession, names: set[str]) -> dict[str, DeliverySlot]:
    found = await session.exec(_HOLD_SLOTS, params={"names": [*names]})
    return {slot.destination: slot for slot in found.all()}


def _take_turn(slots: dict[str, DeliverySlot], notice: Notice, at: datetime) -> bool:
    """One of the workspace's turns; e-mails need none."""
    if Address.of(notice).kind == "email":
        return True
    pace = slots.get(TEAM + notice.team)
    if pace is None or pace.next_at > at + TEAM_LEAD:
        return False
    pace.next_at = max(pace.next_at, at) + TEAM_PAUSE
    return True


async def _next_notices(session: AsyncSession, destinations: list[str], at: datetime) -> dict[str, Notice]:
    """The oldest due notice of each destination, past those that a newer one makes needless."""
    found: dict[str, Notice] = {}
    while destinations:
        oldest = await session.exec(_OLDEST, params={"names": destinations, "at": at})
        found |= {notice.destination: notice for notice in oldest.all()}
        passed = [name for name in destinations if name in found and await needless(session, found[name], at)]
        for name in passed:
            notice = found.pop(name)
            notice.status, notice.delivered_at = NoticeStatus.DELIVERED, at
        destinations = passed
    return found


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
