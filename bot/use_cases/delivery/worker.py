"""Delivering notices until Slack or the mail server has accepted them (R24).

None is lost. A crash after a message was posted and before that is committed makes it appear twice.
"""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from functools import partial

import structlog

from bot.billing.gateway import BillingUnavailable
from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryRateLimited, DirectoryRefused, DirectoryUnavailable
from bot.mail.mailer import MailDeferred, MailRejected, MailUnavailable
from bot.messaging.messenger import (
    ChannelUnreachable,
    MessageGone,
    MessageRejected,
    MessengerRefused,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
    UserUnreachable,
)
from bot.use_cases.delivery.apply import FILE_KIND_BY_MESSAGE_KIND, enqueue_missed_message_updates
from bot.use_cases.delivery.claim import build_notice_queue
from bot.use_cases.delivery.content.compose import (
    compose_email,
    compose_message,
    with_message_target,
)
from bot.use_cases.delivery.content.context import NoticeContext
from bot.use_cases.delivery.content.document_files import load_document_files
from bot.use_cases.delivery.content.posted_message import QUOTE_MESSAGE_UPDATE_KINDS
from bot.use_cases.delivery.digest import apply_preferences
from bot.use_cases.delivery.fallback import FILE_RETRY_WINDOW, KINDS_WITHOUT_FALLBACK
from bot.use_cases.delivery.results import (
    Completed,
    ContactWithdrawn,
    DeferredToDigest,
    DeliveryResult,
    FailureReason,
    MessagesEdited,
    OptedOut,
    Posted,
    PostedMessageDeleted,
    RetryLater,
    Throttled,
    Undeliverable,
    format_error,
)
from bot.use_cases.delivery.run import DeliveryRun, load_runs
from bot.use_cases.delivery.store import DeliveryResultWriter
from bot.use_cases.due_rows import process_queue
from bot.use_cases.slack_user import can_receive_messages, resolve_contact_user
from models.notice import Notice, NoticeKind
from models.notice.destination import DestinationKind
from models.notice.payloads import DocumentFilePayload, parse_payload
from models.slack_user import SlackUser

log = structlog.get_logger()

# Before the files are given up.
INVOICE_WAIT_FOR_FILES = FILE_RETRY_WINDOW - timedelta(minutes=10)
# A batch costs about as many queries as one notice.
MAX_CONCURRENT_DESTINATIONS = 64
# After these, the next notice of the destination may follow.
CONTINUE_AFTER_RESULTS = (Posted, Completed, OptedOut, DeferredToDigest, PostedMessageDeleted, MessagesEdited)
# All others are only for people who have the role. Edits take the buttons from what they got before.
KINDS_FOR_FORMER_CONTACTS = (
    NoticeKind.CONTACT_WITHDRAWN,
    NoticeKind.QUOTE_MESSAGE_UPDATE,
    NoticeKind.ORDER_MESSAGES,
)
# Subclasses of the outages, so they are caught before them.
REFUSALS = (MessengerRefused, DirectoryRefused, MailDeferred)
OUTAGES = (MessengerUnavailable, DirectoryUnavailable, MailUnavailable, BillingUnavailable, TimeoutError)


async def deliver_due_notices(dependencies: Dependencies) -> int:
    queue, writer = build_notice_queue(dependencies), DeliveryResultWriter(dependencies)

    async def claim_runs(limit: int) -> list[DeliveryRun]:
        runs = await load_runs(dependencies, await queue.claim(limit))
        writer.expect(len(runs))
        return runs

    return await process_queue(
        claim_runs,
        partial(_deliver_to_destination, dependencies, writer),
        max_concurrency=MAX_CONCURRENT_DESTINATIONS,
    )


async def _deliver_to_destination(
    dependencies: Dependencies, writer: DeliveryResultWriter, run: DeliveryRun
) -> int:
    """Returns how many notices were delivered. Never raises, so that other deliveries continue."""
    delivered_count = 0
    next_run: DeliveryRun | None = run
    while next_run is not None:
        run = next_run
        await _deliver_run(dependencies, writer, run)
        next_run = await writer.end_run(run)
        delivered = [delivery for delivery in run.results if delivery.is_delivered]
        delivered_count += len(delivered)
        for delivery in delivered:
            if delivery.needs_check:
                await _update_missed_messages(dependencies, run, delivery.notice)
    return delivered_count


async def _deliver_run(dependencies: Dependencies, writer: DeliveryResultWriter, run: DeliveryRun) -> None:
    for notice in run.lease.notices:
        if run.has_failed_to_save:
            return
        if run.results and not run.lease.has_time_for_another(dependencies.now()):
            return
        result = await _deliver_before_deadline(dependencies, run, notice)
        writer.add(run.add_result(notice, result, dependencies.now()))
        if not isinstance(result, CONTINUE_AFTER_RESULTS):
            return


