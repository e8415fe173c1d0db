"""Keeping the bot's copy of subscriptions."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import col, delete, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.billing.gateway import SubscriptionState
from bot.db import lock_account
from bot.services import Services
from bot.use_cases.audit_entry import record
from bot.use_cases.home_change import note_change
from models.audit_entry import Actor
from models.service_order import BUSY, OrderLine
from models.subscription import SeatBlock, Subscription

PROVIDER = Actor("provider", "billing", "refresh_subscriptions")


async def refresh_subscriptions(services: Services, account_id: str) -> None:
    """Bring the bot's copy up to what the provider holds. Raises BillingUnavailable.

    A row that changed while the provider answered is left alone: what a settled line wrote is newer.
    """
    async with services.read() as session:
        before = {s.id: _copied(s) for s in await _subscriptions(session, account_id)}
    states = await services.billing.subscriptions(account_id)
    stale = [state for state in states if before.get(state.id) != _held(state)]
    if not stale:
        return
    async with services.write() as session:
        await lock_account(session, account_id)
        now = {s.id: s for s in await _subscriptions(session, account_id)}
        news = [s for s in stale if s.id in now and before.get(s.id) == _copied(now[s.id])]
        await _record_seats(session, account_id, [(now[s.id], s) for s in news], services.now())
        await copy_states(session, news)
        if news:
            note_change(session, account_id)


async def _record_seats(
    session: AsyncSession,
    account_id: str,
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
            await record(
                session,
                account_id=account_id,
                actor=PROVIDER,
                subject=f"subscription:{held.id}",
                action="seats_changed",
                at=at,
                details={"seats": [held.seats, state.seats]},
            )


async def copy_states(session: AsyncSession, states: Iterable[SubscriptionState]) -> None:
    """The one place where the bot's copy is written: seats, their prices, and the period."""
    for state in states:
        subscription = await session.get(Subscription, state.id)
        if subscription is None:
            continue
        subscription.seats, subscription.unit_price = state.seats, state.unit_price
        subscription.period = state.period
        subscription.period_start, subscription.period_end = state.period_start, state.period_end
        session.add(subscription)
        await session.exec(delete(SeatBlock).where(col(SeatBlock.subscription_id) == state.id))
        session.add_all(
            SeatBlock(subscription_id=state.id, unit_price=b.unit_price, seats=b.seats) for b in state.blocks
        )
    await session.flush()


async def _subscriptions(session: AsyncSession, account_id: str) -> list[Subscription]:
    return list((await session.exec(select(Subscription).where(Subscription.account_id == account_id))).all())


def _copied(subscription: Subscription) -> tuple[object, ...]:
    s = subscription
    return (s.seats, s.unit_price, s.period, s.period_start, s.period_end)


def _held(state: SubscriptionState) -> tuple[object, ...]:
    return (state.seats, state.unit_price, state.period, state.period_start, state.period_end)
