"""Reading, retrying and giving up service orders (R18)."""

import asyncio
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, select

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.db import Session
from bot.permissions import (
    Authorized,
    SlackIdentity,
    authorize_row,
    build_actor,
    get_authorized_role,
    lock_authorized_row,
)
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.billing_sync.payment_methods import refresh_methods_if_available
from bot.use_cases.details import (
    list_payment_methods,
    load_busy_orders,
    load_order_details,
    load_order_details_by_id,
)
from bot.use_cases.service_order.charge_outcome import finish_order_if_done
from bot.use_cases.service_order.process import start_processing
from bot.use_cases.service_order.transitions import announce_order_progress
from models.account import Account
from models.audit_entry import AuditEntry
from models.details import OrderDetails
from models.payment_method import PaymentMethod, get_usable_method
from models.receipt import ProviderReceipt
from models.service_order import (
    LineStatus,
    NothingToRetry,
    OrderLine,
    OrderNotFound,
    ServiceOrder,
    SubscriptionBusy,
)

PAGE_SIZE = 10


async def list_orders(
    services: Services, *, person: SlackIdentity, account_id: str, before: int | None = None
) -> tuple[Account, list[OrderDetails], bool]:
    """A page of the account's orders, newest first, and whether there are older ones."""
    at = services.now()
    async with services.read() as session:
        account, _ = await get_authorized_role(session, person, account_id, at, for_change=False)
        query = select(ServiceOrder).where(ServiceOrder.account_id == account_id)
        if before:
            query = query.where(col(ServiceOrder.id) < before)
        found = (await session.exec(query.order_by(col(ServiceOrder.id).desc()).limit(PAGE_SIZE + 1))).all()
        sheets = await load_order_details_by_id(session, [order.key for order in found[:PAGE_SIZE]], at)
        return account, [*sheets.values()], len(found) > PAGE_SIZE


async def get_order(services: Services, *, person: SlackIdentity, order_id: int) -> OrderDetails:
    """One order with its whole history, and the provider's own receipts as they can be had now."""
    at = services.now()
    async with services.read() as session:
        order = (await _authorize_order(session, person, order_id, at)).row
        sheet = await load_order_details(session, order, at, include_history=True)
    return replace(sheet, provider_receipts=await _fetch_receipt_pages(services, sheet))


async def _fetch_receipt_pages(services: Services, details: OrderDetails) -> list[ProviderReceipt]:
    receipts = [
        r.line.provider_receipt_id
        for r in details.list_rows_with_status(LineStatus.SETTLED)
        if r.line.provider_receipt_id
    ]
    asked = (services.billing.fetch_receipt_page(details.account.id, receipt) for receipt in receipts)
    try:
        return [page for page in await asyncio.gather(*asked) if page is not None]
    except (BillingUnavailable, CustomerNotFound):
        return []  # The bot's own receipt is all there.


async def get_order_id(
    services: Services, *, person: SlackIdentity, account_ids: list[str], number: str
) -> int:
    """The id of the order with that number, on one of these accounts. Raises OrderNotFound."""
    async with services.read() as session:
        found = await session.exec(
            select(ServiceOrder.id).where(
                ServiceOrder.number == number.strip().upper(),
                col(ServiceOrder.account_id).in_(account_ids),
            )
        )
        order_id = found.one_or_none()
    if order_id is None:
        raise OrderNotFound(number=number[:40])
    return order_id


async def open_retry(
    services: Services, *, person: SlackIdentity, order_id: int
) -> tuple[OrderDetails, list[PaymentMethod]]:
    """What the retry asks: with which method. Raises NothingToRetry."""
    at = services.now()
    async with services.read() as session:
        order = (await _authorize_order(session, person, order_id, at)).row
        sheet = await load_order_details(session, order, at)
        if not sheet.can_retry:
            raise await _build_nothing_to_retry(session, order)
    await refresh_methods_if_available(services, order.account_id)
    async with services.read() as session:
        methods = await list_payment_methods(session, order.account_id)
        return sheet, [m for m in methods if m.is_usable(sheet.account.get_local_date(at))]


