"""What notices are worded from, read for many at once, as things stand when they are about to be sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.services import Services
from bot.use_cases.delivery.posted_message import Address, standing_messages
from bot.use_cases.details import order_sheets, quote_sheets, with_history
from bot.use_cases.notice.preferences import choices_of
from bot.use_cases.slack_user import known_users
from models.account import Account
from models.billing_contact import BillingContact
from models.details import OrderSheet, QuoteSheet
from models.notice import Notice, NoticeKind, PostedMessage
from models.notification_preferences import NoticeChoice
from models.slack_user import SlackUser

_ACCOUNTS = select(Account).where(col(Account.id).in_(bindparam("ids", expanding=True)))
_CONTACTS = select(BillingContact).where(col(BillingContact.id).in_(bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Facts:
    """Of one notice. `standing` is the message that it redraws or answers; `contact` is whom it is for,
    `user` what is stored of them in Slack, `choice` which notices that user wants, where they said so."""

    account: Account
    order: OrderSheet | None = None
    quote: QuoteSheet | None = None
    standing: PostedMessage | None = None
    contact: BillingContact | None = None
    user: SlackUser | None = None
    choice: NoticeChoice | None = None


async def read_facts(services: Services, notices: Sequence[Notice]) -> dict[int, Facts]:
    """By the notices' ids; for many it asks no more than for one."""
    async with services.read() as session:
        return await facts_of(session, notices, services.now())


async def facts_of(session: AsyncSession, notices: Sequence[Notice], at: datetime) -> dict[int, Facts]:
    accounts = await session.exec(_ACCOUNTS, params={"ids": list({n.account_id for n in notices})})
    account = {found.id: found for found in accounts.all()}
    orders = await _orders(session, notices, at)
    quotes = await quote_sheets(session, list({n.quote_id for n in notices if n.quote_id}), at)
    standing = await standing_messages(session, notices)
    contacts = await _contacts(session, notices)
    users = await known_users(session, [(n.team, contacts[n.key]) for n in notices if n.key in contacts])
    choices = await choices_of(session, users.values())
    facts = {}
    for notice in notices:
        contact = contacts.get(notice.key)
        user = users.get((notice.team, contact.key)) if contact else None
        facts[notice.key] = Facts(
            account=account[notice.account_id],
            order=orders.get(notice.key),
            quote=quotes[notice.quote_id] if notice.quote_id else None,
            standing=standing.get(notice.key),
            contact=contact,
            user=user,
            choice=choices.get((user.team_id, user.user_id)) if user else None,
        )
    return facts


async def _orders(session: AsyncSession, notices: Sequence[Notice], at: datetime) -> dict[int, OrderSheet]:
    """By the notices' ids. Account Services see the order's history as well."""
    found = await order_sheets(session, list({n.order_id for n in notices if n.order_id}), at)
    sheets = {n.key: found[n.order_id] for n in notices if n.order_id}
    for notice in notices:
        if notice.kind is NoticeKind.ORDER_OVERDUE and Address.of(notice).kind == "services":
            sheets[notice.key] = await with_history(session, sheets[notice.key])
    return sheets


async def _contacts(session: AsyncSession, notices: Collection[Notice]) -> dict[int, BillingContact]:
    """By the notices' ids, of those that are for one person."""
    ids = {n.key: contact_id for n in notices if (contact_id := Address.of(n).contact_id) is not None}
    if not ids:
        return {}
    found = await session.exec(_CONTACTS, params={"ids": list({*ids.values()})})
    contacts = {contact.key: contact for contact in found.all()}
    return {key: contacts[contact_id] for key, contact_id in ids.items()}
