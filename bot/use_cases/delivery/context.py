"""What notices are worded from, read for many at once, as things stand when they are about to be sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select

from bot.db import Session
from bot.services import Services
from bot.use_cases.delivery.posted_message import load_posted_messages
from bot.use_cases.details import load_order_details_by_id, load_quote_details_by_id, with_history
from bot.use_cases.notice.preferences import load_preferences
from bot.use_cases.slack_user import load_contact_users
from models.account import Account
from models.billing_contact import BillingContact
from models.destination import DestinationKind
from models.details import OrderDetails, QuoteDetails
from models.notice import Notice, NoticeKind, PostedMessage
from models.notification_preferences import NotificationPreferences
from models.slack_user import SlackUser

_ACCOUNTS_QUERY = select(Account).where(col(Account.id).in_(bindparam("ids", expanding=True)))
_CONTACTS_QUERY = select(BillingContact).where(col(BillingContact.id).in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class NoticeContext:
    """Of one notice. `standing` is the message that it redraws or answers; `contact` is whom it is for,
    `user` what is stored of them in Slack, `choice` which notices that user wants, where they said so."""

    account: Account
    order: OrderDetails | None = None
    quote: QuoteDetails | None = None
    posted_message: PostedMessage | None = None
    contact: BillingContact | None = None
    user: SlackUser | None = None
    preferences: NotificationPreferences | None = None


async def load_notice_contexts(services: Services, notices: Sequence[Notice]) -> dict[int, NoticeContext]:
    """By the notices' ids; for many it asks no more than for one."""
    async with services.read() as session:
        return await build_notice_contexts(session, notices, services.now())


async def build_notice_contexts(
    session: Session, notices: Sequence[Notice], at: datetime
) -> dict[int, NoticeContext]:
    accounts = await session.exec(_ACCOUNTS_QUERY, params={"ids": list({n.account_id for n in notices})})
    account = {found.id: found for found in accounts.all()}
    orders = await _load_orders(session, notices, at)
    quotes = await load_quote_details_by_id(session, list({n.quote_id for n in notices if n.quote_id}), at)
    standing = await load_posted_messages(session, notices)
    contacts = await _load_contacts(session, notices)
    users = await load_contact_users(
        session, [(n.team, contacts[n.key]) for n in notices if n.key in contacts]
    )
    choices = await load_preferences(session, users.values())
    facts = {}
    for notice in notices:
        contact = contacts.get(notice.key)
        user = users.get((notice.team, contact.key)) if contact else None
        facts[notice.key] = NoticeContext(
            account=account[notice.account_id],
            order=orders.get(notice.key),
            quote=quotes[notice.quote_id] if notice.quote_id else None,
            posted_message=standing.get(notice.key),
            contact=contact,
            user=user,
            preferences=choices.get((user.team_id, user.user_id)) if user else None,
        )
    return facts


async def _load_orders(session: Session, notices: Sequence[Notice], at: datetime) -> dict[int, OrderDetails]:
    """By the notices' ids. Account Services see the order's history as well."""
    found = await load_order_details_by_id(session, list({n.order_id for n in notices if n.order_id}), at)
    sheets = {n.key: found[n.order_id] for n in notices if n.order_id}
    for notice in notices:
        if (
            notice.kind is NoticeKind.ORDER_OVERDUE
            and notice.parsed_destination.kind is DestinationKind.SERVICES
        ):
            sheets[notice.key] = await with_history(session, sheets[notice.key])
    return sheets


async def _load_contacts(session: Session, notices: Collection[Notice]) -> dict[int, BillingContact]:
    """By the notices' ids, of those that are for one person."""
    ids = {n.key: contact_id for n in notices if (contact_id := n.parsed_destination.contact_id) is not None}
    if not ids:
        return {}
    found = await session.exec(_CONTACTS_QUERY, params={"ids": list({*ids.values()})})
    contacts = {contact.key: contact for contact in found.all()}
    return {key: contacts[contact_id] for key, contact_id in ids.items()}
