"""Starts an attempt to charge an order line: checks the seats, stores the idempotency key (R19)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from bot.billing.gateway import BillingUnavailable, Charge, CustomerNotFound, SubscriptionState
from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.i18n import Localizer
from bot.use_cases.service_order.order_update import OrderUpdate
from models.details import OrderLineDetails
from models.service_order import ChargeAttempt, LineStatus, OrderLine
from models.service_order.account_balance import compute_amount_limit, is_balance_passed_on

RETRY_DELAY = timedelta(seconds=10)
# The line may still be invoiced, or is about to be.
UNINVOICED_STATUSES = (LineStatus.WAITING, LineStatus.CHARGING, LineStatus.UNKNOWN)


@dataclass(frozen=True)
class LeasedLine:
    """A line that this worker has leased, and its order as it was then: that transaction has ended.
    `open_charge` was stored earlier and may have been sent, but its outcome is unknown."""

    update: OrderUpdate
    row: OrderLineDetails
    open_charge: Charge | None

    @property
    def account_id(self) -> str:
        return self.update.account.id

    @property
    def line(self) -> OrderLine:
        return self.row.line


@dataclass(frozen=True)
class ProviderSeats:
    """One subscription at the provider. `seats` is None if none can be added; `closed_reason` says why.
    `grouped_ids` are the other subscriptions that the provider changes together with this one."""

    seats: int | None
    closed_reason: str = ""
    grouped_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Start:
    """Unless an attempt for one of the grouped subscriptions is open."""

    expected_seats: int
    grouped_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decline:
    reason: str


@dataclass(frozen=True)
class Wait:
    """Waits until the provider is available."""


async def fetch_seats(
    dependencies: Dependencies, account_id: str, subscription_id: str
) -> ProviderSeats | None:
    try:
        states = await dependencies.billing.list_subscriptions(account_id)
    except BillingUnavailable:
        return None
    except CustomerNotFound:
        return ProviderSeats(None, "customer_gone")
    state = next((state for state in states if state.id == subscription_id), None)
    if state is None or state.closed_reason is not None:
        return ProviderSeats(None, (state and state.closed_reason) or "subscription_gone")
    refusal = state.outlook.find_charge_refusal()
    if refusal is not None:
        return ProviderSeats(None, refusal.decline_reason)
    return ProviderSeats(state.seats, grouped_ids=_list_grouped_ids(state, states))


def _list_grouped_ids(state: SubscriptionState, states: Sequence[SubscriptionState]) -> tuple[str, ...]:
    if state.charge_group is None:
        return ()
    return tuple(s.id for s in states if s.charge_group == state.charge_group and s is not state)


def decide_start(line: OrderLine, provider: ProviderSeats | None, at: datetime) -> Start | Decline | Wait:
    if provider is None:
        return Wait()
    if at >= line.period_ends_at:
        return Decline("period_ended")
    if provider.seats is None:
        return Decline(provider.closed_reason)
    return Start(provider.seats, provider.grouped_ids)


def is_charged_in_sequence(update: OrderUpdate) -> bool:
    """Whether each line's invoice uses up what the one before has left of the account's balance (R26)."""
    return len(update.lines) > 1 and is_balance_passed_on(update.quote, update.lines)


def must_wait_for_earlier_line(update: OrderUpdate, line: OrderLine) -> bool:
    # The quote promises amounts for charging its lines in their order.
    return is_charged_in_sequence(update) and any(
        other.key < line.key and other.status in UNINVOICED_STATUSES for other in update.lines
    )


def must_wait_for_refresh(update: OrderUpdate) -> bool:
    """Whether a refresh may be restoring the account's address at the provider. It must not replace the
    order's own between the check of its price and its charge. One that has failed is due later."""
    due_at = update.account.refresh_due_at
    return update.is_address_outdated and due_at is not None and due_at <= update.at


def can_start_attempt(update: OrderUpdate, line: OrderLine) -> bool:
    return line.status is LineStatus.CHARGING and find_open_attempt(update, line) is None


def find_open_attempt(update: OrderUpdate, line: OrderLine) -> ChargeAttempt | None:
    return next((a for a in update.attempts[line.key] if a.ended_at is None), None)


