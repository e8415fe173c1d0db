"""Storing the result of a delivery: a function for each type of result, and the table of them."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, delete, select, update

from bot.db import Session, lock_account, lock_account_unless_locked
from bot.dependencies import Dependencies
from bot.messaging.messenger import MessageRef
from bot.use_cases.delivery.content.context import QuoteState
from bot.use_cases.delivery.content.order_message import IS_RESOLVED, is_final
from bot.use_cases.delivery.content.posted_message import build_posted_message, has_destination
from bot.use_cases.delivery.fallback import (
    UndeliverableNotice,
    build_delay_notices,
    build_fallback_notices,
    build_notice_copies,
    has_failed_for_too_long,
)
from bot.use_cases.delivery.results import (
    Completed,
    ContactWithdrawn,
    DeferredToDigest,
    DeliveryResult,
    DigestPosted,
    FailureReason,
    MessagesEdited,
    OptedOut,
    Posted,
    PostedMessageDeleted,
    RetryLater,
    Throttled,
    Undeliverable,
)
from bot.use_cases.notice.enqueue import (
    build_related_notices,
    enqueue_quote_message_updates,
    get_event_key,
    list_active_contacts,
)
from bot.use_cases.rate_limits import (
    DESTINATION_LIMIT,
    LIMITED_SLOT_PREFIX,
    MESSAGE_LIMIT,
    compute_backoff,
    lock_or_create_slots,
)
from models.account import Account
from models.account.contact_invitation import ContactInvitation
from models.notice import DeliverySlot, Notice, NoticeKind, NoticeStatus, OrderMessage, PostedMessage
from models.notice.destination import Destination, DestinationKind
from models.notice.payloads import (
    DocumentFilePayload,
    find_extension_id,
    find_invitation_id,
    is_requested,
)
from models.quote import Quote
from models.quote.extension import QuoteExtension

# If the recipient lost the role, the remaining contacts get these: receipts (R13) and requests for action.
KINDS_FOR_REMAINING_CONTACTS = frozenset(
    {
        NoticeKind.RECEIPT,
        NoticeKind.RECEIPT_EMAIL,
        NoticeKind.ORDER_DECLINED,
        NoticeKind.ORDER_NEEDS_CUSTOMER,
        NoticeKind.ORDER_FAILED,
        NoticeKind.ORDER_OVERDUE,
        NoticeKind.INVOICE_OVERDUE,
        NoticeKind.QUOTE_REMINDER,
        NoticeKind.QUOTE_EXTENSION_DECIDED,
        NoticeKind.QUOTE_EXTENSION_UNDELIVERED,
    }
)
CONTACT_WITHDRAWN = "contact withdrawn"
# After this many rate limits in a row, a notice is limited by its own channel, not by the workspace.
MAX_WORKSPACE_LIMITS = 3
# The message that announces a PDF → the PDF.
FILE_KIND_BY_MESSAGE_KIND = {
    NoticeKind.RECEIPT: NoticeKind.RECEIPT_FILE,
    NoticeKind.QUOTE_PDF_REQUESTED: NoticeKind.QUOTE_FILE,
}
QUOTE_MESSAGE_KINDS = (
    NoticeKind.QUOTE_ARRIVED,
    NoticeKind.QUOTE_REMINDER,
    NoticeKind.QUOTE_PDF_REQUESTED,
    NoticeKind.QUOTE_EXTENSION_REQUESTED,
    NoticeKind.QUOTE_EXTENSION_DECIDED,
    NoticeKind.QUOTE_EXTENSION_UNDELIVERED,
)


@dataclass(frozen=True)
class Delivery:
    """A locked notice whose result is being stored, with the slot of its destination, other notices that the
    message has completed, the notices to store with it, what could not be delivered, and the ids of
    copies of quotes to check again once they are committed. Without `with_email`, no mail server is set."""

    session: Session
    notice: Notice
    slot: DeliverySlot
    at: datetime
    covered_notices: Sequence[Notice]
    follow_ups: list[Notice]
    undeliverable: list[UndeliverableNotice]
    deferred_checks: set[int]
    with_email: bool

    def record_message(self) -> None:
        mark_delivered(self.notice, self.at)
        for covered in self.covered_notices:
            if covered.status is NoticeStatus.WAITING:
                mark_delivered(covered, self.at)
        if not self.notice.parsed_destination.is_email:
            DESTINATION_LIMIT.record_calls(self.slot, self.at)

    def suspend_destination(self, delay: timedelta) -> None:
        DESTINATION_LIMIT.suspend(self.slot, self.at + delay)


async def apply_result(delivery: Delivery, result: DeliveryResult) -> None:
    await APPLY_BY_RESULT[type(result)](delivery, result)


async def _apply_posted(delivery: Delivery, result: Posted) -> None:
    notice = delivery.notice
    if notice.kind is NoticeKind.ORDER_STATUS:
        await _save_status_message(delivery, result)
    if notice.kind in QUOTE_MESSAGE_KINDS:
        await _save_quote_message(delivery, result)
    if notice.kind in FILE_KIND_BY_MESSAGE_KIND and notice.parsed_destination.kind is DestinationKind.CONTACT:
        _enqueue_file(delivery, result, FILE_KIND_BY_MESSAGE_KIND[notice.kind])
    if notice.kind is NoticeKind.CONTACT_INVITED:
        await _save_invitation_message(delivery, result)
    if notice.kind in IS_RESOLVED:
        _save_order_message(delivery, result)
    delivery.record_message()


def mark_delivered(notice: Notice, at: datetime) -> None:
    notice.status, notice.delivered_at, notice.last_error = NoticeStatus.DELIVERED, at, None


async def _save_status_message(delivery: Delivery, result: Posted) -> None:
    previous = result.context.posted_message
    if previous is None or (previous.channel, previous.ts) != (result.message.channel, result.message.ts):
        await _save_posted_status_message(delivery, result.message)


async def _save_posted_status_message(delivery: Delivery, message: MessageRef) -> None:
    # One per channel: two contacts may be the same person, with one direct message channel.
    notice = delivery.notice
    query = select(PostedMessage).where(PostedMessage.order_id == notice.order_id)
    existing = (await delivery.session.exec(query)).all()
    candidates = [
        *(posted for posted in existing if posted.channel == message.channel),
        *(posted for posted in existing if has_destination(posted, notice)),
        build_posted_message(notice, message, order_id=notice.order_id),
    ]
    posted_message = candidates[0]
    posted_message.channel, posted_message.ts = message.channel, message.ts
    delivery.session.add(posted_message)


def _enqueue_file(delivery: Delivery, result: Posted, kind: NoticeKind) -> None:
    # A separate notice with a destination of its own: if uploading the PDF fails, the message is not posted
    # again, and no other message waits.
    notice = delivery.notice
    contact_id = notice.parsed_destination.contact_id
    assert contact_id is not None, "it was sent to a contact"
    payload = DocumentFilePayload(
        requested=is_requested(notice), channel=result.message.channel, user_id=result.outbound.channel
    )
    delivery.follow_ups.extend(
        build_related_notices(
            notice,
            [Destination.file(contact_id)],
            delivery.at,
            kind=kind,
            event=f"{get_event_key(notice)}:file",
            payload=payload,
        )
    )


async def _save_invitation_message(delivery: Delivery, result: Posted) -> None:
    message = {"message_channel": result.message.channel, "message_ts": result.message.ts}
    is_announced = col(ContactInvitation.id) == find_invitation_id(delivery.notice)
    await delivery.session.exec(update(ContactInvitation).where(is_announced).values(**message))


def _save_order_message(delivery: Delivery, result: Posted) -> None:
    """A message that already says how the order or its invoices ended need not be edited. A change after it
    was rendered has a notice behind this one."""
    details, notice = result.context.order, delivery.notice
    if details is not None and not is_final(notice, details):
        delivery.session.add(
            OrderMessage(
                notice_id=notice.key,
                order_id=details.order.key,
                channel=result.message.channel,
                ts=result.message.ts,
            )
        )


async def _save_quote_message(delivery: Delivery, result: Posted) -> None:
    session, notice = delivery.session, delivery.notice
    session.add(build_posted_message(notice, result.message, quote_id=notice.quote_id))
    await session.flush()
    # Does not wait: a change of the account may take longer than the lease of the message.
    account = await lock_account_unless_locked(session, notice.account_id)
    if account is None:
        delivery.deferred_checks.add(notice.key)
        account = await session.get_one(Account, notice.account_id)
    else:
        # What has read the quote's copies before reads them again.
        account.revision += 1
        session.add(account)
    quote = await session.get_one(Quote, notice.quote_id, populate_existing=True)
    if await _load_quote_state(session, notice, quote) != result.context.rendered_quote_state:
        # Changed while the message was being posted: the change did not see this copy.
        await enqueue_quote_message_updates(session, account, quote, delivery.at)


async def enqueue_missed_message_updates(
    dependencies: Dependencies, notice: Notice, rendered_state: QuoteState | None
) -> None:
    """Call it once the copy is committed, if the account was locked at that moment: that change may have
    missed the copy. With the account locked, it is visible; one that begins later sees the copy, or the new
    revision."""
    async with dependencies.write() as session:
        quote = await session.get_one(Quote, notice.quote_id)
        account = await lock_account(session, quote.account_id, quote)
        account.revision += 1
        session.add(account)
        if await _load_quote_state(session, notice, quote) != rendered_state:
            await enqueue_quote_message_updates(session, account, quote, dependencies.now())


async def _load_quote_state(session: Session, notice: Notice, quote: Quote) -> QuoteState:
    extension_id = find_extension_id(notice)
    extension = (
        await session.get(QuoteExtension, extension_id, populate_existing=True) if extension_id else None
    )
    return quote.number, quote.status, quote.expires_at, extension.status if extension else None


async def _apply_completed(delivery: Delivery, _: Completed | DigestPosted) -> None:
    delivery.record_message()


async def _apply_opted_out(delivery: Delivery, _: OptedOut) -> None:
    mark_delivered(delivery.notice, delivery.at)


async def _apply_deferred_to_digest(delivery: Delivery, result: DeferredToDigest) -> None:
    delivery.notice.due_at = delivery.notice.digest_at = result.until


async def _apply_posted_message_deleted(delivery: Delivery, result: PostedMessageDeleted) -> None:
    copy = await delivery.session.get(PostedMessage, result.posted_message_id)
    if copy is not None:
        await delivery.session.delete(copy)
    delivery.record_message()


async def _apply_messages_edited(delivery: Delivery, result: MessagesEdited) -> None:
    is_closed = col(OrderMessage.notice_id).in_(result.closed_ids)
    if result.closed_ids:
        await delivery.session.exec(delete(OrderMessage).where(is_closed))
    delivery.record_message()


async def _apply_throttled(delivery: Delivery, result: Throttled) -> None:
    """A destination's limit stops no other. If Slack limits a second one while the first is suspended, the
    limit is the workspace's, unless it outlasts those: then it is its own, and two such stop no other."""
    await _apply_retry_later(delivery, result.retry)
    if delivery.notice.attempts > MAX_WORKSPACE_LIMITS:
        return
    until = delivery.at + timedelta(seconds=result.retry.retry_after_seconds)
    team = MESSAGE_LIMIT.get_slot_name(delivery.notice.team)
    limited = LIMITED_SLOT_PREFIX + delivery.notice.team
    slots = await lock_or_create_slots(delivery.session, [team, limited], delivery.at)
    # Otherwise the limit belongs to the destination, and other destinations continue.
    if slots[limited].next_at > delivery.at:
        MESSAGE_LIMIT.suspend(slots[team], until)
    slots[limited].next_at = max(slots[limited].next_at, until)


