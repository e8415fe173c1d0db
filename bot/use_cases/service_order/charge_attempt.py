"""Starts an attempt to charge an order line: checks the seats, stores the idempotency key (R19)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from bot.billing.gateway import BillingUnavailable, Charge, CustomerNotFound, SubscriptionState
from bot.services import Services
from bot.use_cases.service_order.order_update import OrderUpdate
from models.details import OrderRow
from models.service_order import ChargeAttempt, LineStatus, OrderLine


@dataclass(frozen=True)
class ProviderSeats:
    """One subscription at the provider. `seats` is None if none can be added; `closed_reason` says why.
    `grouped_ids` are the other subscriptions that the provider changes together with this one."""

    seats: int | None
    closed_reason: str = ""
    grouped_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Start:
    expected_seats: int


@dataclass(frozen=True)
class Decline:
    reason: str


@dataclass(frozen=True)
class Wait:
    """Until the provider is available, or an open attempt for a grouped subscription has ended."""


async def fetch_seats(services: Services, account_id: str, subscription_id: str) -> ProviderSeats | None:
    try:
        states = await services.billing.list_subscriptions(account_id)
    except BillingUnavailable:
        return None
    except CustomerNotFound:
        return ProviderSeats(None, "customer_gone")
    state = next((state for state in states if state.id == subscription_id), None)
    if state is None or state.closed_reason is not None:
        return ProviderSeats(None, (state and state.closed_reason) or "subscription_gone")
    return ProviderSeats(state.seats, grouped_ids=_list_grouped_ids(state, states))


def _list_grouped_ids(state: SubscriptionState, states: Sequence[SubscriptionState]) -> tuple[str, ...]:
    if state.charge_group is None:
        return ()
    return tuple(s.id for s in states if s.charge_group == state.charge_group and s is not state)


async def decide_start(
    update: OrderUpdate, line: OrderLine, provider: ProviderSeats | None
) -> Start | Decline | Wait:
    if provider is None:
        return Wait()
    if update.at >= line.period_ends_at:
        return Decline("period_ended")
    if provider.seats is None:
        return Decline(provider.closed_reason)
    if provider.grouped_ids and await _has_open_attempt(update, provider.grouped_ids):
        return Wait()
    return Start(provider.seats)


async def _has_open_attempt(update: OrderUpdate, subscription_ids: tuple[str, ...]) -> bool:
    # The account is locked, so no other attempt can start meanwhile (R19).
    attempt_ids = await update.session.exec(
        select(ChargeAttempt.id)
        .join(OrderLine, col(OrderLine.id) == ChargeAttempt.order_line_id)
        .where(col(OrderLine.subscription_id).in_(subscription_ids), col(ChargeAttempt.ended_at).is_(None))
        .limit(1)
    )
    return attempt_ids.first() is not None


def can_start_attempt(update: OrderUpdate, line: OrderLine) -> bool:
    return line.status is LineStatus.CHARGING and find_open_attempt(update, line) is None


def find_open_attempt(update: OrderUpdate, line: OrderLine) -> ChargeAttempt | None:
    return next((a for a in update.attempts[line.key] if a.ended_at is None), None)


def store_attempt(update: OrderUpdate, row: OrderRow, start: Start) -> Charge:
    """Before the call to the provider, so that a lost response can be reconciled by its key."""
    line, number = row.line, len(update.attempts[row.line.key]) + 1
    attempt = ChargeAttempt(
        order_line_id=line.key,
        number=number,
        idempotency_key=f"{update.order.number}-{line.key}-{number}-{secrets.token_hex(8)}",
        payment_method_id=line.payment_method_id or update.order.payment_method_id,
        expected_seats=start.expected_seats,
        started_at=update.at,
    )
    update.session.add(attempt)
    return build_charge(update, row, attempt)


def build_charge(update: OrderUpdate, row: OrderRow, attempt: ChargeAttempt) -> Charge:
    """Always the same charge for an attempt, because it may be sent more than once."""
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
    )
