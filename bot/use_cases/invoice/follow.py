"""Following invoices until they are paid or cancelled. Their status changes no order's (R18)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlmodel import col, select, update

from bot.billing.gateway import BillingUnavailable, CustomerNotFound, InvoiceState
from bot.db import DATABASE_UNAVAILABLE_ERRORS, Session, lock_account
from bot.dependencies import Dependencies
from bot.job_ids import JobId, build_job_actor
from bot.use_cases.account_change import record_account_change
from bot.use_cases.audit.write import write_audit_entries
from bot.use_cases.due_rows import BATCH_SIZE, StopProcessing, find_next_time, process_keys
from bot.use_cases.invoice.record import build_invoice_entry, find_check_time
from bot.use_cases.notice.enqueue import (
    ORDER_MESSAGE_PLACES,
    build_notices,
    build_order_message_edits,
    enqueue_notices,
    list_channel_destinations,
    list_direct_destinations,
    list_order_recipients,
)
from bot.use_cases.open_screens import mark_screens_due
from models.account import Account
from models.account.billing_contact import BillingContact
from models.invoice import (
    INVOICE_TRANSITIONS,
    Invoice,
    InvoiceStatus,
    find_invoice_status,
    find_overdue_time,
)
from models.notice import Notice, NoticeKind
from models.notice.destination import Destination
from models.notice.payloads import InvoicePayload, OrderHistoryPayload
from models.product import Product
from models.quote import QuoteLine
from models.service_order import OrderLine, ServiceOrder
from models.service_order.order_screen import OrderScreen

log = structlog.get_logger()

FOLLOWING_JOB_ACTOR = build_job_actor(JobId.FOLLOW_INVOICES)
# As long as one check may take: until then no other worker makes it.
LEASE_DURATION = timedelta(minutes=1)
NOTICE_KIND_BY_STATUS = {
    InvoiceStatus.OVERDUE: NoticeKind.INVOICE_OVERDUE,
    InvoiceStatus.PAID: NoticeKind.INVOICE_PAID,
    InvoiceStatus.VOID: NoticeKind.INVOICE_CANCELLED,
    InvoiceStatus.UNCOLLECTIBLE: NoticeKind.INVOICE_CANCELLED,
}


async def follow_due_invoices(dependencies: Dependencies) -> int:
    async with dependencies.read() as session:
        due = await session.exec(
            select(Invoice.id, Invoice.check_at)
            .where(col(Invoice.check_at) <= dependencies.now())
            .order_by(col(Invoice.check_at))
            .limit(BATCH_SIZE)
        )
        keys: Sequence[tuple[int | None, datetime | None]] = due.all()
    return await process_keys(keys, partial(_follow_invoice, dependencies))


async def find_next_check_time(dependencies: Dependencies) -> datetime | None:
    return await find_next_time(dependencies, col(Invoice.check_at))


async def schedule_invoice_checks(session: Session, account_id: str, at: datetime) -> None:
    """Schedules checks of those of the account's invoices that can still change, because the provider has
    reported something."""
    await session.exec(
        update(Invoice)
        .where(col(Invoice.account_id) == account_id, col(Invoice.check_at).is_not(None))
        .values(check_at=at)
    )


async def _follow_invoice(dependencies: Dependencies, key: tuple[int | None, datetime | None]) -> bool:
    invoice_id, check_at = key
    lease_end = dependencies.now() + LEASE_DURATION
    async with dependencies.write() as session:
        claimed = await session.exec(
            update(Invoice)
            .where(col(Invoice.id) == invoice_id, col(Invoice.check_at) == check_at)
            .values(check_at=lease_end)
        )
        if claimed.rowcount == 0:
            return False  # Another worker was faster.
        invoice = await session.get_one(Invoice, invoice_id)
    try:
        state = await dependencies.billing.fetch_invoice(invoice.account_id, invoice.provider_invoice_id)
    except CustomerNotFound:
        state = None
    except BillingUnavailable as error:
        # Probably for every invoice: the next run starts with another one.
        raise StopProcessing from error
    except DATABASE_UNAVAILABLE_ERRORS:
        raise
    except Exception:
        log.exception("invoice.check_failed", invoice=invoice.number)
        return False
    await _apply_invoice_state(dependencies, invoice, state, lease_end)
    return True


async def _apply_invoice_state(
    dependencies: Dependencies, checked: Invoice, state: InvoiceState | None, lease_end: datetime
) -> None:
    at = dependencies.now()
    async with dependencies.write() as session:
        account = await lock_account(session, checked.account_id)
        invoice = await session.get_one(Invoice, checked.key, populate_existing=True)
        if state is None:
            log.warning("invoice.missing_at_provider", invoice=invoice.number)
        else:
            await _update_invoice(session, account, invoice, state, at)
        # An event that has arrived in the meantime made it due again.
        if invoice.check_at == lease_end or invoice.is_final:
            interval = dependencies.billing.invoice_check_interval
            invoice.check_at = find_check_time(invoice, account.time_zone, interval, at)
        session.add(invoice)


async def _update_invoice(
    session: Session, account: Account, invoice: Invoice, state: InvoiceState, at: datetime
) -> None:
    overdue_at = find_overdue_time(invoice.due_at, account.time_zone)
    before, status = invoice.status, find_invoice_status(state.status, overdue_at, at)
    if status is not before and status not in INVOICE_TRANSITIONS[before]:
        log.warning("invoice.unexpected_status", invoice=invoice.number, status=status.value)
        return
    if status is before and state.amount_remaining == invoice.amount_remaining:
        return
    invoice.amount_remaining = state.amount_remaining
    if status is not before:
        invoice.change_status(status)
    found = await session.exec(
        select(ServiceOrder, OrderLine, Product, ORDER_MESSAGE_PLACES)
        .join(OrderLine, col(OrderLine.order_id) == ServiceOrder.id)
        .join(QuoteLine, col(QuoteLine.id) == OrderLine.quote_line_id)
        .join(Product, col(Product.id) == QuoteLine.product_id)
        .where(OrderLine.id == invoice.order_line_id)
    )
    order, line, product, message_places = found.one()
    await _mark_screens(session, order, invoice, at)
    contacts = await list_order_recipients(session, order)
    if status is before:
        # Paid in part. Its history has its status only.
        await enqueue_notices(
            session, _build_message_edits(account, order, invoice, contacts, message_places, at)
        )
        await record_account_change(session, account.id)
        return
    await write_audit_entries(
        session, account.id, [build_invoice_entry(order, invoice, before, FOLLOWING_JOB_ACTOR, at)]
    )
    payload = OrderHistoryPayload(
        step=f"invoice_{status.value}",
        at=at,
        product=product.name,
        seats=line.seats,
        invoice_number=invoice.number,
    )
    destinations = list_direct_destinations(contacts)
    if status is InvoiceStatus.OVERDUE:
        # R25: a person has to act.
        destinations += list_channel_destinations(account, contacts)
    notices = [
        *_build_status_notices(account, order, invoice, payload, at),
        *(
            []
            if invoice.is_payable
            else _build_message_edits(account, order, invoice, contacts, message_places, at)
        ),
        *build_notices(
            NOTICE_KIND_BY_STATUS[status],
            f"order:{order.id}:invoice:{invoice.id}:{status.value}",
            dict.fromkeys(destinations),
            account=account,
            at=at,
            order=order,
            payload=InvoicePayload(invoice_id=invoice.key),
        ),
    ]
    await enqueue_notices(session, notices)


async def _mark_screens(session: Session, order: ServiceOrder, invoice: Invoice, at: datetime) -> None:
    # Here, not by `home.publish`: each update of one asks the provider for links.
    await mark_screens_due(
        session, at, col(OrderScreen.order_id) == order.id, col(OrderScreen.invoice_id) == invoice.id
    )


def _build_message_edits(
    account: Account,
    order: ServiceOrder,
    invoice: Invoice,
    contacts: Sequence[BillingContact],
    message_places: str | None,
    at: datetime,
) -> list[Notice]:
    # Messages that ask for a payment of which less is due by now, or nothing (R25); one may be on its way.
    state = f"{invoice.status.value}:{invoice.amount_remaining}"
    event = f"order:{order.id}:messages:invoice:{invoice.id}:{state}"
    expected = [*list_direct_destinations(contacts), *list_channel_destinations(account, contacts)]
    return build_order_message_edits(account, order, event, expected, message_places, at)


def _build_status_notices(
    account: Account, order: ServiceOrder, invoice: Invoice, payload: OrderHistoryPayload, at: datetime
) -> list[Notice]:
    if account.channel is None:
        return []
    event = f"order:{order.id}:{payload.step}:{invoice.id}"
    channel = [Destination.channel(account.channel)]
    return [
        *build_notices(
            NoticeKind.ORDER_STATUS, f"{event}:status", channel, account=account, at=at, order=order
        ),
        *build_notices(
            NoticeKind.ORDER_HISTORY,
            f"{event}:history",
            channel,
            account=account,
            at=at,
            order=order,
            payload=payload,
        ),
    ]
