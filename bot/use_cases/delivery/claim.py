"""Which notices to deliver next: in order per destination, within Slack's rate limits, one worker at a time.

Leases and rate limits are rows, so they hold across replicas.
"""

import sys
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, text
from sqlalchemy.orm import aliased
from sqlmodel import and_, col, func, or_, select
from sqlmodel.sql.expression import Select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.use_cases.delivery.content.order_message import find_no_op_edit_ids
from bot.use_cases.due_rows import ClaimQueue
from bot.use_cases.leases import get_delivery_timeout, get_lease_duration, is_unclaimed
from bot.use_cases.rate_limits import (
    DESTINATION_LIMIT,
    MESSAGE_LIMIT,
    batch_slot_updates,
    is_within_rate_limit,
    lock_or_create_slots,
)
from models.account.contact_invitation import PENDING_INVITATION_CONDITION, ContactInvitation
from models.lease import MAX_CLOCK_DIFFERENCE
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from models.notice.destination import DestinationKind
from models.notice.payloads import InvitationPayload, QuoteReminderPayload, parse_payload
from models.quote import Quote

# A literal: the planner does not use a partial index for a condition with a parameter.
IS_WAITING_NOTICE = text("notice.status = 'waiting'")
# How many due notices of a destination are read: a burst, and the status updates that it makes obsolete.
RUN_READ_SIZE = 3 * DESTINATION_LIMIT.burst
EXPIRY_KINDS = (NoticeKind.CONTACTS_CHANGED, NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE)

TeamDestination = tuple[str, str]
Slots = Mapping[str, DeliverySlot]


@dataclass(frozen=True, eq=False)
class DeliveryLease:
    """A destination's oldest due notices, to be delivered one after another. Only this worker delivers to the
    destination until `expires_at`; what is not delivered by `deadline` is abandoned. `covered_ids` maps a
    notice's id to those of later notices that its message completes: it shows the current state, so they are
    not sent.
    `has_more`: there are due notices that are not part of it."""

    notices: tuple[Notice, ...]
    covered_ids: Mapping[int, tuple[int, ...]]
    has_more: bool
    claimed_at: datetime
    expires_at: datetime
    deadline: datetime

    @property
    def destination(self) -> str:
        return self.notices[0].destination

    def get_remaining_seconds(self, at: datetime) -> float:
        """Raises TimeoutError after the deadline."""
        if at >= self.deadline:
            raise TimeoutError("claimed too long ago")
        return (self.deadline - at).total_seconds()

    def has_time_for_another(self, at: datetime) -> bool:
        """Whether another notice after the first can be expected to be delivered before the deadline."""
        return at - self.claimed_at < self.deadline - at


@dataclass(frozen=True)
class DueRun:
    """`no_op_edit_ids`: notices that edit earlier messages and find none to edit. They are not sent."""

    notices: Sequence[Notice]
    no_op_edit_ids: Collection[int]


def build_notice_queue(dependencies: Dependencies) -> ClaimQueue[TeamDestination, DeliveryLease]:
    return ClaimQueue(
        dependencies,
        partial(_find_due_destinations, dependencies),
        partial(_claim_destinations, dependencies),
    )


async def _find_due_destinations(dependencies: Dependencies, limit: int) -> Sequence[TeamDestination]:
    with_email = dependencies.mailer.is_configured
    async with dependencies.read() as session:
        due = select_due_destinations(dependencies.now(), limit, with_email=with_email)
        return (await session.exec(due)).all()


def select_due_destinations(at: datetime, limit: int, *, with_email: bool) -> Select[str, str]:
    """Destinations, with their workspaces, that have a due notice, no lease and no rate limit in their way;
    the one that has waited longest first. Without a mail server, emails of receipts wait."""
    slot, team = aliased(DeliverySlot), aliased(DeliverySlot)
    is_email = col(Notice.destination).startswith(f"{DestinationKind.EMAIL.value}:")
    is_free = or_(
        col(slot.destination).is_(None), and_(is_within_rate_limit(slot, at), is_unclaimed(slot, at))
    )
    has_team_token = or_(is_email, col(team.destination).is_(None), is_within_rate_limit(team, at))
    return (
        select(Notice.destination, Notice.team)
        .outerjoin(slot, col(slot.destination) == Notice.destination)
        .outerjoin(team, col(team.destination) == MESSAGE_LIMIT.slot_prefix + col(Notice.team))
        .where(IS_WAITING_NOTICE, _is_due(at), is_free, has_team_token)
        .where(*([] if with_email else [~is_email]))
        .group_by(col(Notice.destination), col(Notice.team))
        .order_by(func.min(Notice.id))
        .limit(limit)
    )