async def _apply_retry_later(delivery: Delivery, result: RetryLater) -> None:
    notice = delivery.notice
    notice.attempts, notice.last_error = notice.attempts + 1, result.error
    retry_after = timedelta(seconds=result.retry_after_seconds)
    if has_failed_for_too_long(notice, result.reason, delivery.at, is_edit=result.is_edit):
        await _send_by_fallback(delivery, result.reason, result.error)
        delivery.suspend_destination(retry_after)
    else:
        delivery.follow_ups.extend(
            await build_delay_notices(delivery.session, notice, result.reason, delivery.at)
        )
        # The whole destination waits: a later notice must not overtake this one.
        delivery.suspend_destination(max(compute_backoff(notice.attempts - 1), retry_after))


async def _apply_undeliverable(delivery: Delivery, result: Undeliverable) -> None:
    await _send_by_fallback(delivery, result.reason, result.error)


async def _send_by_fallback(delivery: Delivery, reason: FailureReason, error: str) -> None:
    notice = delivery.notice
    fallback = await build_fallback_notices(delivery.session, notice, reason, delivery.at)
    # Without a mail server, an email would stay queued, and nobody would notice.
    instead = [copy for copy in fallback if delivery.with_email or not copy.parsed_destination.is_email]
    delivery.follow_ups.extend(instead)
    kinds = dict.fromkeys(copy.parsed_destination.kind for copy in instead)
    delivery.undeliverable.append(UndeliverableNotice(notice, reason, error, tuple(kinds)))
    _mark_undeliverable(notice, f"{reason}: {error}")


