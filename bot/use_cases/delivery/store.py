"""Storing what became of deliveries: those that end while others are stored share the next transaction."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, select

from bot.db import Session
from bot.metrics import NOTICES_TOTAL, RETRIES_TOTAL
from bot.services import Services
from bot.use_cases.delivery.claim import DeliveryLease
from bot.use_cases.delivery.results import DeliveryResult
from models.notice import DeliverySlot, Notice, NoticeStatus

log = structlog.get_logger()

# Held in one order by everybody: two workers cannot wait in a ring.
_SLOT_LOCK_QUERY = (
    select(DeliverySlot)
    .where(col(DeliverySlot.destination).in_(bindparam("names", expanding=True)))
    .order_by(DeliverySlot.destination)
    .with_for_update()
)
_NOTICE_LOCK_QUERY = (
    select(Notice)
    .where(col(Notice.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Notice.id))
    .with_for_update()
)


@dataclass(eq=False)
class FinishedDelivery:
    """What became of a claimed notice, and (once it is `done`) whether it is stored as delivered."""

    lease: DeliveryLease
    result: DeliveryResult
    is_saved: bool = False
    is_delivered: bool = False


class DeliveryResultWriter:
    """Nobody waits for company: whoever finds that nothing is being stored stores at once all there is."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pending: list[FinishedDelivery] = []
        self._lock = asyncio.Lock()

    async def save_result(self, lease: DeliveryLease, result: DeliveryResult) -> bool:
        """Whether the notice was delivered."""
        ending = FinishedDelivery(lease, result)
        self._pending.append(ending)
        async with self._lock:
            if ending in self._pending:
                await self._save_pending()
        if not ending.is_saved:
            await self._save_batch([ending])
        return ending.is_delivered

    async def _save_pending(self) -> None:
        together, self._pending = self._pending, []
        try:
            await self._save_batch(together)
        except Exception:
            if len(together) == 1:
                raise
            # One of them may be at fault: each is stored alone.
            log.exception("delivery.batch_save_failed")

    async def _save_batch(self, deliveries: Sequence[FinishedDelivery]) -> None:
        at = self._services.now()
        async with self._services.write() as session:
            ended = await _apply_results(session, deliveries, at)
        for ending in deliveries:
            ending.is_saved = True
        for ending, notice in ended:
            ending.is_delivered = notice.delivered_at is not None
            NOTICES_TOTAL.labels(notice.status.value).inc()
            # What is held for a digest falls due later, and nothing went wrong with it.
            if notice.status is NoticeStatus.WAITING and notice.due_at <= at:
                RETRIES_TOTAL.labels("notice").inc()


async def _apply_results(
    session: Session, deliveries: Sequence[FinishedDelivery], at: datetime
) -> list[tuple[FinishedDelivery, Notice]]:
    """The notices as they ended; without those that another worker took over after their lease ran out."""
    claimed = [ending.lease.notice for ending in deliveries]
    found = await session.exec(_SLOT_LOCK_QUERY, params={"names": [notice.destination for notice in claimed]})
    slots = {slot.destination: slot for slot in found.all()}
    rows = await session.exec(_NOTICE_LOCK_QUERY, params={"ids": [notice.key for notice in claimed]})
    notices = {notice.key: notice for notice in rows.all()}
    waiting = [
        (e, n) for e in deliveries if (n := notices[e.lease.notice.key]).status is NoticeStatus.WAITING
    ]
    # Workspaces that are to rest, and what is to be told instead, are held in one order, too.
    for ending, notice in sorted(waiting, key=lambda ended: (ended[1].team, ended[1].key)):
        slot = slots[notice.destination]
        slot.next_at = max(slot.next_at, at + await ending.result(session, notice, at))
        if slot.claimed_until == ending.lease.expires_at:
            slot.claimed_until = None
    return waiting
