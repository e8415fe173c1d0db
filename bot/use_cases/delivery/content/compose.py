"""Composing the message or email for a notice, from the current state when it is sent."""

from dataclasses import replace
from datetime import timedelta

from bot.dependencies import Dependencies
from bot.i18n import Localizer
from bot.mail.mailer import Attachment, OutboundEmail
from bot.messaging.messenger import OutboundMessage
from bot.notices.email import render_email
from bot.use_cases.delivery.content.context import NoticeContext
from bot.use_cases.delivery.content.document_files import FILE_KINDS, load_document_files
from bot.use_cases.delivery.content.export_files import PDF_TYPE, EmailFiles, load_export_files
from bot.use_cases.delivery.content.posted_message import QUOTE_MESSAGE_UPDATE_KINDS
from models.account import Account
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice.payloads import parse_payload
from models.slack_user import SlackUser

INVOICE_WAIT = timedelta(hours=1)
EDITED_KINDS = (NoticeKind.ORDER_STATUS, *QUOTE_MESSAGE_UPDATE_KINDS)


def compose_message(
    notice: Notice, context: NoticeContext, channel: str, user: SlackUser | None = None
) -> OutboundMessage:
    """Composes a new message to `channel`; `user` is its only reader, if there is just one."""
    destination = notice.parsed_destination
    return OutboundMessage(
        team_id=notice.team,
        channel=channel,
        kind=notice.kind,
        localizer=_build_localizer(context.account, user),
        account=context.account,
        order=context.order,
        quote=context.quote,
        extension=context.extension,
        invitation=context.invitation,
        destination_kind=destination.kind,
        payload=parse_payload(notice),
        created_at=notice.created_at,
        shows_amounts=destination.contact_id is not None or context.account.channel_amounts,
        can_act=context.contact is None or context.contact.active,
    )


def _build_localizer(account: Account, user: SlackUser | None) -> Localizer:
    locale, time_zone = (user.locale, user.time_zone) if user else (None, None)
    return Localizer(locale or account.locale, time_zone or account.time_zone)


def with_message_target(message: OutboundMessage, posted_message: PostedMessage) -> OutboundMessage:
    if message.kind in EDITED_KINDS:
        return replace(message, channel=posted_message.channel, update_ts=posted_message.ts)
    return replace(message, channel=posted_message.channel, thread_ts=posted_message.ts)


async def _load_attachments(
    dependencies: Dependencies, notice: Notice, message: OutboundMessage
) -> EmailFiles:
    # The email waits for missing invoices, but not for long.
    is_last_try = dependencies.now() - notice.due_at >= INVOICE_WAIT
    if notice.kind is NoticeKind.RECEIPT_EXPORT:
        return await load_export_files(dependencies, message, allow_missing=is_last_try)
    if notice.kind not in FILE_KINDS:
        return EmailFiles(())
    files, missing = await load_document_files(dependencies, message, allow_missing=is_last_try)
    attachments = (Attachment(file.name, PDF_TYPE, file.content) for file in files)
    return EmailFiles(tuple(attachments), tuple(missing))


async def compose_email(dependencies: Dependencies, notice: Notice, context: NoticeContext) -> OutboundEmail:
    assert context.contact is not None, "an email is for one person"
    settings, to = dependencies.settings, context.contact.email
    message = compose_message(notice, context, to, context.user)
    files = await _load_attachments(dependencies, notice, message)
    email = render_email(
        replace(message, missing_invoices=files.missing_invoices),
        settings.account_services_url,
        oversized_files=files.oversized_files,
    )
    domain = settings.mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    # Stable across retries; the time keeps it unique if another database numbers its notices from 1 again.
    message_id = f"<notice-{notice.key}-{notice.created_at:%Y%m%d%H%M%S%f}@{domain}>"
    return OutboundEmail(to, email.subject, email.text, email.html, message_id, files.attachments)