def _is_due(at: datetime) -> ColumnElement[bool]:
    # A notice that was due when it was stored, by a clock that was hours ahead, is due now.
    is_of_wrong_clock = and_(
        col(Notice.due_at) > at + MAX_CLOCK_DIFFERENCE, col(Notice.due_at) == col(Notice.created_at)
    )
    return or_(col(Notice.due_at) <= at, is_of_wrong_clock)


async def _claim_destinations(
    dependencies: Dependencies, destinations: Sequence[TeamDestination]
) -> list[DeliveryLease]:
    names = {destination for destination, _ in destinations}
    names |= {MESSAGE_LIMIT.get_slot_name(team) for _, team in destinations}
    async with dependencies.write() as session:
        at = dependencies.now()
        slots = await lock_or_create_slots(session, names, at, skip_locked=True)
        free = [name for name in dict(destinations) if name in slots and not slots[name].is_claimed(at)]
        # A separate statement: one that locked slots and read notices could see them at different times.
        runs = await _load_runs(session, free, at)
        return _lease_runs(dependencies, runs, slots, at)


async def claim_again(
    dependencies: Dependencies, session: Session, destinations: Collection[str], slots: Slots
) -> list[DeliveryLease]:
    """Claims the next notices of these destinations. `slots` are those that are locked already."""
    at = dependencies.now()
    others = set(destinations) - slots.keys()
    if others:
        slots = {**slots, **await lock_or_create_slots(session, others, at, skip_locked=True)}
    free = [
        name
        for name in destinations
        if DESTINATION_LIMIT.count_tokens(slots.get(name), at) and not slots[name].is_claimed(at)
    ]
    runs = await _load_runs(session, free, at) if free else {}
    firsts = [run.notices[0] for run in runs.values()]
    teams = {
        MESSAGE_LIMIT.get_slot_name(first.team) for first in firsts if not first.parsed_destination.is_email
    }
    team_slots = await lock_or_create_slots(session, teams, at, skip_locked=True) if teams else {}
    return _lease_runs(dependencies, runs, {**slots, **team_slots}, at)


def _lease_runs(
    dependencies: Dependencies, runs: Mapping[str, DueRun], slots: Slots, at: datetime
) -> list[DeliveryLease]:
    expires_at = at + get_lease_duration(dependencies.settings)
    deadline = at + get_delivery_timeout(dependencies.settings)
    sendable_runs = {name: _skip_covered(run) for name, run in runs.items()}
    counts = _take_tokens({name: run for name, (run, _) in sendable_runs.items()}, slots, at)
    leases = []
    for name, (notices, covered_ids) in sendable_runs.items():
        leased = tuple(notices[: counts[name]])
        if leased:
            slots[name].claimed_until = expires_at
            has_more = len(leased) + sum(map(len, covered_ids.values())) < len(runs[name].notices)
            leases.append(DeliveryLease(leased, covered_ids, has_more, at, expires_at, deadline))
    changed = {lease.destination for lease in leases}
    changed |= {MESSAGE_LIMIT.get_slot_name(lease.notices[0].team) for lease in leases}
    batch_slot_updates(slots[name] for name in changed & slots.keys())
    return leases


def _take_tokens(runs: Mapping[str, Sequence[Notice]], slots: Slots, at: datetime) -> dict[str, int]:
    """How many notices of each destination can be sent now. If the workspace has too few tokens for all,
    each gets one before any gets another. A destination's own tokens are taken when messages have been sent:
    until then nobody else sends anything to it."""
    wanted = {
        name: min(len(run), DESTINATION_LIMIT.count_tokens(slots[name], at)) for name, run in runs.items()
    }
    counts = {name: count if _is_email(runs[name]) else 0 for name, count in wanted.items()}
    for _ in range(DESTINATION_LIMIT.burst):
        for name, run in runs.items():
            team_slot = slots.get(MESSAGE_LIMIT.get_slot_name(run[0].team))
            if counts[name] < wanted[name] and MESSAGE_LIMIT.take_token(team_slot, at):
                counts[name] += 1
    return counts


def _is_email(run: Sequence[Notice]) -> bool:
    return run[0].parsed_destination.is_email


def _skip_covered(run: DueRun) -> tuple[list[Notice], dict[int, tuple[int, ...]]]:
    """R25: a status message shows all that was stored before it is rendered. A no-op edit is
    covered by the notice before it."""
    notices: list[Notice] = []
    status_notices: dict[int | None, Notice] = {}
    covered_ids: dict[int, tuple[int, ...]] = {}
    for notice in run.notices:
        if notice.key in run.no_op_edit_ids:
            covered_ids[notices[-1].key] = (*covered_ids.get(notices[-1].key, ()), notice.key)
        elif notice.kind is not NoticeKind.ORDER_STATUS:
            notices.append(notice)
        elif earlier := status_notices.get(notice.order_id):
            covered_ids[earlier.key] = (*covered_ids.get(earlier.key, ()), notice.key)
        else:
            status_notices[notice.order_id] = notice
            notices.append(notice)
    return notices, covered_ids


