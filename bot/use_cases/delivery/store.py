"""Storing the results of deliveries: those that finish at about the same time share a transaction."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlmodel import col, select

from bot.db import Session
from bot.metrics import NOTICES_TOTAL, RETRIES_TOTAL
from bot.services import Services
from bot.use_cases.delivery.apply import Delivery, apply_result
from bot.use_cases.delivery.claim import DeliveryLease
from bot.use_cases.delivery.results import DeliveryResult
from bot.use_cases.notice.enqueue import enqueue_notices
from bot.use_cases.pacing import lock_slots, update_together
from models.notice import Notice, NoticeStatus

log = structlog.get_logger()

# A crash while results wait to be committed together repeats their messages.
GROUP_COMMIT_TIMEOUT_SECONDS = 0.05


@dataclass(eq=False)
class FinishedDelivery:
    """`is_delivered` is known once it is saved."""

    lease: DeliveryLease
    result: DeliveryResult
    finished_at: datetime
    is_saved: bool = False
    is_delivered: bool = False


class DeliveryResultWriter:
    """Group commit: as soon as no claimed delivery is in progress, or after GROUP_COMMIT_TIMEOUT_SECONDS."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pending: list[FinishedDelivery] = []
        self._in_progress = 0
        self._all_finished = asyncio.Event()
        self._lock = asyncio.Lock()

    def expect(self, count: int) -> None:
        self._in_progress += count
        if count:
            self._all_finished.clear()

    async def save_result(self, lease: DeliveryLease, result: DeliveryResult) -> bool:
        """Whether the notice was delivered. Called once for each expected delivery."""
        delivery = FinishedDelivery(lease, result, self._services.now())
        self._pending.append(delivery)
        self._in_progress -= 1
        if self._in_progress <= 0:
            self._all_finished.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GROUP_COMMIT_TIMEOUT_SECONDS):
                await self._all_finished.wait()
        async with self._lock:
            if delivery in self._pending:
                await self._save_pending()
        if not delivery.is_saved:
            await self._save_batch([delivery])
        return delivery.is_delivered

    async def save_alone(self, lease: DeliveryLease, result: DeliveryResult) -> bool:
        delivery = FinishedDelivery(lease, result, self._services.now())
        await self._save_batch([delivery])
        return delivery.is_delivered

    async def _save_pending(self) -> None:
        batch, self._pending = self._pending, []
        try:
            await self._save_batch(batch)
        except Exception:
            if len(batch) == 1:
                raise
            # One of them may be the cause: each is saved alone.
            log.exception("delivery.batch_save_failed")

    async def _save_batch(self, deliveries: Sequence[FinishedDelivery]) -> None:
        async with self._services.write() as session:
            saved = await _apply_results(session, deliveries)
        for delivery in deliveries:
            delivery.is_saved = True
        for delivery, notice in saved:
            delivery.is_delivered = notice.delivered_at is not None
            NOTICES_TOTAL.labels(notice.status.value).inc()
            # A notice held for a digest is due later, and is not a retry.
            if notice.status is NoticeStatus.WAITING and notice.due_at <= delivery.finished_at:
                RETRIES_TOTAL.labels("notice").inc()


async def _apply_results(
    session: Session, deliveries: Sequence[FinishedDelivery]
) -> list[tuple[FinishedDelivery, Notice]]:
    """Skips notices that another worker has delivered in the meantime. Returns the others as updated."""
    claimed = [delivery.lease.notice for delivery in deliveries]
    slots = await lock_slots(session, {notice.destination for notice in claimed})
    notices = await _lock_notices(session, [notice.key for notice in claimed])
    waiting = [
        (delivery, notice)
        for delivery in deliveries
        if (notice := notices[delivery.lease.notice.key]).status is NoticeStatus.WAITING
    ]
    # The same order in every worker: results lock the workspaces' slots and insert notices.
    follow_ups: list[Notice] = []
    for delivery, notice in sorted(waiting, key=lambda pair: (pair[1].team, pair[1].key)):
        target = Delivery(session, notice, delivery.finished_at, follow_ups)
        delay = await apply_result(target, delivery.result)
        slot = slots[notice.destination]
        slot.next_at = max(slot.next_at, delivery.finished_at + delay)
        if slot.claimed_until == delivery.lease.expires_at:
            slot.claimed_until = None
    update_together(slots[notice.destination] for _, notice in waiting)
    await enqueue_notices(session, follow_ups)
    return waiting


async def _lock_notices(session: Session, ids: Sequence[int]) -> dict[int, Notice]:
    notices = await session.exec(
        select(Notice).where(col(Notice.id).in_(ids)).order_by(col(Notice.id)).with_for_update()
    )
    return {notice.key: notice for notice in notices.all()}
