"""Messages that ask for something about an order, or promise it: edited once it is answered (R25)."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import and_, col, or_, select

from bot.db import Session
from models.details import OrderDetails
from models.notice import Notice, NoticeKind, OrderMessage
from models.service_order import LineStatus, OrderStatus


def _is_finished(details: OrderDetails) -> bool:
    return details.order.is_finished


def _has_started(details: OrderDetails) -> bool:
    return details.order.status is not OrderStatus.PLACED


def _is_decided(details: OrderDetails) -> bool:
    return not details.can_retry


def _is_confirmed(details: OrderDetails) -> bool:
    return not details.list_rows_with_status(LineStatus.NEEDS_CUSTOMER)


# Whether there is nothing left of what such a message asks for or promises.
IS_ANSWERED: dict[NoticeKind, Callable[[OrderDetails], bool]] = {
    NoticeKind.ORDER_PLACED: _is_finished,
    NoticeKind.ORDER_WAITS: _has_started,
    NoticeKind.ORDER_DECLINED: _is_decided,
    NoticeKind.ORDER_NEEDS_CUSTOMER: _is_confirmed,
    NoticeKind.ORDER_OVERDUE: _is_finished,
}


@dataclass(frozen=True)
class PostedOrderMessage:
    """`notice` is what it was posted for."""

    message: OrderMessage
    notice: Notice

    def is_answered(self, details: OrderDetails) -> bool:
        return IS_ANSWERED[self.notice.kind](details)


async def find_needless_edit_ids(session: Session, notices: Sequence[Notice]) -> set[int]:
    """ORDER_MESSAGES notices with nothing to edit at their destination. Those that wait before them will show
    the current state by themselves."""
    return {key for key, posted in (await load_order_messages(session, notices)).items() if not posted}


async def load_order_messages(
    session: Session, notices: Sequence[Notice]
) -> dict[int, list[PostedOrderMessage]]:
    """By the id of the ORDER_MESSAGES notice that edits them: those of its order at its destination."""
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
