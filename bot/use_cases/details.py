"""Gathering the sheets that screens and messages show."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select

from bot.db import Session
from bot.use_cases.audit.write import list_audit_entries
from models.account import Account
from models.administrator import Administrator
from models.billing_contact import BillingContact
from models.details import OrderDetails, OrderRow, QuoteDetails, QuoteRow, SubscriptionRow
from models.errors import Refusal
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import BUSY_STATUSES, LineStatus, OrderLine, ServiceOrder
from models.subscription import SeatBlock, Subscription

_SUBSCRIPTION_ROWS_QUERY = (
    select(Subscription, Product, SeatBlock)
    .join(Product, col(Product.id) == Subscription.product_id)
    .outerjoin(SeatBlock, col(SeatBlock.subscription_id) == Subscription.id)
    .where(Subscription.account_id == bindparam("account"))
    .order_by(Product.name, Subscription.id, col(SeatBlock.id))
)
_PAYMENT_METHODS_QUERY = (
    select(PaymentMethod)
    .where(PaymentMethod.account_id == bindparam("account"), col(PaymentMethod.active))
    .order_by(col(PaymentMethod.is_default).desc(), PaymentMethod.id)
)

_QUOTES_QUERY = (
    select(Quote, Account, ServiceOrder, BillingContact)
    .join(Account, col(Account.id) == Quote.account_id)
    .outerjoin(ServiceOrder, col(ServiceOrder.quote_id) == Quote.id)
    .outerjoin(BillingContact, col(BillingContact.id) == Quote.contact_id)
    .where(col(Quote.id).in_(bindparam("quotes", expanding=True)))
)
_QUOTE_LINES_QUERY = (
    select(QuoteLine, Product)
    .join(Product, col(Product.id) == QuoteLine.product_id)
    .where(col(QuoteLine.quote_id).in_(bindparam("quotes", expanding=True)))
    .order_by(col(QuoteLine.id))
)
_ORDERS_QUERY = (
    select(ServiceOrder, Quote, Account, Receipt)
    .join(Quote, col(Quote.id) == ServiceOrder.quote_id)
    .join(Account, col(Account.id) == ServiceOrder.account_id)
    .outerjoin(Receipt, col(Receipt.order_id) == ServiceOrder.id)
    .where(col(ServiceOrder.id).in_(bindparam("orders", expanding=True)))
)
_ORDER_PARTIES_QUERY = (
    select(ServiceOrder.id, BillingContact, Administrator, PaymentMethod)
    .join(BillingContact, col(BillingContact.id) == ServiceOrder.contact_id)
    .join(Administrator, col(Administrator.id) == ServiceOrder.administrator_id)
    .join(PaymentMethod, col(PaymentMethod.id) == ServiceOrder.payment_method_id)
    .where(col(ServiceOrder.id).in_(bindparam("orders", expanding=True)))
)
_ORDER_LINES_QUERY = (
    select(OrderLine, QuoteLine, Product, PaymentMethod)
    .join(QuoteLine, col(QuoteLine.id) == OrderLine.quote_line_id)
    .join(Product, col(Product.id) == QuoteLine.product_id)
    .outerjoin(PaymentMethod, col(PaymentMethod.id) == OrderLine.payment_method_id)
    .where(col(OrderLine.order_id).in_(bindparam("orders", expanding=True)))
    .order_by(col(OrderLine.id))
)


async def list_subscription_rows(session: Session, account: Account) -> list[SubscriptionRow]:
    """The account's subscriptions by product name, each with why it cannot be ordered, if so."""
    return [row for row in await list_all_subscription_rows(session, account) if row.subscription.active]


async def list_all_subscription_rows(session: Session, account: Account) -> list[SubscriptionRow]:
    """The same with those that have ended."""
    found = await session.exec(_SUBSCRIPTION_ROWS_QUERY, params={"account": account.id})
    rows: dict[str, SubscriptionRow] = {}
    for held, product, block in found.all():
        row = rows.setdefault(held.id, SubscriptionRow(held, product, _find_obstacle(held, product), []))
        row.blocks.extend([block] if block else [])
    return [*rows.values()]


def _find_obstacle(subscription: Subscription, product: Product) -> Refusal | None:
    try:
        subscription.check_self_service(product)
    except Refusal as refusal:
        return refusal
    return None


async def list_payment_methods(session: Session, account_id: str) -> list[PaymentMethod]:
    """The account's active methods, the default first."""
    found = await session.exec(_PAYMENT_METHODS_QUERY, params={"account": account_id})
    return list(found.all())


async def list_administrators(session: Session, account_id: str) -> list[Administrator]:
    found = await session.exec(
        select(Administrator)
        .where(Administrator.account_id == account_id, col(Administrator.active))
        .order_by(Administrator.name, Administrator.email)
    )
    return list(found.all())


