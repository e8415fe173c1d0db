"""Processes the due lines of placed orders: leases each one and charges it (R12, R19)."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

import structlog
from sqlalchemy import CompoundSelect
from sqlmodel import col, or_, select, union_all

from bot.billing.gateway import (
    BillingUnavailable,
    Charge,
    ChargeOutcome,
    CustomerNotFound,
    Declined,
    NeverReceived,
    Settled,
    SubscriptionState,
)
from bot.db import DATABASE_UNAVAILABLE_ERRORS, lock_account_unless_locked
from bot.dependencies import Dependencies
from bot.metrics import RETRIES_TOTAL
from bot.tasks import TooBusy
from bot.use_cases.due_rows import ClaimQueue, find_next_time, get_later, process_queue
from bot.use_cases.leases import is_unclaimed
from bot.use_cases.service_order.announce import announce_queued, announce_resolution
from bot.use_cases.service_order.charge_attempt import (
    RETRY_DELAY,
    Decline,
    LeasedLine,
    Start,
    Wait,
    build_charge,
    can_start_attempt,
    decide_start,
    fetch_seats,
    find_open_attempt,
    must_wait_for_earlier_line,
    must_wait_for_refresh,
    postpone_leased_line,
    store_attempt,
)
from bot.use_cases.service_order.charge_outcome import apply_charge_outcome
from bot.use_cases.service_order.order_update import OrderUpdate, load_order_update, update_order
from bot.use_cases.service_order.transitions import (
    decline_line,
    finish_order_if_done,
    mark_order_processing,
    update_line_status,
)
from models.details import OrderLineDetails
from models.lease import MAX_LEASE
from models.service_order import SOON_DUE_STATUSES, LineStatus, OrderLine, OrderStatus, ServiceOrder

log = structlog.get_logger()

RECHECK_INTERVAL = timedelta(seconds=60)
WORKER_COUNT = 4
# An order that starts sooner has not been said to wait, or not for long.
MIN_WAIT = timedelta(seconds=5)


class DueLine(NamedTuple):
    account_id: str
    order_id: int
    line_id: int


def start_processing(dependencies: Dependencies) -> None:
    """Processes the order in the background, without waiting for the job's next run. If too many tasks are
    running, the job does it."""
    try:
        dependencies.tasks.start(process_due_orders(dependencies), "process_due_orders")
    except TooBusy:
        return


async def process_due_orders(dependencies: Dependencies) -> int:
    queue = ClaimQueue(
        dependencies, partial(_find_due_lines, dependencies), partial(_lease_lines, dependencies)
    )
    return await process_queue(
        queue.claim, partial(_process_leased_line, dependencies), max_concurrency=WORKER_COUNT
    )


async def find_next_line_time(dependencies: Dependencies) -> datetime | None:
    free_at = get_later(col(OrderLine.due_at), col(OrderLine.claimed_until))
    return await find_next_time(dependencies, free_at, col(OrderLine.due_at).is_not(None))


def _select_due_ids(at: datetime) -> CompoundSelect[tuple[int]]:
    # The condition of `OrderLine.is_due` as two ranges of `due_at`, which its index can serve.
    due_at, claimed_until = col(OrderLine.due_at), col(OrderLine.claimed_until)
    return union_all(
        select(OrderLine.id).where(due_at <= at, is_unclaimed(OrderLine, at)),
        select(OrderLine.id).where(
            due_at > at + MAX_LEASE,
            or_(due_at == claimed_until, col(OrderLine.status).in_(SOON_DUE_STATUSES)),
        ),
    )


async def _find_due_lines(dependencies: Dependencies, limit: int) -> Sequence[DueLine]:
    at = dependencies.now()
    async with dependencies.read() as session:
        result = await session.exec(
            select(ServiceOrder.account_id, OrderLine)
            .join(ServiceOrder, col(ServiceOrder.id) == OrderLine.order_id)
            .where(col(OrderLine.id).in_(_select_due_ids(at)))
            .order_by(col(OrderLine.order_id), col(OrderLine.id))
            .limit(limit)
        )
        return [DueLine(account_id, line.order_id, line.key) for account_id, line in result.all()]


async def _lease_lines(dependencies: Dependencies, due_lines: Sequence[DueLine]) -> list[LeasedLine]:
    await dependencies.tasks.wait_for_interactive_requests()
    lines_by_account = defaultdict[str, list[DueLine]](list)
    for due in due_lines:
        lines_by_account[due.account_id].append(due)
    leases = await asyncio.gather(
        *(_lease_account_lines(dependencies, lines) for lines in lines_by_account.values())
    )
    return [leased for account_leases in leases for leased in account_leases]


async def _lease_account_lines(dependencies: Dependencies, due_lines: Sequence[DueLine]) -> list[LeasedLine]:
    # One line after another, because each locks the account.
    leases = [await _try_to_lease_line(dependencies, due) for due in due_lines]
    return [leased for leased in leases if leased is not None]


async def _try_to_lease_line(dependencies: Dependencies, due: DueLine) -> LeasedLine | None:
    try:
        return await _lease_line(dependencies, due)
    except DATABASE_UNAVAILABLE_ERRORS:
        raise
    except Exception:
        log.exception("order_line.lease_failed", order_line=due.line_id)
        # Later, so that it does not block the others.
        await _postpone_line(dependencies, due.line_id)
        return None


async def _postpone_line(dependencies: Dependencies, line_id: int) -> None:
    async with dependencies.write() as session:
        line = await session.get_one(OrderLine, line_id)
        line.release(dependencies.now() + dependencies.settings.lease_duration)
        session.add(line)


async def _lease_line(dependencies: Dependencies, due: DueLine) -> LeasedLine | None:
    """Leases the line and does what needs no provider: a waiting line starts charging if its subscription is
    free, and a line that is done may finish its order. Returns None if another worker has been faster, or is
    at work on it."""
    at = dependencies.now()
    async with dependencies.write() as session:
        account = await lock_account_unless_locked(session, due.account_id)
        if account is None:
            return None
        update = await load_order_update(dependencies, session, account, due.order_id, at)
        row = update.get_row(due.line_id)
        if not row.line.is_due(at):
            return None
        row.line.lease(at + dependencies.settings.lease_duration)
        session.add(row.line)
        if row.line.status is LineStatus.WAITING:
            await _start_or_queue(update, row)
        elif row.line.is_done(update.order, at):
            row.line.release(None)
            await finish_order_if_done(update)
            if not update.order.is_finished:
                await announce_resolution(update)
        await update.save()
        attempt = find_open_attempt(update, row.line) if row.line.is_busy else None
        charge = build_charge(update, row, attempt) if attempt is not None else None
        return LeasedLine(update, row, charge)


async def _start_or_queue(update: OrderUpdate, row: OrderLineDetails) -> None:
    if update.at >= row.line.period_ends_at:
        mark_order_processing(update)
        # The order may end at once, and the database checks each transition.
        await update.session.flush()
        await decline_line(update, row, "period_ended")
        return
    blocking_order_number = _find_blocking_order_number(update, row)
    if blocking_order_number is not None:
        row.line.release(update.at + RECHECK_INTERVAL)
        await announce_queued(update, blocking_order_number)
        return
    if must_wait_for_refresh(update):
        row.line.release(update.at + RETRY_DELAY)
        return
    if update.order.status is OrderStatus.PLACED and update.at - update.order.placed_at >= MIN_WAIT:
        await announce_resolution(update)
    mark_order_processing(update)
    update_line_status(update, row, LineStatus.CHARGING)


def _find_blocking_order_number(update: OrderUpdate, row: OrderLineDetails) -> str | None:
    # R19: a placed order waits until all of its subscriptions are free.
    rows = update.rows if update.order.status is OrderStatus.PLACED else [row]
    return next((row.blocking_order_number for row in rows if row.blocking_order_number), None)


async def _process_leased_line(dependencies: Dependencies, leased: LeasedLine) -> bool:
    try:
        if leased.line.is_busy:
            await _charge_line(dependencies, leased)
    except Exception:
        # When the lease expires, the line is due again.
        log.exception("order_line.processing_failed", order_line=leased.line.id)
    return True


async def _charge_line(dependencies: Dependencies, leased: LeasedLine) -> None:
    """Idempotent: a stored attempt is reconciled, not charged again."""
    if leased.open_charge is None:
        charge = await _start_attempt(dependencies, leased)
        if charge is None:
            return
        outcome = await dependencies.billing.place_charge(charge)
    else:
        charge = leased.open_charge
        outcome = await _reconcile_charge(dependencies, leased.line, charge)
    states = await _fetch_subscription_states(dependencies, charge) if isinstance(outcome, Settled) else []
    await apply_charge_outcome(dependencies, leased, charge, outcome, states)


async def _start_attempt(dependencies: Dependencies, leased: LeasedLine) -> Charge | None:
    if must_wait_for_earlier_line(leased.update, leased.line) or must_wait_for_refresh(leased.update):
        await postpone_leased_line(dependencies, leased, dependencies.now() + RETRY_DELAY)
        return None
    provider = await fetch_seats(dependencies, leased.account_id, leased.line.subscription_id)
    at = dependencies.now()
    match decide_start(leased.line, provider, at):
        case Start() as start:
            return await store_attempt(dependencies, leased, start, at)
        case Decline(reason):
            await _decline_leased_line(dependencies, leased, reason)
        case Wait():
            await postpone_leased_line(dependencies, leased, at + RETRY_DELAY)
    return None


async def _decline_leased_line(dependencies: Dependencies, leased: LeasedLine, reason: str) -> None:
    async with update_order(dependencies, leased.account_id, leased.line.order_id) as update:
        row = update.get_row(leased.line.key)
        if can_start_attempt(update, row.line):
            await decline_line(update, row, reason)


async def _reconcile_charge(dependencies: Dependencies, line: OrderLine, charge: Charge) -> ChargeOutcome:
    RETRIES_TOTAL.labels("charge").inc()
    outcome = await dependencies.billing.reconcile_charge(charge)
    if not isinstance(outcome, NeverReceived):
        return outcome
    if line.status is LineStatus.NEEDS_CUSTOMER:
        return Declined("never_received")
    if dependencies.now() >= line.period_ends_at:
        return Declined("period_ended")
    return await dependencies.billing.place_charge(charge)


async def _fetch_subscription_states(dependencies: Dependencies, charge: Charge) -> list[SubscriptionState]:
    try:
        states = await dependencies.billing.list_subscriptions(charge.account_id)
    except (BillingUnavailable, CustomerNotFound):
        return []  # The line is settled all the same; the next refresh copies the seats.
    return [state for state in states if state.id == charge.subscription_id and state.closed_reason is None]
