"""What follows of the provider's answer to a charge, up to the end of its order (R11, R13, R18)."""

from datetime import datetime, timedelta
from typing import assert_never

import structlog
from sqlmodel import col, select

from bot.billing.gateway import (
    Charge,
    ChargeOutcome,
    Declined,
    NeedsCustomer,
    Pending,
    PriceChanged,
    SeatsChanged,
    Settled,
    SubscriptionState,
    Unknown,
)
from bot.db import Session, lock_account
from bot.metrics import CHARGES_TOTAL, to_snake_case
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.billing_sync.subscriptions import apply_subscription_states
from bot.use_cases.notice.enqueue import (
    enqueue_notice,
    list_channel_destinations,
    list_direct_destinations,
    list_email_destinations,
    list_order_recipients,
)
from bot.use_cases.receipt import issue_receipt
from bot.use_cases.service_order.transitions import (
    PROCESSING_JOB_ACTOR,
    announce_order_progress,
    enqueue_attention_notice,
    update_line_status,
    update_order_status,
)
from models.account import Account
from models.audit_entry import Actor
from models.notice import NoticeKind
from models.quote import QuoteLine
from models.seat_assignment import SeatAssignment
from models.service_order import (
    AttemptOutcome,
    ChargeAttempt,
    LineStatus,
    OrderLine,
    OrderStatus,
    ServiceOrder,
    find_final_status,
    find_reminder_time,
)

log = structlog.get_logger()

RETRY_DELAY = timedelta(seconds=10)
MAX_IMMEDIATE_ATTEMPTS = 3


async def apply_charge_outcome(
    services: Services,
    line_id: int,
    charge: Charge,
    outcome: ChargeOutcome,
    subscription_states: list[SubscriptionState],
) -> None:
    at = services.now()
    CHARGES_TOTAL.labels(to_snake_case(type(outcome).__name__)).inc()
    async with services.write() as session:
        account = await lock_account(session, charge.account_id)
        line = await session.get_one(OrderLine, line_id)
        order = await session.get_one(ServiceOrder, line.order_id)
        attempt = (
            await session.exec(select(ChargeAttempt).where(ChargeAttempt.idempotency_key == charge.key))
        ).one()
        if not line.is_busy or attempt.ended_at is not None:
            return  # Another worker brought the same answer first.
        woken = line.due_at != line.claimed_until
        line.claimed_until = None
        session.add(line)
        match outcome:
            case Settled():
                _close_attempt(attempt, AttemptOutcome.SETTLED, at)
                await _settle_line(services, session, account, order, line, outcome, subscription_states, at)
            case Declined(reason):
                _close_attempt(attempt, AttemptOutcome.DECLINED, at)
                await decline_line(services, session, account, order, line, reason, at)
            case SeatsChanged() if line.status is LineStatus.NEEDS_CUSTOMER:
                # Nothing can be asked of the customer any more, and a new attempt takes a retry.
                _close_attempt(attempt, AttemptOutcome.DECLINED, at)
                await decline_line(services, session, account, order, line, "seats_changed", at)
            case SeatsChanged():
                _close_attempt(attempt, AttemptOutcome.SEATS_CHANGED, at)
                if line.status is LineStatus.UNKNOWN:
                    await update_line_status(session, account, order, line, LineStatus.CHARGING, at)
                # Others rarely change seats twice in a row: a provider that says so is asked less often.
                line.due_at = at if attempt.number < MAX_IMMEDIATE_ATTEMPTS else at + RETRY_DELAY
            case PriceChanged(amount, tax):
                _close_attempt(attempt, AttemptOutcome.DECLINED, at)
                await decline_line(
                    services, session, account, order, line, "price_changed", at, offered_price=(amount, tax)
                )
            case Pending(until):
                if line.status is LineStatus.UNKNOWN:
                    await update_line_status(session, account, order, line, LineStatus.CHARGING, at)
                line.due_at = max(until, at + timedelta(seconds=1))
            case NeedsCustomer():
                patience = services.billing.reconcile_interval
                await _wait_for_customer(session, account, order, line, outcome, at, patience)
            case Unknown():
                if line.status is LineStatus.CHARGING:
                    await update_line_status(session, account, order, line, LineStatus.UNKNOWN, at)
                line.due_at = at + RETRY_DELAY
            case _:
                assert_never(outcome)
        if woken and line.is_busy:
            line.due_at = at  # Word came while the provider was asked: what it answered may be older.
        session.add(attempt)


def _close_attempt(attempt: ChargeAttempt, outcome: AttemptOutcome, at: datetime) -> None:
    attempt.outcome, attempt.ended_at = outcome, at


async def _settle_line(
    services: Services,
    session: Session,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    outcome: Settled,
    subscription_states: list[SubscriptionState],
    at: datetime,
) -> None:
    if (outcome.amount, outcome.tax) != (line.amount, line.tax):
        # R17: whoever changed the seats between the provider's look and its charge changed what it was over.
        log.error("charge.amount_mismatch", order=order.number, receipt=outcome.receipt)
    details = {"receipt": outcome.receipt, "amount": outcome.amount, "tax": outcome.tax}
    await update_line_status(session, account, order, line, LineStatus.SETTLED, at, details=details)
    line.due_at, line.provider_receipt_id = None, outcome.receipt
    await apply_subscription_states(session, subscription_states)
    await _assign_seat(session, order, line, at)
    await _mark_waiting_lines_due(session, line, at)
    await finish_order_if_done(services, session, account, order, PROCESSING_JOB_ACTOR, at)


