"""Messages that stand in Slack: which of them a notice redraws or answers (R25)."""

from collections.abc import Sequence

from sqlalchemy import bindparam
from sqlmodel import col, or_, select

from bot.db import Session
from models.destination import DestinationKind
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice_payloads import QuoteCardPayload, parse_payload

_POSTED_MESSAGES_QUERY = select(PostedMessage).where(
    or_(
        col(PostedMessage.order_id).in_(bindparam("orders", expanding=True)),
        col(PostedMessage.id).in_(bindparam("copies", expanding=True)),
    )
)


async def load_posted_messages(session: Session, notices: Sequence[Notice]) -> dict[int, PostedMessage]:
    """By the notice that redraws it or, as history, answers it."""
    orders = [notice.order_id for notice in notices if _is_order_message(notice)]
    copies = [id_ for notice in notices if (id_ := _find_copy_id(notice)) is not None]
    if not orders and not copies:
        return {}
    found = (await session.exec(_POSTED_MESSAGES_QUERY, params={"orders": orders, "copies": copies})).all()
    standing = {notice.key: [m for m in found if _matches_notice(m, notice)] for notice in notices}
    return {key: messages[0] for key, messages in standing.items() if messages}


def _find_copy_id(notice: Notice) -> int | None:
    payload = parse_payload(notice)
    return payload.posted_message_id if isinstance(payload, QuoteCardPayload) else None


def _is_order_message(notice: Notice) -> bool:
    receipt_of_channel = (
        notice.kind is NoticeKind.RECEIPT and notice.parsed_destination.kind is DestinationKind.CHANNEL
    )
    return notice.kind in (NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY) or receipt_of_channel


def _matches_notice(message: PostedMessage, notice: Notice) -> bool:
    if notice.kind is NoticeKind.QUOTE_CARD:
        return message.id == _find_copy_id(notice)
    return (
        _is_order_message(notice)
        and message.order_id == notice.order_id
        and _has_destination(message, notice)
    )


def _has_destination(message: PostedMessage, notice: Notice) -> bool:
    destination = notice.parsed_destination
    if destination.contact_id is not None:
        return message.contact_id == destination.contact_id
    return message.channel == destination.id and message.contact_id is None


async def find_status_message(session: Session, notice: Notice) -> PostedMessage | None:
    """The status message of the notice's order at its destination."""
    found = await session.exec(select(PostedMessage).where(PostedMessage.order_id == notice.order_id))
    return next((message for message in found.all() if _has_destination(message, notice)), None)