async def load_quote_details(session: Session, quote: Quote, at: datetime) -> QuoteDetails:
    return (await load_quote_details_by_id(session, [quote.key], at))[quote.key]


async def load_quote_details_by_id(
    session: Session, quote_ids: Sequence[int], at: datetime
) -> dict[int, QuoteDetails]:
    """By the quotes' ids, in their order; for many it asks no more than for one."""
    if not quote_ids:
        return {}
    rows = defaultdict[int, list[QuoteRow]](list)
    for line, product in (await session.exec(_QUOTE_LINES_QUERY, params={"quotes": quote_ids})).all():
        rows[line.quote_id].append(QuoteRow(line, product))
    sheets = {
        quote.key: QuoteDetails(
            account=account,
            quote=quote,
            rows=rows[quote.key],
            at=at,
            replacement_number=await find_replacement_number(session, quote),
            order=order,
            created_by=maker.name if maker else None,
        )
        for quote, account, order, maker in (
            await session.exec(_QUOTES_QUERY, params={"quotes": quote_ids})
        ).all()
    }
    return {id_: sheets[id_] for id_ in quote_ids}


async def find_replacement_number(session: Session, quote: Quote) -> str | None:
    if quote.replaced_by_id is None:
        return None
    return (await session.get_one(Quote, quote.replaced_by_id)).number


async def load_order_details(
    session: Session, order: ServiceOrder, at: datetime, *, include_history: bool = False
) -> OrderDetails:
    sheet = (await load_order_details_by_id(session, [order.key], at))[order.key]
    return await with_history(session, sheet) if include_history else sheet


async def with_history(session: Session, details: OrderDetails) -> OrderDetails:
    subjects = [details.order.audit_subject, details.quote.audit_subject]
    return replace(details, history=await list_audit_entries(session, subjects))


async def load_order_details_by_id(
    session: Session, order_ids: Sequence[int], at: datetime
) -> dict[int, OrderDetails]:
    """By the orders' ids, in their order; for many it asks no more than for one."""
    if not order_ids:
        return {}
    orders = (await session.exec(_ORDERS_QUERY, params={"orders": order_ids})).all()
    rows = await _load_order_rows(session, order_ids)
    found = await session.exec(_ORDER_PARTIES_QUERY, params={"orders": order_ids})
    orderers = {id_: (contact, administrator, method) for id_, contact, administrator, method in found.all()}
    sheets = {
        order.key: OrderDetails(account, order, quote, rows[order.key], *orderers[order.key], at, receipt)
        for order, quote, account, receipt in orders
    }
    return {id_: sheets[id_] for id_ in order_ids}


async def find_quote_with_rows(session: Session, quote_id: int) -> tuple[Quote, list[QuoteRow]] | None:
    found = await session.exec(
        select(Quote, QuoteLine, Product)
        .join(QuoteLine, col(QuoteLine.quote_id) == Quote.id)
        .join(Product, col(Product.id) == QuoteLine.product_id)
        .where(Quote.id == quote_id)
        .order_by(col(QuoteLine.id))
    )
    rows = found.all()
    return (rows[0][0], [QuoteRow(line, product) for _, line, product in rows]) if rows else None


async def _load_order_rows(session: Session, order_ids: Sequence[int]) -> dict[int, list[OrderRow]]:
    found = await session.exec(_ORDER_LINES_QUERY, params={"orders": order_ids})
    rows = [
        OrderRow(line, quote_line, product, payment_method=method)
        for line, quote_line, product, method in found.all()
    ]
    rows_by_order = defaultdict[int, list[OrderRow]](list)
    for row in await with_blocking_orders(session, rows):
        rows_by_order[row.line.order_id].append(row)
    return rows_by_order


async def with_blocking_orders(session: Session, rows: Sequence[OrderRow]) -> list[OrderRow]:
    """R19: each waiting line with the number of the order that is charging its subscription."""
    waiting = [row.line.subscription_id for row in rows if row.line.status is LineStatus.WAITING]
    busy = await load_busy_orders(session, waiting) if waiting else {}
    return [replace(row, blocking_order_number=_find_blocking_order_number(row.line, busy)) for row in rows]


def _find_blocking_order_number(line: OrderLine, busy_orders: dict[str, ServiceOrder]) -> str | None:
    other = busy_orders.get(line.subscription_id) if line.status is LineStatus.WAITING else None
    return other.number if other and other.id != line.order_id else None


async def load_busy_orders(session: Session, subscription_ids: list[str]) -> dict[str, ServiceOrder]:
    """The order that is charging a line of each of these subscriptions."""
    found = await session.exec(
        select(OrderLine.subscription_id, ServiceOrder)
        .join(ServiceOrder, col(ServiceOrder.id) == OrderLine.order_id)
        .where(col(OrderLine.subscription_id).in_(subscription_ids), col(OrderLine.status).in_(BUSY_STATUSES))
    )
    return dict(found.all())