async def store_attempt(
    dependencies: Dependencies, leased: LeasedLine, start: Start, at: datetime
) -> Charge | None:
    """Stores the attempt before the call to the provider, so that a lost response can be reconciled by its
    key. Returns None if the line cannot be charged now."""
    in_sequence = is_charged_in_sequence(leased.update)
    async with dependencies.write() as session:
        if start.grouped_ids or in_sequence:
            # No other attempt of the group or the order can start meanwhile (R19).
            await lock_account(session, leased.account_id)
        line = await lock_leased_line(session, leased)
        if line is None:
            return None
        is_group_busy = start.grouped_ids and await _has_open_attempt(session, start.grouped_ids)
        if is_group_busy or (in_sequence and await _is_order_invoicing(session, line)):
            line.release(at + RETRY_DELAY)
            session.add(line)
            return None
        attempt = _build_attempt(leased, start, at)
        session.add(attempt)
    return build_charge(leased.update, leased.row, attempt)


async def postpone_leased_line(dependencies: Dependencies, leased: LeasedLine, due_at: datetime) -> None:
    async with dependencies.write() as session:
        line = await lock_leased_line(session, leased)
        if line is not None:
            line.release(due_at)
            session.add(line)


async def lock_leased_line(session: Session, leased: LeasedLine) -> OrderLine | None:
    """Returns None if the lease has been lost: only the worker that has it starts an attempt (R19)."""
    lines = await session.exec(
        select(OrderLine)
        .where(OrderLine.id == leased.line.id, OrderLine.claimed_until == leased.line.claimed_until)
        .with_for_update()
    )
    return lines.one_or_none()


async def _has_open_attempt(session: Session, subscription_ids: tuple[str, ...]) -> bool:
    attempt_ids = await session.exec(
        select(ChargeAttempt.id)
        .join(OrderLine, col(OrderLine.id) == ChargeAttempt.order_line_id)
        .where(col(OrderLine.subscription_id).in_(subscription_ids), col(ChargeAttempt.ended_at).is_(None))
        .limit(1)
    )
    return attempt_ids.first() is not None


async def _is_order_invoicing(session: Session, line: OrderLine) -> bool:
    """Whether an invoice of the order may still use up some of the account's balance."""
    attempt_ids = await session.exec(
        select(ChargeAttempt.id)
        .join(OrderLine, col(OrderLine.id) == ChargeAttempt.order_line_id)
        .where(
            OrderLine.order_id == line.order_id,
            OrderLine.id != line.id,
            col(OrderLine.status).in_(UNINVOICED_STATUSES),
            col(ChargeAttempt.ended_at).is_(None),
        )
        .limit(1)
    )
    return attempt_ids.first() is not None


def _build_attempt(leased: LeasedLine, start: Start, at: datetime) -> ChargeAttempt:
    update, line = leased.update, leased.line
    number = len(update.attempts[line.key]) + 1
    return ChargeAttempt(
        order_line_id=line.key,
        number=number,
        idempotency_key=f"{update.order.number}-{line.key}-{number}-{secrets.token_hex(8)}",
        payment_method_id=line.payment_method_id or update.order.payment_method_id,
        expected_seats=start.expected_seats,
        started_at=at,
    )


def build_charge(update: OrderUpdate, row: OrderLineDetails, attempt: ChargeAttempt) -> Charge:
    """Builds what is sent to the provider: always the same for an attempt, because it may be sent more than
    once. Only the limit of the amount depends on how much of the balance the order's other lines have
    used, and the provider's address on when it was last read."""
    return Charge(
        key=attempt.idempotency_key,
        account_id=update.account.id,
        subscription_id=row.line.subscription_id,
        seats=row.line.seats,
        unit_price=row.quote_line.unit_price,
        amount=row.line.amount,
        tax=row.line.tax,
        at=update.quote.frozen_at,
        expected_seats=attempt.expected_seats,
        payment_method_id=attempt.payment_method_id,
        address=update.order.billing_address,
        stored_at=attempt.started_at,
        provider_address=update.account.known_provider_address,
        max_amount_due=compute_amount_limit(update.quote, update.lines, row.line),
        is_on_invoice=row.line.is_on_invoice,
        invoice_fields=_build_invoice_fields(update),
        product_id=row.quote_line.product_id,
    )


def _build_invoice_fields(update: OrderUpdate) -> tuple[tuple[str, str], ...]:
    number = update.order.po_number
    if not number:
        return ()
    account = update.account
    label = Localizer(account.locale, account.time_zone).format_text("receipt-po-number")
    return ((label, number),)
