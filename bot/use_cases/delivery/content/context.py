"""What notices are rendered from, loaded for a batch just before they are sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.use_cases.delivery.content.order_message import PostedOrderMessage, load_order_messages
from bot.use_cases.delivery.content.posted_message import load_posted_messages
from bot.use_cases.load_details import load_order_details_by_id, load_quote_details_by_id, with_history
from bot.use_cases.notice.preferences import load_contact_users_with_preferences
from models.account import Account
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import ContactInvitation, InvitationDetails
from models.details import OrderDetails, QuoteDetails
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice.destination import DestinationKind
from models.notice.notification_preferences import NotificationPreferences
from models.notice.payloads import find_extension_id, find_invitation_id
from models.quote import QuoteStatus
from models.quote.extension import ExtensionStatus, QuoteExtension
from models.slack_user import SlackUser

# Their payload has everything they show.
KINDS_WITHOUT_ORDER = frozenset({NoticeKind.ORDER_HISTORY})
KINDS_WITH_HISTORY = frozenset({NoticeKind.ORDER_OVERDUE, NoticeKind.ORDER_MESSAGES})

# What a copy of a quote shows of it, or of the request to extend it.
QuoteState = tuple[str, QuoteStatus, datetime, ExtensionStatus | None]


@dataclass(frozen=True)
class NoticeContext:
    """`posted_message` is the message that the notice updates or replies to; `contact` is its recipient, with
    the Slack user and preferences if they are stored. `order_messages` are those that it edits."""

    account: Account
    order: OrderDetails | None = None
    quote: QuoteDetails | None = None
    extension: QuoteExtension | None = None
    invitation: InvitationDetails | None = None
    posted_message: PostedMessage | None = None
    order_messages: Sequence[PostedOrderMessage] = ()
    contact: BillingContact | None = None
    user: SlackUser | None = None
    preferences: NotificationPreferences | None = None

    @property
    def rendered_quote_state(self) -> QuoteState | None:
        if self.quote is None:
            return None
        quote, extension = self.quote.quote, self.extension
        return quote.number, quote.status, quote.expires_at, extension.status if extension else None


async def load_notice_contexts(
    dependencies: Dependencies, notices: Sequence[Notice]
) -> dict[int, NoticeContext]:
    """Maps notice ids to contexts; a batch needs as many queries as one notice."""
    async with dependencies.read() as session:
        return await build_notice_contexts(session, notices, dependencies.now())


async def build_notice_contexts(
    session: Session, notices: Sequence[Notice], at: datetime
) -> dict[int, NoticeContext]:
    orders = await _load_orders(session, notices, at)
    quote_ids = list({notice.quote_id for notice in notices if notice.quote_id})
    quotes = await load_quote_details_by_id(session, quote_ids, at)
    extensions = await _load_extensions(session, notices)
    invitations = await _load_invitations(session, notices, at)
    accounts = {order.account.id: order.account for order in orders.values()}
    accounts |= {quote.account.id: quote.account for quote in quotes.values()}
    accounts |= await _load_accounts(session, {n.account_id for n in notices} - accounts.keys())
    posted = await load_posted_messages(session, notices)
    order_messages = await load_order_messages(session, notices)
    contacts = await _load_contacts(session, notices)
    users, preferences = await load_contact_users_with_preferences(
        session, [(notice.team, contacts[notice.key]) for notice in notices if notice.key in contacts]
    )
    contexts = {}
    for notice in notices:
        contact = contacts.get(notice.key)
        user = users.get((notice.team, contact.key)) if contact else None
        contexts[notice.key] = NoticeContext(
            account=accounts[notice.account_id],
            order=orders.get(notice.key),
            quote=quotes[notice.quote_id] if notice.quote_id else None,
            extension=extensions.get(notice.key),
            invitation=invitations.get(notice.key),
            posted_message=posted.get(notice.key),
            order_messages=order_messages.get(notice.key, ()),
            contact=contact,
            user=user,
            preferences=preferences.get(user.identity_key) if user else None,
        )
    return contexts


async def _load_extensions(session: Session, notices: Sequence[Notice]) -> dict[int, QuoteExtension]:
    ids = {notice.key: id_ for notice in notices if (id_ := find_extension_id(notice)) is not None}
    if not ids:
        return {}
    found = await session.exec(select(QuoteExtension).where(col(QuoteExtension.id).in_({*ids.values()})))
    extensions = {extension.key: extension for extension in found.all()}
    return {key: extensions[id_] for key, id_ in ids.items() if id_ in extensions}


async def _load_invitations(
    session: Session, notices: Sequence[Notice], at: datetime
) -> dict[int, InvitationDetails]:
    ids = {notice.key: id_ for notice in notices if (id_ := find_invitation_id(notice)) is not None}
    if not ids:
        return {}
    found = await session.exec(
        select(ContactInvitation, col(BillingContact.active))
        .join(BillingContact, col(BillingContact.id) == ContactInvitation.inviter_id)
        .where(col(ContactInvitation.id).in_({*ids.values()}))
    )
    details = {
        invitation.key: InvitationDetails(invitation, active, at) for invitation, active in found.all()
    }
    return {key: details[id_] for key, id_ in ids.items() if id_ in details}


async def _load_accounts(session: Session, ids: Collection[str]) -> dict[str, Account]:
    if not ids:
        return {}
    accounts = await session.exec(select(Account).where(col(Account.id).in_(ids)))
    return {account.id: account for account in accounts.all()}


async def _load_orders(session: Session, notices: Sequence[Notice], at: datetime) -> dict[int, OrderDetails]:
    """Maps notice ids to orders. For Account Services, orders have their history."""
    ids = {n.key: n.order_id for n in notices if n.order_id and n.kind not in KINDS_WITHOUT_ORDER}
    details = await load_order_details_by_id(session, list({*ids.values()}), at)
    orders = {key: details[order_id] for key, order_id in ids.items()}
    for notice in notices:
        is_for_services = notice.parsed_destination.kind is DestinationKind.ACCOUNT_SERVICES
        if notice.kind in KINDS_WITH_HISTORY and is_for_services:
            orders[notice.key] = await with_history(session, orders[notice.key])
    return orders


async def _load_contacts(session: Session, notices: Collection[Notice]) -> dict[int, BillingContact]:
    ids = {
        notice.key: contact_id
        for notice in notices
        if (contact_id := notice.parsed_destination.contact_id) is not None
    }
    if not ids:
        return {}
    query = select(BillingContact).where(col(BillingContact.id).in_({*ids.values()}))
    contacts = {contact.key: contact for contact in (await session.exec(query)).all()}
    return {key: contacts[contact_id] for key, contact_id in ids.items()}
