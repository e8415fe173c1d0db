"""Messages that stand in Slack: which of them a notice redraws or answers (R25)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.notice import Notice, NoticeKind, PostedMessage

_POSTED_MESSAGES_QUERY = select(PostedMessage).where(
    or_(
        col(PostedMessage.order_id).in_(bindparam("orders", expanding=True)),
        col(PostedMessage.id).in_(bindparam("copies", expanding=True)),
    )
)


@dataclass(frozen=True)
class NoticeDestination:
    """A destination taken apart: its kind (channel, contact, services or email) and whom it names."""

    kind: str
    name: str

    @classmethod
    def from_notice(cls, notice: Notice) -> "NoticeDestination":
        kind, _, name = notice.destination.partition(":")
        return cls(kind, name)

    @property
    def contact_id(self) -> int | None:
        return int(self.name) if self.kind in ("contact", "email") else None


async def load_posted_messages(session: AsyncSession, notices: Sequence[Notice]) -> dict[int, PostedMessage]:
    """By the notice that redraws it or, as history, answers it."""
    orders = [notice.order_id for notice in notices if _is_order_message(notice)]
    copies = [n.payload.get("posted") for n in notices if n.kind is NoticeKind.QUOTE_CARD]
    if not orders and not copies:
        return {}
    found = (await session.exec(_POSTED_MESSAGES_QUERY, params={"orders": orders, "copies": copies})).all()
    standing = {notice.key: [m for m in found if _matches_notice(m, notice)] for notice in notices}
    return {key: messages[0] for key, messages in standing.items() if messages}


def _is_order_message(notice: Notice) -> bool:
    receipt_of_channel = (
        notice.kind is NoticeKind.RECEIPT and NoticeDestination.from_notice(notice).kind == "channel"
    )
    return notice.kind in (NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY) or receipt_of_channel


def _matches_notice(message: PostedMessage, notice: Notice) -> bool:
    if notice.kind is NoticeKind.QUOTE_CARD:
        return message.id == notice.payload.get("posted")
    return (
        _is_order_message(notice)
        and message.order_id == notice.order_id
        and _has_destination(message, notice)
    )


def _has_destination(message: PostedMessage, notice: Notice) -> bool:
    address = NoticeDestination.from_notice(notice)
    if address.contact_id is not None:
        return message.contact_id == address.contact_id
    return message.channel == address.name and message.contact_id is None


async def find_status_message(session: AsyncSession, notice: Notice) -> PostedMessage | None:
    """The status message of the notice's order at its destination."""
    found = await session.exec(select(PostedMessage).where(PostedMessage.order_id == notice.order_id))
    return next((message for message in found.all() if _has_destination(message, notice)), None)
