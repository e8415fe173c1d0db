"""Status changes of orders and their lines, each recorded in the history (R18)."""

from sqlmodel import col, select

from bot.metrics import ORDERS_TOTAL, count_on_commit
from bot.use_cases.notice.enqueue import list_email_destinations
from bot.use_cases.service_order.announce import (
    announce_attention_needed,
    announce_progress,
    announce_resolution,
    edit_earlier_messages,
)
from bot.use_cases.service_order.order_update import OrderUpdate
from models.audit.action import AuditAction
from models.details import OrderLineDetails
from models.notice import NoticeKind
from models.service_order import SENDING_STATUSES, LineStatus, OrderLine, OrderStatus, find_final_status
from models.subscription.upcoming_changes import SubscriptionPaidByInvoice


def update_line_status(
    update: OrderUpdate,
    row: OrderLineDetails,
    status: LineStatus,
    *,
    reason: str | None = None,
    details: dict[str, object] | None = None,
) -> None:
    line, before = row.line, row.line.status
    line.change_status(status, update.at, reason)
    update.session.add(line)
    update.add_audit_entry(
        AuditAction.LINE,
        status_change=(before.value, status.value),
        reason=reason,
        details={
            "subscription": line.subscription_id,
            "seats": line.seats,
            **({"on_invoice": True} if line.is_on_invoice else {}),
            **(details or {}),
        },
    )
    if before in SENDING_STATUSES and status not in SENDING_STATUSES and update.is_address_outdated:
        # The charge may have replaced the newer address at the provider, which a refresh restores.
        update.account.schedule_refresh(update.at)
        update.session.add(update.account)
    if status is not LineStatus.CHARGING:
        announce_progress(update, f"line_{status.value}", row=row)


def update_order_status(update: OrderUpdate, status: OrderStatus) -> None:
    before = update.order.status
    update.order.change_status(status, update.at)
    update.session.add(update.order)
    count_on_commit(update.session, ORDERS_TOTAL.labels(status.value))
    update.add_audit_entry(AuditAction(status.value), status_change=(before.value, status.value))


def mark_order_processing(update: OrderUpdate) -> None:
    if update.order.status is OrderStatus.PLACED:
        update_order_status(update, OrderStatus.PROCESSING)
        announce_progress(update, "processing")


async def decline_line(
    update: OrderUpdate, row: OrderLineDetails, reason: str, *, offered_price: tuple[int, int] | None = None
) -> None:
    """`offered_price` is the (amount, tax) that the provider would have charged instead (R17)."""
    line = row.line
    if line.is_on_invoice and reason == SubscriptionPaidByInvoice.decline_reason:
        reason = "invoice_not_allowed"  # It still is, but the account has lost the permission.
    details: dict[str, object] = {}
    if offered_price is not None:
        details = {"promised": [line.amount, line.tax], "offered": list(offered_price)}
    update_line_status(update, row, LineStatus.DECLINED, reason=reason, details=details)
    line.offered_amount, line.offered_tax = offered_price or (None, None)
    can_retry = line.can_retry(update.order, update.at)
    # Due again when it can no longer be retried, which may finish the order.
    line.release(line.get_retry_deadline(update.order) if can_retry else None)
    await mark_waiting_lines_due(update, line)
    if can_retry:
        await edit_earlier_messages(update, row)
        await announce_attention_needed(update, row, NoticeKind.ORDER_DECLINED)
    await finish_order_if_done(update)


async def mark_waiting_lines_due(update: OrderUpdate, line: OrderLine) -> None:
    # All waiting lines of those orders, because a placed order waits as a whole.
    waiting_order_ids = select(OrderLine.order_id).where(
        OrderLine.subscription_id == line.subscription_id,
        OrderLine.status == LineStatus.WAITING,
        # The status implies it, but only this is in the index of a subscription's lines.
        col(OrderLine.settled_at).is_(None),
    )
    waiting_lines = await update.session.exec(
        select(OrderLine).where(
            col(OrderLine.order_id).in_(waiting_order_ids), OrderLine.status == LineStatus.WAITING
        )
    )
    for waiting_line in waiting_lines.all():
        waiting_line.due_at = update.at
        update.session.add(waiting_line)


async def finish_order_if_done(update: OrderUpdate) -> None:
    """R18: once every line is done, the order is completed if any settled, else failed."""
    outcome = find_final_status(update.order, update.lines, update.at)
    if update.order.is_finished or outcome is None:
        return
    for line in update.lines:
        line.release(None)
        update.session.add(line)
    update_order_status(update, outcome)
    announce_progress(update, outcome.value)
    destinations = await update.list_destinations()
    await announce_resolution(update)
    if outcome is OrderStatus.FAILED:
        update.add_notice(NoticeKind.ORDER_FAILED, NoticeKind.ORDER_FAILED, destinations)
        return
    update.receipt_rows = [row for row in update.rows if row.line.status is LineStatus.SETTLED]
    update.add_notice(NoticeKind.RECEIPT, NoticeKind.RECEIPT, destinations)
    emails = list_email_destinations(await update.list_recipients())
    update.add_notice(NoticeKind.RECEIPT_EMAIL, NoticeKind.RECEIPT_EMAIL, emails)