async def _update_missed_messages(dependencies: Dependencies, run: DeliveryRun, notice: Notice) -> None:
    context = run.contexts.get(notice.key)
    try:
        await enqueue_missed_message_updates(
            dependencies, notice, context.rendered_quote_state if context else None
        )
    except Exception:
        log.exception("quote_message.update_failed", notice=notice.id)


async def _deliver_before_deadline(
    dependencies: Dependencies, run: DeliveryRun, notice: Notice
) -> DeliveryResult:
    result = await _try_to_send(dependencies, run, notice)
    is_edit = _is_edit(notice, run.contexts.get(notice.key))
    match result:
        case RetryLater():
            return replace(result, is_edit=is_edit)
        case Throttled(retry):
            return Throttled(replace(retry, is_edit=is_edit))
        case _:
            return result


def _is_edit(notice: Notice, context: NoticeContext | None) -> bool:
    has_message = context is not None and context.posted_message is not None
    return notice.kind in KINDS_WITHOUT_FALLBACK or (notice.kind is NoticeKind.ORDER_STATUS and has_message)


async def _try_to_send(dependencies: Dependencies, run: DeliveryRun, notice: Notice) -> DeliveryResult:
    try:
        async with asyncio.timeout(run.lease.get_remaining_seconds(dependencies.now())):
            return await _send_notice(dependencies, run, notice)
    except RateLimited as limit:
        return _build_limited_result(notice, limit)
    except (ChannelUnreachable, UserUnreachable) as error:
        return _build_unreachable_result(notice, str(error))
    except (MessageRejected, MailRejected) as error:
        return Undeliverable(FailureReason.REJECTED, str(error))
    except DirectoryRateLimited as limit:
        return _build_retry(notice, FailureReason.UNAVAILABLE, limit, limit.seconds)
    except REFUSALS as error:
        return _build_retry(notice, FailureReason.REFUSED, error)
    except OUTAGES as error:
        return _build_retry(notice, FailureReason.UNAVAILABLE, error)
    except Exception as error:
        log.exception("notice.delivery_failed", notice=notice.id, kind=notice.kind)
        return RetryLater(FailureReason.FAILED, format_error(error))


def _build_unreachable_result(notice: Notice, error: str) -> DeliveryResult:
    if notice.parsed_destination.kind is DestinationKind.ACCOUNT_SERVICES:
        log.error("account_services.channel_unreachable", notice=notice.id, error=error)
        return RetryLater(FailureReason.UNREACHABLE, error)
    return Undeliverable(FailureReason.UNREACHABLE, error)


def _build_limited_result(notice: Notice, limit: RateLimited) -> DeliveryResult:
    # Uploading a file has a limit of its own, which says nothing about messages.
    retry = _build_retry(notice, FailureReason.UNAVAILABLE, limit, limit.seconds)
    return retry if notice.parsed_destination.kind is DestinationKind.FILE else Throttled(retry)


def _build_retry(
    notice: Notice, reason: FailureReason, error: Exception, retry_after_seconds: float = 0.0
) -> RetryLater:
    log.warning("notice.retry_scheduled", notice=notice.id, reason=reason.value, error=format_error(error))
    return RetryLater(reason, format_error(error), retry_after_seconds)


async def _send_notice(dependencies: Dependencies, run: DeliveryRun, notice: Notice) -> DeliveryResult:
    context = await run.get_context(dependencies, notice)
    destination, contact = notice.parsed_destination, context.contact
    if contact and not contact.active and notice.kind not in KINDS_FOR_FORMER_CONTACTS:
        return ContactWithdrawn()
    if destination.is_email:
        return await _send_email(dependencies, notice, context)
    if notice.kind in QUOTE_MESSAGE_UPDATE_KINDS:
        return await _update_quote_message(dependencies, notice, context)
    if notice.kind is NoticeKind.ORDER_MESSAGES:
        return await _edit_order_messages(dependencies, context)
    if destination.kind is DestinationKind.INVITEE:
        return await _send_invitation(dependencies, notice, context)
    if contact is None:
        message = compose_message(notice, context, destination.id)
        message = replace(message, has_mail=dependencies.mailer.is_configured)
        return await _post_message(dependencies, notice, context, message)
    if not await dependencies.messenger.is_installed(notice.team):
        raise UserUnreachable("the bot is not installed in the workspace")
    user = context.user
    if (
        user is None
        or not user.is_fresh(dependencies.now())
        or not can_receive_messages(contact, user, notice.team)
    ):
        user = await resolve_contact_user(dependencies, notice.team, contact)
        # Asking Slack takes time: what the notice shows may have changed.
        await run.reload_contexts(dependencies)
        context = await run.get_context(dependencies, notice)
    if user is None:
        raise UserUnreachable("no such person in Slack")
    return await _send_direct_message(dependencies, notice, context, user)


