"""Composing what a notice says, from how things stand when it is sent."""

import asyncio
from dataclasses import replace

from bot.i18n import Reader
from bot.mail.mailer import Attachment, Mail
from bot.messaging.messenger import File, Letter
from bot.notices.email import RECEIPTS, word_mail
from bot.receipts import file_name, render_receipt
from bot.services import Services
from bot.use_cases.delivery.context import Facts
from bot.use_cases.delivery.posted_message import Address
from bot.use_cases.receipt import receipt_sheet
from models.account import Account
from models.notice import Notice, NoticeKind, PostedMessage
from models.slack_user import SlackUser

REDRAWN = (NoticeKind.ORDER_STATUS, NoticeKind.QUOTE_CARD)


def compose(notice: Notice, facts: Facts, channel: str, user: SlackUser | None = None) -> Letter:
    """The notice as a new message to `channel`; `user` is who reads it, where it is one person."""
    address = Address.of(notice)
    return Letter(
        team=notice.team,
        channel=channel,
        kind=notice.kind,
        reader=_reader_of(facts.account, user),
        account=facts.account,
        order=facts.order,
        quote=facts.quote,
        words={**notice.words, "to": address.kind},
        amounts=address.contact_id is not None or facts.account.channel_amounts,
    )


async def receipt_pdf(services: Services, letter: Letter) -> File:
    """The receipt of the letter's order, in its reader's language; set in a thread, in no transaction."""
    assert letter.order is not None, "a notice of a receipt has its order"
    receipt = letter.order.receipt
    assert receipt is not None, "a completed order has a receipt"
    async with services.read() as session:
        sheet = await receipt_sheet(session, receipt, services.settings.seller)
    content = await asyncio.to_thread(render_receipt, letter.reader, sheet)
    return File(file_name(sheet), letter.reader.text("receipt-title", number=receipt.number), content)


def _reader_of(account: Account, user: SlackUser | None) -> Reader:
    """R22: the person's own language and zone; the account's until they are known."""
    locale, time_zone = (user.locale, user.time_zone) if user else (None, None)
    return Reader(locale or account.locale, time_zone or account.time_zone)


def in_place(letter: Letter, standing: PostedMessage) -> Letter:
    """Redrawing the standing message, or a reply in its thread."""
    if letter.kind in REDRAWN:
        return replace(letter, channel=standing.channel, edits=standing.ts)
    return replace(letter, channel=standing.channel, thread=standing.ts)


async def compose_mail(services: Services, notice: Notice, facts: Facts) -> Mail:
    assert facts.contact is not None, "an e-mail is for one person"
    settings, to = services.settings, facts.contact.email
    letter = compose(notice, facts, to, facts.user)
    words = word_mail(letter, settings.account_services_url)
    domain = settings.mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    # The same each time it is sent, and another one after the database was made anew.
    message_id = f"<notice-{notice.key}-{notice.created_at:%Y%m%d%H%M%S%f}@{domain}>"
    attached: tuple[Attachment, ...] = ()
    if notice.kind in RECEIPTS:
        pdf = await receipt_pdf(services, letter)
        attached = (Attachment(pdf.name, "application/pdf", pdf.content),)
    return Mail(to, words.subject, words.text, words.html, message_id, attached)
