"""Gathering the sheets that screens and messages show."""

from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.use_cases.audit_entry import entries_of
from models.account import Account
from models.administrator import Administrator
from models.billing_contact import BillingContact
from models.errors import Refusal
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import BUSY, LineStatus, OrderLine, ServiceOrder
from models.sheet import OrderRow, OrderSheet, QuoteRow, QuoteSheet, SubscriptionRow
from models.subscription import SeatBlock, Subscription

_SUBSCRIPTIONS = (
    select(Subscription, Product, SeatBlock)
    .join(Product, col(Product.id) == Subscription.product_id)
    .outerjoin(SeatBlock, col(SeatBlock.subscription_id) == Subscription.id)
    .where(Subscription.account_id == bindparam("account"), col(Subscription.active))
    .order_by(Product.name, Subscription.id, col(SeatBlock.id))
)
_METHODS = (
    select(PaymentMethod)
    .where(PaymentMethod.account_id == bindparam("account"), col(PaymentMethod.active))
    .order_by(col(PaymentMethod.is_default).desc(), PaymentMethod.id)
)


async def subscription_rows(session: AsyncSession, account: Account) -> list[SubscriptionRow]:
    """The account's subscriptions by product name, each with why it cannot be ordered, if so."""
    found = await session.exec(_SUBSCRIPTIONS, params={"account": account.id})
    rows: dict[str, SubscriptionRow] = {}
    for held, product, block in found.all():
        row = rows.setdefault(held.id, SubscriptionRow(held, product, _obstacle(held, product), []))
        row.blocks.extend([block] if block else [])
    return [*rows.values()]


def _obstacle(subscription: Subscription, product: Product) -> Refusal | None:
    try:
        subscription.check_self_service(product)
    except Refusal as refusal:
        return refusal
    return None


async def payment_methods(session: AsyncSession, account_id: str) -> list[PaymentMethod]:
    """The account's active methods, the default first."""
    found = await session.exec(_METHODS, params={"account": account_id})
    return list(found.all())


async def administrators(session: AsyncSession, account_id: str) -> list[Administrator]:
    found = await session.exec(
        select(Administrator)
        .where(Administrator.account_id == account_id, col(Administrator.active))
        .order_by(Administrator.name, Administrator.email)
    )
    return list(found.all())


async def quote_sheet(session: AsyncSession, quote: Quote, at: datetime) -> QuoteSheet:
    account = await session.get_one(Account, quote.account_id)
    found = await session.exec(
        select(QuoteLine, Product)
        .join(Product, col(Product.id) == QuoteLine.product_id)
        .where(QuoteLine.quote_id == quote.id)
        .order_by(col(QuoteLine.id))
    )
    order = await session.exec(select(ServiceOrder).where(ServiceOrder.quote_id == quote.id))
    return QuoteSheet(
        account=account,
        quote=quote,
        rows=[QuoteRow(line, product) for line, product in found.all()],
        at=at,
        replaced_by=await replacement_number(session, quote),
        order=order.one_or_none(),
        made_by=await _maker_name(session, quote),
    )


async def _maker_name(session: AsyncSession, quote: Quote) -> str | None:
    contact = await session.get(BillingContact, quote.contact_id) if quote.contact_id else None
    return contact.name if contact else None


async def replacement_number(session: AsyncSession, quote: Quote) -> str | None:
    if quote.replaced_by_id is None:
        return None
    return (await session.get_one(Quote, quote.replaced_by_id)).number


async def order_sheet(
    session: AsyncSession, order: ServiceOrder, at: datetime, *, history: bool = False
) -> OrderSheet:
    quote = await session.get_one(Quote, order.quote_id)
    receipt = await session.exec(select(Receipt).where(Receipt.order_id == order.id))
    subjects = [f"service_order:{order.number}", f"quote:{quote.number}"]
    return OrderSheet(
        account=await session.get_one(Account, order.account_id),
        order=order,
        quote=quote,
        rows=await _order_rows(session, order),
        contact=await session.get_one(BillingContact, order.contact_id),
        administrator=await session.get_one(Administrator, order.administrator_id),
        method=await session.get_one(PaymentMethod, order.payment_method_id),
        at=at,
        receipt=receipt.one_or_none(),
        history=await entries_of(session, subjects) if history else [],
    )


async def _order_rows(session: AsyncSession, order: ServiceOrder) -> list[OrderRow]:
    found = await session.exec(
        select(OrderLine, QuoteLine, Product, PaymentMethod)
        .join(QuoteLine, col(QuoteLine.id) == OrderLine.quote_line_id)
        .join(Product, col(Product.id) == QuoteLine.product_id)
        .outerjoin(PaymentMethod, col(PaymentMethod.id) == OrderLine.payment_method_id)
        .where(OrderLine.order_id == order.id)
        .order_by(col(OrderLine.id))
    )
    lines = found.all()
    busy = {}
    if any(line.status is LineStatus.WAITING for line, *_ in lines):
        busy = await busy_orders(session, [line.subscription_id for line, *_ in lines])
    return [
        OrderRow(line, quoted, product, _waits_for(line, order, busy), method)
        for line, quoted, product, method in lines
    ]


def _waits_for(line: OrderLine, order: ServiceOrder, busy: dict[str, ServiceOrder]) -> str | None:
    other = busy.get(line.subscription_id) if line.status is LineStatus.WAITING else None
    return other.number if other and other.id != order.id else None


async def busy_orders(session: AsyncSession, subscription_ids: list[str]) -> dict[str, ServiceOrder]:
    """The order that is charging a line of each of these subscriptions."""
    found = await session.exec(
        select(OrderLine.subscription_id, ServiceOrder)
        .join(ServiceOrder, col(ServiceOrder.id) == OrderLine.order_id)
        .where(col(OrderLine.subscription_id).in_(subscription_ids), col(OrderLine.status).in_(BUSY))
    )
    return dict(found.all())
