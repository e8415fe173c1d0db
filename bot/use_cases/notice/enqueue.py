"""Storing notices in the same transaction as what they report (R24)."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select

from bot.db import Session, build_insert
from models.account import Account
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import ContactInvitation
from models.notice import Notice, NoticeKind, NoticeStatus, OrderMessage, PostedMessage
from models.notice.destination import Destination
from models.notice.payloads import (
    DocumentPayload,
    InvitationPayload,
    NoticePayload,
    QuoteExtensionMessageUpdatePayload,
    QuoteMessageUpdatePayload,
    build_empty_payload,
    validate_payload,
)
from models.quote import Quote
from models.service_order import ServiceOrder

# A scalar subquery for a query of ServiceOrder, because it is needed whenever an order is locked.
ORDER_MESSAGE_PLACES = (
    select(func.aggregate_strings(col(Notice.destination) + "@" + col(Notice.team), " "))
    .join(OrderMessage, col(OrderMessage.notice_id) == Notice.id)
    .where(OrderMessage.order_id == ServiceOrder.id)
    .correlate(ServiceOrder)
    .scalar_subquery()
)


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
    """Stores one notice of `event` per destination, unless it exists already. Raises TypeError if the payload
    is of another kind of notice."""
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
    await enqueue_notices(session, notices)


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


async def enqueue_notices(session: Session, notices: Sequence[Notice]) -> None:
    """Stores them in this order, with one INSERT; existing ones are left unchanged."""
    if not notices:
        return
    # SQLAlchemy sends rows in one statement only if something is returned; otherwise each on its own.
    insert = build_insert(session, Notice).on_conflict_do_nothing(index_elements=[col(Notice.event)])
    await session.exec(
        insert.returning(col(Notice.id)), params=[notice.model_dump(exclude={"id"}) for notice in notices]
    )


async def enqueue_requested_document(
    session: Session,
    kind: NoticeKind,
    subject: str,
    contact: BillingContact,
    *,
    account: Account,
    at: datetime,
    order: ServiceOrder | None = None,
    quote: Quote | None = None,
) -> None:
    """Enqueues it once, if it is requested again before it has been delivered."""
    destinations = list_direct_destinations([contact])
    event_prefix = f"{subject}:asked:"
    if await _is_delivery_pending(session, event_prefix, destinations):
        return
    await enqueue_notice(
        session,
        kind,
        f"{event_prefix}{at.isoformat()}",
        destinations,
        account=account,
        at=at,
        order=order,
        quote=quote,
        payload=DocumentPayload(requested=True),
    )


async def _is_delivery_pending(
    session: Session, event_prefix: str, destinations: Iterable[Destination]
) -> bool:
    notices = await session.exec(
        select(Notice.id).where(
            col(Notice.event).startswith(event_prefix),
            col(Notice.destination).in_([str(destination) for destination in destinations]),
            Notice.status == NoticeStatus.WAITING,
        )
    )
    return notices.first() is not None


def build_related_notices(
    notice: Notice,
    destinations: Iterable[Destination],
    at: datetime,
    *,
    kind: NoticeKind,
    event: str,
    payload: NoticePayload,
    team: str | None = None,
    due_at: datetime | None = None,
) -> list[Notice]:
    """Notices for the same account, order and quote; `team` defaults to the workspace of `notice`."""
    validate_payload(kind, payload)
    return [
        Notice(
            event=f"{event}>{destination}",
            account_id=notice.account_id,
            team=team or notice.team,
            destination=str(destination),
            kind=kind,
            order_id=notice.order_id,
            quote_id=notice.quote_id,
            payload=payload.to_json(),
            created_at=at,
            due_at=due_at or at,
        )
        for destination in destinations
    ]


def get_event_key(notice: Notice) -> str:
    return notice.event.removesuffix(f">{notice.destination}")


def list_channel_destinations(account: Account, contacts: Iterable[BillingContact]) -> list[Destination]:
    """The account's channel, or its contacts if it has none."""
    return [Destination.channel(account.channel)] if account.channel else list_direct_destinations(contacts)


def list_direct_destinations(contacts: Iterable[BillingContact]) -> list[Destination]:
    return [Destination.contact(contact.key) for contact in contacts]


def list_email_destinations(contacts: Iterable[BillingContact]) -> list[Destination]:
    return [Destination.email(contact.key) for contact in contacts]


