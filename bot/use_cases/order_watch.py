"""Keeping watch over the 24 hours that an order may take (R21)."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import lock_account
from bot.services import Services
from bot.use_cases.audit_entry import record
from bot.use_cases.notice import channel_of, direct, people_of, tell
from bot.use_cases.progress import tell_progress
from models.audit_entry import Actor
from models.notice import NoticeKind
from models.service_order import (
    ServiceOrder,
)


async def tell_overdue(services: Services) -> int:
    """R21: an order not finished 24 hours after it was placed; told once. Returns how many."""
    at = services.now()
    async with services.read() as session:
        due = await session.exec(
            select(ServiceOrder.id)
            .where(col(ServiceOrder.overdue_check_at) <= at)
            .order_by(col(ServiceOrder.overdue_check_at))
            .limit(100)
        )
        order_ids = list(due.all())
    for order_id in order_ids:
        async with services.write() as session:
            await _tell_overdue(services, session, await session.get_one(ServiceOrder, order_id), at)
    return len(order_ids)


async def _tell_overdue(services: Services, session: AsyncSession, order: ServiceOrder, at: datetime) -> None:
    account = await lock_account(session, order.account_id)
    await session.refresh(order)
    if order.overdue_check_at is None:
        return
    order.overdue_check_at = None
    session.add(order)
    await record(
        session,
        account_id=account.id,
        actor=Actor("scheduler", "seatbot", "job:tell_overdue_orders"),
        subject=f"service_order:{order.number}",
        action="overdue",
        at=at,
    )
    people = await people_of(session, order)
    event, settings = f"order:{order.id}:overdue", services.settings
    told = dict.fromkeys([*direct(people), *channel_of(account, people)])
    await tell(session, NoticeKind.ORDER_OVERDUE, event, told, account=account, at=at, order=order)
    if settings.account_services_channel:
        await tell(
            session,
            NoticeKind.ORDER_OVERDUE,
            event,
            [f"services:{settings.account_services_channel}"],
            account=account,
            at=at,
            order=order,
            team=settings.account_services_team,
        )
    await tell_progress(session, account, order, "overdue", at)
