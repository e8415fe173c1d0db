"""Carrying out placed orders: which line is due, whether it may start, and asking the provider (R12, R19)."""

import asyncio
import secrets
from datetime import datetime, timedelta

import structlog
from sqlmodel import col, or_, select

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
from bot.db import Session, lock_account
from bot.metrics import RETRIES_TOTAL, record_job_progress
from bot.services import Services
from bot.tasks import TooBusy
from bot.use_cases.service_order.charge_outcome import (
    RETRY_DELAY,
    apply_charge_outcome,
    decline_line,
    finish_order_if_done,
)
from bot.use_cases.service_order.transitions import (
    PROCESSING_JOB_ACTOR,
    announce_order_progress,
    announce_order_waiting,
    list_charge_attempts,
    update_line_status,
    update_order_status,
)
from models.account import Account
from models.quote import Quote, QuoteLine
from models.service_order import (
    BUSY_STATUSES,
    ChargeAttempt,
    LineStatus,
    OrderLine,
    OrderStatus,
    ServiceOrder,
)

log = structlog.get_logger()

RECHECK_INTERVAL = timedelta(seconds=60)
WORKER_COUNT = 4


def start_processing(services: Services) -> None:
    """At once, without waiting for the next tick; where there is no room, the tick will do."""
    try:
        services.tasks.start(process_due_orders(services), "process_due_orders")
    except TooBusy:
        return


async def process_due_orders(services: Services) -> int:
    """Take up every order line that is due, however many workers do so. Returns how many were looked at."""
    return sum(await asyncio.gather(*(_run_worker(services) for _ in range(WORKER_COUNT))))


async def _run_worker(services: Services) -> int:
    done = 0
    while True:
        await services.tasks.wait_for_interactive_requests()
        if services.tasks.is_draining or (line_id := await _claim_due_line(services)) is None:
            return done
        done += 1
        try:
            await process_order_line(services, line_id)
        except Exception:
            # The lease runs out, and the line is taken up again: nothing is lost by going on.
            log.exception("order_line.processing_failed", order_line=line_id)
        record_job_progress(1)


