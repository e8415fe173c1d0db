"""Delivering notices until they are taken (R24).

A crash between posting a message and storing that it was posted makes it appear twice; none is ever lost.
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
from bot.use_cases.delivery import results as outcome
from bot.use_cases.delivery.claim import DeliveryLease, DueNoticeQueue
from bot.use_cases.delivery.compose import (
    compose_email,
    compose_message,
    render_receipt_file,
    with_message_target,
)
from bot.use_cases.delivery.context import NoticeContext, load_notice_contexts
from bot.use_cases.delivery.digest import apply_preferences
from bot.use_cases.delivery.results import DeliveryResult
from bot.use_cases.delivery.store import DeliveryResultWriter
from bot.use_cases.due_rows import process_queue
from bot.use_cases.slack_user import can_receive_messages, resolve_contact_user
from models.destination import DestinationKind
from models.notice import Notice, NoticeKind
from models.notice_payloads import ReceiptFilePayload, parse_payload
from models.slack_user import SlackUser

log = structlog.get_logger()

LeaseWithContext = tuple[DeliveryLease, NoticeContext | None]


async def deliver_due_notices(services: Services) -> int:
    """Deliver what is due and permitted now, to several destinations at once. Returns how many were."""
    due, endings = DueNoticeQueue(services), DeliveryResultWriter(services)

    async def claim(room: int) -> list[LeaseWithContext]:
        if services.tasks.is_draining or room == 0:
            return []
        return await _load_contexts(services, await due.claim_notices(room))

    return await process_queue(claim, partial(_deliver_and_save, services, endings))


async def _load_contexts(services: Services, leases: list[DeliveryLease]) -> list[LeaseWithContext]:
    """Each beside what it is worded from; where that cannot be read, it is tried again for each alone."""
    facts: dict[int, NoticeContext] = {}
    try:
        facts = await load_notice_contexts(services, [claim.notice for claim in leases]) if leases else {}
    except Exception:
        log.exception("notice.batch_load_failed")
    return [(claim, facts.get(claim.notice.key)) for claim in leases]


async def _deliver_and_save(
    services: Services, writer: DeliveryResultWriter, lease_with_context: LeaseWithContext
) -> bool:
    """Whether the notice was delivered. Never raises: other destinations go on."""
    claim, facts = lease_with_context
    try:
        delivered = await writer.save_result(claim, await _deliver_before_deadline(services, claim, facts))
    except Exception as error:
        log.exception("delivery.save_failed", notice=claim.notice.id)
        # Where this fails too, the lease runs out, and the notice is delivered again.
        return await _save_retry(writer, claim, error)
    if delivered and claim.notice.kind in outcome.QUOTE_MESSAGE_KINDS:
        await _update_cards_if_decided(services, claim.notice, facts)
    return delivered


async def _update_cards_if_decided(services: Services, notice: Notice, context: NoticeContext | None) -> None:
    drawn = context.quote.quote.status if context and context.quote else None
    try:
        await outcome.update_cards_if_decided(services, notice.quote_id or 0, drawn)
    except Exception:
        log.exception("quote_card.update_failed", notice=notice.id)


async def _save_retry(writer: DeliveryResultWriter, lease: DeliveryLease, error: Exception) -> bool:
    try:
        return await writer.save_result(lease, partial(outcome.schedule_retry, error=_format_error(error)))
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
        return partial(outcome.apply_rate_limit, seconds=limit.seconds)
    except (ChannelUnreachable, UserUnreachable) as error:
        return _handle_unreachable(notice, str(error))
    except FileRejected as error:
        log.error("files.upload_rejected", notice=notice.id, error=str(error))
        return partial(outcome.mark_person_unreachable, error=str(error))
    except MailRejected as error:
        log.error("notice.undeliverable", notice=notice.id, reason="mail_rejected", error=str(error))
        return partial(outcome.mark_undeliverable, error=str(error))
    except (MessengerUnavailable, MailUnavailable, DirectoryUnavailable, TimeoutError) as error:
        log.warning("notice.retry_scheduled", notice=notice.id, error=_format_error(error))
        return partial(outcome.schedule_retry, error=_format_error(error))
    except Exception as error:
        log.exception("notice.delivery_failed", notice=notice.id, kind=notice.kind)
        return partial(outcome.schedule_retry, error=_format_error(error))


def _format_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _handle_unreachable(notice: Notice, error: str) -> DeliveryResult:
    match notice.parsed_destination.kind:
        case DestinationKind.CHANNEL:
            return partial(outcome.mark_channel_unreachable, error=error)
        case DestinationKind.CONTACT:
            return partial(outcome.mark_person_unreachable, error=error)
        case _:
            log.error("account_services.channel_unreachable", notice=notice.id, error=error)
            return partial(outcome.schedule_retry, error=error)


async def _send_notice(services: Services, notice: Notice, context: NoticeContext) -> DeliveryResult:
    destination, contact = notice.parsed_destination, context.contact
    if contact and not contact.active:
        return outcome.mark_contact_withdrawn
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
        # Slack may have taken its time.
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
    held = await apply_preferences(services, notice, context, user)
    return held or await _post_message(
        services, notice, context, compose_message(notice, context, user.user_id, user)
    )


async def _send_receipt_file(
    services: Services, notice: Notice, context: NoticeContext, user: SlackUser
) -> DeliveryResult:
    """The PDF, below the message that told of it."""
    payload = parse_payload(notice)
    if not isinstance(payload, ReceiptFilePayload) or payload.user_id != user.user_id:
        raise UserUnreachable("the direct message is another person's")
    letter = compose_message(notice, context, payload.channel, user)
    letter = replace(letter, file=await render_receipt_file(services, letter))
    try:
        message = await services.messenger.deliver_message(letter)
    except MessageGone as error:
        raise UserUnreachable(f"the direct message is gone: {error}") from error
    return partial(outcome.mark_posted, letter=letter, message=message)


async def _send_email(services: Services, notice: Notice, context: NoticeContext) -> DeliveryResult:
    await services.mailer.send_email(await compose_email(services, notice, context))
    return outcome.mark_delivered


async def _post_message(
    services: Services, notice: Notice, context: NoticeContext, outbound: OutboundMessage
) -> DeliveryResult:
    if context.posted_message is not None:
        try:
            message = await services.messenger.deliver_message(
                with_message_target(outbound, context.posted_message)
            )
            return partial(outcome.mark_posted, letter=outbound, message=message)
        except MessageGone:
            log.info("message.reposted", notice=notice.id)
    message = await services.messenger.deliver_message(outbound)
    return partial(outcome.mark_posted, letter=outbound, message=message)


async def _update_quote_card(services: Services, notice: Notice, context: NoticeContext) -> DeliveryResult:
    """A posted copy of a quote as it stands now: where it cannot be redrawn there is nothing to tell."""
    copy = context.posted_message
    if copy is None:
        return outcome.mark_delivered
    letter = with_message_target(compose_message(notice, context, copy.channel, context.user), copy)
    try:
        await services.messenger.deliver_message(letter)
    except (MessageGone, UserUnreachable, ChannelUnreachable):
        return partial(outcome.delete_posted_copy, copy=copy.key)
    return outcome.mark_delivered
