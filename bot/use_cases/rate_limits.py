"""Slack's rate limits per workspace and channel, and the backoff after a failed call.

The limits are rows (`delivery_slot`), so they hold across replicas.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import case, col, or_, select, union_all

from bot.db import Session, build_insert
from models.lease import MAX_LEASE
from models.notice import DeliverySlot

INITIAL_BACKOFF = timedelta(seconds=1)
MAX_BACKOFF = timedelta(minutes=5)
MAX_BACKOFF_DOUBLINGS = 20
# Old enough for a full burst.
INITIAL_SLOT_AGE = timedelta(minutes=1)
# A time further ahead was stored by a clock that was wrong, and delays nothing: longer than any Retry-After
# (an hour), with five minutes for clocks that differ.
MAX_SUSPENSION = timedelta(minutes=65)


@dataclass(frozen=True)
class RateLimit:
    """`burst` calls may be made at once, and then one every `interval`."""

    interval: timedelta
    burst: int
    slot_prefix: str = ""

    def get_slot_name(self, key: str) -> str:
        return self.slot_prefix + key

    def count_tokens(self, slot: DeliverySlot | None, at: datetime) -> int:
        """Returns 0 if another worker has the slot locked (None)."""
        if slot is None or slot.next_at > at:
            return 0
        return (at - self._get_next_at(slot, at)) // self.interval + 1

    def take_token(self, slot: DeliverySlot | None, at: datetime) -> bool:
        if slot is None or slot.next_at > at:
            return False
        self.record_calls(slot, at)
        return True

    def record_calls(self, slot: DeliverySlot, at: datetime, count: int = 1) -> None:
        slot.next_at = self._get_next_at(slot, at) + count * self.interval

    def _get_next_at(self, slot: DeliverySlot, at: datetime) -> datetime:
        # How far it is in the past says how many tokens there are, up to a burst.
        return max(slot.next_at, at - self.interval * (self.burst - 1))

    def suspend(self, slot: DeliverySlot, until: datetime) -> None:
        """Gives no token until then, and no burst right after it."""
        slot.next_at = max(slot.next_at, until)


# Slack's limits are some hundreds of messages and a hundred views a minute for each workspace.
MESSAGE_LIMIT = RateLimit(timedelta(milliseconds=200), burst=10, slot_prefix="team:")
HOME_LIMIT = RateLimit(timedelta(milliseconds=600), burst=10, slot_prefix="home:")
# Slack takes a message a second in a channel, and short bursts: an order of one or two lines is one.
DESTINATION_LIMIT = RateLimit(timedelta(seconds=1), burst=8)
# Prefix of the slot that stores how long Slack limits one of a workspace's destinations.
LIMITED_SLOT_PREFIX = "limited:"


def compute_backoff(attempts: int) -> timedelta:
    """`attempts` is the number of failed attempts before this one."""
    backoff: timedelta = INITIAL_BACKOFF * 2 ** min(attempts, MAX_BACKOFF_DOUBLINGS)
    return min(backoff, MAX_BACKOFF)


def is_within_rate_limit(slot: type[DeliverySlot], at: datetime) -> ColumnElement[bool]:
    return or_(col(slot.next_at) <= at, col(slot.next_at) > at + MAX_SUSPENSION)


def is_due(column: Any, at: datetime) -> ColumnElement[bool]:
    """Also true if the time is further ahead than any delay, because a wrong clock has stored it."""
    return or_(column <= at, column > at + MAX_SUSPENSION)


def select_due_keys(key: Any, due_at: Any, at: datetime) -> CompoundSelect[tuple[Any]]:
    """Selects the same as two ranges, which the index of `due_at` can serve even if rows are ordered by
    it."""
    return union_all(
        select(key).where(col(due_at) <= at), select(key).where(col(due_at) > at + MAX_SUSPENSION)
    )


def ignore_implausible_time(column: Any, at: datetime, longest: timedelta) -> ColumnElement[datetime | None]:
    """NULL for a time that is further ahead than any delay."""
    return case((column <= at + longest, column), else_=None)


def _drop_implausible_times(slot: DeliverySlot, at: datetime) -> None:
    if slot.next_at > at + MAX_SUSPENSION:
        slot.next_at = at
    if slot.claimed_until is not None and slot.claimed_until > at + MAX_LEASE:
        slot.claimed_until = None


def batch_slot_updates(slots: Iterable[DeliverySlot]) -> None:
    """Updates rows with one UPDATE: the session batches rows in which the same columns have changed."""
    for slot in slots:
        flag_modified(slot, "next_at")
        flag_modified(slot, "claimed_until")


async def lock_slots(
    session: Session, names: Iterable[str], *, skip_locked: bool = False
) -> dict[str, DeliverySlot]:
    # Always in the same order, so that two workers cannot deadlock.
    slots = await session.exec(
        select(DeliverySlot)
        .where(col(DeliverySlot.destination).in_(list(names)))
        .order_by(DeliverySlot.destination)
        .with_for_update(skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    )
    return {slot.destination: slot for slot in slots.all()}


async def lock_or_create_slots(
    session: Session, names: Iterable[str], at: datetime, *, skip_locked: bool = False
) -> dict[str, DeliverySlot]:
    """`skip_locked` leaves out slots that another transaction has locked."""
    all_names = set(names)
    slots = await lock_slots(session, all_names, skip_locked=skip_locked)
    for slot in slots.values():
        _drop_implausible_times(slot, at)
    missing = all_names - slots.keys()
    if not missing:
        return slots
    insert = build_insert(session, DeliverySlot).on_conflict_do_nothing()
    rows = [{"destination": name, "next_at": at - INITIAL_SLOT_AGE} for name in sorted(missing)]
    inserted = (await session.exec(insert.returning(DeliverySlot), params=rows)).scalars().all()
    slots |= {slot.destination: slot for slot in inserted}
    # Another transaction has inserted these in the meantime, or has them locked.
    missing -= {slot.destination for slot in inserted}
    return slots | (await lock_slots(session, missing, skip_locked=skip_locked) if missing else {})
