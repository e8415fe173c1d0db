"""Delivering notices until Slack or the mail server has accepted them (R24).

None is lost. A crash after a message was posted and before that is committed makes it appear twice.
"""

import asyncio
from dataclasses import replace
from functools import partial

import structlog

from bot.directory.user_directory import DirectoryUnavailable
from bot.mail.mailer import MailRejected, MailUnavailable
from bot.messaging.messenger import (
    ChannelUnreachable,
    FileRejected,
    MessageGone,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
    UserUnreachable,
)
from bot.services import Services
from bot.use_cases.delivery.apply import QUOTE_MESSAGE_KINDS, enqueue_missed_card_updates
from bot.use_cases.delivery.claim import DeliveryLease, build_notice_queue
from bot.use_cases.delivery.compose import (
    compose_email,
    compose_message,
    render_receipt_file,
    with_message_target,
)
from bot.use_cases.delivery.context import NoticeContext, load_notice_contexts
from bot.use_cases.delivery.digest import apply_preferences
from bot.use_cases.delivery.results import (
    Completed,
    ContactWithdrawn,
    CopyGone,
    DeliveryResult,
    Posted,
    RetryLater,
    Throttled,
    Undeliverable,
    UndeliverableToChannel,
    UndeliverableToContact,
)
from bot.use_cases.delivery.store import DeliveryResultWriter
from bot.use_cases.due_rows import process_queue
from bot.use_cases.slack_user import can_receive_messages, resolve_contact_user
from models.notice import Notice, NoticeKind
from models.notice.destination import DestinationKind
from models.notice.payloads import ReceiptFilePayload, parse_payload
from models.slack_user import SlackUser

log = structlog.get_logger()

LeaseWithContext = tuple[DeliveryLease, NoticeContext | None]


async def deliver_due_notices(services: Services) -> int:
    queue, writer = build_notice_queue(services), DeliveryResultWriter(services)

    async def claim_with_contexts(limit: int) -> list[LeaseWithContext]:
        leases = await queue.claim(limit)
        contexts = await _load_contexts(services, leases)
        writer.expect(len(leases))
        return [(lease, contexts.get(lease.notice.key)) for lease in leases]

    return await process_queue(claim_with_contexts, partial(_deliver_and_save, services, writer))


async def _load_contexts(services: Services, leases: list[DeliveryLease]) -> dict[int, NoticeContext]:
    """Empty if loading the batch fails: then each is loaded alone."""
    try:
        return await load_notice_contexts(services, [lease.notice for lease in leases]) if leases else {}
    except Exception:
        log.exception("notice.batch_load_failed")
        return {}


async def _deliver_and_save(
    services: Services, writer: DeliveryResultWriter, lease_with_context: LeaseWithContext
) -> bool:
    """Whether the notice was delivered. Never raises, so that other deliveries continue."""
    lease, context = lease_with_context
    try:
        is_delivered = await writer.save_result(
            lease, await _deliver_before_deadline(services, lease, context)
        )
    except Exception as error:
        log.exception("delivery.save_failed", notice=lease.notice.id)
        # If this fails too, the lease expires, and the notice is delivered again.
        return await _save_retry(writer, lease, error)
    if is_delivered and lease.notice.kind in QUOTE_MESSAGE_KINDS:
        await _update_missed_cards(services, lease.notice, context)
    return is_delivered


async def _update_missed_cards(services: Services, notice: Notice, context: NoticeContext | None) -> None:
    try:
        await enqueue_missed_card_updates(
            services, notice, context.rendered_quote_status if context else None
        )
    except Exception:
        log.exception("quote_card.update_failed", notice=notice.id)


async def _save_retry(writer: DeliveryResultWriter, lease: DeliveryLease, error: Exception) -> bool:
    try:
        return await writer.save_alone(lease, RetryLater(_format_error(error)))
    except Exception:
        log.exception("delivery.reschedule_failed", notice=lease.notice.id)
        return False


