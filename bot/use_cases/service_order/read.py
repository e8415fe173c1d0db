"""Reads service orders: lists, one with its history, and a search by number."""

import asyncio
from dataclasses import replace
from datetime import datetime

from sqlmodel import col, func, or_

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, authorize_row, get_authorized_role
from bot.use_cases.load_details import build_order_query, list_order_details, load_order_details
from models.account import Account
from models.details import OrderDetails
from models.receipt import ProviderReceipt
from models.service_order import LineStatus, OrderNotFound, ServiceOrder

PAGE_SIZE = 10


async def list_orders(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str, before: int | None = None
) -> tuple[Account, list[OrderDetails], bool]:
    at = dependencies.now()
    async with dependencies.read() as session:
        account, _ = await get_authorized_role(session, person, account_id, at, for_change=False)
        query = build_order_query().where(col(ServiceOrder.account_id) == account_id)
        if before:
            query = query.where(col(ServiceOrder.id) < before)
        query = query.order_by(col(ServiceOrder.id).desc()).limit(PAGE_SIZE + 1)
        orders = await list_order_details(session, query, at)
        return account, orders[:PAGE_SIZE], len(orders) > PAGE_SIZE


async def get_order(dependencies: Dependencies, *, person: SlackIdentity, order_id: int) -> OrderDetails:
    at = dependencies.now()
    async with dependencies.read() as session:
        order = await authorize_order(session, person, order_id, at)
        details = await load_order_details(session, order, at, include_history=True)
    return replace(details, provider_receipts=await _fetch_receipt_pages(dependencies, details))


async def _fetch_receipt_pages(dependencies: Dependencies, details: OrderDetails) -> list[ProviderReceipt]:
    settled = details.list_rows_with_status(LineStatus.SETTLED)
    receipt_ids = [row.line.provider_receipt_id for row in settled if row.line.provider_receipt_id]
    pages = await asyncio.gather(
        *(_fetch_receipt_page(dependencies, details.account.id, id_) for id_ in receipt_ids)
    )
    return [page for page in pages if page is not None]


async def _fetch_receipt_page(
    dependencies: Dependencies, account_id: str, receipt_id: str
) -> ProviderReceipt | None:
    try:
        return await dependencies.billing.fetch_receipt_page(account_id, receipt_id)
    except (BillingUnavailable, CustomerNotFound):
        return None  # The bot's own receipt is complete without it.


async def search_orders(
    dependencies: Dependencies, *, person: SlackIdentity, account_ids: list[str], number: str
) -> tuple[list[OrderDetails], bool]:
    """Returns the order with that number, or else the latest with that purchase-order number, and whether
    there are older ones. Raises OrderNotFound."""
    query = build_order_query().where(
        col(ServiceOrder.account_id).in_(account_ids),
        ServiceOrder.number == _normalize_number(number).upper(),
    )
    async with dependencies.read() as session:
        found = await list_order_details(session, query, dependencies.now())
    if found:
        return found, False
    return await list_orders_with_po_number(
        dependencies, person=person, account_ids=account_ids, number=number
    )


async def list_orders_with_po_number(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    account_ids: list[str],
    number: str,
    before: int | None = None,
) -> tuple[list[OrderDetails], bool]:
    """Lists the newest first, ignoring case, and says whether there are older ones. Raises OrderNotFound."""
    typed = _normalize_number(number)
    query = build_order_query().where(
        col(ServiceOrder.account_id).in_(account_ids),
        col(ServiceOrder.po_number) != "",
        # A database's lower() may know ASCII alone: other letters are found as they were typed.
        or_(ServiceOrder.po_number == typed, func.lower(ServiceOrder.po_number) == typed.lower()),
    )
    if before:
        query = query.where(col(ServiceOrder.id) < before)
    query = query.order_by(col(ServiceOrder.id).desc()).limit(PAGE_SIZE + 1)
    async with dependencies.read() as session:
        found = await list_order_details(session, query, dependencies.now())
    if not found:
        raise OrderNotFound(number=number[:40])
    return found[:PAGE_SIZE], len(found) > PAGE_SIZE


def _normalize_number(typed: str) -> str:
    return " ".join(typed.split())


async def authorize_order(
    session: Session, person: SlackIdentity, order_id: int, at: datetime
) -> ServiceOrder:
    order = await session.get(ServiceOrder, order_id)
    authorized = await authorize_row(
        session, person, order, at, for_change=False, not_found=OrderNotFound(number="")
    )
    return authorized.row
