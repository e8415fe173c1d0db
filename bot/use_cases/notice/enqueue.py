"""Storing notices, in the transaction of what they report (R24)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from bot.db import Session
from models.account import Account
from models.billing_contact import BillingContact
from models.destination import Destination
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice_payloads import NoticePayload, QuoteCardPayload, build_empty_payload, validate_payload
from models.quote import Quote
from models.service_order import ServiceOrder

_INSERTS_BY_DIALECT = {
    name: dialect.insert(Notice).on_conflict_do_nothing(index_elements=[col(Notice.event)])
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


async def enqueue_notice(
    session: Session,
    kind: NoticeKind,
    event: str,
    destinations: Iterable[Destination],
    *,
    account: Account,
    at: datetime,
    order: ServiceOrder | None = None,
    quote: Quote | None = None,
    payload: NoticePayload | None = None,
    due_at: datetime | None = None,
    team: str | None = None,
) -> None:
    """Store one notice of `event` for each destination, unless it is stored already. `team` is another
    workspace than the account's. Raises TypeError for the payload of another kind of notice."""
    notices = build_notices(
        kind,
        event,
        destinations,
        account=account,
        at=at,
        order=order,
        quote=quote,
        payload=payload,
        due_at=due_at,
        team=team,
    )
    await insert_notices(session, notices)


def build_notices(
    kind: NoticeKind,
    event: str,
    destinations: Iterable[Destination],
    *,
    account: Account,
    at: datetime,
    order: ServiceOrder | None = None,
    quote: Quote | None = None,
    payload: NoticePayload | None = None,
    due_at: datetime | None = None,
    team: str | None = None,
) -> list[Notice]:
    payload = payload or build_empty_payload(kind)
    validate_payload(kind, payload)
    return [
        Notice(
            event=f"{event}>{destination}",
            account_id=account.id,
            team=team or account.slack_team,
            destination=str(destination),
            kind=kind,
            order_id=order.id if order else None,
            quote_id=quote.id if quote else None,
            payload=payload.to_json(),
            created_at=at,
            due_at=due_at or at,
        )
        for destination in destinations
    ]


async def insert_notices(session: Session, notices: Sequence[Notice]) -> None:
    """In their order, in one statement; those stored already are left as they are."""
    if notices:
        rows = [notice.model_dump(exclude={"id"}) for notice in notices]
        await session.exec(_INSERTS_BY_DIALECT[session.get_bind().dialect.name], params=rows)


def list_channel_destinations(account: Account, contacts: Iterable[BillingContact]) -> list[Destination]:
    """The account's channel; without one, its contacts instead."""
    return [Destination.channel(account.channel)] if account.channel else list_direct_destinations(contacts)


def list_direct_destinations(contacts: Iterable[BillingContact]) -> list[Destination]:
    return [Destination.contact(contact.key) for contact in contacts]


def list_email_destinations(contacts: Iterable[BillingContact]) -> list[Destination]:
    return [Destination.email(contact.key) for contact in contacts]


_ACTIVE_CONTACTS_QUERY = (
    select(BillingContact)
    .where(BillingContact.account_id == bindparam("account"), col(BillingContact.active))
    .order_by(col(BillingContact.id))
)


async def list_active_contacts(session: Session, account_id: str) -> list[BillingContact]:
    return list((await session.exec(_ACTIVE_CONTACTS_QUERY, params={"account": account_id})).all())


async def list_recipients(session: Session, account_id: str, contact_id: int | None) -> list[BillingContact]:
    """R13: that contact; all the account's where there is none, or the person lost the role."""
    contacts = await list_active_contacts(session, account_id)
    return [c for c in contacts if c.id == contact_id] or contacts


async def list_order_recipients(session: Session, order: ServiceOrder) -> list[BillingContact]:
    """R13: whoever placed the order; of a quote made elsewhere, which was offered to all, all contacts."""
    quote = await session.get_one(Quote, order.quote_id)
    return await list_recipients(
        session, order.account_id, None if quote.created_externally else order.contact_id
    )


_POSTED_COPIES_QUERY = select(PostedMessage).where(PostedMessage.quote_id == bindparam("quote"))


async def enqueue_quote_card_updates(session: Session, account: Account, quote: Quote, at: datetime) -> None:
    """Every posted copy of the quote is to be drawn again, as it now stands."""
    copies = await session.exec(_POSTED_COPIES_QUERY, params={"quote": quote.id})
    for copy in copies.all():
        await enqueue_notice(
            session,
            NoticeKind.QUOTE_CARD,
            f"quote:{quote.id}:card:{copy.id}:{at.isoformat()}",
            [Destination.contact(copy.contact_id) if copy.contact_id else Destination.channel(copy.channel)],
            account=account,
            at=at,
            quote=quote,
            payload=QuoteCardPayload(posted_message_id=copy.id),
        )
