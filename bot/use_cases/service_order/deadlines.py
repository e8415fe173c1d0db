"""Keeping watch over what waits: the 24 hours that an order may take (R21), a payment to be confirmed."""

from datetime import datetime
from functools import partial

from sqlmodel import col

from bot.db import Session, lock_account
from bot.jobs import JobId, build_job_actor
from bot.services import Services
from bot.settings import Settings
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.due_rows import process_due_rows
from bot.use_cases.notice.enqueue import (
    enqueue_notice,
    list_channel_destinations,
    list_direct_destinations,
    list_order_recipients,
)
from bot.use_cases.service_order.transitions import announce_order_progress, enqueue_attention_notice
from models.destination import Destination
from models.notice import NoticeKind
from models.service_order import LineStatus, OrderLine, ServiceOrder


async def announce_overdue_orders(services: Services) -> int:
    """R21: an order not finished 24 hours after it was placed; told once. Returns how many."""
    tell_of_it = partial(_announce_overdue_order, services.settings)
    return await process_due_rows(services, ServiceOrder, col(ServiceOrder.overdue_check_at), tell_of_it)


async def _announce_overdue_order(
    settings: Settings, session: Session, order: ServiceOrder, at: datetime
) -> None:
    account = await lock_account(session, order.account_id, order)
    if order.overdue_check_at is None:
        return
    order.overdue_check_at = None
    session.add(order)
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=build_job_actor(JobId.MARK_ORDERS_OVERDUE),
        subject=f"service_order:{order.number}",
        action="overdue",
        at=at,
    )
    people = await list_order_recipients(session, order)
    event = f"order:{order.id}:overdue"
    told = dict.fromkeys([*list_direct_destinations(people), *list_channel_destinations(account, people)])
    await enqueue_notice(session, NoticeKind.ORDER_OVERDUE, event, told, account=account, at=at, order=order)
    if settings.account_services_channel:
        await enqueue_notice(
            session,
            NoticeKind.ORDER_OVERDUE,
            event,
            [Destination.services(settings.account_services_channel)],
            account=account,
            at=at,
            order=order,
            team=settings.account_services_team,
        )
    await announce_order_progress(session, account, order, "overdue", at)


async def remind_customers(services: Services) -> int:
    """Once more, a while before a payment can no longer be confirmed. Returns how many lines wait for it."""
    return await process_due_rows(services, OrderLine, col(OrderLine.remind_at), _remind_customer)


async def _remind_customer(session: Session, line: OrderLine, at: datetime) -> None:
    order = await session.get_one(ServiceOrder, line.order_id)
    account = await lock_account(session, order.account_id, line)
    if line.remind_at is None or line.status is not LineStatus.NEEDS_CUSTOMER:
        return
    line.remind_at = None
    session.add(line)
    kind = NoticeKind.ORDER_NEEDS_CUSTOMER
    await enqueue_attention_notice(session, account, order, line, kind, at, event_suffix=":reminder")
