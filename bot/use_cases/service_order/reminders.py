"""Marks and announces orders overdue after 24 hours (R21), and reminds customers of payments to confirm."""

from datetime import datetime
from functools import partial

from sqlmodel import col

from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.job_ids import JobId, build_job_actor
from bot.use_cases.due_rows import find_next_time, process_due_rows
from bot.use_cases.service_order.announce import (
    announce_attention_needed,
    announce_progress,
    edit_earlier_messages,
)
from bot.use_cases.service_order.order_update import load_order_update
from models.audit.action import AuditAction
from models.notice import NoticeKind
from models.notice.destination import Destination
from models.service_order import OrderLine, ServiceOrder


async def mark_overdue_orders(dependencies: Dependencies) -> int:
    mark = partial(_mark_overdue_order, dependencies)
    return await process_due_rows(dependencies, ServiceOrder, col(ServiceOrder.overdue_check_at), mark)


async def find_next_overdue_time(dependencies: Dependencies) -> datetime | None:
    return await find_next_time(dependencies, col(ServiceOrder.overdue_check_at))


async def _mark_overdue_order(
    dependencies: Dependencies, session: Session, order: ServiceOrder, at: datetime
) -> None:
    account = await lock_account(session, order.account_id, order)
    if order.overdue_check_at is None:
        return
    order.overdue_check_at = None
    session.add(order)
    update = await load_order_update(dependencies, session, account, order.key, at)
    update.actor = build_job_actor(JobId.MARK_ORDERS_OVERDUE)
    update.add_audit_entry(AuditAction.OVERDUE)
    update.add_notice(NoticeKind.ORDER_OVERDUE, "overdue", await update.list_destinations())
    settings = dependencies.settings
    if settings.account_services_channel:
        channel = [Destination.account_services(settings.account_services_channel)]
        update.add_notice(NoticeKind.ORDER_OVERDUE, "overdue", channel, team=settings.account_services_team)
    announce_progress(update, "overdue")
    # Account Services have just been sent their first message of the order, which is up to date.
    await edit_earlier_messages(update)
    await update.save()


async def remind_customers(dependencies: Dependencies) -> int:
    remind = partial(_remind_customer, dependencies)
    return await process_due_rows(dependencies, OrderLine, col(OrderLine.remind_at), remind)


async def find_next_customer_reminder_time(dependencies: Dependencies) -> datetime | None:
    return await find_next_time(dependencies, col(OrderLine.remind_at))


async def _remind_customer(
    dependencies: Dependencies, session: Session, line: OrderLine, at: datetime
) -> None:
    order = await session.get_one(ServiceOrder, line.order_id)
    account = await lock_account(session, order.account_id, line, order)
    if line.remind_at is None:
        return
    line.remind_at = None
    session.add(line)
    update = await load_order_update(dependencies, session, account, line.order_id, at)
    row = update.get_row(line.key)
    await announce_attention_needed(update, row, NoticeKind.ORDER_NEEDS_CUSTOMER, event_suffix=":reminder")
    await update.save()
