"""Keeping the bot's copy of subscriptions."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, delete, select

from bot.billing.gateway import SubscriptionState
from bot.db import Session, lock_account
from bot.jobs import JobId
from bot.services import Services
from bot.use_cases.account_change import record_account_change
from bot.use_cases.audit.write import write_audit_entry
from models.audit_entry import Actor
from models.product import Product
from models.service_order import BUSY_STATUSES, OrderLine
from models.subscription import SeatBlock, Subscription

log = structlog.get_logger()

PROVIDER_ACTOR = Actor("provider", "billing", JobId.REFRESH_ACCOUNTS.value)
SYNCED_FIELDS = ("seats", "unit_price", "period", "period_start", "period_end")


async def refresh_subscriptions(
    services: Services, account_id: str, local_subscriptions: Sequence[Subscription] | None = None
) -> bool:
    """Bring the bot's copy up to what the provider holds: what it says the product of is known here at once,
    what it no longer holds can no longer be ordered for. Raises BillingUnavailable, CustomerUnknown.

    A row that changed while the provider answered is left alone: what a settled line wrote is newer. `copied`
    are all rows of the account where they were read a moment ago. Returns whether anything was to be changed.
    """
    if local_subscriptions is None:
        async with services.read() as session:
            local_subscriptions = await _list_subscriptions(session, account_id)
    before = {s.id: _get_local_values(s) for s in local_subscriptions}
    states = [s for s in await services.billing.list_subscriptions(account_id) if s.closed_reason is None]
    stale = [state for state in states if before.get(state.id) != _get_provider_values(state)]
    gone = {i for i, copied in before.items() if copied[-1]} - {state.id for state in states}
    if not stale and not gone:
        return False
    async with services.write() as session:
        await lock_account(session, account_id)
        at = services.now()
        await _add_subscriptions(session, account_id, [s for s in stale if s.id not in before], at)
        now = {s.id: s for s in await _list_subscriptions(session, account_id)}
        await _mark_ended(session, [row for row in now.values() if row.active and row.id in gone], at)
        news = [s for s in stale if s.id in now and before.get(s.id) == _get_local_values(now[s.id])]
        await _record_seat_changes(session, [(now[s.id], s) for s in news], at)
        await apply_subscription_states(session, news)
        if news:
            await record_account_change(session, account_id)
    return True


async def _add_subscriptions(
    session: Session, account_id: str, states: list[SubscriptionState], at: datetime
) -> None:
    for state in states:
        product = await session.get(Product, state.product_id) if state.product_id else None
        if product is None or await session.get(Subscription, state.id) is not None:
            log.warning("subscription.product_unknown", subscription=state.id)
            continue
        held = {name: getattr(state, name) for name in SYNCED_FIELDS}
        new = Subscription(id=state.id, account_id=account_id, product_id=product.id, **held)
        session.add(new)
        await session.flush()
        await _record_change(session, new, "added", at, {"seats": state.seats})


async def _mark_ended(session: Session, rows: list[Subscription], at: datetime) -> None:
    for row in rows:
        row.active = False
        session.add(row)
        await _record_change(session, row, "ended", at, {"seats": row.seats})


async def _record_change(
    session: Session, subscription: Subscription, action: str, at: datetime, details: dict[str, object]
) -> None:
    await write_audit_entry(
        session,
        account_id=subscription.account_id,
        actor=PROVIDER_ACTOR,
        subject=f"subscription:{subscription.id}",
        action=action,
        at=at,
        details=details,
    )


async def _record_seat_changes(
    session: Session,
    changes: Sequence[tuple[Subscription, SubscriptionState]],
    at: datetime,
) -> None:
    """What others did to the seats is history, too; what an order is about to add is the order's."""
    found = await session.exec(
        select(OrderLine.subscription_id).where(
            col(OrderLine.subscription_id).in_([held.id for held, _ in changes]),
            col(OrderLine.status).in_(BUSY_STATUSES),
        )
    )
    busy = set(found.all())
    for held, state in changes:
        if held.seats != state.seats and held.id not in busy:
            await _record_change(session, held, "seats_changed", at, {"seats": [held.seats, state.seats]})


async def apply_subscription_states(session: Session, states: Iterable[SubscriptionState]) -> None:
    """The one place where the bot's copy is written: seats, their prices, and the period."""
    for state in states:
        subscription = await session.get(Subscription, state.id)
        if subscription is None:
            continue
        subscription.seats, subscription.unit_price = state.seats, state.unit_price
        subscription.period = state.period
        subscription.period_start, subscription.period_end = state.period_start, state.period_end
        subscription.active = True
        session.add(subscription)
        await session.exec(delete(SeatBlock).where(col(SeatBlock.subscription_id) == state.id))
        session.add_all(
            SeatBlock(subscription_id=state.id, unit_price=b.unit_price, seats=b.seats) for b in state.blocks
        )
    await session.flush()


_SUBSCRIPTIONS_QUERY = select(Subscription).where(Subscription.account_id == bindparam("account"))


async def _list_subscriptions(session: Session, account_id: str) -> list[Subscription]:
    return list((await session.exec(_SUBSCRIPTIONS_QUERY, params={"account": account_id})).all())


def _get_local_values(subscription: Subscription) -> tuple[object, ...]:
    s = subscription
    return (s.seats, s.unit_price, s.period, s.period_start, s.period_end, s.active)


def _get_provider_values(state: SubscriptionState) -> tuple[object, ...]:
    return (state.seats, state.unit_price, state.period, state.period_start, state.period_end, True)