async def retry_service_order(
    services: Services, *, person: SlackIdentity, order_id: int, payment_method_id: str
) -> OrderDetails:
    """Charge the declined lines again, at the same price (R18).

    Raises NothingToRetry, PaymentMethodNotUsable, SubscriptionBusy.
    """
    at = services.now()
    async with services.write() as session:
        authorized = await _lock_order(session, person, order_id, at)
        order, account, contact = authorized.row, authorized.account, authorized.contact
        methods = await list_payment_methods(session, account.id)
        method = get_usable_method(methods, payment_method_id, account.get_local_date(at))
        lines = [line for line in await _list_order_lines(session, order) if line.can_retry(order, at)]
        if not lines:
            raise await _build_nothing_to_retry(session, order)
        busy = await load_busy_orders(session, [line.subscription_id for line in lines])
        if busy:
            raise SubscriptionBusy(number=sorted(o.number for o in busy.values())[0])
        for line in lines:
            line.change_status(LineStatus.CHARGING, at)
            line.payment_method_id = method.id
            line.due_at, line.claimed_until = at, None
            session.add(line)
            await write_audit_entry(
                session,
                account_id=account.id,
                actor=build_actor(contact, person),
                subject=f"service_order:{order.number}",
                action="retried",
                at=at,
                status_change=(LineStatus.DECLINED.value, LineStatus.CHARGING.value),
                details={"subscription": line.subscription_id, "payment_method": method.id},
            )
        await announce_order_progress(session, account, order, "retried", at, by=contact.name)
        sheet = await load_order_details(session, order, at, include_history=True)
    start_processing(services)
    return sheet


async def give_up_service_order(services: Services, *, person: SlackIdentity, order_id: int) -> OrderDetails:
    """No further retry: its declined lines are final (R18). Raises NothingToRetry."""
    at = services.now()
    async with services.write() as session:
        authorized = await _lock_order(session, person, order_id, at)
        order, account, contact = authorized.row, authorized.account, authorized.contact
        lines = await _list_order_lines(session, order)
        if not any(line.can_retry(order, at) for line in lines):
            raise await _build_nothing_to_retry(session, order)
        actor = build_actor(contact, person)
        order.retries_abandoned = True
        session.add(order)
        await write_audit_entry(
            session,
            account_id=account.id,
            actor=actor,
            subject=f"service_order:{order.number}",
            action="given_up",
            at=at,
        )
        await announce_order_progress(session, account, order, "given_up", at, by=contact.name)
        await finish_order_if_done(services, session, account, order, actor, at)
        return await load_order_details(session, order, at, include_history=True)


async def _build_nothing_to_retry(session: Session, order: ServiceOrder) -> NothingToRetry:
    """R20: who decided about the declined lines, and when; else that the time for it is over."""
    found = await session.exec(
        select(AuditEntry)
        .where(
            AuditEntry.subject == f"service_order:{order.number}",
            col(AuditEntry.action).in_(("retried", "given_up")),
        )
        .order_by(col(AuditEntry.number).desc())
        .limit(1)
    )
    last = found.one_or_none()
    declined = any(line.status is LineStatus.DECLINED for line in await _list_order_lines(session, order))
    if last is None or (declined and not order.retries_abandoned):
        return NothingToRetry(number=order.number, outcome="over", by="", at=order.placed_at)
    return NothingToRetry(number=order.number, outcome=last.action, by=last.actor_name, at=last.at)


async def _authorize_order(
    session: Session, person: SlackIdentity, order_id: int, at: datetime
) -> Authorized[ServiceOrder]:
    order = await session.get(ServiceOrder, order_id)
    return await authorize_row(
        session, person, order, at, for_change=False, not_found=OrderNotFound(number="")
    )


async def _lock_order(
    session: Session, person: SlackIdentity, order_id: int, at: datetime
) -> Authorized[ServiceOrder]:
    order = await session.get(ServiceOrder, order_id)
    return await lock_authorized_row(session, person, order, at, not_found=OrderNotFound(number=""))


async def _list_order_lines(session: Session, order: ServiceOrder) -> list[OrderLine]:
    found = await session.exec(
        select(OrderLine).where(OrderLine.order_id == order.id).order_by(col(OrderLine.id))
    )
    return list(found.all())
