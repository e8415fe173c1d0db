"""An account at a glance, for `/billing` and the Home tab."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, exists
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.permissions import Person, require_role, roles_of
from bot.services import Services
from bot.use_cases.account.seat_history import history_of
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.details import order_sheets, payment_methods, quote_sheet, subscription_rows
from bot.use_cases.notice.enqueue import active_contacts
from bot.use_cases.quote.decide import pending_quotes
from models.account import Account
from models.details import AccountSheet, OrderSheet
from models.receipt import Receipt
from models.service_order import PROCESSING_TIME, LineStatus, OrderLine, OrderStatus, ServiceOrder

LAST_RECEIPTS = 5
MOST_ORDERS = 10
# For so long Home shows a failed order, with its ways on.
FAILED_LATELY = timedelta(days=7)


async def read_account(services: Services, *, person: Person, account_id: str) -> AccountSheet:
    """Subscriptions as the provider holds them now, and all that concerns them."""
    sheet = await _look(services, person, account_id)
    if await refresh_account(services, account_id):
        sheet = await _look(services, person, account_id)
    return sheet


async def _look(services: Services, person: Person, account_id: str) -> AccountSheet:
    at = services.now()
    async with services.read() as session:
        account, _ = await require_role(session, person, account_id, at, changes=False)
        return await _account_sheet(session, account, at)


async def read_home(services: Services, *, person: Person) -> list[AccountSheet]:
    """Every account the person is a contact of. Raises as `roles_of` does."""
    at = services.now()
    async with services.read() as session:
        return [await _home_sheet(session, account, at) for account, _ in await roles_of(session, person)]


async def _home_sheet(session: AsyncSession, account: Account, at: datetime) -> AccountSheet:
    sheet = await _account_sheet(session, account, at)
    return replace(
        sheet,
        failed=await _failed_lately(session, account, at),
        history=await history_of(session, account, [row.subscription for row in sheet.rows], at),
    )


async def _account_sheet(session: AsyncSession, account: Account, at: datetime) -> AccountSheet:
    return AccountSheet(
        account=account,
        at=at,
        rows=await subscription_rows(session, account),
        methods=await payment_methods(session, account.id),
        contacts=await active_contacts(session, account.id),
        pending=[await quote_sheet(session, q, at) for q in await pending_quotes(session, account.id, at)],
        orders=await _orders_in_progress(session, account, at),
        receipts=await _last_receipts(session, account),
    )


async def _orders_in_progress(session: AsyncSession, account: Account, at: datetime) -> list[OrderSheet]:
    """Those that need somebody, however many newer ones wait behind them; then the newest."""
    found = await session.exec(
        select(ServiceOrder)
        .where(ServiceOrder.account_id == account.id, col(ServiceOrder.finished_at).is_(None))
        .order_by(_needs_somebody(at).desc(), col(ServiceOrder.id).desc())
        .limit(MOST_ORDERS)
    )
    return [*(await order_sheets(session, [order.key for order in found.all()], at)).values()]


def _needs_somebody(at: datetime) -> ColumnElement[bool]:
    asks = exists().where(
        col(OrderLine.order_id) == col(ServiceOrder.id),
        col(OrderLine.status).in_((LineStatus.DECLINED, LineStatus.NEEDS_CUSTOMER)),
    )
    return or_(asks, col(ServiceOrder.placed_at) <= at - PROCESSING_TIME)


async def _failed_lately(session: AsyncSession, account: Account, at: datetime) -> list[OrderSheet]:
    found = await session.exec(
        select(ServiceOrder)
        .where(
            ServiceOrder.account_id == account.id,
            ServiceOrder.status == OrderStatus.FAILED,
            col(ServiceOrder.finished_at) > at - FAILED_LATELY,
        )
        .order_by(col(ServiceOrder.id).desc())
        .limit(MOST_ORDERS)
    )
    return [*(await order_sheets(session, [order.key for order in found.all()], at)).values()]


async def _last_receipts(session: AsyncSession, account: Account) -> list[tuple[Receipt, str]]:
    found = await session.exec(
        select(Receipt, ServiceOrder.number)
        .join(ServiceOrder, col(ServiceOrder.id) == Receipt.order_id)
        .where(Receipt.account_id == account.id)
        .order_by(col(Receipt.id).desc())
        .limit(LAST_RECEIPTS)
    )
    return list(found.all())