async def _assign_seat(session: Session, order: ServiceOrder, line: OrderLine, at: datetime) -> None:
    """R11: one of the ordered seats for the admin contact, unless they have one of the product."""
    quoted = await session.get_one(QuoteLine, line.quote_line_id)
    held = await session.exec(
        select(SeatAssignment).where(
            SeatAssignment.administrator_id == order.administrator_id,
            SeatAssignment.product_id == quoted.product_id,
        )
    )
    if held.one_or_none() is not None:
        return
    session.add(
        SeatAssignment(
            administrator_id=order.administrator_id,
            product_id=quoted.product_id,
            subscription_id=line.subscription_id,
            order_line_id=line.id,
        )
    )
    await write_audit_entry(
        session,
        account_id=order.account_id,
        actor=PROCESSING_JOB_ACTOR,
        subject=f"service_order:{order.number}",
        action="seat_assigned",
        at=at,
        details={"product": quoted.product_id, "administrator": order.administrator_id},
    )


async def decline_line(
    services: Services,
    session: Session,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    reason: str,
    at: datetime,
    *,
    offered_price: tuple[int, int] | None = None,
) -> None:
    """`offered` is the amount and tax that would have been charged instead of the promised ones (R17)."""
    details: dict[str, object] = {}
    if offered_price is not None:
        details = {"promised": [line.amount, line.tax], "offered": list(offered_price)}
    await update_line_status(
        session, account, order, line, LineStatus.DECLINED, at, reason=reason, details=details
    )
    line.offered_amount, line.offered_tax = offered_price or (None, None)
    line.claimed_until = None
    # Looked at again when the last moment for a retry has passed.
    line.due_at = line.get_retry_deadline(order) if line.can_retry(order, at) else None
    await _mark_waiting_lines_due(session, line, at)
    if line.due_at is not None:
        await enqueue_attention_notice(session, account, order, line, NoticeKind.ORDER_DECLINED, at)
    await finish_order_if_done(services, session, account, order, PROCESSING_JOB_ACTOR, at)


async def _wait_for_customer(
    session: Session,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    outcome: NeedsCustomer,
    at: datetime,
    patience: timedelta,
) -> None:
    if line.status is not LineStatus.NEEDS_CUSTOMER:
        await update_line_status(session, account, order, line, LineStatus.NEEDS_CUSTOMER, at)
        line.customer_link, line.deadline_at = outcome.link, outcome.until
        line.remind_at = find_reminder_time(at, outcome.until)
        await enqueue_attention_notice(session, account, order, line, NoticeKind.ORDER_NEEDS_CUSTOMER, at)
    line.due_at = min(at + patience, max(outcome.until, at + RETRY_DELAY))


async def _mark_waiting_lines_due(session: Session, line: OrderLine, at: datetime) -> None:
    """Orders that waited for this one's subscription need wait no longer, whichever of their lines did."""
    of_it = select(OrderLine.order_id).where(
        OrderLine.subscription_id == line.subscription_id, OrderLine.status == LineStatus.WAITING
    )
    found = await session.exec(
        select(OrderLine).where(col(OrderLine.order_id).in_(of_it), OrderLine.status == LineStatus.WAITING)
    )
    for waiting in found.all():
        waiting.due_at = at
        session.add(waiting)


async def finish_order_if_done(
    services: Services,
    session: Session,
    account: Account,
    order: ServiceOrder,
    actor: Actor,
    at: datetime,
) -> None:
    """R18: completed where any line settled, else failed, once every line is done."""
    await session.flush()
    lines = list((await session.exec(select(OrderLine).where(OrderLine.order_id == order.id))).all())
    outcome = find_final_status(order, lines, at)
    if order.is_finished or outcome is None:
        return
    await update_order_status(session, order, outcome, actor, at)
    for line in lines:
        line.due_at, line.claimed_until = None, None
        session.add(line)
    people = await list_order_recipients(session, order)
    if outcome is OrderStatus.COMPLETED:
        await issue_receipt(session, account, order, services.settings.seller, at)
        told = [
            (
                NoticeKind.RECEIPT,
                [*list_direct_destinations(people), *list_channel_destinations(account, people)],
            )
        ]
        told.append((NoticeKind.RECEIPT_MAIL, list_email_destinations(people)))
    else:
        told = [
            (
                NoticeKind.ORDER_FAILED,
                [*list_direct_destinations(people), *list_channel_destinations(account, people)],
            )
        ]
    await announce_order_progress(session, account, order, outcome.value, at)
    for kind, destinations in told:
        event = f"order:{order.id}:{kind}"
        await enqueue_notice(
            session, kind, event, dict.fromkeys(destinations), account=account, at=at, order=order
        )
