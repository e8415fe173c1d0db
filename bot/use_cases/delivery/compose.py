"""Composing what a notice says, from how things stand when it is sent."""

import asyncio
from dataclasses import replace

from bot.i18n import Localizer
from bot.mail.mailer import Attachment, OutboundEmail
from bot.messaging.messenger import FileUpload, OutboundMessage
from bot.notices.email import RECEIPT_KINDS, render_email
from bot.receipts import format_file_name, render_receipt_pdf
from bot.services import Services
from bot.use_cases.delivery.context import NoticeContext
from bot.use_cases.receipt import load_receipt_details
from models.account import Account
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice_payloads import parse_payload
from models.slack_user import SlackUser

EDITED_KINDS = (NoticeKind.ORDER_STATUS, NoticeKind.QUOTE_CARD)


def compose_message(
    notice: Notice, context: NoticeContext, channel: str, user: SlackUser | None = None
) -> OutboundMessage:
    """The notice as a new message to `channel`; `user` is who reads it, where it is one person."""
    destination = notice.parsed_destination
    return OutboundMessage(
        team_id=notice.team,
        channel=channel,
        kind=notice.kind,
        localizer=_build_localizer(context.account, user),
        account=context.account,
        order=context.order,
        quote=context.quote,
        destination_kind=destination.kind,
        payload=parse_payload(notice),
        created_at=notice.created_at,
        shows_amounts=destination.contact_id is not None or context.account.channel_amounts,
    )


async def render_receipt_file(services: Services, message: OutboundMessage) -> FileUpload:
    """The receipt of the letter's order, in its reader's language; set in a thread, in no transaction."""
    assert message.order is not None, "a notice of a receipt has its order"
    receipt = message.order.receipt
    assert receipt is not None, "a completed order has a receipt"
    async with services.read() as session:
        sheet = await load_receipt_details(session, receipt, services.settings.seller)
    content = await asyncio.to_thread(render_receipt_pdf, message.localizer, sheet)
    return FileUpload(
        format_file_name(sheet),
        message.localizer.format_text("receipt-title", number=receipt.number),
        content,
    )


def _build_localizer(account: Account, user: SlackUser | None) -> Localizer:
    """R22: the person's own language and zone; the account's until they are known."""
    locale, time_zone = (user.locale, user.time_zone) if user else (None, None)
    return Localizer(locale or account.locale, time_zone or account.time_zone)


def with_message_target(message: OutboundMessage, posted_message: PostedMessage) -> OutboundMessage:
    """Redrawing the standing message, or a reply in its thread."""
    if message.kind in EDITED_KINDS:
        return replace(message, channel=posted_message.channel, update_ts=posted_message.ts)
    return replace(message, channel=posted_message.channel, thread_ts=posted_message.ts)


async def compose_email(services: Services, notice: Notice, context: NoticeContext) -> OutboundEmail:
    assert context.contact is not None, "an e-mail is for one person"
    settings, to = services.settings, context.contact.email
    letter = compose_message(notice, context, to, context.user)
    words = render_email(letter, settings.account_services_url)
    domain = settings.mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    # The same each time it is sent, and another one after the database was made anew.
    message_id = f"<notice-{notice.key}-{notice.created_at:%Y%m%d%H%M%S%f}@{domain}>"
    attached: tuple[Attachment, ...] = ()
    if notice.kind in RECEIPT_KINDS:
        pdf = await render_receipt_file(services, letter)
        attached = (Attachment(pdf.name, "application/pdf", pdf.content),)
    return OutboundEmail(to, words.subject, words.text, words.html, message_id, attached)
