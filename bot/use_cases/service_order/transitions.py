"""An order's progress: every change with its history, and what people are told of it (R18, R25)."""

from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.jobs import JobId, build_job_actor
from bot.metrics import ORDERS_TOTAL, count_on_commit
from bot.use_cases.audit.write import get_last_entry_number, write_audit_entry
from bot.use_cases.notice.enqueue import (
    enqueue_notice,
    list_channel_destinations,
    list_direct_destinations,
    list_order_recipients,
)
from models.account import Account
from models.audit_entry import Actor
from models.destination import Destination
from models.notice import NoticeKind
from models.notice_payloads import (
    NoticePayload,
    OrderDeclinedPayload,
    OrderHistoryPayload,
    OrderWaitsPayload,
    PaymentConfirmationPayload,
)
from models.product import Product
from models.quote import QuoteLine
from models.service_order import ChargeAttempt, LineStatus, OrderLine, OrderStatus, ServiceOrder

PROCESSING_JOB_ACTOR = build_job_actor(JobId.PROCESS_ORDERS)


async def update_line_status(
    session: Session,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    status: LineStatus,
    at: datetime,
    *,
    reason: str | None = None,
    details: dict[str, object] | None = None,
) -> None:
    """Change a line's status, with its history and the order's status message."""
    before = line.status
    line.change_status(status, at, reason)
    session.add(line)
    await session.flush()
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=PROCESSING_JOB_ACTOR,
        subject=f"service_order:{order.number}",
        action="line",
        at=at,
        status_change=(before.value, status.value),
        reason=reason,
        details={"subscription": line.subscription_id, "seats": line.seats, **(details or {})},
    )
    if status is not LineStatus.CHARGING:
        await announce_order_progress(session, account, order, f"line_{status.value}", at, line=line)


async def update_order_status(
    session: Session, order: ServiceOrder, status: OrderStatus, actor: Actor, at: datetime
) -> None:
    before = order.status
    order.change_status(status, at)
    session.add(order)
    count_on_commit(session, ORDERS_TOTAL.labels(status.value))
    await write_audit_entry(
        session,
        account_id=order.account_id,
        actor=actor,
        subject=f"service_order:{order.number}",
        action=status.value,
        at=at,
        status_change=(before.value, status.value),
    )


async def announce_order_progress(
    session: Session,
    account: Account,
    order: ServiceOrder,
    step: str,
    at: datetime,
    *,
    by: str = "",
    line: OrderLine | None = None,
    blocking_order: ServiceOrder | None = None,
) -> None:
    """R25: the channel's status message drawn anew, and a line of history in its thread."""
    if account.channel is None:
        return  # The person is told by direct message of whatever matters to them.
    payload = OrderHistoryPayload(step=step, by=by, at=at)
    if line is not None:
        quoted = await session.get_one(QuoteLine, line.quote_line_id)
        product = await session.get_one(Product, quoted.product_id)
        payload = payload.model_copy(
            update={"product": product.name, "seats": line.seats, "reason": line.reason or ""}
        )
    # Its instant names the event: each step is told once, the same step of two attempts twice. That it waits
    # for another order is found again and again, and told once.
    event = f"order:{order.id}:{step}:{line.id if line else 0}:{at.isoformat()}"
    if blocking_order is not None:
        event = f"order:{order.id}:{step}:{blocking_order.id}"
        payload = payload.model_copy(update={"blocking_order_number": blocking_order.number})
    channel = [Destination.channel(account.channel)]
    status, history = NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY
    await enqueue_notice(session, status, f"{event}:status", channel, account=account, at=at, order=order)
    await enqueue_notice(
        session, history, f"{event}:history", channel, account=account, at=at, order=order, payload=payload
    )


async def announce_order_waiting(
    session: Session,
    account: Account,
    order: ServiceOrder,
    blocking_order: ServiceOrder,
    at: datetime,
) -> None:
    """Once for each order that is waited for."""
    people = await list_order_recipients(session, order)
    await enqueue_notice(
        session,
        NoticeKind.ORDER_WAITS,
        f"order:{order.id}:waits:{blocking_order.id}",
        list_direct_destinations(people),
        account=account,
        at=at,
        order=order,
        payload=OrderWaitsPayload(blocking_order_number=blocking_order.number),
    )
    await announce_order_progress(session, account, order, "waits", at, blocking_order=blocking_order)


async def enqueue_attention_notice(
    session: Session,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    kind: NoticeKind,
    at: datetime,
    *,
    event_suffix: str = "",
) -> None:
    """R25: what needs a person is a new message, in the channel and to the person; each time it comes to
    that, and once more for what `again` names."""
    people = await list_order_recipients(session, order)
    quoted = await session.get_one(QuoteLine, line.quote_line_id)
    product = await session.get_one(Product, quoted.product_id)
    # Not the attempt: a line may be declined, tried again, and declined before there is another.
    history = await get_last_entry_number(session, account.id)
    await enqueue_notice(
        session,
        kind,
        f"order:{order.id}:line:{line.id}:{kind}:{history}{event_suffix}",
        dict.fromkeys([*list_direct_destinations(people), *list_channel_destinations(account, people)]),
        account=account,
        at=at,
        order=order,
        payload=_build_attention_payload(kind, line, product),
    )


def _build_attention_payload(kind: NoticeKind, line: OrderLine, product: Product) -> NoticePayload:
    if kind is NoticeKind.ORDER_NEEDS_CUSTOMER:
        return PaymentConfirmationPayload(products=[product.name])
    payload = OrderDeclinedPayload(products=[product.name], reason=line.reason or "")
    if line.offered_amount is None or line.offered_tax is None:
        return payload
    prices = {
        "promised_total": line.amount + line.tax,
        "offered_total": line.offered_amount + line.offered_tax,
    }
    return payload.model_copy(update=prices)


async def list_charge_attempts(session: Session, line: OrderLine) -> list[ChargeAttempt]:
    found = await session.exec(
        select(ChargeAttempt)
        .where(ChargeAttempt.order_line_id == line.id)
        .order_by(col(ChargeAttempt.number))
    )
    return list(found.all())
