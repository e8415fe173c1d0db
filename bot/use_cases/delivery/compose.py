"""Composing the message or e-mail for a notice, from the current state when it is sent."""

import asyncio
from dataclasses import replace

import structlog

from bot.i18n import Localizer
from bot.mail.mailer import Attachment, OutboundEmail
from bot.messaging.messenger import FileUpload, OutboundMessage
from bot.notices.email import RECEIPT_KINDS, render_email
from bot.receipts import find_receipt_gaps, format_file_name, render_receipt_pdf
from bot.receipts.quote import (
    QuoteDocument,
    find_quote_gaps,
    format_quote_file_name,
    render_quote_pdf,
)
from bot.services import Services
from bot.use_cases.delivery.context import NoticeContext
from bot.use_cases.delivery.posted_message import QUOTE_CARD_KINDS
from models.account import Account
from models.details import OrderDetails, ReceiptDetails
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice.payloads import parse_payload
from models.receipt import Seller
from models.slack_user import SlackUser

log = structlog.get_logger()

# Each of these has the PDF attached, if it goes by e-mail.
QUOTE_FILE_KINDS = (NoticeKind.QUOTE_REQUESTED, NoticeKind.QUOTE_FILE)
EDITED_KINDS = (NoticeKind.ORDER_STATUS, *QUOTE_CARD_KINDS)


def compose_message(
    notice: Notice, context: NoticeContext, channel: str, user: SlackUser | None = None
) -> OutboundMessage:
    """A new message to `channel`; `user` is its reader, if there is only one."""
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
        destination_kind=destination.kind,
        payload=parse_payload(notice),
        created_at=notice.created_at,
        shows_amounts=destination.contact_id is not None or context.account.channel_amounts,
    )


async def render_file(services: Services, message: OutboundMessage) -> FileUpload:
    if message.kind in QUOTE_FILE_KINDS:
        return await _render_quote_file(services, message)
    return await _render_receipt_file(services, message)


async def _render_quote_file(services: Services, message: OutboundMessage) -> FileUpload:
    assert message.quote is not None, "a notice of a quote has one"
    settings, details = services.settings, message.quote
    # R22: like those of a receipt, its dates are the account's.
    localizer = replace(message.localizer, time_zone=details.account.time_zone)
    document = QuoteDocument(details, settings.seller, settings.account_services_url)
    content = await asyncio.to_thread(render_quote_pdf, localizer, document)
    gaps = await asyncio.to_thread(find_quote_gaps, localizer, document)
    if gaps:
        log.error("quote.characters_missing", quote=details.quote.number, characters=gaps)
    title = localizer.format_text("quote-number", number=details.quote.number)
    return FileUpload(format_quote_file_name(details), title, content)


async def _render_receipt_file(services: Services, message: OutboundMessage) -> FileUpload:
    assert message.order is not None, "a notice of a receipt has its order"
    details = build_receipt_details(message.order, services.settings.seller)
    content = await asyncio.to_thread(render_receipt_pdf, message.localizer, details)
    gaps = await asyncio.to_thread(find_receipt_gaps, message.localizer, details)
    if gaps:
        log.error("receipt.characters_missing", receipt=details.receipt.number, characters=gaps)
    title = message.localizer.format_text("receipt-title", number=details.receipt.number)
    return FileUpload(format_file_name(details), title, content)


def build_receipt_details(order: OrderDetails, seller: Seller) -> ReceiptDetails:
    """`seller` is the current one, for receipts issued before the seller was stored with them."""
    assert order.receipt is not None, "a completed order has a receipt"
    seller = order.receipt.seller_details or seller
    return ReceiptDetails(order.receipt, order.order.number, order.quote.number, seller)


def _build_localizer(account: Account, user: SlackUser | None) -> Localizer:
    """R22: the user's language and time zone, or the account's if unknown."""
    locale, time_zone = (user.locale, user.time_zone) if user else (None, None)
    return Localizer(locale or account.locale, time_zone or account.time_zone)


def with_message_target(message: OutboundMessage, posted_message: PostedMessage) -> OutboundMessage:
    if message.kind in EDITED_KINDS:
        return replace(message, channel=posted_message.channel, update_ts=posted_message.ts)
    return replace(message, channel=posted_message.channel, thread_ts=posted_message.ts)


async def compose_email(services: Services, notice: Notice, context: NoticeContext) -> OutboundEmail:
    assert context.contact is not None, "an e-mail is for one person"
    settings, to = services.settings, context.contact.email
    message = compose_message(notice, context, to, context.user)
    email = render_email(message, settings.account_services_url)
    domain = settings.mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    # Stable across retries; the time keeps it unique if another database numbers its notices from 1 again.
    message_id = f"<notice-{notice.key}-{notice.created_at:%Y%m%d%H%M%S%f}@{domain}>"
    attachments: tuple[Attachment, ...] = ()
    if notice.kind in (*RECEIPT_KINDS, *QUOTE_FILE_KINDS):
        pdf = await render_file(services, message)
        attachments = (Attachment(pdf.name, "application/pdf", pdf.content),)
    return OutboundEmail(to, email.subject, email.text, email.html, message_id, attachments)
