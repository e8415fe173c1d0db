"""What is stored about a person, by the words of an export."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Select as TableSelect
from sqlalchemy import select as select_columns
from sqlmodel import SQLModel, col, or_, select

from bot.db import Session
from bot.use_cases.personal_data.person import Person, PersonKey, find_person, match_slack_ids
from models.account import Account
from models.account.contact_invitation import ContactInvitation
from models.account.seat_assignment import SeatAssignment
from models.audit.entry import AuditEntry
from models.cart import Cart
from models.checkout import Checkout
from models.home import Home, HomeAccount
from models.installation import ENCRYPTED_COLUMNS, installations
from models.notice import Notice, OrderMessage, PostedMessage
from models.notice.destination import DestinationKind
from models.notice.notification_preferences import NotificationPreferences
from models.payment_method import PaymentMethod
from models.quote import Quote
from models.quote.extension import QuoteExtension
from models.receipt import Receipt
from models.receipt_export import ReceiptExport
from models.service_order import ServiceOrder
from models.service_order.order_screen import OrderScreen

Records = dict[str, list[dict[str, Any]]]

BATCH_SIZE = 500


async def load_records(session: Session, key: PersonKey) -> Records:
    """Loads everything about the person, and everything that mentions them; nothing if they are unknown."""
    person = await find_person(session, key)
    orders = await _list_rows(
        session,
        select(ServiceOrder).where(
            or_(
                col(ServiceOrder.contact_id).in_(person.contact_ids),
                col(ServiceOrder.administrator_id).in_(person.administrator_ids),
            )
        ),
    )
    notices = [notice async for notice in stream_notices(session, person)]
    notice_ids = [notice.key for notice in notices if is_addressed_to(notice, person)]
    rows: dict[str, Sequence[SQLModel]] = {
        "slack_profiles": person.slack_users,
        "billing_contacts": person.contacts,
        "administrators": person.administrators,
        "invitations": await list_invitations(session, person),
        "seats": await _list_rows(
            session,
            select(SeatAssignment).where(col(SeatAssignment.administrator_id).in_(person.administrator_ids)),
        ),
        "notification_preferences": await _list_own_rows(session, NotificationPreferences, person),
        "home_tabs": await _list_own_rows(session, Home, person),
        "accounts_on_home_tabs": await _list_own_rows(session, HomeAccount, person),
        "open_screens": await _list_own_rows(session, OrderScreen, person),
        "carts": await _list_rows(session, select(Cart).where(col(Cart.contact_id).in_(person.contact_ids))),
        "checkouts": [checkout async for checkout in stream_checkouts(session, person)],
        "quotes": await list_quotes(session, person),
        "requests_for_more_time": await list_extensions(session, person),
        "orders": orders,
        "receipts": await _list_rows(
            session, select(Receipt).where(col(Receipt.order_id).in_([order.id for order in orders]))
        ),
        "e_mailed_receipts": await _list_rows(
            session, select(ReceiptExport).where(col(ReceiptExport.contact_id).in_(person.contact_ids))
        ),
        "payment_methods": await _list_rows(
            session, select(PaymentMethod).where(col(PaymentMethod.email).in_(person.emails))
        ),
        "notices": notices,
        "posted_messages": await _list_rows(
            session, select(PostedMessage).where(col(PostedMessage.contact_id).in_(person.contact_ids))
        ),
        "order_messages": await _list_rows(
            session, select(OrderMessage).where(col(OrderMessage.notice_id).in_(notice_ids))
        ),
        "history_names": person.audit_people,
        "history_entries": [entry async for entry in stream_audit_entries(session, person)],
        "accounts": await list_accounts(session, person),
    }
    records = {name: [row.model_dump(mode="json") for row in found] for name, found in rows.items()}
    return {**records, "installed_apps": await _list_installations(session, person)}


def is_addressed_to(notice: Notice, person: Person) -> bool:
    destination = notice.parsed_destination
    if destination.kind is DestinationKind.INVITEE:
        return int(destination.id) in person.invitation_ids
    return destination.contact_id in person.contact_ids


async def stream_notices(session: Session, person: Person) -> AsyncIterator[Notice]:
    query = select(Notice).where(col(Notice.account_id).in_(person.account_ids)).order_by(col(Notice.id))
    mentions = person.mentions
    async for notice in await session.stream_scalars(query.execution_options(yield_per=BATCH_SIZE)):
        if is_addressed_to(notice, person) or mentions.are_in([notice.payload, notice.last_error]):
            yield notice


async def stream_checkouts(session: Session, person: Person) -> AsyncIterator[Checkout]:
    """Streams forms that the person has filled in, or that name them as the new administrator. Of all
    accounts: being named in a form does not connect a person with an account yet."""
    query = select(Checkout).order_by(col(Checkout.id))
    mentions = person.mentions
    async for checkout in await session.stream_scalars(query.execution_options(yield_per=BATCH_SIZE)):
        if checkout.contact_id in person.contact_ids or mentions.are_in(checkout.form_values):
            yield checkout


async def stream_audit_entries(session: Session, person: Person) -> AsyncIterator[AuditEntry]:
    """Streams entries by the person, or with a mention of them."""
    query = (
        select(AuditEntry)
        .where(col(AuditEntry.account_id).in_(person.account_ids))
        .order_by(col(AuditEntry.id))
    )
    person_ids, mentions = set(person.audit_person_ids), person.mentions
    async for entry in await session.stream_scalars(query.execution_options(yield_per=BATCH_SIZE)):
        if entry.person_id in person_ids or mentions.are_in([entry.reason, entry.details]):
            yield entry


async def list_quotes(session: Session, person: Person) -> list[Quote]:
    found = await _list_rows(session, select(Quote).where(col(Quote.account_id).in_(person.account_ids)))
    mentions = person.mentions
    return [
        quote
        for quote in found
        if quote.contact_id in person.contact_ids or mentions.are_in([quote.decided_by, quote.reason])
    ]


async def list_extensions(session: Session, person: Person) -> list[QuoteExtension]:
    found = await _list_rows(
        session,
        select(QuoteExtension)
        .join(Quote, col(Quote.id) == QuoteExtension.quote_id)
        .where(col(Quote.account_id).in_(person.account_ids)),
    )
    mentions = person.mentions
    return [
        extension
        for extension in found
        if extension.contact_id in person.contact_ids
        or mentions.are_in(
            [extension.requested_by, extension.reason, extension.decided_by, extension.decision_reason]
        )
    ]


async def list_invitations(session: Session, person: Person) -> list[ContactInvitation]:
    found = await _list_rows(
        session,
        select(ContactInvitation).where(col(ContactInvitation.account_id).in_(person.account_ids)),
    )
    mentions = person.mentions
    return [
        invitation
        for invitation in found
        if invitation.key in person.invitation_ids
        or invitation.inviter_id in person.contact_ids
        or mentions.are_in([invitation.invited_by, invitation.decided_by])
    ]


async def list_accounts(session: Session, person: Person) -> list[Account]:
    return await _list_rows(session, select(Account).where(col(Account.id).in_(person.account_ids)))


async def _list_rows(session: Session, query: Any) -> list[Any]:
    return list((await session.exec(query)).all())


async def _list_own_rows(session: Session, table: Any, person: Person) -> list[Any]:
    query = select(table).where(match_slack_ids(table.team_id, table.user_id, person.slack_ids))
    return await _list_rows(session, query)


async def _list_installations(session: Session, person: Person) -> list[dict[str, Any]]:
    columns = [column for column in installations.columns if column.name not in ENCRYPTED_COLUMNS]
    query: TableSelect[Any] = select_columns(*columns).where(
        match_slack_ids(installations.c.team_id, installations.c.user_id, person.slack_ids)
    )
    rows = (await session.exec(query)).mappings().all()  # type: ignore[call-overload]
    return [{name: value if value is None else str(value) for name, value in row.items()} for row in rows]
