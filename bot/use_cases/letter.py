"""Composing what a notice says, from how things stand when it is sent."""

import asyncio
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.i18n import Reader
from bot.i18n.mail import RECEIPTS, word_mail
from bot.mail.mailer import Attachment, Mail
from bot.messaging.messenger import File, Letter
from bot.receipts import file_name, render_receipt
from bot.services import Services
from bot.use_cases.receipt import receipt_sheet
from bot.use_cases.sheet import order_sheet, quote_sheet
from models.account import Account
from models.billing_contact import BillingContact
from models.notice import Notice, NoticeKind, PostedMessage
from models.quote import Quote
from models.service_order import ServiceOrder
from models.slack_user import SlackUser

REDRAWN = (NoticeKind.ORDER_STATUS, NoticeKind.QUOTE_CARD)


@dataclass(frozen=True)
class Address:
    """A destination taken apart: its kind (channel, contact, services or email) and whom it names."""

    kind: str
    name: str

    @classmethod
    def of(cls, notice: Notice) -> "Address":
        kind, _, name = notice.destination.partition(":")
        return cls(kind, name)

    @property
    def contact_id(self) -> int | None:
        return int(self.name) if self.kind in ("contact", "email") else None


async def compose(services: Services, notice: Notice, channel: str, user: SlackUser | None) -> Letter:
    """The notice as a new message to `channel`; `user` is who reads it, where it is one person."""
    at, address = services.now(), Address.of(notice)
    async with services.read() as session:
        account = await session.get_one(Account, notice.account_id)
        order = await session.get(ServiceOrder, notice.order_id) if notice.order_id else None
        quote = await session.get(Quote, notice.quote_id) if notice.quote_id else None
        history = notice.kind is NoticeKind.ORDER_OVERDUE and address.kind == "services"
        return Letter(
            team=notice.team,
            channel=channel,
            kind=notice.kind,
            reader=_reader_of(account, user),
            account=account,
            order=await order_sheet(session, order, at, history=history) if order else None,
            quote=await quote_sheet(session, quote, at) if quote else None,
            words={**notice.words, "to": address.kind},
            amounts=address.contact_id is not None or account.channel_amounts,
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


async def standing_message(session: AsyncSession, notice: Notice) -> PostedMessage | None:
    """The posted message that the notice redraws or, as history, answers (R25)."""
    if notice.kind is NoticeKind.QUOTE_CARD:
        return await session.get(PostedMessage, notice.words.get("posted"))
    receipt_of_channel = notice.kind is NoticeKind.RECEIPT and Address.of(notice).kind == "channel"
    if notice.kind in (NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY) or receipt_of_channel:
        return await status_message(session, notice)
    return None


async def status_message(session: AsyncSession, notice: Notice) -> PostedMessage | None:
    """The status message of the notice's order at its destination."""
    found = await session.exec(
        select(PostedMessage).where(PostedMessage.order_id == notice.order_id, _posted_to(Address.of(notice)))
    )
    return found.first()


def _posted_to(address: Address) -> ColumnElement[bool]:
    if address.contact_id is not None:
        return col(PostedMessage.contact_id) == address.contact_id
    return and_(col(PostedMessage.channel) == address.name, col(PostedMessage.contact_id).is_(None))


def in_place(letter: Letter, standing: PostedMessage) -> Letter:
    """Redrawing the standing message, or a reply in its thread."""
    if letter.kind in REDRAWN:
        return replace(letter, channel=standing.channel, edits=standing.ts)
    return replace(letter, channel=standing.channel, thread=standing.ts)


async def compose_mail(
    services: Services, notice: Notice, contact: BillingContact, user: SlackUser | None
) -> Mail:
    settings = services.settings
    letter = await compose(services, notice, contact.email, user)
    words = word_mail(letter, settings.account_services_url)
    domain = settings.mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    # The same each time it is sent, and another one after the database was made anew.
    message_id = f"<notice-{notice.key}-{notice.created_at:%Y%m%d%H%M%S%f}@{domain}>"
    attached: tuple[Attachment, ...] = ()
    if notice.kind in RECEIPTS:
        pdf = await receipt_pdf(services, letter)
        attached = (Attachment(pdf.name, "application/pdf", pdf.content),)
    return Mail(contact.email, words.subject, words.text, words.html, message_id, attached)
