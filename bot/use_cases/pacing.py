"""Slack's rate limits per workspace and channel, and the backoff after a failed call.

The limits are rows (`delivery_slot`), so they hold across replicas.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.orm.attributes import flag_modified
from sqlmodel import col, select
from sqlmodel.sql.sqltypes import UTCDateTime

from bot.db import Session
from bot.settings import Settings
from models.notice import DeliverySlot

INITIAL_BACKOFF = timedelta(seconds=1)
MAX_BACKOFF = timedelta(minutes=5)
MAX_BACKOFF_DOUBLINGS = 20


@dataclass(frozen=True)
class TeamLimit:
    """`burst` calls may be made at once for a workspace, and then one every `interval`."""

    slot_prefix: str
    interval: timedelta
    burst: int

    @property
    def burst_allowance(self) -> timedelta:
        return self.interval * (self.burst - 1)

    def get_slot_name(self, team: str) -> str:
        return self.slot_prefix + team

    def take_token(self, slot: DeliverySlot | None, at: datetime) -> bool:
        """False if none is left, or another worker has the slot locked (None)."""
        if slot is None or slot.next_at > at + self.burst_allowance:
            return False
        slot.next_at = max(slot.next_at, at) + self.interval
        return True

    def suspend(self, slot: DeliverySlot, until: datetime) -> None:
        """No token until then, and no burst right after it."""
        slot.next_at = max(slot.next_at, until + self.burst_allowance)


# Slack's limits are some hundreds of messages and a hundred views a minute for each workspace.
MESSAGE_LIMIT = TeamLimit("team:", timedelta(milliseconds=200), burst=5)
HOME_LIMIT = TeamLimit("home:", timedelta(milliseconds=600), burst=10)
# Slack takes about one message a second in a channel.
CHANNEL_MESSAGE_INTERVAL = timedelta(seconds=1)


def compute_backoff(attempts: int) -> timedelta:
    """`attempts` is the number of failed attempts before this one."""
    backoff: timedelta = INITIAL_BACKOFF * 2 ** min(attempts, MAX_BACKOFF_DOUBLINGS)
    return min(backoff, MAX_BACKOFF)


def get_lease_duration(settings: Settings) -> timedelta:
    # Shorter than an order line's: while a destination is claimed, its later notices wait.
    return settings.lease_duration / 2


def get_delivery_timeout(settings: Settings) -> timedelta:
    # Shorter than the lease: when another worker claims the destination, this one no longer posts to it.
    return settings.lease_duration / 3


def update_together(slots: Iterable[DeliverySlot]) -> None:
    """In one UPDATE: the session batches rows in which the same columns have changed."""
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
    """With `skip_locked`, slots that another transaction has locked are left out."""
    all_names = set(names)
    slots = await lock_slots(session, all_names, skip_locked=skip_locked)
    missing = all_names - slots.keys()
    if missing:
        insert = text(
            "INSERT INTO delivery_slot (destination, next_at) VALUES (:destination, :next_at) "
            "ON CONFLICT DO NOTHING"
        ).bindparams(bindparam("next_at", type_=UTCDateTime()))
        rows = [{"destination": name, "next_at": at} for name in sorted(missing)]
        await session.exec(insert, params=rows)  # type: ignore[call-overload]
        slots |= await lock_slots(session, missing, skip_locked=skip_locked)
    return slots
