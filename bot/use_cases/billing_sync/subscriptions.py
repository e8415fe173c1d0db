"""Refreshing the bot's copy of an account's subscriptions from the billing provider."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import col, delete, select

from bot.billing.gateway import SubscriptionState
from bot.db import Session, build_insert, lock_account
from bot.dependencies import Dependencies
from bot.job_ids import JobId
from bot.use_cases.account_change import record_account_change
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.billing_sync.subscription_diff import (
    SubscriptionChange,
    SubscriptionDiff,
    compute_subscription_diff,
    has_same_terms,
)
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.product import Product
from models.service_order import BUSY_STATUSES, OrderLine
from models.subscription import SeatBlock, Subscription

log = structlog.get_logger()

PROVIDER_ACTOR = Actor("provider", "billing", JobId.REFRESH_ACCOUNTS.value)


async def refresh_subscriptions(
    dependencies: Dependencies, account_id: str, local_subscriptions: Sequence[Subscription] | None = None
) -> bool:
    """Updates the bot's copy from the provider. Returns whether anything changed. `local_subscriptions` are
    all of the account's, if they have just been read. A row that changes while the provider responds is left
    alone: what a settled line stored is newer than the response. Raises BillingUnavailable,
    CustomerNotFound."""
    if local_subscriptions is None:
        async with dependencies.read() as session:
            local_subscriptions = await _list_subscriptions(session, account_id)
    states = await dependencies.billing.list_subscriptions(account_id)
    if any(state.outlook.update_pending_until for state in states):
        async with dependencies.read() as session:
            states = await _hide_own_updates(session, account_id, states)
    diff = compute_subscription_diff(local_subscriptions, states)
    named = [state for state in states if state.product_name or state in diff.added]
    products = await _list_new_products(dependencies, named)
    if diff.is_empty and not products:
        return False
    async with dependencies.write() as session:
        account = await lock_account(session, account_id)
        account.revision += 1
        session.add(account)
        await _store_products(session, products)
        await _apply_diff(session, account_id, diff, dependencies.now())
    return True


async def _list_new_products(
    dependencies: Dependencies, states: Iterable[SubscriptionState]
) -> list[Product]:
    """Lists the provider's products that are not stored yet, or by another name."""
    names = {
        state.product_id: state.product_name
        for state in states
        if state.product_id is not None and state.product_name is not None
    }
    if not names:
        return []
    async with dependencies.read() as session:
        found = await session.exec(select(Product).where(col(Product.id).in_(names)))
        stored = {product.id: product for product in found.all()}
    return [
        Product(id=product_id, name=name or product_id, in_catalogue=False)
        for product_id, name in sorted(names.items())
        if product_id not in stored
        or (name and name != stored[product_id].name and not stored[product_id].in_catalogue)
    ]


async def _store_products(session: Session, products: Iterable[Product]) -> None:
    # Another account with a subscription of the product may do the same at this moment.
    for product in products:
        insert = build_insert(session, Product).values(product.model_dump())
        await session.exec(
            insert.on_conflict_do_update(
                index_elements=["id"],
                set_={"name": product.name},
                where=col(Product.in_catalogue).is_(False),
            )
        )


async def _hide_own_updates(
    session: Session, account_id: str, states: list[SubscriptionState]
) -> list[SubscriptionState]:
    # An order's own change must not block the next order, which is queued behind it anyway (R19).
    found = await session.exec(
        select(OrderLine.subscription_id)
        .join(Subscription, col(Subscription.id) == OrderLine.subscription_id)
        .where(Subscription.account_id == account_id, col(OrderLine.status).in_(BUSY_STATUSES))
    )
    busy_ids = set(found.all())
    own_groups = {state.charge_group or state.id for state in states if state.id in busy_ids}
    return [
        replace(state, outlook=state.outlook.model_copy(update={"update_pending_until": None}))
        if (state.charge_group or state.id) in own_groups
        else state
        for state in states
    ]


async def _apply_diff(session: Session, account_id: str, diff: SubscriptionDiff, at: datetime) -> None:
    current = {row.id: row for row in await _list_subscriptions(session, account_id)}
    for state in diff.added:
        await _add_subscription(session, account_id, state, at)
    for ended in diff.ended:
        await _end_subscription(session, current[ended.id], at)
    changes = [
        SubscriptionChange(current[change.stored.id], change.state)
        for change in diff.changed
        if has_same_terms(current[change.stored.id], change.stored)
    ]
    await _record_seat_changes(session, changes, at)
    await _apply_product_changes(session, changes, at)
    await apply_subscription_states(session, [change.state for change in changes])
    if changes:
        await record_account_change(session, account_id)