async def _send_direct_message(
    dependencies: Dependencies, notice: Notice, context: NoticeContext, user: SlackUser
) -> DeliveryResult:
    if notice.kind in FILE_KIND_BY_MESSAGE_KIND.values():
        return await _send_file(dependencies, notice, context, user)
    result = await apply_preferences(dependencies, notice, context, user)
    message = compose_message(notice, context, user.user_id, user)
    return result or await _post_message(dependencies, notice, context, message)


async def _send_invitation(
    dependencies: Dependencies, notice: Notice, context: NoticeContext
) -> DeliveryResult:
    # The person isn't a contact yet: what is stored about them must still be true when it is sent (R5).
    details = context.invitation
    is_update = notice.kind is NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE
    if details is None or (is_update and details.invitation.message_ts is None):
        return Completed()
    invitation = details.invitation
    if not is_update and not details.is_open:
        return Completed()
    if not await dependencies.messenger.is_installed(notice.team):
        raise UserUnreachable("the bot is not installed in the workspace")
    user = await resolve_contact_user(dependencies, notice.team, invitation.build_contact())
    if user is None:
        raise UserUnreachable("no such person in Slack, or not a full member any more")
    if not is_update:
        return await _post_message(
            dependencies, notice, context, compose_message(notice, context, user.user_id, user)
        )
    assert invitation.message_channel, "it was posted"
    message = compose_message(notice, context, invitation.message_channel, user)
    with contextlib.suppress(MessageGone, UserUnreachable, ChannelUnreachable):
        await dependencies.messenger.deliver_message(replace(message, update_ts=invitation.message_ts))
    return Completed()


async def _send_file(
    dependencies: Dependencies, notice: Notice, context: NoticeContext, user: SlackUser
) -> DeliveryResult:
    payload = parse_payload(notice)
    if not isinstance(payload, DocumentFilePayload) or payload.user_id != user.user_id:
        raise UserUnreachable("the direct message is another person's")
    message = compose_message(notice, context, payload.channel, user)
    files, missing = await load_document_files(
        dependencies, message, allow_missing=dependencies.now() - notice.due_at >= INVOICE_WAIT_FOR_FILES
    )
    message = replace(message, files=tuple(files), missing_invoices=tuple(missing))
    try:
        return Posted(message, await dependencies.messenger.deliver_message(message), context)
    except MessageGone as error:
        raise UserUnreachable(f"the direct message is gone: {error}") from error


async def _send_email(dependencies: Dependencies, notice: Notice, context: NoticeContext) -> DeliveryResult:
    await dependencies.mailer.send_email(await compose_email(dependencies, notice, context))
    return Completed()


async def _post_message(
    dependencies: Dependencies, notice: Notice, context: NoticeContext, message: OutboundMessage
) -> DeliveryResult:
    if context.posted_message is not None:
        targeted = with_message_target(message, context.posted_message)
        try:
            return Posted(message, await dependencies.messenger.deliver_message(targeted), context)
        except MessageGone:
            log.info("message.reposted", notice=notice.id)
    return Posted(message, await dependencies.messenger.deliver_message(message), context)


async def _update_quote_message(
    dependencies: Dependencies, notice: Notice, context: NoticeContext
) -> DeliveryResult:
    copy = context.posted_message
    if copy is None:
        return Completed()
    message = with_message_target(compose_message(notice, context, copy.channel, context.user), copy)
    try:
        await dependencies.messenger.deliver_message(message)
    except (MessageGone, UserUnreachable, ChannelUnreachable):
        return PostedMessageDeleted(copy.key)
    return Completed()


async def _edit_order_messages(dependencies: Dependencies, context: NoticeContext) -> DeliveryResult:
    """Edits the messages whose requests are all resolved (R25)."""
    details, closed = context.order, []
    assert details is not None, "it is about an order"
    failure: MessengerUnavailable | None = None
    for posted in context.order_messages:
        if not posted.is_resolved(details):
            continue
        new = compose_message(posted.notice, context, posted.message.channel, context.user)
        is_gone = False
        try:
            await dependencies.messenger.deliver_message(replace(new, update_ts=posted.message.ts))
        except (MessageGone, UserUnreachable, ChannelUnreachable):
            is_gone = True
        except MessageRejected as error:
            log.warning("order_message.edit_rejected", notice=posted.notice.key, error=str(error))
        except MessengerUnavailable as error:
            # The others are tried all the same; this one again later, with those that are up to date.
            failure = error
            continue
        if is_gone or posted.is_final(details):
            closed.append(posted.notice.key)
    if failure is not None:
        raise failure
    return MessagesEdited(tuple(closed))
