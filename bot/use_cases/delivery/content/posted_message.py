"""Which posted message a notice updates or replies to (R25)."""

from collections.abc import Sequence

from sqlmodel import col, or_, select

from bot.db import Session
from bot.messaging.messenger import MessageRef
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice.destination import DestinationKind
from models.notice.payloads import QuoteMessageUpdatePayload, find_extension_id, parse_payload

QUOTE_MESSAGE_UPDATE_KINDS = (NoticeKind.QUOTE_MESSAGE_UPDATE, NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE)


async def load_posted_messages(session: Session, notices: Sequence[Notice]) -> dict[int, PostedMessage]:
    order_ids = [notice.order_id for notice in notices if _is_order_message(notice)]
    copy_ids = [id_ for notice in notices if (id_ := _find_copy_id(notice)) is not None]
    if not order_ids and not copy_ids:
        return {}
    query = select(PostedMessage).where(
        or_(col(PostedMessage.order_id).in_(order_ids), col(PostedMessage.id).in_(copy_ids))
    )
    messages = (await session.exec(query)).all()
    matching = {notice.key: [m for m in messages if is_target_of(notice, m)] for notice in notices}
    return {key: matches[0] for key, matches in matching.items() if matches}


def _find_copy_id(notice: Notice) -> int | None:
    payload = parse_payload(notice)
    return payload.posted_message_id if isinstance(payload, QuoteMessageUpdatePayload) else None


def _is_order_message(notice: Notice) -> bool:
    is_channel_receipt = (
        notice.kind is NoticeKind.RECEIPT and notice.parsed_destination.kind is DestinationKind.CHANNEL
    )
    return notice.kind in (NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY) or is_channel_receipt


def is_target_of(notice: Notice, message: PostedMessage) -> bool:
    if notice.kind in QUOTE_MESSAGE_UPDATE_KINDS:
        return message.id == _find_copy_id(notice)
    return (
        _is_order_message(notice) and message.order_id == notice.order_id and has_destination(message, notice)
    )


def has_destination(message: PostedMessage, notice: Notice) -> bool:
    destination = notice.parsed_destination
    if destination.contact_id is not None:
        return message.contact_id == destination.contact_id
    return message.channel == destination.id and message.contact_id is None


def build_posted_message(
    notice: Notice, message: MessageRef, *, order_id: int | None = None, quote_id: int | None = None
) -> PostedMessage:
    is_for_services = notice.parsed_destination.kind is DestinationKind.ACCOUNT_SERVICES
    return PostedMessage(
        team=notice.team,
        channel=message.channel,
        ts=message.ts,
        order_id=order_id,
        quote_id=quote_id,
        contact_id=notice.parsed_destination.contact_id,
        quote_extension_id=find_extension_id(notice) if is_for_services else None,
    )