async def _deliver_before_deadline(
    services: Services, lease: DeliveryLease, context: NoticeContext | None
) -> DeliveryResult:
    notice = lease.notice
    try:
        async with asyncio.timeout(lease.get_remaining_seconds(services.now())):
            return await _send_notice(services, notice, context or await _load_context(services, notice))
    except RateLimited as limit:
        return Throttled(limit.seconds)
    except (ChannelUnreachable, UserUnreachable) as error:
        return _build_unreachable_result(notice, str(error))
    except FileRejected as error:
        log.error("files.upload_rejected", notice=notice.id, error=str(error))
        return UndeliverableToContact(str(error))
    except MailRejected as error:
        log.error("notice.undeliverable", notice=notice.id, reason="mail_rejected", error=str(error))
        return Undeliverable(str(error))
    except (MessengerUnavailable, MailUnavailable, DirectoryUnavailable, TimeoutError) as error:
        log.warning("notice.retry_scheduled", notice=notice.id, error=_format_error(error))
        return RetryLater(_format_error(error))
    except Exception as error:
        log.exception("notice.delivery_failed", notice=notice.id, kind=notice.kind)
        return RetryLater(_format_error(error))


def _format_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _build_unreachable_result(notice: Notice, error: str) -> DeliveryResult:
    match notice.parsed_destination.kind:
        case DestinationKind.CHANNEL:
            return UndeliverableToChannel(error)
        case DestinationKind.CONTACT:
            return UndeliverableToContact(error)
        case _:
            log.error("account_services.channel_unreachable", notice=notice.id, error=error)
            return RetryLater(error)


async def _send_notice(services: Services, notice: Notice, context: NoticeContext) -> DeliveryResult:
    destination, contact = notice.parsed_destination, context.contact
    if contact and not contact.active:
        return ContactWithdrawn()
    if destination.is_email:
        return await _send_email(services, notice, context)
    if notice.kind is NoticeKind.QUOTE_CARD:
        return await _update_quote_card(services, notice, context)
    if contact is None:
        return await _post_message(
            services, notice, context, compose_message(notice, context, destination.id)
        )
    if not await services.messenger.is_installed(notice.team):
        raise UserUnreachable("the bot is not installed in the workspace")
    user = context.user
    if user is None or not user.is_fresh(services.now()) or not can_receive_messages(contact, user):
        user = await resolve_contact_user(services, notice.team, contact)
        # Asking Slack takes time: what the notice shows may have changed.
        context = await _load_context(services, notice)
    if user is None:
        raise UserUnreachable("no such person in Slack")
    return await _send_direct_message(services, notice, context, user)


async def _load_context(services: Services, notice: Notice) -> NoticeContext:
    return (await load_notice_contexts(services, [notice]))[notice.key]


async def _send_direct_message(
    services: Services, notice: Notice, context: NoticeContext, user: SlackUser
) -> DeliveryResult:
    if notice.kind is NoticeKind.RECEIPT_FILE:
        return await _send_receipt_file(services, notice, context, user)
    result = await apply_preferences(services, notice, context, user)
    message = compose_message(notice, context, user.user_id, user)
    return result or await _post_message(services, notice, context, message)


async def _send_receipt_file(
    services: Services, notice: Notice, context: NoticeContext, user: SlackUser
) -> DeliveryResult:
    payload = parse_payload(notice)
    if not isinstance(payload, ReceiptFilePayload) or payload.user_id != user.user_id:
        raise UserUnreachable("the direct message is another person's")
    message = compose_message(notice, context, payload.channel, user)
    message = replace(message, file=await render_receipt_file(services, message))
    try:
        return Posted(message, await services.messenger.deliver_message(message), context)
    except MessageGone as error:
        raise UserUnreachable(f"the direct message is gone: {error}") from error


async def _send_email(services: Services, notice: Notice, context: NoticeContext) -> DeliveryResult:
    await services.mailer.send_email(await compose_email(services, notice, context))
    return Completed()


async def _post_message(
    services: Services, notice: Notice, context: NoticeContext, message: OutboundMessage
) -> DeliveryResult:
    if context.posted_message is not None:
        targeted = with_message_target(message, context.posted_message)
        try:
            return Posted(message, await services.messenger.deliver_message(targeted), context)
        except MessageGone:
            log.info("message.reposted", notice=notice.id)
    return Posted(message, await services.messenger.deliver_message(message), context)


async def _update_quote_card(services: Services, notice: Notice, context: NoticeContext) -> DeliveryResult:
    copy = context.posted_message
    if copy is None:
        return Completed()
    message = with_message_target(compose_message(notice, context, copy.channel, context.user), copy)
    try:
        await services.messenger.deliver_message(message)
    except (MessageGone, UserUnreachable, ChannelUnreachable):
        return CopyGone(copy.key)
    return Completed()
