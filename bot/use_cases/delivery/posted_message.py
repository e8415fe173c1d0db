"""Which posted message a notice updates or replies to (R25)."""

from collections.abc import Sequence

from sqlmodel import col, or_, select

from bot.db import Session
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice.destination import DestinationKind
from models.notice.payloads import QuoteCardPayload, parse_payload


async def load_posted_messages(session: Session, notices: Sequence[Notice]) -> dict[int, PostedMessage]:
    order_ids = [notice.order_id for notice in notices if _is_order_message(notice)]
    copy_ids = [id_ for notice in notices if (id_ := _find_copy_id(notice)) is not None]
    if not order_ids and not copy_ids:
        return {}
    query = select(PostedMessage).where(
        or_(col(PostedMessage.order_id).in_(order_ids), col(PostedMessage.id).in_(copy_ids))
    )
    messages = (await session.exec(query)).all()
    matching = {notice.key: [m for m in messages if _matches_notice(m, notice)] for notice in notices}
    return {key: matches[0] for key, matches in matching.items() if matches}


def _find_copy_id(notice: Notice) -> int | None:
    payload = parse_payload(notice)
    return payload.posted_message_id if isinstance(payload, QuoteCardPayload) else None


def _is_order_message(notice: Notice) -> bool:
    is_channel_receipt = (
        notice.kind is NoticeKind.RECEIPT and notice.parsed_destination.kind is DestinationKind.CHANNEL
    )
    return notice.kind in (NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY) or is_channel_receipt


def _matches_notice(message: PostedMessage, notice: Notice) -> bool:
    if notice.kind is NoticeKind.QUOTE_CARD:
        return message.id == _find_copy_id(notice)
    return (
        _is_order_message(notice) and message.order_id == notice.order_id and has_destination(message, notice)
    )


def has_destination(message: PostedMessage, notice: Notice) -> bool:
    destination = notice.parsed_destination
    if destination.contact_id is not None:
        return message.contact_id == destination.contact_id
    return message.channel == destination.id and message.contact_id is None
