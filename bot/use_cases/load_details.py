"""Loads what screens and messages show of subscriptions, quotes and orders."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import aliased
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from bot.db import Session, select_joined, with_counts
from bot.use_cases.audit.write import list_audit_entries
from models.account import Account
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.details import OrderDetails, OrderLineDetails, QuoteDetails, QuoteLineDetails, SubscriptionDetails
from models.errors import Refusal
from models.invoice import Invoice
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import PENDING_QUOTE_CONDITION, Quote, QuoteLine
from models.quote.extension import REQUESTED_EXTENSION_CONDITION, QuoteExtension
from models.receipt import Receipt
from models.service_order import BUSY_STATUSES, LineStatus, OrderLine, ServiceOrder
from models.subscription import SeatBlock, Subscription


async def list_subscription_details(session: Session, account: Account) -> list[SubscriptionDetails]:
    """Lists subscriptions by product name, including those that have ended; `refusal` says why one cannot
    be ordered."""
    result = await session.exec(
        select(Subscription, Product, SeatBlock)
        .join(Product, col(Product.id) == Subscription.product_id)
        .outerjoin(SeatBlock, col(SeatBlock.subscription_id) == Subscription.id)
        .where(Subscription.account_id == account.id)
        .order_by(Product.name, Subscription.id, col(SeatBlock.id))
    )
    return build_subscription_details(result.all())


def build_subscription_details(
    joined_rows: Iterable[tuple[Subscription, Product, SeatBlock | None]],
) -> list[SubscriptionDetails]:
    rows: dict[str, SubscriptionDetails] = {}
    for subscription, product, block in joined_rows:
        row = rows.setdefault(
            subscription.id,
            SubscriptionDetails(subscription, product, _find_refusal(subscription, product), []),
        )
        if block is not None and block not in row.blocks:
            row.blocks.append(block)
    return [*rows.values()]


def _find_refusal(subscription: Subscription, product: Product) -> Refusal | None:
    try:
        subscription.check_self_service(product)
    except Refusal as refusal:
        return refusal
    return None


async def list_payment_methods(session: Session, account_id: str) -> list[PaymentMethod]:
    methods = await session.exec(
        select(PaymentMethod)
        .where(PaymentMethod.account_id == account_id, col(PaymentMethod.active))
        .order_by(col(PaymentMethod.is_default).desc(), PaymentMethod.id)
    )
    return list(methods.all())


async def load_quote_details(session: Session, quote: Quote, at: datetime) -> QuoteDetails:
    return (await load_quote_details_by_id(session, [quote.key], at))[quote.key]


async def find_quote_details(session: Session, quote_id: int, at: datetime) -> QuoteDetails | None:
    """Reads the quote again, even if the session has already loaded it."""
    return (await _load_quote_details(session, at, col(Quote.id) == quote_id)).get(quote_id)


async def load_quote_details_by_id(
    session: Session, quote_ids: Sequence[int], at: datetime
) -> dict[int, QuoteDetails]:
    """Maps ids to details, in the order of `quote_ids`. The number of queries does not depend on how many
    there are."""
    if not quote_ids:
        return {}
    details_by_id = await _load_quote_details(session, at, col(Quote.id).in_(quote_ids))
    return {quote_id: details_by_id[quote_id] for quote_id in quote_ids}


async def list_pending_quote_details(session: Session, account_id: str, at: datetime) -> list[QuoteDetails]:
    """Lists them by the end of their validity, which counts whether or not a job has expired them (R9)."""
    is_pending = and_(
        col(Quote.account_id) == account_id, PENDING_QUOTE_CONDITION, col(Quote.expires_at) > at
    )
    return [*(await _load_quote_details(session, at, is_pending)).values()]


async def _load_quote_details(
    session: Session, at: datetime, condition: ColumnElement[bool]
) -> dict[int, QuoteDetails]:
    replacement = aliased(Quote)
    result = await session.exec(
        select_joined(
            Quote,
            Account,
            ServiceOrder,
            BillingContact,
            replacement.number,
            QuoteLine,
            Product,
            col(Subscription.outlook),
            QuoteExtension,
        )
        .join(Account, col(Account.id) == Quote.account_id)
        .outerjoin(ServiceOrder, col(ServiceOrder.quote_id) == Quote.id)
        .outerjoin(BillingContact, col(BillingContact.id) == Quote.contact_id)
        .outerjoin(replacement, col(replacement.id) == Quote.replaced_by_id)
        .outerjoin(QuoteLine, col(QuoteLine.quote_id) == Quote.id)
        .outerjoin(Product, col(Product.id) == QuoteLine.product_id)
        .outerjoin(Subscription, col(Subscription.id) == QuoteLine.subscription_id)
        .outerjoin(
            QuoteExtension, and_(col(QuoteExtension.quote_id) == Quote.id, REQUESTED_EXTENSION_CONDITION)
        )
        .where(condition)
        .order_by(col(Quote.expires_at), col(Quote.id), col(QuoteLine.id))
        .execution_options(populate_existing=True)
    )
    details_by_id: dict[int, QuoteDetails] = {}
    for quote, account, order, creator, replacement_number, line, product, outlook, extension in result.all():
        details = details_by_id.setdefault(
            quote.key,
            QuoteDetails(
                account=account,
                quote=quote,
                rows=[],
                at=at,
                replacement_number=replacement_number,
                order=order,
                created_by=creator.name if creator else None,
                extension=extension,
            ),
        )
        details.rows.extend([QuoteLineDetails(line, product, outlook)] if line else [])
    return details_by_id


async def find_replacement_number(session: Session, quote: Quote) -> str | None:
    if quote.replaced_by_id is None:
        return None
    return (await session.get_one(Quote, quote.replaced_by_id)).number


async def load_order_details(
    session: Session, order: ServiceOrder, at: datetime, *, include_history: bool = False
) -> OrderDetails:
    details = (await load_order_details_by_id(session, [order.key], at))[order.key]
    return await with_history(session, details) if include_history else details


async def with_history(session: Session, details: OrderDetails) -> OrderDetails:
    subjects = [details.order.audit_subject, details.quote.audit_subject]
    return replace(details, history=await list_audit_entries(session, subjects))


async def load_order_details_by_id(
    session: Session, order_ids: Sequence[int], at: datetime
) -> dict[int, OrderDetails]:
    """Maps ids to details, in the order of `order_ids`. The number of queries does not depend on how many
    there are."""
    if not order_ids:
        return {}
    query = build_order_query().where(col(ServiceOrder.id).in_(order_ids))
    details_by_id = {details.order.key: details for details in await list_order_details(session, query, at)}
    return {order_id: details_by_id[order_id] for order_id in order_ids}


def build_order_query() -> Select[*tuple[Any, ...]]:
    """Builds the query of `list_order_details`, to which the caller adds conditions, an order and a limit."""
    return (
        select_joined(ServiceOrder, Quote, Account, Receipt, BillingContact, Administrator, PaymentMethod)
        .join(Quote, col(Quote.id) == ServiceOrder.quote_id)
        .join(Account, col(Account.id) == ServiceOrder.account_id)
        .join(BillingContact, col(BillingContact.id) == ServiceOrder.contact_id)
        .join(Administrator, col(Administrator.id) == ServiceOrder.administrator_id)
        .join(PaymentMethod, col(PaymentMethod.id) == ServiceOrder.payment_method_id)
        .outerjoin(Receipt, col(Receipt.order_id) == ServiceOrder.id)
    )


async def list_order_details(
    session: Session, query: Select[*tuple[Any, ...]], at: datetime
) -> list[OrderDetails]:
    details, _ = await list_order_details_with_counts(session, query, at)
    return details


async def list_order_details_with_counts(
    session: Session, query: Select[*tuple[Any, ...]], at: datetime, *counts: ColumnElement[int]
) -> tuple[list[OrderDetails], list[int]]:
    """Also returns window counts over all rows that the query would find without its limit."""
    found = (await session.exec(with_counts(query, *counts))).all()
    rows = await _load_order_line_details(session, [order.key for order, *_ in found]) if found else {}
    details = [
        OrderDetails(account, order, quote, rows[order.key], contact, administrator, method, at, receipt)
        for order, quote, account, receipt, contact, administrator, method, *_ in found
    ]
    return details, list(found[0][-len(counts) :]) if found and counts else [0] * len(counts)


async def _load_order_line_details(
    session: Session, order_ids: Sequence[int]
) -> dict[int, list[OrderLineDetails]]:
    result = await session.exec(
        select_joined(OrderLine, QuoteLine, Product, PaymentMethod, Invoice)
        .join(QuoteLine, col(QuoteLine.id) == OrderLine.quote_line_id)
        .join(Product, col(Product.id) == QuoteLine.product_id)
        .outerjoin(PaymentMethod, col(PaymentMethod.id) == OrderLine.payment_method_id)
        .outerjoin(Invoice, col(Invoice.order_line_id) == OrderLine.id)
        .where(col(OrderLine.order_id).in_(order_ids))
        .order_by(col(OrderLine.id))
    )
    rows = [
        OrderLineDetails(line, quote_line, product, payment_method=method, invoice=invoice)
        for line, quote_line, product, method, invoice in result.all()
    ]
    rows_by_order = defaultdict[int, list[OrderLineDetails]](list)
    for row in await with_blocking_orders(session, rows):
        rows_by_order[row.line.order_id].append(row)
    return rows_by_order


async def with_blocking_orders(session: Session, rows: list[OrderLineDetails]) -> list[OrderLineDetails]:
    """Sets `blocking_order_number` on waiting lines whose subscription another order is charging (R19)."""
    waiting_ids = [row.line.subscription_id for row in rows if row.line.status is LineStatus.WAITING]
    return apply_blocking_orders(rows, await load_busy_orders(session, waiting_ids)) if waiting_ids else rows


def apply_blocking_orders(
    rows: Sequence[OrderLineDetails], busy_orders: Mapping[str, ServiceOrder]
) -> list[OrderLineDetails]:
    return [
        replace(row, blocking_order_number=_find_blocking_order_number(row.line, busy_orders)) for row in rows
    ]


def _find_blocking_order_number(line: OrderLine, busy_orders: Mapping[str, ServiceOrder]) -> str | None:
    order = busy_orders.get(line.subscription_id) if line.status is LineStatus.WAITING else None
    return order.number if order and order.id != line.order_id else None


async def load_busy_orders(session: Session, subscription_ids: list[str]) -> dict[str, ServiceOrder]:
    result = await session.exec(
        select(OrderLine.subscription_id, ServiceOrder)
        .join(ServiceOrder, col(ServiceOrder.id) == OrderLine.order_id)
        .where(col(OrderLine.subscription_id).in_(subscription_ids), col(OrderLine.status).in_(BUSY_STATUSES))
    )
    return dict(result.all())
