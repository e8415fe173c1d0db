"""Storing the results of deliveries: those that finish at about the same time share a transaction.

The same transaction claims what is due next for their destinations.
"""

import asyncio
import contextlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.metrics import NOTICES_TOTAL, RETRIES_TOTAL, UNDELIVERABLE_NOTICES_TOTAL
from bot.use_cases.delivery.apply import Delivery, apply_result
from bot.use_cases.delivery.claim import DeliveryLease, claim_again
from bot.use_cases.delivery.fallback import UndeliverableNotice
from bot.use_cases.delivery.results import DigestPosted, FailureReason, RetryLater, format_error
from bot.use_cases.delivery.run import DeliveryRun, FinishedDelivery, load_runs
from bot.use_cases.notice.enqueue import enqueue_notices
from bot.use_cases.open_screens import mark_screens_due
from bot.use_cases.rate_limits import batch_slot_updates
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus
from models.notice.payloads import ReceiptExportPayload, parse_payload
from models.service_order.order_screen import OrderScreen

log = structlog.get_logger()

# A crash while results wait to be committed together repeats their messages.
GROUP_COMMIT_TIMEOUT_SECONDS = 0.2
# Commit once this many runs have ended.
GROUP_COMMIT_SIZE = 32

# By notice id, each with the slot of its destination.
LockedRows = dict[int, tuple[Notice, DeliverySlot]]