async def list_active_contacts(session: Session, account_id: str) -> list[BillingContact]:
    contacts = await session.exec(
        select(BillingContact)
        .where(BillingContact.account_id == account_id, col(BillingContact.active))
        .order_by(col(BillingContact.id))
    )
    return list(contacts.all())


async def list_recipients(session: Session, account_id: str, contact_id: int | None) -> list[BillingContact]:
    """R13: that contact, or all active contacts if there is none or it is no longer active."""
    contacts = await list_active_contacts(session, account_id)
    return [c for c in contacts if c.id == contact_id] or contacts


async def list_order_recipients(session: Session, order: ServiceOrder) -> list[BillingContact]:
    """R13: the contact who placed the order, or all contacts if the quote was created externally."""
    quote = await session.get_one(Quote, order.quote_id)
    return await list_recipients(
        session, order.account_id, None if quote.created_externally else order.contact_id
    )


def build_order_message_edits(
    account: Account,
    order: ServiceOrder,
    event: str,
    destinations: Iterable[Destination],
    posted: str | None,
    at: datetime,
) -> list[Notice]:
    """Builds one for each place with a message about the order that may need an edit (R25): for those of
    ORDER_MESSAGE_PLACES, even if a contact has lost the role or the account's channel has changed, and for
    `destinations`, because a message may be on its way."""
    teams = dict.fromkeys(destinations, account.slack_team)
    for place in (posted or "").split():
        destination, _, team = place.partition("@")
        teams[Destination.parse(destination)] = team
    return [
        notice
        for destination, team in teams.items()
        for notice in build_notices(
            NoticeKind.ORDER_MESSAGES, event, [destination], account=account, at=at, order=order, team=team
        )
    ]


async def enqueue_quote_message_updates(
    session: Session, account: Account, quote: Quote, at: datetime
) -> None:
    copies = await list_quote_copies(session, quote)
    await enqueue_notices(session, build_quote_message_updates(account, quote, copies, at))


async def list_quote_copies(session: Session, quote: Quote) -> list[PostedMessage]:
    """The messages that show the quote, or a request to extend it."""
    copies = await session.exec(
        select(PostedMessage).where(PostedMessage.quote_id == quote.id).order_by(col(PostedMessage.id))
    )
    return list(copies.all())


def build_quote_message_updates(
    account: Account, quote: Quote, copies: Iterable[PostedMessage], at: datetime
) -> list[Notice]:
    return [notice for copy in copies for notice in _build_message_update(account, quote, copy, at)]


async def build_extension_message_updates(
    session: Session, account: Account, quote: Quote, extension_id: int, at: datetime
) -> list[Notice]:
    """Builds one for each posted copy of the request, if nothing else of the quote has changed."""
    copies = await session.exec(
        select(PostedMessage)
        .where(PostedMessage.quote_id == quote.id, PostedMessage.quote_extension_id == extension_id)
        .order_by(col(PostedMessage.id))
    )
    return [notice for copy in copies.all() for notice in _build_message_update(account, quote, copy, at)]


async def enqueue_invitation_message_update(
    session: Session,
    account: Account,
    invitation: ContactInvitation,
    at: datetime,
    *,
    on_expiry: bool = False,
) -> None:
    """Edits the message that asks the invited person; behind it in the same queue, it finds it posted."""
    state = "expiry" if on_expiry else invitation.status.value
    await enqueue_notice(
        session,
        NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE,
        f"contact_invitation:{invitation.key}:card:{state}",
        [Destination.invitee(invitation.key)],
        account=account,
        at=at,
        payload=InvitationPayload(invitation_id=invitation.key, on_expiry=on_expiry),
        due_at=invitation.expires_at if on_expiry else None,
    )


def _build_message_update(account: Account, quote: Quote, copy: PostedMessage, at: datetime) -> list[Notice]:
    kind, payload = NoticeKind.QUOTE_MESSAGE_UPDATE, QuoteMessageUpdatePayload(posted_message_id=copy.id)
    destination = (
        Destination.contact(copy.contact_id) if copy.contact_id else Destination.channel(copy.channel)
    )
    if copy.quote_extension_id is not None:
        kind, destination = (
            NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE,
            Destination.account_services(copy.channel),
        )
        payload = QuoteExtensionMessageUpdatePayload(
            extension_id=copy.quote_extension_id, posted_message_id=copy.id
        )
    return build_notices(
        kind,
        f"quote:{quote.id}:card:{copy.id}:{at.isoformat()}",
        [destination],
        account=account,
        at=at,
        quote=quote,
        payload=payload,
        team=copy.team,
    )
