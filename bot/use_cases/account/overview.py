"""An account at a glance, for `/billing` and the Home tab."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists
from sqlmodel import col, func, or_

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, get_authorized_role, list_account_roles
from bot.use_cases.account.receipts import load_receipts
from bot.use_cases.account.seat_history import load_seat_history
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.invoice.read import list_unpaid_invoices
from bot.use_cases.load_details import (
    build_order_query,
    list_order_details_with_counts,
    list_payment_methods,
    list_pending_quote_details,
    list_subscription_details,
)
from bot.use_cases.notice.enqueue import list_active_contacts
from models.account import Account
from models.details import AccountOverview, OrderDetails, SubscriptionDetails
from models.service_order import PROCESSING_TIME_LIMIT, LineStatus, OrderLine, OrderStatus, ServiceOrder
from models.subscription import Subscription

ORDERS_LIMIT = 10
# How long Home shows a failed order and what can be done about it.
RECENT_FAILURE_PERIOD = timedelta(days=7)


async def get_account_overview(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str
) -> AccountOverview:
    overview, subscriptions = await _load_overview_for(dependencies, person, account_id)
    if await refresh_account(dependencies, account_id, subscriptions):
        overview, _ = await _load_overview_for(dependencies, person, account_id)
    return overview


async def _load_overview_for(
    dependencies: Dependencies, person: SlackIdentity, account_id: str
) -> tuple[AccountOverview, list[Subscription]]:
    at = dependencies.now()
    async with dependencies.read() as session:
        account, _ = await get_authorized_role(session, person, account_id, at, for_change=False)
        rows = await list_subscription_details(session, account)
        overview = await _load_account_overview(session, account, rows, at)
        return overview, [row.subscription for row in rows]


async def load_home_overviews(dependencies: Dependencies, *, person: SlackIdentity) -> list[AccountOverview]:
    at = dependencies.now()
    async with dependencies.read() as session:
        return [
            await _load_home_overview(session, account, at)
            for account, _ in await list_account_roles(session, person)
        ]


async def _load_home_overview(session: Session, account: Account, at: datetime) -> AccountOverview:
    rows = await list_subscription_details(session, account)
    overview = await _load_account_overview(session, account, rows, at)
    failed_orders, failed_count = await _list_recently_failed_orders(session, account, at)
    omitted_failed_orders = failed_count - len(failed_orders)
    return replace(
        overview,
        failed_orders=failed_orders,
        omitted_problem_orders=overview.omitted_problem_orders + omitted_failed_orders,
        seat_history=await load_seat_history(
            session, account, [row.subscription for row in overview.rows], at
        ),
    )


async def _load_account_overview(
    session: Session, account: Account, all_rows: list[SubscriptionDetails], at: datetime
) -> AccountOverview:
    receipts, spending = await load_receipts(session, account, at)
    open_orders, open_count, attention_count = await _list_orders_in_progress(session, account, at)
    invoices, invoice_count = await list_unpaid_invoices(session, account.id)
    omitted_problem_orders = max(0, attention_count - len(open_orders))
    return AccountOverview(
        account=account,
        at=at,
        rows=[row for row in all_rows if row.subscription.active],
        payment_methods=await list_payment_methods(session, account.id),
        contacts=await list_active_contacts(session, account.id),
        pending_quotes=await list_pending_quote_details(session, account.id, at),
        open_orders=open_orders,
        receipts=receipts,
        spending=spending,
        invoices=invoices,
        omitted_orders=open_count - len(open_orders) - omitted_problem_orders,
        omitted_problem_orders=omitted_problem_orders,
        omitted_invoices=invoice_count - len(invoices),
    )


async def _list_orders_in_progress(
    session: Session, account: Account, at: datetime
) -> tuple[list[OrderDetails], int, int]:
    """Lists orders that need attention first. Also returns how many there are, and how many need
    attention."""
    needs_attention = _build_needs_attention_clause(at)
    query = (
        build_order_query()
        .where(col(ServiceOrder.account_id) == account.id, col(ServiceOrder.finished_at).is_(None))
        .order_by(needs_attention.desc(), col(ServiceOrder.id).desc())
        .limit(ORDERS_LIMIT)
    )
    count, attention_count = func.count().over(), func.count().filter(needs_attention).over()
    orders, counts = await list_order_details_with_counts(session, query, at, count, attention_count)
    return orders, counts[0], counts[1]


def _build_needs_attention_clause(at: datetime) -> ColumnElement[bool]:
    asks = exists().where(
        col(OrderLine.order_id) == col(ServiceOrder.id),
        col(OrderLine.status).in_((LineStatus.DECLINED, LineStatus.NEEDS_CUSTOMER)),
    )
    return or_(asks, col(ServiceOrder.placed_at) <= at - PROCESSING_TIME_LIMIT)


async def _list_recently_failed_orders(
    session: Session, account: Account, at: datetime
) -> tuple[list[OrderDetails], int]:
    """Returns the latest ones, and how many there are."""
    query = (
        build_order_query()
        .where(
            col(ServiceOrder.account_id) == account.id,
            col(ServiceOrder.status) == OrderStatus.FAILED,
            col(ServiceOrder.finished_at) > at - RECENT_FAILURE_PERIOD,
        )
        .order_by(col(ServiceOrder.id).desc())
        .limit(ORDERS_LIMIT)
    )
    orders, [count] = await list_order_details_with_counts(session, query, at, func.count().over())
    return orders, count
