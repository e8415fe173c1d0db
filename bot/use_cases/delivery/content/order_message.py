"""Messages that ask for something about an order or its invoices, or promise it: edited once it is answered
(R25)."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import and_, col, or_, select

from bot.db import Session
from models.details import OrderDetails
from models.invoice import Invoice
from models.notice import INVOICE_MESSAGE_KINDS, Notice, NoticeKind, OrderMessage
from models.notice.payloads import InvoicePayload, NoticePayload, OrderLinePayload, parse_payload
from models.service_order import LineStatus, OrderStatus


def _is_finished(details: OrderDetails, _: NoticePayload) -> bool:
    return details.order.is_finished


def _has_started(details: OrderDetails, _: NoticePayload) -> bool:
    return details.order.status is not OrderStatus.PLACED


def _is_decided(details: OrderDetails, payload: NoticePayload) -> bool:
    return not details.can_retry_line(_get_subscription_id(payload))


def _is_confirmed(details: OrderDetails, payload: NoticePayload) -> bool:
    return not details.list_rows_with_status(LineStatus.NEEDS_CUSTOMER, _get_subscription_id(payload))


def _is_always_editable(_: OrderDetails, __: NoticePayload) -> bool:
    # Such a message is only edited if an invoice was paid, at least in part, or cancelled; or it promises a
    # time, which does not hold while the order waits for somebody of the account.
    return True


def _get_subscription_id(payload: NoticePayload) -> str:
    return payload.subscription_id if isinstance(payload, OrderLinePayload) else ""


def _list_invoices(details: OrderDetails, payload: NoticePayload) -> list[Invoice]:
    invoices = [row.invoice for row in details.rows if row.invoice]
    if isinstance(payload, InvoicePayload):
        return [invoice for invoice in invoices if invoice.id == payload.invoice_id]
    return invoices


# Whether there is nothing left of what such a message asks for or promises.
IS_RESOLVED: dict[NoticeKind, Callable[[OrderDetails, NoticePayload], bool]] = {
    NoticeKind.ORDER_PLACED: _is_always_editable,
    NoticeKind.ORDER_QUEUED: _has_started,
    NoticeKind.ORDER_DECLINED: _is_decided,
    NoticeKind.ORDER_NEEDS_CUSTOMER: _is_confirmed,
    NoticeKind.ORDER_OVERDUE: _is_finished,
    NoticeKind.INVOICE_OVERDUE: _is_always_editable,
    NoticeKind.RECEIPT: _is_always_editable,
}


def is_final(notice: Notice, details: OrderDetails) -> bool:
    """Whether a message that was posted for the notice by now will never have to change."""
    if notice.kind in INVOICE_MESSAGE_KINDS:
        return all(invoice.is_final for invoice in _list_invoices(details, parse_payload(notice)))
    return details.order.is_finished


@dataclass(frozen=True)
class PostedOrderMessage:
    """`notice` is what it was posted for."""

    message: OrderMessage
    notice: Notice

    def is_resolved(self, details: OrderDetails) -> bool:
        return IS_RESOLVED[self.notice.kind](details, parse_payload(self.notice))

    def is_final(self, details: OrderDetails) -> bool:
        return is_final(self.notice, details)


async def find_no_op_edit_ids(session: Session, notices: Sequence[Notice]) -> set[int]:
    """ORDER_MESSAGES notices with nothing to edit at their destination. Those that wait before them will show
    the current state anyway."""
    return {key for key, posted in (await load_order_messages(session, notices)).items() if not posted}


async def load_order_messages(
    session: Session, notices: Sequence[Notice]
) -> dict[int, list[PostedOrderMessage]]:
    """Maps the id of the ORDER_MESSAGES notice that edits them to the messages: those of its order at its
    destination."""
    edits = [notice for notice in notices if notice.kind is NoticeKind.ORDER_MESSAGES]
    if not edits:
        return {}
    is_at_destination = or_(
        *(
            and_(col(OrderMessage.order_id) == edit.order_id, col(Notice.destination) == edit.destination)
            for edit in edits
        )
    )
    found = await session.exec(
        select(OrderMessage, Notice)
        .join(Notice, col(Notice.id) == OrderMessage.notice_id)
        .where(col(OrderMessage.order_id).in_({edit.order_id for edit in edits}), is_at_destination)
        .order_by(col(OrderMessage.notice_id))
    )
    posted = defaultdict[tuple[int | None, str], list[PostedOrderMessage]](list)
    for message, notice in found.all():
        posted[notice.order_id, notice.destination].append(PostedOrderMessage(message, notice))
    return {edit.key: posted[edit.order_id, edit.destination] for edit in edits}