def _mark_undeliverable(notice: Notice, error: str) -> None:
    notice.status, notice.last_error = NoticeStatus.UNDELIVERABLE, error


async def _apply_contact_withdrawn(delivery: Delivery, _: ContactWithdrawn) -> None:
    notice = delivery.notice
    if notice.kind in KINDS_FOR_REMAINING_CONTACTS and not is_requested(notice):
        contacts = await list_active_contacts(delivery.session, notice.account_id)
        kind = notice.parsed_destination.kind
        destinations = [Destination(kind, str(contact.key)) for contact in contacts]
        delivery.follow_ups.extend(
            await build_notice_copies(delivery.session, notice, destinations, delivery.at)
        )
    _mark_undeliverable(notice, CONTACT_WITHDRAWN)


APPLY_BY_RESULT: dict[type, Callable[[Delivery, Any], Awaitable[None]]] = {
    Posted: _apply_posted,
    Completed: _apply_completed,
    DigestPosted: _apply_completed,
    OptedOut: _apply_opted_out,
    DeferredToDigest: _apply_deferred_to_digest,
    PostedMessageDeleted: _apply_posted_message_deleted,
    MessagesEdited: _apply_messages_edited,
    Throttled: _apply_throttled,
    RetryLater: _apply_retry_later,
    Undeliverable: _apply_undeliverable,
    ContactWithdrawn: _apply_contact_withdrawn,
}
