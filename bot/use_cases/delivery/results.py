"""What became of a delivery, stored: each function changes the notice and says how long its destination
rests before the next one."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlmodel import select

from bot.db import Session, lock_account
from bot.messaging.messenger import MessageRef, OutboundMessage
from bot.services import Services
from bot.use_cases.delivery.claim import TEAM_BURST_ALLOWANCE, TEAM_SLOT_PREFIX
from bot.use_cases.delivery.posted_message import find_status_message
from bot.use_cases.notice.enqueue import (
    enqueue_notice,
    enqueue_quote_card_updates,
    list_active_contacts,
    list_direct_destinations,
    list_order_recipients,
)
from models.account import Account
from models.billing_contact import BillingContact
from models.destination import Destination, DestinationKind
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus, PostedMessage
from models.notice_payloads import (
    ChannelUnreachablePayload,
    NoticePayload,
    ReceiptFilePayload,
    is_requested,
    parse_payload,
)
from models.quote import Quote, QuoteStatus
from models.service_order import ServiceOrder

log = structlog.get_logger()

DeliveryResult = Callable[[Session, Notice, datetime], Awaitable[timedelta]]

# Slack takes about one message a second in a channel.
CHANNEL_MESSAGE_INTERVAL = timedelta(seconds=1)
INITIAL_BACKOFF = timedelta(seconds=1)
MAX_BACKOFF = timedelta(minutes=5)
NO_DELAY = timedelta()

# Where the person lost the role, whoever remains is told: R13, and what would else be seen to by nobody.
KINDS_FOR_REMAINING_CONTACTS = frozenset(
    {
        NoticeKind.RECEIPT,
        NoticeKind.RECEIPT_MAIL,
        NoticeKind.ORDER_DECLINED,
        NoticeKind.ORDER_NEEDS_CUSTOMER,
        NoticeKind.ORDER_FAILED,
        NoticeKind.ORDER_OVERDUE,
        NoticeKind.QUOTE_REMINDER,
    }
)
RECEIPT_MESSAGE_KINDS = (NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE)
QUOTE_MESSAGE_KINDS = (NoticeKind.QUOTE_ARRIVED, NoticeKind.QUOTE_REMINDER)


async def mark_delivered(_: Session, notice: Notice, at: datetime) -> timedelta:
    notice.status, notice.delivered_at, notice.last_error = NoticeStatus.DELIVERED, at, None
    return NO_DELAY if notice.parsed_destination.is_email else CHANNEL_MESSAGE_INTERVAL


async def mark_posted(
    session: Session, notice: Notice, at: datetime, *, letter: OutboundMessage, message: MessageRef
) -> timedelta:
    if notice.kind is NoticeKind.ORDER_STATUS:
        await _save_status_message(session, notice, message)
    elif notice.kind is NoticeKind.RECEIPT and notice.parsed_destination.kind is DestinationKind.CONTACT:
        await _enqueue_receipt_file(session, notice, letter, message, at)
    elif notice.kind in QUOTE_MESSAGE_KINDS:
        await _save_quote_message(session, notice, letter, message, at)
    return await mark_delivered(session, notice, at)


async def _enqueue_receipt_file(
    session: Session, notice: Notice, outbound: OutboundMessage, message: MessageRef, at: datetime
) -> None:
    """The PDF as a notice of its own: where sharing it fails, the message does not come again."""
    payload = ReceiptFilePayload(
        requested=is_requested(notice), channel=message.channel, user_id=outbound.channel
    )
    event = f"{_get_event_key(notice)}:file"
    await _enqueue_related_notice(
        session, notice, NoticeKind.RECEIPT_FILE, event, [notice.parsed_destination], payload, at
    )


async def _save_status_message(session: Session, notice: Notice, message: MessageRef) -> None:
    """One a channel: two contacts may be one person, with one direct message."""
    here = await session.exec(
        select(PostedMessage).where(
            PostedMessage.order_id == notice.order_id, PostedMessage.channel == message.channel
        )
    )
    standing = here.one_or_none() or await find_status_message(session, notice)
    if standing is None:
        standing = _build_posted_message(notice, message, order_id=notice.order_id)
    standing.channel, standing.ts = message.channel, message.ts
    session.add(standing)


async def _save_quote_message(
    session: Session, notice: Notice, outbound: OutboundMessage, message: MessageRef, at: datetime
) -> None:
    session.add(_build_posted_message(notice, message, quote_id=notice.quote_id))
    await session.flush()
    quote = await session.get_one(Quote, notice.quote_id)
    drawn = outbound.quote.quote.status if outbound.quote else None
    if quote.status is not drawn:
        # Decided while it was being posted: whoever decided could not know of this copy.
        await enqueue_quote_card_updates(session, await session.get_one(Account, quote.account_id), quote, at)


async def update_cards_if_decided(
    services: Services, quote_id: int, rendered_status: QuoteStatus | None
) -> None:
    """Once the copy is stored: a decision that was being stored at that moment neither saw it nor was seen.
    It held the account, so whoever holds it now sees what was decided."""
    async with services.write() as session:
        quote = await session.get_one(Quote, quote_id)
        account = await lock_account(session, quote.account_id, quote)
        if quote.status is not rendered_status:
            await enqueue_quote_card_updates(session, account, quote, services.now())


def _build_posted_message(
    notice: Notice, message: MessageRef, *, order_id: int | None = None, quote_id: int | None = None
) -> PostedMessage:
    return PostedMessage(
        team=notice.team,
        channel=message.channel,
        ts=message.ts,
        order_id=order_id,
        quote_id=quote_id,
        contact_id=notice.parsed_destination.contact_id,
    )


async def mark_opted_out(session: Session, notice: Notice, at: datetime) -> timedelta:
    """Its person has switched it off."""
    await mark_delivered(session, notice, at)
    return NO_DELAY


async def schedule_for_digest(_: Session, notice: Notice, at: datetime, *, until: datetime) -> timedelta:
    notice.due_at = notice.digest_at = until
    return NO_DELAY


async def mark_digest_posted(
    session: Session, notice: Notice, at: datetime, *, ids: Sequence[int]
) -> timedelta:
    """Each of the notices it told of is delivered with it."""
    for id_ in ids:
        part = await session.get_one(Notice, id_, with_for_update=True)
        if part.status is NoticeStatus.WAITING:
            await mark_delivered(session, part, at)
            session.add(part)
    return await mark_delivered(session, notice, at)


async def delete_posted_copy(session: Session, notice: Notice, at: datetime, *, copy: int) -> timedelta:
    """A posted copy of a quote that is gone needs no redrawing, now or later."""
    message = await session.get(PostedMessage, copy)
    if message is not None:
        await session.delete(message)
    return await mark_delivered(session, notice, at)


async def apply_rate_limit(session: Session, notice: Notice, at: datetime, *, seconds: float) -> timedelta:
    """Slack does not say whether it means the channel or the workspace: both rest."""
    rest = timedelta(seconds=seconds)
    pace = await session.get_one(DeliverySlot, TEAM_SLOT_PREFIX + notice.team, with_for_update=True)
    pace.next_at = max(pace.next_at, at + rest + TEAM_BURST_ALLOWANCE)
    return rest


async def schedule_retry(_: Session, notice: Notice, at: datetime, *, error: str) -> timedelta:
    """The destination rests as a whole: what comes after this notice must not come before it."""
    doublings = min(notice.attempts, 20)
    notice.attempts, notice.last_error = notice.attempts + 1, error
    rest: timedelta = INITIAL_BACKOFF * 2**doublings
    return min(rest, MAX_BACKOFF)


async def mark_undeliverable(_: Session, notice: Notice, at: datetime, *, error: str) -> timedelta:
    notice.status, notice.last_error = NoticeStatus.UNDELIVERABLE, error
    return NO_DELAY


async def mark_contact_withdrawn(session: Session, notice: Notice, at: datetime) -> timedelta:
    """Someone who lost the role gets nothing more."""
    if notice.kind in KINDS_FOR_REMAINING_CONTACTS and not is_requested(notice):
        contacts = await list_active_contacts(session, notice.account_id)
        kind = notice.parsed_destination.kind
        await _enqueue_for_destinations(
            session, notice, at, [Destination(kind, str(contact.key)) for contact in contacts]
        )
    return await mark_undeliverable(session, notice, at, error="contact withdrawn")


async def mark_channel_unreachable(
    session: Session, notice: Notice, at: datetime, *, error: str
) -> timedelta:
    """Nothing is lost: the contacts get by direct message what was meant for the channel."""
    account = await session.get_one(Account, notice.account_id)
    contacts = await list_active_contacts(session, account.id)
    channel = notice.parsed_destination.id
    await enqueue_notice(
        session,
        NoticeKind.CHANNEL_UNREACHABLE,
        f"account:{account.id}:channel:{channel}:{account.get_local_date(at)}",
        list_direct_destinations(contacts),
        account=account,
        at=at,
        payload=ChannelUnreachablePayload(channel=channel),
    )
    await _enqueue_for_destinations(
        session, notice, at, list_direct_destinations(await _list_recipients(session, notice))
    )
    if not contacts:
        log.error("notice.undeliverable", notice=notice.id, reason="no_recipient", error=error)
    return await mark_undeliverable(session, notice, at, error=f"channel unreachable: {error}")


async def _list_recipients(session: Session, notice: Notice) -> Sequence[BillingContact]:
    order = await session.get(ServiceOrder, notice.order_id) if notice.order_id else None
    return await (
        list_order_recipients(session, order) if order else list_active_contacts(session, notice.account_id)
    )


async def mark_person_unreachable(session: Session, notice: Notice, at: datetime, *, error: str) -> timedelta:
    # A receipt goes by e-mail in any case; only one that was asked for comes that way again.
    if notice.kind not in RECEIPT_MESSAGE_KINDS or is_requested(notice):
        email = Destination(DestinationKind.EMAIL, notice.parsed_destination.id)
        await _enqueue_for_destinations(session, notice, at, [email])
    return await mark_undeliverable(session, notice, at, error=f"person unreachable: {error}")


async def _enqueue_for_destinations(
    session: Session, notice: Notice, at: datetime, destinations: Sequence[Destination]
) -> None:
    """The same notice to others, once each: whom the event has told already is not told again."""
    await _enqueue_related_notice(
        session, notice, notice.kind, _get_event_key(notice), destinations, parse_payload(notice), at
    )


def _get_event_key(notice: Notice) -> str:
    """What it reports, without to whom."""
    return notice.event.removesuffix(f">{notice.destination}")


async def _enqueue_related_notice(
    session: Session,
    notice: Notice,
    kind: NoticeKind,
    event: str,
    destinations: Sequence[Destination],
    payload: NoticePayload,
    at: datetime,
) -> None:
    """Of the same account, order and quote."""
    await enqueue_notice(
        session,
        kind,
        event,
        destinations,
        account=await session.get_one(Account, notice.account_id),
        at=at,
        order=await session.get(ServiceOrder, notice.order_id) if notice.order_id else None,
        quote=await session.get(Quote, notice.quote_id) if notice.quote_id else None,
        payload=payload,
    )
