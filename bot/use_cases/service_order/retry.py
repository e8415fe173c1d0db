"""Retries or cancels the declined seats of an order (R18)."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, build_actor, lock_authorized_row
from bot.use_cases.billing_sync.customer import refresh_customer_if_available
from bot.use_cases.load_details import list_payment_methods, load_busy_orders, load_order_details
from bot.use_cases.service_order.announce import announce_progress, announce_resolution
from bot.use_cases.service_order.charge_attempt import RETRY_DELAY, must_wait_for_refresh
from bot.use_cases.service_order.order_update import OrderUpdate, load_order_update
from bot.use_cases.service_order.process import start_processing
from bot.use_cases.service_order.read import authorize_order
from bot.use_cases.service_order.transitions import finish_order_if_done
from models.account import Account
from models.account.billing_contact import BillingContact
from models.audit.action import AuditAction
from models.audit.entry import AuditEntry
from models.details import OrderDetails
from models.payment_method import MethodChoices, PaymentMethod
from models.service_order import (
    METHOD_DECLINE_REASONS,
    AttemptOutcome,
    ChargeAttempt,
    LineStatus,
    NothingToRetry,
    OrderLine,
    OrderNotFound,
    ServiceOrder,
    SubscriptionBusy,
)
from models.subscription import Subscription

RETRY_DECISIONS = (AuditAction.RETRIED.value, AuditAction.GIVEN_UP.value)


async def open_retry(
    dependencies: Dependencies, *, person: SlackIdentity, order_id: int
) -> tuple[OrderDetails, list[PaymentMethod], set[str]]:
    """Returns the order, the payment methods to choose from, and the ids of those that it was declined for.
    Raises NothingToRetry."""
    at = dependencies.now()
    async with dependencies.read() as session:
        order = await authorize_order(session, person, order_id, at)
        details = await load_order_details(session, order, at)
        if not details.can_retry:
            raise await _build_nothing_to_retry(session, order, [row.line for row in details.rows])
        details.account.check_open()
    await refresh_customer_if_available(dependencies, order.account_id)
    async with dependencies.read() as session:
        lines = [row.line for row in details.rows if row.line.can_retry(order, at)]
        choices = await _load_method_choices(session, details.account, lines, at)
        return details, choices.usable, await _list_declined_method_ids(session, order)


async def _load_method_choices(
    session: Session, account: Account, lines: list[OrderLine], at: datetime
) -> MethodChoices:
    ids = [line.subscription_id for line in lines]
    subscriptions = await session.exec(select(Subscription).where(col(Subscription.id).in_(ids)))
    methods = await list_payment_methods(session, account.id)
    return MethodChoices.build(methods, subscriptions.all(), account.get_local_date(at))


async def _list_declined_method_ids(session: Session, order: ServiceOrder) -> set[str]:
    # On any attempt: a line has the reason only of its last one. The history has that of each, with the time
    # at which the attempt ended.
    attempts = await session.exec(
        select(ChargeAttempt.payment_method_id, OrderLine.subscription_id, AuditEntry.details)
        .join(OrderLine, col(OrderLine.id) == ChargeAttempt.order_line_id)
        .join(AuditEntry, col(AuditEntry.at) == ChargeAttempt.ended_at)
        .where(
            OrderLine.order_id == order.key,
            ChargeAttempt.outcome == AttemptOutcome.DECLINED,
            AuditEntry.subject == str(order.audit_subject),
            AuditEntry.to_status == LineStatus.DECLINED.value,
            col(AuditEntry.reason).in_(METHOD_DECLINE_REASONS),
        )
    )
    return {
        method_id
        for method_id, subscription_id, entry in attempts.all()
        if entry.get("subscription") == subscription_id
    }


async def retry_service_order(
    dependencies: Dependencies, *, person: SlackIdentity, order_id: int, payment_method_id: str
) -> OrderDetails:
    """Charges the declined lines again, at the same price (R18). Raises NothingToRetry,
    PaymentMethodNotUsable, PaymentMethodNotAccepted, SubscriptionBusy."""
    at = dependencies.now()
    async with dependencies.write() as session:
        update, contact = await _lock_order(dependencies, session, person, order_id, at)
        account = update.account
        account.check_open()
        lines, method = await _list_lines_to_retry(update), None
        if not all(line.is_on_invoice for line in lines):
            method = (await _load_method_choices(session, account, lines, at)).get_method(payment_method_id)
        busy = await load_busy_orders(session, [line.subscription_id for line in lines])
        if busy:
            raise SubscriptionBusy(number=sorted(order.number for order in busy.values())[0])
        for line in lines:
            _retry_line(update, line, method)
        announce_progress(update, "retried", by=contact.name)
        await announce_resolution(update)
        await update.save()
        details = await load_order_details(session, update.order, at, include_history=True)
    start_processing(dependencies)
    return details


def _retry_line(update: OrderUpdate, line: OrderLine, method: PaymentMethod | None) -> None:
    line.change_status(LineStatus.CHARGING, update.at)
    if method is not None and not line.is_on_invoice:
        line.payment_method_id = method.id
    line.release(update.at + RETRY_DELAY if must_wait_for_refresh(update) else update.at)
    update.session.add(line)
    method_id = line.payment_method_id or update.order.payment_method_id
    update.add_audit_entry(
        AuditAction.RETRIED,
        status_change=(LineStatus.DECLINED.value, LineStatus.CHARGING.value),
        details={"subscription": line.subscription_id, "payment_method": method_id},
    )


async def cancel_declined_seats(
    dependencies: Dependencies, *, person: SlackIdentity, order_id: int
) -> OrderDetails:
    """Makes the declined lines final (R18). Raises NothingToRetry."""
    at = dependencies.now()
    async with dependencies.write() as session:
        update, contact = await _lock_order(dependencies, session, person, order_id, at)
        await _list_lines_to_retry(update)
        update.order.retries_abandoned = True
        session.add(update.order)
        update.add_audit_entry(AuditAction.GIVEN_UP)
        announce_progress(update, "given_up", by=contact.name)
        await finish_order_if_done(update)
        if not update.order.is_finished:
            await announce_resolution(update)
        await update.save()
        return await load_order_details(session, update.order, at, include_history=True)


async def _list_lines_to_retry(update: OrderUpdate) -> list[OrderLine]:
    lines = [line for line in update.lines if line.can_retry(update.order, update.at)]
    if not lines:
        raise await _build_nothing_to_retry(update.session, update.order, update.lines)
    return lines


async def _build_nothing_to_retry(
    session: Session, order: ServiceOrder, lines: Sequence[OrderLine]
) -> NothingToRetry:
    # R20: who decided about the declined lines, and when; otherwise the time for a retry is over.
    decisions = await session.exec(
        select(AuditEntry)
        .where(
            AuditEntry.subject == str(order.audit_subject),
            col(AuditEntry.action).in_(RETRY_DECISIONS),
        )
        .order_by(col(AuditEntry.number).desc())
        .limit(1)
    )
    decision = decisions.one_or_none()
    is_declined = any(line.status is LineStatus.DECLINED for line in lines)
    if decision is None or (is_declined and not order.retries_abandoned):
        return NothingToRetry(number=order.number, outcome="over", by="", at=order.placed_at)
    return NothingToRetry(
        number=order.number, outcome=decision.action, by=decision.actor_name, at=decision.at
    )


async def _lock_order(
    dependencies: Dependencies, session: Session, person: SlackIdentity, order_id: int, at: datetime
) -> tuple[OrderUpdate, BillingContact]:
    order = await session.get(ServiceOrder, order_id)
    authorized = await lock_authorized_row(session, person, order, at, not_found=OrderNotFound(number=""))
    update = await load_order_update(dependencies, session, authorized.account, order_id, at)
    update.actor = build_actor(authorized.contact, person)
    return update, authorized.contact
