"""Storing notices, in the transaction of what they report (R24)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.account import Account
from models.billing_contact import BillingContact
from models.notice import Notice, NoticeKind, PostedMessage
from models.quote import Quote
from models.service_order import ServiceOrder

_INSERTS_BY_DIALECT = {
    name: dialect.insert(Notice).on_conflict_do_nothing(index_elements=[col(Notice.event)])
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


async def enqueue_notice(
    session: AsyncSession,
    kind: NoticeKind,
    event: str,
    destinations: Iterable[str],
    *,
    account: Account,
    at: datetime,
    order: ServiceOrder | None = None,
    quote: Quote | None = None,
    payload: dict[str, Any] | None = None,
    due_at: datetime | None = None,
    team: str | None = None,
) -> None:
    """Store one notice of `event` for each destination (see Notice), unless it is stored already.
    `team` is another workspace than the account's."""
    notices = [
        Notice(
            event=f"{event}>{destination}",
            account_id=account.id,
            team=team or account.slack_team,
            destination=destination,
            kind=kind,
            order_id=order.id if order else None,
            quote_id=quote.id if quote else None,
            payload=payload or {},
            created_at=at,
            due_at=due_at or at,
        )
        for destination in destinations
    ]
    if notices:
        rows = [notice.model_dump(exclude={"id"}) for notice in notices]
        await session.exec(_INSERTS_BY_DIALECT[session.get_bind().dialect.name], params=rows)


def list_channel_destinations(account: Account, contacts: Iterable[BillingContact]) -> list[str]:
    """The account's channel; where none is set, its contacts instead: nothing is lost."""
    return [f"channel:{account.channel}"] if account.channel else list_direct_destinations(contacts)


def list_direct_destinations(contacts: Iterable[BillingContact]) -> list[str]:
    return [f"contact:{c.key}" for c in contacts]


def list_email_destinations(contacts: Iterable[BillingContact]) -> list[str]:
    return [f"email:{c.key}" for c in contacts]


_ACTIVE_CONTACTS_QUERY = (
    select(BillingContact)
    .where(BillingContact.account_id == bindparam("account"), col(BillingContact.active))
    .order_by(col(BillingContact.id))
)


async def list_active_contacts(session: AsyncSession, account_id: str) -> list[BillingContact]:
    return list((await session.exec(_ACTIVE_CONTACTS_QUERY, params={"account": account_id})).all())


async def list_recipients(
    session: AsyncSession, account_id: str, contact_id: int | None
) -> list[BillingContact]:
    """R13: that contact; all the account's where there is none, or the person lost the role."""
    contacts = await list_active_contacts(session, account_id)
    return [c for c in contacts if c.id == contact_id] or contacts


async def list_order_recipients(session: AsyncSession, order: ServiceOrder) -> list[BillingContact]:
    """R13: whoever placed the order; of a quote made elsewhere, which was offered to all, all contacts."""
    quote = await session.get_one(Quote, order.quote_id)
    return await list_recipients(
        session, order.account_id, None if quote.created_externally else order.contact_id
    )


_POSTED_COPIES_QUERY = select(PostedMessage).where(PostedMessage.quote_id == bindparam("quote"))


async def enqueue_quote_card_updates(
    session: AsyncSession, account: Account, quote: Quote, at: datetime
) -> None:
    """Every posted copy of the quote is to be drawn again, as it now stands."""
    copies = await session.exec(_POSTED_COPIES_QUERY, params={"quote": quote.id})
    for copy in copies.all():
        destination = f"contact:{copy.contact_id}" if copy.contact_id else f"channel:{copy.channel}"
        event = f"quote:{quote.id}:card:{copy.id}:{at.isoformat()}"
        words = {"posted": copy.id}
        kind = NoticeKind.QUOTE_CARD
        await enqueue_notice(
            session, kind, event, [destination], account=account, at=at, quote=quote, payload=words
        )