class DeliveryResultWriter:
    """Group commit: as soon as GROUP_COMMIT_SIZE runs or all of them have ended, or after
    GROUP_COMMIT_TIMEOUT_SECONDS."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._dependencies = dependencies
        self._pending: list[FinishedDelivery] = []
        self._ended: dict[DeliveryRun, asyncio.Future[DeliveryRun | None]] = {}
        self._in_progress = 0
        self._is_due = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def expect(self, run_count: int) -> None:
        self._in_progress += run_count
        self._check_due()

    def add(self, delivery: FinishedDelivery) -> None:
        self._pending.append(delivery)
        self._start_writing()

    async def end_run(self, run: DeliveryRun) -> DeliveryRun | None:
        """Returns, once all its results are saved, a run of one of its `next_destinations` if something is
        due. Called once for each expected run."""
        next_run: asyncio.Future[DeliveryRun | None] = asyncio.get_running_loop().create_future()
        self._ended[run] = next_run
        self._in_progress -= 1
        self._check_due()
        self._start_writing()
        return await next_run

    def _check_due(self) -> None:
        if self._ended and (self._in_progress <= 0 or len(self._ended) >= GROUP_COMMIT_SIZE):
            self._is_due.set()
        else:
            self._is_due.clear()

    def _start_writing(self) -> None:
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        while self._pending or self._ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(GROUP_COMMIT_TIMEOUT_SECONDS):
                    await self._is_due.wait()
            await self._save_pending()
        self._writing = None

    async def _save_pending(self) -> None:
        # What follows a result that could not be saved must not be marked as sent before it.
        batch = [delivery for delivery in self._pending if not delivery.run.has_failed_to_save]
        self._pending = []
        ended, self._ended = self._ended, {}
        self._check_due()
        runs: dict[str, DeliveryRun] = {}
        try:
            leases = await self._save_batch_or_each(batch, list(ended))
            runs = {run.lease.destination: run for run in await load_runs(self._dependencies, leases)}
            self.expect(len(runs))
        finally:
            for run, next_run in ended.items():
                if not next_run.cancelled():
                    # Each goes to one of them: a message and its file may both have ended.
                    next_runs = (runs.pop(name, None) for name in run.next_destinations)
                    next_run.set_result(next(filter(None, next_runs), None))

    async def _save_batch_or_each(
        self, batch: Sequence[FinishedDelivery], ended: Collection[DeliveryRun]
    ) -> list[DeliveryLease]:
        try:
            return await self._save_batch(batch, ended, claims_next=not self._dependencies.tasks.is_draining)
        except Exception:
            if len(batch) > 1:
                # One of them may be the cause: each is saved alone.
                log.exception("delivery.batch_save_failed")
        for run in dict.fromkeys([*(delivery.run for delivery in batch), *ended]):
            await self._save_each(run, [delivery for delivery in batch if delivery.run is run], run in ended)
        return []

    async def _save_each(
        self, run: DeliveryRun, deliveries: Sequence[FinishedDelivery], is_ended: bool
    ) -> None:
        # Stop at the first one that cannot be saved: later ones must not be marked as sent before it.
        for delivery in deliveries:
            try:
                await self._save_batch([delivery], ())
            except Exception as error:
                log.exception("delivery.save_failed", notice=delivery.notice.id)
                run.has_failed_to_save = True
                await self._save_retry(delivery, error)
                break
        if is_ended:
            with contextlib.suppress(Exception):  # Then the lease expires.
                await self._save_batch((), (run,))

    async def _save_retry(self, delivery: FinishedDelivery, error: Exception) -> None:
        # If this fails as well, the lease expires, and the notice is delivered again.
        try:
            await self._save_batch(
                [replace(delivery, result=RetryLater(FailureReason.FAILED, format_error(error)))], ()
            )
        except Exception:
            log.exception("delivery.reschedule_failed", notice=delivery.notice.id)

    async def _save_batch(
        self,
        deliveries: Sequence[FinishedDelivery],
        ended: Collection[DeliveryRun],
        *,
        claims_next: bool = False,
    ) -> list[DeliveryLease]:
        async with self._dependencies.write() as session:
            locked = await _lock_rows(session, deliveries, ended)
            slots = {slot.destination: slot for _, slot in locked.values()}
            follow_ups: list[Notice] = []
            undeliverable: list[UndeliverableNotice] = []
            deferred_checks: set[int] = set()
            with_email = self._dependencies.mailer.is_configured
            saved = await _apply_results(
                session,
                deliveries,
                locked,
                follow_ups,
                undeliverable,
                deferred_checks,
                with_email=with_email,
            )
            released = [run for run in ended if _release(run, slots)]
            batch_slot_updates(slots.values())
            await session.flush()
            await enqueue_notices(session, follow_ups)
            leases: list[DeliveryLease] = []
            if claims_next:
                follow_up_destinations = {notice.destination for notice in follow_ups}
                found = (_find_next_destination(run, follow_up_destinations) for run in released)
                destinations = [name for name in found if name is not None]
                leases = await claim_again(self._dependencies, session, destinations, slots)
            await _mark_export_screens(session, [notice for _, notice in saved], self._dependencies.now())
        for delivery, notice in saved:
            delivery.is_delivered = notice.delivered_at is not None
            delivery.needs_check = notice.key in deferred_checks
            NOTICES_TOTAL.labels(notice.status.value).inc()
            # A notice held for a digest is due later, and is not a retry.
            if notice.status is NoticeStatus.WAITING and notice.due_at <= delivery.finished_at:
                RETRIES_TOTAL.labels("notice").inc()
        for failure in undeliverable:
            _report_undeliverable(failure)
        return leases


async def _mark_export_screens(session: Session, notices: Sequence[Notice], at: datetime) -> None:
    """Schedules an update of open modals that count the emails. Nothing else shows them."""
    sent = [notice for notice in notices if notice.status is not NoticeStatus.WAITING]
    payloads = [parse_payload(notice) for notice in sent if notice.kind is NoticeKind.RECEIPT_EXPORT]
    export_ids = {payload.export_id for payload in payloads if isinstance(payload, ReceiptExportPayload)}
    if export_ids:
        await mark_screens_due(session, at, col(OrderScreen.receipt_export_id).in_(export_ids))


def _report_undeliverable(failure: UndeliverableNotice) -> None:
    notice = failure.notice
    kind = notice.parsed_destination.kind
    UNDELIVERABLE_NOTICES_TOTAL.labels(kind.value, failure.reason.value).inc()
    log.error(
        "notice.undeliverable",
        notice=notice.id,
        kind=notice.kind.value,
        destination=kind.value,
        reason=failure.reason.value,
        error=failure.error,
        fallback=[kind.value for kind in failure.fallback],
    )


def _release(run: DeliveryRun, slots: dict[str, DeliverySlot]) -> bool:
    slot = slots[run.lease.destination]
    if slot.claimed_until != run.lease.expires_at:
        return False
    slot.claimed_until = None
    return True


def _find_next_destination(run: DeliveryRun, follow_up_destinations: Collection[str]) -> str | None:
    # Its own, or that of a file which follows its message. What else is due is found later.
    if run.lease.has_more:
        return run.lease.destination
    return next((name for name in run.next_destinations if name in follow_up_destinations), None)


async def _apply_results(
    session: Session,
    deliveries: Sequence[FinishedDelivery],
    locked: LockedRows,
    follow_ups: list[Notice],
    undeliverable: list[UndeliverableNotice],
    deferred_checks: set[int],
    *,
    with_email: bool,
) -> list[tuple[FinishedDelivery, Notice]]:
    """Skips notices that another worker has delivered in the meantime. Returns the others as updated, and
    adds the notices that they make necessary, those that could not be delivered, and the ids of those to
    check again."""
    waiting = [
        (delivery, *row)
        for delivery in deliveries
        if (row := locked[delivery.notice.key])[0].status is NoticeStatus.WAITING
    ]
    # The same order in every worker: results lock the workspaces' slots and insert notices.
    saved = []
    for delivery, notice, slot in sorted(waiting, key=lambda row: (row[1].team, row[1].key)):
        if notice.status is not NoticeStatus.WAITING:
            continue  # A second run of this process, after the first one's lease, is in the same batch.
        others = [locked[id_][0] for id_ in _list_covered_ids(delivery)]
        target = Delivery(
            session,
            notice,
            slot,
            delivery.finished_at,
            others,
            follow_ups,
            undeliverable,
            deferred_checks,
            with_email,
        )
        await apply_result(target, delivery.result)
        saved.append((delivery, notice))
    return saved


def _list_covered_ids(delivery: FinishedDelivery) -> tuple[int, ...]:
    if isinstance(delivery.result, DigestPosted):
        return delivery.result.notice_ids
    return delivery.run.lease.covered_ids.get(delivery.notice.key, ())


async def _lock_rows(
    session: Session, deliveries: Sequence[FinishedDelivery], ended: Iterable[DeliveryRun]
) -> LockedRows:
    ids = {delivery.notice.key for delivery in deliveries}
    ids |= {id_ for delivery in deliveries for id_ in _list_covered_ids(delivery)}
    ids |= {run.lease.notices[0].key for run in ended}
    # Always in the same order, so that two workers cannot deadlock.
    rows = await session.exec(
        select(Notice, DeliverySlot)
        .join(DeliverySlot, col(DeliverySlot.destination) == Notice.destination)
        .where(col(Notice.id).in_(ids))
        .order_by(DeliverySlot.destination, col(Notice.id))
        .with_for_update()
    )
    return {notice.key: (notice, slot) for notice, slot in rows.all()}
