"""Keeping the bot's copy of subscriptions."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import structlog
from sqlalchemy import bindparam
from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.billing.gateway import SubscriptionState
from bot.db import lock_account
from bot.services import Services
from bot.use_cases.account_change import note_change
from bot.use_cases.audit.write import record
from models.audit_entry import Actor
from models.product import Product
from models.service_order import BUSY, OrderLine
from models.subscription import SeatBlock, Subscription

log = structlog.get_logger()

PROVIDER = Actor("provider", "billing", "refresh_subscriptions")
HELD = ("seats", "unit_price", "period", "period_start", "period_end")


async def refresh_subscriptions(
    services: Services, account_id: str, copied: Sequence[Subscription] | None = None
) -> bool:
    """Bring the bot's copy up to what the provider holds: what it says the product of is known here at once,
    what it no longer holds can no longer be ordered for. Raises BillingUnavailable, CustomerUnknown.

    A row that changed while the provider answered is left alone: what a settled line wrote is newer. `copied`
    are all rows of the account where they were read a moment ago. Returns whether anything was to be changed.
    """
    if copied is None:
        async with services.read() as session:
            copied = await _subscriptions(session, account_id)
    before = {s.id: _copied(s) for s in copied}
    states = [s for s in await services.billing.subscriptions(account_id) if s.closed is None]
    stale = [state for state in states if before.get(state.id) != _held(state)]
    gone = {i for i, copied in before.items() if copied[-1]} - {state.id for state in states}
    if not stale and not gone:
        return False
    async with services.write() as session:
        await lock_account(session, account_id)
        at = services.now()
        await _add_new(session, account_id, [s for s in stale if s.id not in before], at)
        now = {s.id: s for s in await _subscriptions(session, account_id)}
        await _end(session, [row for row in now.values() if row.active and row.id in gone], at)
        news = [s for s in stale if s.id in now and before.get(s.id) == _copied(now[s.id])]
        await _record_seats(session, [(now[s.id], s) for s in news], at)
        await copy_states(session, news)
        if news:
            await note_change(session, account_id)
    return True


async def _add_new(
    session: AsyncSession, account_id: str, states: list[SubscriptionState], at: datetime
) -> None:
    for state in states:
        product = await session.get(Product, state.product_id) if state.product_id else None
        if product is None or await session.get(Subscription, state.id) is not None:
            log.warning("a subscription without a product of the catalogue", subscription=state.id)
            continue
        held = {name: getattr(state, name) for name in HELD}
        new = Subscription(id=state.id, account_id=account_id, product_id=product.id, **held)
        session.add(new)
        await session.flush()
        await _note(session, new, "added", at, {"seats": state.seats})


async def _end(session: AsyncSession, rows: list[Subscription], at: datetime) -> None:
    for row in rows:
        row.active = False
        session.add(row)
        await _note(session, row, "ended", at, {"seats": row.seats})


async def _note(
    session: AsyncSession, held: Subscription, action: str, at: datetime, details: dict[str, object]
) -> None:
    await record(
        session,
        account_id=held.account_id,
        actor=PROVIDER,
        subject=f"subscription:{held.id}",
        action=action,
        at=at,
        details=details,
    )


async def _record_seats(
    session: AsyncSession,
    news: Sequence[tuple[Subscription, SubscriptionState]],
    at: datetime,
) -> None:
    """What others did to the seats is history, too; what an order is about to add is the order's."""
    found = await session.exec(
        select(OrderLine.subscription_id).where(
            col(OrderLine.subscription_id).in_([held.id for held, _ in news]), col(OrderLine.status).in_(BUSY)
        )
    )
    busy = set(found.all())
    for held, state in news:
        if held.seats != state.seats and held.id not in busy:
            await _note(session, held, "seats_changed", at, {"seats": [held.seats, state.seats]})


async def copy_states(session: AsyncSession, states: Iterable[SubscriptionState]) -> None:
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


_OF_ACCOUNT = select(Subscription).where(Subscription.account_id == bindparam("account"))


async def _subscriptions(session: AsyncSession, account_id: str) -> list[Subscription]:
    return list((await session.exec(_OF_ACCOUNT, params={"account": account_id})).all())


def _copied(subscription: Subscription) -> tuple[object, ...]:
    s = subscription
    return (s.seats, s.unit_price, s.period, s.period_start, s.period_end, s.active)


def _held(state: SubscriptionState) -> tuple[object, ...]:
    return (state.seats, state.unit_price, state.period, state.period_start, state.period_end, True)