async def _claim_due_line(services: Services) -> int | None:
    """The next due line, leased to this worker; older orders first."""
    at = services.now()
    async with services.write() as session:
        found = await session.exec(
            select(OrderLine)
            .where(
                col(OrderLine.due_at) <= at,
                or_(col(OrderLine.claimed_until).is_(None), col(OrderLine.claimed_until) <= at),
            )
            .order_by(col(OrderLine.order_id), col(OrderLine.id))
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        line = found.one_or_none()
        if line is None:
            return None
        # Due again when the lease ends, and sooner only where word comes meanwhile.
        line.due_at = line.claimed_until = at + services.settings.lease_duration
        session.add(line)
        return line.key


async def process_order_line(services: Services, line_id: int) -> None:
    """Bring one line as far as it goes now. Running it twice is safe."""
    line = await _start_or_finish_line(services, line_id)
    if line is None or not line.is_busy:
        return
    attempt = await _find_open_charge(services, line)
    if attempt is None:
        charge = await _create_charge_attempt(services, line)
        outcome: ChargeOutcome | None = await services.billing.place_charge(charge) if charge else None
    else:
        charge = attempt
        outcome = await _reconcile_charge(services, line, charge)
    if charge is None or outcome is None:
        return
    held = await _fetch_subscription_states(services, charge) if isinstance(outcome, Settled) else []
    await apply_charge_outcome(services, line_id, charge, outcome, held)


async def _reconcile_charge(services: Services, line: OrderLine, charge: Charge) -> ChargeOutcome:
    """What became of an attempt whose answer we do not have; sent again where it never arrived."""
    RETRIES_TOTAL.labels("charge").inc()
    answer = await services.billing.reconcile_charge(charge)
    if not isinstance(answer, NeverReceived):
        return answer
    if line.status is LineStatus.NEEDS_CUSTOMER:
        return Declined("never_received")
    if services.now() >= line.period_ends_at:
        return Declined("period_ended")
    return await services.billing.place_charge(charge)


async def _fetch_subscription_states(services: Services, charge: Charge) -> list[SubscriptionState]:
    """What the provider holds after settling, for the bot's copy."""
    try:
        states = await services.billing.list_subscriptions(charge.account_id)
    except (BillingUnavailable, CustomerNotFound):
        return []  # The next refresh brings it; the line is settled all the same.
    return [state for state in states if state.id == charge.subscription_id and state.closed_reason is None]


async def _start_or_finish_line(services: Services, line_id: int) -> OrderLine | None:
    """A waiting line starts charging where its subscription is free; one whose time is up ends."""
    at = services.now()
    async with services.write() as session:
        line = await session.get_one(OrderLine, line_id)
        order = await session.get_one(ServiceOrder, line.order_id)
        account = await lock_account(session, order.account_id, line, order)
        if line.status is LineStatus.WAITING:
            await _start_or_wait(services, session, account, order, line, at)
        elif line.is_done(order, at) or order.is_finished:
            line.due_at, line.claimed_until = None, None
            await finish_order_if_done(services, session, account, order, PROCESSING_JOB_ACTOR, at)
        session.add(line)
        return line


async def _start_or_wait(
    services: Services,
    session: Session,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    at: datetime,
) -> None:
    if at >= line.period_ends_at:
        await _mark_order_processing(session, account, order, at)
        await decline_line(services, session, account, order, line, "period_ended", at)
        return
    ahead = await _find_blocking_order(session, order, line)
    if ahead is not None:
        line.due_at, line.claimed_until = at + RECHECK_INTERVAL, None
        await announce_order_waiting(session, account, order, ahead, at)
        return
    await _mark_order_processing(session, account, order, at)
    await update_line_status(session, account, order, line, LineStatus.CHARGING, at)


async def _find_blocking_order(session: Session, order: ServiceOrder, line: OrderLine) -> ServiceOrder | None:
    """R19: the order that is charging this subscription, or that waits for it longer. An order that has not
    begun waits as a whole: for any of its subscriptions."""
    touched = [line.subscription_id]
    if order.status is OrderStatus.PLACED:
        own = await session.exec(select(OrderLine.subscription_id).where(OrderLine.order_id == order.id))
        touched = list(own.all())
    found = await session.exec(
        select(ServiceOrder)
        .join(OrderLine, col(OrderLine.order_id) == ServiceOrder.id)
        .where(
            col(OrderLine.subscription_id).in_(touched),
            OrderLine.order_id != order.id,
            or_(
                col(OrderLine.status).in_(BUSY_STATUSES),
                (col(OrderLine.status) == LineStatus.WAITING) & (col(OrderLine.id) < line.key),
            ),
        )
        .order_by(col(OrderLine.id))
        .limit(1)
    )
    return found.one_or_none()


async def _mark_order_processing(
    session: Session, account: Account, order: ServiceOrder, at: datetime
) -> None:
    if order.status is OrderStatus.PLACED:
        await update_order_status(session, order, OrderStatus.PROCESSING, PROCESSING_JOB_ACTOR, at)
        await announce_order_progress(session, account, order, "processing", at)


async def _find_open_charge(services: Services, line: OrderLine) -> Charge | None:
    """The line's attempt that has no end yet, as it was sent."""
    async with services.read() as session:
        found = await session.exec(
            select(ChargeAttempt)
            .where(ChargeAttempt.order_line_id == line.id, col(ChargeAttempt.ended_at).is_(None))
            .order_by(col(ChargeAttempt.number).desc())
            .limit(1)
        )
        attempt = found.one_or_none()
        return await _load_charge(session, line, attempt) if attempt else None


async def _create_charge_attempt(services: Services, line: OrderLine) -> Charge | None:
    """Store the next attempt with its key and the seats the provider now holds, before it is sent.

    None where another worker was first, the time is up, or, until later, the provider is silent or still has
    to answer for a subscription that it changes together with this one.
    """
    at = services.now()
    async with services.read() as session:
        order = await session.get_one(ServiceOrder, line.order_id)
    gone = "subscription_gone"
    try:
        states = await services.billing.list_subscriptions(order.account_id)
    except BillingUnavailable:
        await _schedule_line(services, line.key, at + RETRY_DELAY)
        return None
    except CustomerNotFound:
        states, gone = [], "customer_gone"
    seats = {state.id: state.seats for state in states if state.closed_reason is None}
    gone = next((s.closed_reason for s in states if s.id == line.subscription_id and s.closed_reason), gone)
    together = _list_grouped_subscription_ids(states, line.subscription_id)
    async with services.write() as session:
        account = await lock_account(session, order.account_id)
        line = await session.get_one(OrderLine, line.key)
        order = await session.get_one(ServiceOrder, order.key)
        attempts = await list_charge_attempts(session, line)
        if line.status is not LineStatus.CHARGING or any(a.ended_at is None for a in attempts):
            return None
        if at >= line.period_ends_at or line.subscription_id not in seats:
            reason = "period_ended" if at >= line.period_ends_at else gone
            await decline_line(services, session, account, order, line, reason, at)
            return None
        if together and await _has_open_attempt(session, together):
            line.due_at, line.claimed_until = at + RETRY_DELAY, None
            session.add(line)
            return None
        number = len(attempts) + 1
        attempt = ChargeAttempt(
            order_line_id=line.key,
            number=number,
            idempotency_key=f"{order.number}-{line.key}-{number}-{secrets.token_hex(8)}",
            payment_method_id=line.payment_method_id or order.payment_method_id,
            expected_seats=seats[line.subscription_id],
            started_at=at,
        )
        session.add(attempt)
        await session.flush()
        return await _load_charge(session, line, attempt)


def _list_grouped_subscription_ids(states: list[SubscriptionState], subscription_id: str) -> list[str]:
    """The other subscriptions that the provider changes as one with this."""
    name = next((s.charge_group for s in states if s.id == subscription_id), None)
    return [s.id for s in states if name is not None and s.charge_group == name and s.id != subscription_id]


async def _has_open_attempt(session: Session, subscription_ids: list[str]) -> bool:
    """R19: whether an attempt for one of them has no end yet. Under the account's lock none begins."""
    found = await session.exec(
        select(ChargeAttempt.id)
        .join(OrderLine, col(OrderLine.id) == ChargeAttempt.order_line_id)
        .where(col(OrderLine.subscription_id).in_(subscription_ids), col(ChargeAttempt.ended_at).is_(None))
        .limit(1)
    )
    return found.first() is not None


async def _load_charge(session: Session, line: OrderLine, attempt: ChargeAttempt) -> Charge:
    order = await session.get_one(ServiceOrder, line.order_id)
    quote = await session.get_one(Quote, order.quote_id)
    quoted = await session.get_one(QuoteLine, line.quote_line_id)
    return Charge(
        key=attempt.idempotency_key,
        account_id=order.account_id,
        subscription_id=line.subscription_id,
        seats=line.seats,
        unit_price=quoted.unit_price,
        amount=line.amount,
        tax=line.tax,
        at=quote.frozen_at,
        expected_seats=attempt.expected_seats,
        payment_method_id=attempt.payment_method_id,
        address=order.billing_address,
        stored_at=attempt.started_at,
    )


async def _schedule_line(services: Services, line_id: int, due_at: datetime) -> None:
    async with services.write() as session:
        line = await session.get_one(OrderLine, line_id)
        line.due_at, line.claimed_until = due_at, None
        session.add(line)
