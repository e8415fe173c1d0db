"""Storing the result of a delivery: a function for each type of result, and the table of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlmodel import col, select, update

from bot.db import Session, lock_account
from bot.messaging.messenger import MessageRef
from bot.services import Services
from bot.use_cases.delivery.claim import IS_WAITING_NOTICE
from bot.use_cases.delivery.context import NoticeContext
from bot.use_cases.delivery.posted_message import has_destination
from bot.use_cases.delivery.results import (
    Completed,
    ContactWithdrawn,
    CopyGone,
    DeliveryResult,
    DigestPosted,
    HeldForDigest,
    OptedOut,
    Posted,
    RetryLater,
    Throttled,
    Undeliverable,
    UndeliverableToChannel,
    UndeliverableToContact,
)
from bot.use_cases.notice.enqueue import (
    build_notices,
    build_related_notices,
    enqueue_quote_card_updates,
    get_event_key,
    list_active_contacts,
    list_direct_destinations,
    list_order_recipients,
)
from bot.use_cases.pacing import (
    CHANNEL_MESSAGE_INTERVAL,
    MESSAGE_LIMIT,
    compute_backoff,
    lock_or_create_slots,
)
from models.account import Account
from models.billing_contact import BillingContact
from models.notice import Notice, NoticeKind, NoticeStatus, PostedMessage
from models.notice.destination import Destination, DestinationKind
from models.notice.payloads import ChannelUnreachablePayload, ReceiptFilePayload, is_requested, parse_payload
from models.quote import Quote, QuoteStatus
from models.service_order import ServiceOrder

log = structlog.get_logger()

NO_DELAY = timedelta()

# If the recipient lost the role, the remaining contacts get these: receipts (R13) and requests for action.
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


@dataclass(frozen=True)
class Delivery:
    """A locked notice whose result is being stored, and the notices to store with it."""

    session: Session
    notice: Notice
    at: datetime
    follow_ups: list[Notice]


async def apply_result(delivery: Delivery, result: DeliveryResult) -> timedelta:
    """Returns how long to wait before the next delivery to the destination."""
    return await APPLY_BY_RESULT[type(result)](delivery, result)


async def _apply_posted(delivery: Delivery, result: Posted) -> timedelta:
    notice = delivery.notice
    if notice.kind is NoticeKind.ORDER_STATUS:
        await _save_status_message(delivery, result)
    elif notice.kind is NoticeKind.RECEIPT and notice.parsed_destination.kind is DestinationKind.CONTACT:
        _enqueue_receipt_file(delivery, result)
    elif notice.kind in QUOTE_MESSAGE_KINDS:
        await _save_quote_message(delivery, result)
    return mark_delivered(notice, delivery.at)


def mark_delivered(notice: Notice, at: datetime) -> timedelta:
    notice.status, notice.delivered_at, notice.last_error = NoticeStatus.DELIVERED, at, None
    return NO_DELAY if notice.parsed_destination.is_email else CHANNEL_MESSAGE_INTERVAL


async def _save_status_message(delivery: Delivery, result: Posted) -> None:
    await _mark_contained_notices(delivery, result.context)
    previous = result.context.posted_message
    if previous is None or (previous.channel, previous.ts) != (result.message.channel, result.message.ts):
        await _save_posted_status_message(delivery, result.message)


async def _mark_contained_notices(delivery: Delivery, context: NoticeContext) -> None:
    """Later notices of the same status message, which was rendered after they were stored."""
    if context.contained_notice_ids:
        await delivery.session.exec(
            update(Notice)
            .where(col(Notice.id).in_(context.contained_notice_ids), IS_WAITING_NOTICE)
            .values(status=NoticeStatus.DELIVERED, delivered_at=delivery.at)
        )


async def _save_posted_status_message(delivery: Delivery, message: MessageRef) -> None:
    """One per channel: two contacts may be the same person, with one direct message channel."""
    notice = delivery.notice
    query = select(PostedMessage).where(PostedMessage.order_id == notice.order_id)
    existing = (await delivery.session.exec(query)).all()
    candidates = [
        *(posted for posted in existing if posted.channel == message.channel),
        *(posted for posted in existing if has_destination(posted, notice)),
        _build_posted_message(notice, message, order_id=notice.order_id),
    ]
    posted_message = candidates[0]
    posted_message.channel, posted_message.ts = message.channel, message.ts
    delivery.session.add(posted_message)


def _enqueue_receipt_file(delivery: Delivery, result: Posted) -> None:
    # A separate notice: if uploading the PDF fails, the message is not posted again.
    notice = delivery.notice
    payload = ReceiptFilePayload(
        requested=is_requested(notice), channel=result.message.channel, user_id=result.outbound.channel
    )
    delivery.follow_ups.extend(
        build_related_notices(
            notice,
            [notice.parsed_destination],
            delivery.at,
            kind=NoticeKind.RECEIPT_FILE,
            event=f"{get_event_key(notice)}:file",
            payload=payload,
        )
    )


async def _save_quote_message(delivery: Delivery, result: Posted) -> None:
    session, notice = delivery.session, delivery.notice
    session.add(_build_posted_message(notice, result.message, quote_id=notice.quote_id))
    await session.flush()
    quote = await session.get_one(Quote, notice.quote_id)
    if quote.status is not result.context.rendered_quote_status:
        # Decided while the message was being posted: the decision did not see this copy.
        account = await session.get_one(Account, quote.account_id)
        await enqueue_quote_card_updates(session, account, quote, delivery.at)


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


async def enqueue_missed_card_updates(
    services: Services, notice: Notice, rendered_status: QuoteStatus | None
) -> None:
    """Call it once the copy is committed: a decision committed at the same moment may have missed the copy.
    Decisions lock the account, so with the account locked this one is visible."""
    async with services.write() as session:
        quote = await session.get_one(Quote, notice.quote_id)
        account = await lock_account(session, quote.account_id, quote)
        if quote.status is not rendered_status:
            await enqueue_quote_card_updates(session, account, quote, services.now())


async def _apply_completed(delivery: Delivery, _: Completed) -> timedelta:
    return mark_delivered(delivery.notice, delivery.at)


async def _apply_opted_out(delivery: Delivery, _: OptedOut) -> timedelta:
    mark_delivered(delivery.notice, delivery.at)
    return NO_DELAY


async def _apply_held_for_digest(delivery: Delivery, result: HeldForDigest) -> timedelta:
    delivery.notice.due_at = delivery.notice.digest_at = result.until
    return NO_DELAY


async def _apply_digest_posted(delivery: Delivery, result: DigestPosted) -> timedelta:
    for id_ in result.notice_ids:
        item = await delivery.session.get_one(Notice, id_, with_for_update=True)
        if item.status is NoticeStatus.WAITING:
            mark_delivered(item, delivery.at)
    return mark_delivered(delivery.notice, delivery.at)


async def _apply_copy_gone(delivery: Delivery, result: CopyGone) -> timedelta:
    copy = await delivery.session.get(PostedMessage, result.posted_message_id)
    if copy is not None:
        await delivery.session.delete(copy)
    return mark_delivered(delivery.notice, delivery.at)


async def _apply_throttled(delivery: Delivery, result: Throttled) -> timedelta:
    # Slack doesn't say whether it limits the channel or the workspace: nothing is sent to either.
    delay = timedelta(seconds=result.retry_after_seconds)
    name = MESSAGE_LIMIT.get_slot_name(delivery.notice.team)
    slots = await lock_or_create_slots(delivery.session, [name], delivery.at)
    MESSAGE_LIMIT.suspend(slots[name], delivery.at + delay)
    return delay


async def _apply_retry_later(delivery: Delivery, result: RetryLater) -> timedelta:
    # The whole destination waits: a later notice must not overtake this one.
    notice = delivery.notice
    delay = compute_backoff(notice.attempts)
    notice.attempts, notice.last_error = notice.attempts + 1, result.error
    return delay


async def _apply_undeliverable(delivery: Delivery, result: Undeliverable) -> timedelta:
    return _mark_undeliverable(delivery, result.error)


def _mark_undeliverable(delivery: Delivery, error: str) -> timedelta:
    delivery.notice.status, delivery.notice.last_error = NoticeStatus.UNDELIVERABLE, error
    return NO_DELAY


async def _apply_contact_withdrawn(delivery: Delivery, _: ContactWithdrawn) -> timedelta:
    notice = delivery.notice
    if notice.kind in KINDS_FOR_REMAINING_CONTACTS and not is_requested(notice):
        contacts = await list_active_contacts(delivery.session, notice.account_id)
        kind = notice.parsed_destination.kind
        destinations = [Destination(kind, str(contact.key)) for contact in contacts]
        await _enqueue_for_destinations(delivery, destinations)
    return _mark_undeliverable(delivery, "contact withdrawn")


async def _apply_undeliverable_to_channel(delivery: Delivery, result: UndeliverableToChannel) -> timedelta:
    session, notice = delivery.session, delivery.notice
    account = await session.get_one(Account, notice.account_id)
    contacts = await list_active_contacts(session, account.id)
    channel = notice.parsed_destination.id
    delivery.follow_ups.extend(
        build_notices(
            NoticeKind.CHANNEL_UNREACHABLE,
            f"account:{account.id}:channel:{channel}:{account.get_local_date(delivery.at)}",
            list_direct_destinations(contacts),
            account=account,
            at=delivery.at,
            payload=ChannelUnreachablePayload(channel=channel),
        )
    )
    recipients = await _list_recipients(session, notice)
    await _enqueue_for_destinations(delivery, list_direct_destinations(recipients))
    if not contacts:
        log.error("notice.undeliverable", notice=notice.id, reason="no_recipient", error=result.error)
    return _mark_undeliverable(delivery, f"channel unreachable: {result.error}")


async def _list_recipients(session: Session, notice: Notice) -> Sequence[BillingContact]:
    order = await session.get(ServiceOrder, notice.order_id) if notice.order_id else None
    return await (
        list_order_recipients(session, order) if order else list_active_contacts(session, notice.account_id)
    )


async def _apply_undeliverable_to_contact(delivery: Delivery, result: UndeliverableToContact) -> timedelta:
    notice = delivery.notice
    # A receipt is e-mailed in any case (R13); only a requested copy has no e-mail of its own.
    if notice.kind not in RECEIPT_MESSAGE_KINDS or is_requested(notice):
        email = Destination(DestinationKind.EMAIL, notice.parsed_destination.id)
        await _enqueue_for_destinations(delivery, [email])
    return _mark_undeliverable(delivery, f"person unreachable: {result.error}")


async def _enqueue_for_destinations(delivery: Delivery, destinations: Sequence[Destination]) -> None:
    """The same notice for other destinations; none gets it twice."""
    notice = delivery.notice
    account = await delivery.session.get_one(Account, notice.account_id)
    delivery.follow_ups.extend(
        build_related_notices(
            notice,
            destinations,
            delivery.at,
            kind=notice.kind,
            event=get_event_key(notice),
            payload=parse_payload(notice),
            team=account.slack_team,
        )
    )


APPLY_BY_RESULT: dict[type, Callable[[Delivery, Any], Awaitable[timedelta]]] = {
    Posted: _apply_posted,
    Completed: _apply_completed,
    DigestPosted: _apply_digest_posted,
    OptedOut: _apply_opted_out,
    HeldForDigest: _apply_held_for_digest,
    CopyGone: _apply_copy_gone,
    Throttled: _apply_throttled,
    RetryLater: _apply_retry_later,
    Undeliverable: _apply_undeliverable,
    ContactWithdrawn: _apply_contact_withdrawn,
    UndeliverableToChannel: _apply_undeliverable_to_channel,
    UndeliverableToContact: _apply_undeliverable_to_contact,
}