async def _add_subscription(
    session: Session, account_id: str, state: SubscriptionState, at: datetime
) -> None:
    # A provider that has products of its own names those that the catalogue lacks.
    product = await session.get(Product, state.product_id) if state.product_id else None
    if product is None or await session.get(Subscription, state.id) is not None:
        log.warning("subscription.product_unknown", subscription=state.id)
        return
    subscription = Subscription(
        id=state.id,
        account_id=account_id,
        product_id=product.id,
        seats=state.seats,
        unit_price=state.unit_price,
        pricing=state.pricing,
        period=state.period,
        period_start=state.period_start,
        period_end=state.period_end,
        default_payment_method_id=state.default_payment_method_id,
        outlook=state.outlook,
    )
    session.add(subscription)
    await session.flush()
    await _record_change(session, subscription, AuditAction.ADDED, at, {"seats": state.seats})


async def _end_subscription(session: Session, subscription: Subscription, at: datetime) -> None:
    if subscription.active:
        subscription.active = False
        session.add(subscription)
        await _record_change(session, subscription, AuditAction.ENDED, at, {"seats": subscription.seats})


async def _record_change(
    session: Session,
    subscription: Subscription,
    action: AuditAction,
    at: datetime,
    details: dict[str, object],
) -> None:
    await write_audit_entry(
        session,
        account_id=subscription.account_id,
        actor=PROVIDER_ACTOR,
        subject=subscription.audit_subject,
        action=action,
        at=at,
        details=details,
    )


async def _record_seat_changes(session: Session, changes: Sequence[SubscriptionChange], at: datetime) -> None:
    # Only changes made by others: those of an order that is adding seats are in its own history.
    found = await session.exec(
        select(OrderLine.subscription_id).where(
            col(OrderLine.subscription_id).in_([change.stored.id for change in changes]),
            col(OrderLine.status).in_(BUSY_STATUSES),
        )
    )
    busy = set(found.all())
    for change in changes:
        before, after = change.stored.seats, change.state.seats
        if before != after and change.stored.id not in busy:
            await _record_change(
                session, change.stored, AuditAction.SEATS_CHANGED, at, {"seats": [before, after]}
            )


async def _apply_product_changes(
    session: Session, changes: Sequence[SubscriptionChange], at: datetime
) -> None:
    for change in changes:
        subscription, after = change.stored, change.state.current_product_id
        if after is None or after == subscription.product_id or await session.get(Product, after) is None:
            continue
        details: dict[str, object] = {"product": [subscription.product_id, after]}
        await _record_change(session, subscription, AuditAction.PRODUCT_CHANGED, at, details)
        subscription.product_id = after
        session.add(subscription)


async def apply_subscription_states(session: Session, states: Sequence[SubscriptionState]) -> None:
    """Writes the provider's seats, prices and periods to the stored subscriptions. Their products are left
    alone."""
    if not states:
        return
    found = await session.exec(
        select(Subscription, SeatBlock)
        .outerjoin(SeatBlock, col(SeatBlock.subscription_id) == Subscription.id)
        .where(col(Subscription.id).in_([state.id for state in states]))
    )
    stored: dict[str, tuple[Subscription, list[SeatBlock]]] = {}
    for subscription, block in found.all():
        stored.setdefault(subscription.id, (subscription, []))[1].extend([block] if block else [])
    for state in states:
        if state.id in stored:
            await _apply_state(session, *stored[state.id], state)
    await session.flush()


async def _apply_state(
    session: Session, subscription: Subscription, blocks: Sequence[SeatBlock], state: SubscriptionState
) -> None:
    subscription.seats, subscription.unit_price = state.seats, state.unit_price
    subscription.pricing, subscription.period = state.pricing, state.period
    subscription.default_payment_method_id = state.default_payment_method_id
    subscription.period_start, subscription.period_end = state.period_start, state.period_end
    subscription.outlook, subscription.active = state.outlook, True
    session.add(subscription)
    if {(block.unit_price, block.seats) for block in blocks} == {
        (b.unit_price, b.seats) for b in state.blocks
    }:
        return
    await session.exec(delete(SeatBlock).where(col(SeatBlock.subscription_id) == state.id))
    session.add_all(
        SeatBlock(subscription_id=state.id, unit_price=b.unit_price, seats=b.seats) for b in state.blocks
    )


async def _list_subscriptions(session: Session, account_id: str) -> list[Subscription]:
    found = await session.exec(select(Subscription).where(Subscription.account_id == account_id))
    return list(found.all())