async def _load_runs(session: Session, destinations: Collection[str], at: datetime) -> dict[str, DueRun]:
    """The oldest due notices of each destination, as far as they can be sent together; obsolete ones and
    no-op edits at the beginning are marked as delivered."""
    runs: dict[str, DueRun] = {}
    rest = list(destinations)
    while rest:
        oldest = await _load_oldest_notices(session, rest, at)
        obsolete_ids = await find_obsolete_ids(session, oldest, at)
        no_op_edit_ids = await find_no_op_edit_ids(session, oldest)
        by_destination = defaultdict[str, list[Notice]](list)
        for notice in oldest:
            by_destination[notice.destination].append(notice)
        rest = []
        for name, notices in by_destination.items():
            run = _build_run(notices, obsolete_ids, no_op_edit_ids)
            for notice in notices[: notices.index(run[0])] if run else notices:
                notice.status, notice.delivered_at = NoticeStatus.DELIVERED, at
            if run:
                runs[name] = DueRun(run, no_op_edit_ids)
            else:
                rest.append(name)
    return {name: runs[name] for name in destinations if name in runs}


def _build_run(
    notices: Sequence[Notice], obsolete_ids: Collection[int], no_op_edit_ids: Collection[int]
) -> list[Notice]:
    # Skips obsolete notices at the beginning; one that is posted with others in a digest is alone.
    run: list[Notice] = []
    for notice in notices:
        if notice.key in no_op_edit_ids and not run:
            continue
        if notice.key in obsolete_ids:
            if run:
                break
            continue
        if run and (notice.digest_at or run[0].digest_at or notice.team != run[0].team):
            break
        run.append(notice)
    return run


async def _load_oldest_notices(
    session: Session, destinations: Sequence[str], at: datetime
) -> Sequence[Notice]:
    is_due = and_(IS_WAITING_NOTICE, Notice.destination == DeliverySlot.destination, _is_due(at))
    last_id = (
        select(Notice.id)
        .where(is_due)
        .order_by(col(Notice.id))
        .offset(RUN_READ_SIZE - 1)
        .limit(1)
        .correlate(DeliverySlot)
        .scalar_subquery()
    )
    slots = (
        select(DeliverySlot.destination, func.coalesce(last_id, sys.maxsize).label("last_id"))
        .where(col(DeliverySlot.destination).in_(destinations))
        .subquery()
    )
    result = await session.exec(
        select(Notice)
        .join(slots, slots.c.destination == Notice.destination)
        .where(IS_WAITING_NOTICE, _is_due(at), col(Notice.id) <= slots.c.last_id)
        .order_by(col(Notice.id))
    )
    return result.all()


async def find_obsolete_ids(session: Session, notices: Sequence[Notice], at: datetime) -> set[int]:
    """Finds reminders of quotes that are decided, or whose expiry has changed (that has reminders of its
    own), and the notice of an invitation's expiry if it was answered or cancelled."""
    return await _find_obsolete_reminder_ids(session, notices, at) | await _find_obsolete_expiry_ids(
        session, notices
    )


async def _find_obsolete_expiry_ids(session: Session, notices: Sequence[Notice]) -> set[int]:
    payloads = {notice.key: parse_payload(notice) for notice in notices if notice.kind in EXPIRY_KINDS}
    ids = {
        key: payload.invitation_id
        for key, payload in payloads.items()
        if isinstance(payload, InvitationPayload) and payload.on_expiry
    }
    if not ids:
        return set()
    pending = await session.exec(
        select(ContactInvitation.id).where(
            col(ContactInvitation.id).in_({*ids.values()}), PENDING_INVITATION_CONDITION
        )
    )
    pending_ids = {*pending.all()}
    return {key for key, id_ in ids.items() if id_ not in pending_ids}


async def _find_obsolete_reminder_ids(session: Session, notices: Sequence[Notice], at: datetime) -> set[int]:
    reminders = [notice for notice in notices if notice.kind is NoticeKind.QUOTE_REMINDER]
    if not reminders:
        return set()
    quote_ids = {reminder.quote_id for reminder in reminders}
    quotes = await session.exec(select(Quote).where(col(Quote.id).in_(quote_ids)))
    quotes_by_id = {quote.id: quote for quote in quotes.all()}
    return {
        reminder.key for reminder in reminders if _is_obsolete(reminder, quotes_by_id[reminder.quote_id], at)
    }


def _is_obsolete(reminder: Notice, quote: Quote, at: datetime) -> bool:
    payload = parse_payload(reminder)
    announced = payload.expires_at if isinstance(payload, QuoteReminderPayload) else None
    return not quote.is_pending(at) or announced not in (None, quote.expires_at)
