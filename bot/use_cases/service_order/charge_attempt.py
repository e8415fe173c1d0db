"""Starting an attempt to charge a line: what the provider holds, what follows from it, and the key (R19)."""

import secrets
from dataclasses import dataclass

from sqlmodel import col, select

from bot.billing.gateway import BillingUnavailable, Charge, CustomerNotFound
from bot.services import Services
from bot.use_cases.service_order.order_update import OrderUpdate
from models.details import OrderRow
from models.service_order import ChargeAttempt, LineStatus, OrderLine


@dataclass(frozen=True)
class ProviderSeats:
    """What the provider holds of one subscription: `seats` is none if none can be added, for `closed_reason`.
    `grouped_ids` are the other subscriptions that it changes together with this one."""

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
    """Until the provider answers, or has answered for a subscription that it changes with this one."""


async def fetch_seats(services: Services, account_id: str, subscription_id: str) -> ProviderSeats | None:
    """None while the provider is unavailable."""
    try:
        states = await services.billing.list_subscriptions(account_id)
    except BillingUnavailable:
        return None
    except CustomerNotFound:
        return ProviderSeats(None, "customer_gone")
    state = next((s for s in states if s.id == subscription_id), None)
    if state is None or state.closed_reason is not None:
        return ProviderSeats(None, (state and state.closed_reason) or "subscription_gone")
    group = state.charge_group
    grouped = [s.id for s in states if group is not None and s.charge_group == group and s is not state]
    return ProviderSeats(state.seats, grouped_ids=tuple(grouped))


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
    """R19: whether an attempt for one of them has no end yet. Under the account's lock none begins."""
    found = await update.session.exec(
        select(ChargeAttempt.id)
        .join(OrderLine, col(OrderLine.id) == ChargeAttempt.order_line_id)
        .where(col(OrderLine.subscription_id).in_(subscription_ids), col(ChargeAttempt.ended_at).is_(None))
        .limit(1)
    )
    return found.first() is not None


def can_start_attempt(update: OrderUpdate, line: OrderLine) -> bool:
    """False if another worker was first."""
    return line.status is LineStatus.CHARGING and find_open_attempt(update, line) is None


def find_open_attempt(update: OrderUpdate, line: OrderLine) -> ChargeAttempt | None:
    return next((a for a in update.attempts[line.key] if a.ended_at is None), None)


def store_attempt(update: OrderUpdate, row: OrderRow, start: Start) -> Charge:
    """The key is stored before the call, so that a lost answer can be asked for."""
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
    """The same for an attempt each time, so that it can be sent again."""
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
