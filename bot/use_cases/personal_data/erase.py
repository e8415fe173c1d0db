"""Erasing a person: rows that refer to them keep a pseudonym, and the history stays valid (decision 18).

Receipts stay as they are, because tax law requires them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, Update
from sqlmodel import SQLModel, col, delete, or_, select, update

from bot.db import Database, Session, lock_account
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.delivery.apply import CONTACT_WITHDRAWN
from bot.use_cases.personal_data.person import (
    Person,
    PersonKey,
    build_administrator_pseudonym,
    build_contact_pseudonym,
    find_person,
    match_slack_ids,
)
from bot.use_cases.personal_data.records import (
    is_addressed_to,
    list_accounts,
    list_extensions,
    list_invitations,
    list_quotes,
    stream_audit_entries,
    stream_checkouts,
    stream_notices,
)
from models.account import Account
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import InvitationStatus
from models.audit.action import AuditAction
from models.audit.entry import Actor, AuditEntry, AuditPerson
from models.audit.subject import AuditSubject, SubjectType
from models.cart import Cart
from models.checkout import Checkout
from models.home import Home, HomeAccount
from models.notice import Notice, NoticeStatus, OrderMessage, PostedMessage
from models.notice.notification_preferences import NotificationPreferences
from models.payment_method import PaymentMethod
from models.quote import Quote
from models.service_order import ServiceOrder
from models.service_order.order_screen import OrderScreen
from models.slack_user import SlackUser

ERASE_SOURCE = "erase-person"
# Nothing is delivered to it, by RFC 2606.
ERASED_DOMAIN = "erased.invalid"
BATCH_SIZE = 500


class NotErasable(Exception):
    """Each line says why not, and what to do first."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("\n".join(reasons))


@dataclass(frozen=True)
class Erasure:
    """`row_count` is zero if nothing was stored about the person: they were never there, or were erased
    before."""

    account_ids: Sequence[str]
    row_count: int


async def check_erasable(database: Database, key: PersonKey) -> Person:
    async with database.read() as session:
        person = await find_person(session, key)
        await _check_erasable(session, person)
        return person


async def erase_person(database: Database, key: PersonKey, *, operator: str, at: datetime) -> Erasure:
    """Raises NotErasable."""
    async with database.read() as session:
        person = await find_person(session, key)
    while True:
        account_ids = person.account_ids
        async with database.write() as session:
            for account_id in account_ids:
                await lock_account(session, account_id)
            # What was found before the locks may have changed.
            person = await find_person(session, key)
            # Locks are taken in one order, so another account means beginning again.
            if {*person.account_ids} <= {*account_ids}:
                await _check_erasable(session, person)
                mentions = await _find_mentions(session, person)
                return Erasure(person.account_ids, await _erase(session, person, mentions, operator, at))


@dataclass(frozen=True)
class _MentionIds:
    """Rows whose text has to be read to find them, by id."""

    notices: list[int]
    checkouts: list[int]
    audit_entries: list[int]


async def _find_mentions(session: Session, person: Person) -> _MentionIds:
    person_ids, mentions = set(person.audit_person_ids), person.mentions
    return _MentionIds(
        notices=[notice.key async for notice in stream_notices(session, person)],
        checkouts=[int(checkout.id or 0) async for checkout in stream_checkouts(session, person)],
        audit_entries=[
            int(entry.id or 0)
            async for entry in stream_audit_entries(session, person)
            # The person who acted typed the reason.
            if (entry.person_id in person_ids and entry.reason is not None)
            or mentions.are_in([entry.reason, entry.details])
        ],
    )


async def _check_erasable(session: Session, person: Person) -> None:
    orders = await session.exec(
        select(ServiceOrder.number, ServiceOrder.account_id)
        .where(
            col(ServiceOrder.finished_at).is_(None),
            or_(
                col(ServiceOrder.contact_id).in_(person.contact_ids),
                col(ServiceOrder.administrator_id).in_(person.administrator_ids),
            ),
        )
        .order_by(col(ServiceOrder.id))
    )
    reasons = [
        f"{number} of {account_id} is not finished: wait until it is, which takes a day at most"
        for number, account_id in orders.all()
    ]
    for account_id in sorted({contact.account_id for contact in person.contacts if contact.active}):
        if await _is_last_contact(session, person, account_id):
            reasons.append(
                f"{account_id} has no other billing contact: import another one first, or close the account"
            )
    if reasons:
        raise NotErasable(reasons)


async def _is_last_contact(session: Session, person: Person, account_id: str) -> bool:
    account = await session.get_one(Account, account_id)
    if account.closed_at is not None or not account.active:
        return False
    others = await session.exec(
        select(BillingContact.id)
        .where(
            BillingContact.account_id == account_id,
            col(BillingContact.active),
            col(BillingContact.id).not_in(person.contact_ids),
        )
        .limit(1)
    )
    return others.first() is None


async def _erase(session: Session, person: Person, mentions: _MentionIds, operator: str, at: datetime) -> int:
    count = len(mentions.audit_entries)
    count += await _replace_in_texts(session, person)
    count += await _erase_invitations(session, person, at)
    await _replace_in_withdrawals(session, person)
    count += await _erase_notices(session, person, mentions.notices)
    count += await _erase_checkouts(session, person, mentions.checkouts)
    count += await _delete_own_rows(session, person)
    await _erase_history(session, person, mentions.audit_entries)
    count += _replace_by_pseudonyms(session, person)
    await _record_erasure(session, person, operator, at)
    return count + len(person.audit_people)


async def _replace_in_texts(session: Session, person: Person) -> int:
    # In quotes, requests for more time, and accounts. A reason that the person typed is deleted.
    mentions, decided = person.mentions, await _list_decided_subjects(session, person)
    quotes = await list_quotes(session, person)
    for quote in quotes:
        pseudonym = person.get_pseudonym(quote.account_id)
        if str(quote.audit_subject) in decided:
            quote.reason = None
        _replace(quote, ("decided_by", "reason"), mentions, pseudonym)
        session.add(quote)
    extensions = await list_extensions(session, person)
    for extension in extensions:
        account_id = (await session.get_one(Quote, extension.quote_id)).account_id
        if extension.contact_id in person.contact_ids:
            extension.reason = None
        elif mentions.are_in(extension.decided_by):
            extension.decision_reason = None
        fields = ("requested_by", "reason", "decided_by", "decision_reason")
        _replace(extension, fields, mentions, person.get_pseudonym(account_id))
        session.add(extension)
    for account in await list_accounts(session, person):
        pseudonym = person.get_pseudonym(account.id)
        _replace(account, ("closed_reason", "self_service_reason"), mentions, pseudonym)
        session.add(account)
    return len(quotes) + len(extensions)


async def _erase_invitations(session: Session, person: Person, at: datetime) -> int:
    # Invitations to the person end, without a name; those they sent or answered get the pseudonym.
    mentions, invitations = person.mentions, await list_invitations(session, person)
    for invitation in invitations:
        pseudonym = person.get_pseudonym(invitation.account_id)
        if invitation.key in person.invitation_ids:
            if invitation.is_pending:
                invitation.change_status(InvitationStatus.CANCELLED, at, "")
            invitation.name, invitation.email = pseudonym, f"invitation-{invitation.key}@{ERASED_DOMAIN}"
            invitation.slack_user = f"erased-{invitation.key}"
            invitation.message_channel = invitation.message_ts = None
        _replace(invitation, ("invited_by", "decided_by"), mentions, pseudonym)
        session.add(invitation)
    return len(invitations)


async def _replace_in_withdrawals(session: Session, person: Person) -> None:
    withdrawn = await session.exec(
        select(BillingContact).where(
            col(BillingContact.account_id).in_(person.account_ids),
            col(BillingContact.withdrawn_by).is_not(None),
        )
    )
    for contact in withdrawn.all():
        _replace(contact, ("withdrawn_by",), person.mentions, person.get_pseudonym(contact.account_id))
        session.add(contact)


def _replace(row: SQLModel, fields: Sequence[str], mentions: Any, pseudonym: str) -> None:
    for field in fields:
        setattr(row, field, mentions.replace_in(getattr(row, field), pseudonym))


async def _list_decided_subjects(session: Session, person: Person) -> set[str]:
    found = await session.exec(
        select(AuditEntry.subject).where(
            col(AuditEntry.person_id).in_(person.audit_person_ids), col(AuditEntry.reason).is_not(None)
        )
    )
    return set(found.all())


async def _erase_notices(session: Session, person: Person, ids: Sequence[int]) -> int:
    # Only the kind remains of those to the person; others name the pseudonym.
    mentions, own_ids = person.mentions, []
    for batch in _split(ids):
        for notice in (await session.exec(select(Notice).where(col(Notice.id).in_(batch)))).all():
            if is_addressed_to(notice, person):
                own_ids.append(notice.key)
                _erase_notice(notice)
            else:
                _replace(notice, ("payload", "last_error"), mentions, person.get_pseudonym(notice.account_id))
            session.add(notice)
    for batch in _split(own_ids):
        await session.exec(delete(OrderMessage).where(col(OrderMessage.notice_id).in_(batch)))
    return len(ids)


def _erase_notice(notice: Notice) -> None:
    notice.payload, notice.last_error = {}, None
    if notice.status is NoticeStatus.WAITING:
        notice.status, notice.last_error = NoticeStatus.UNDELIVERABLE, CONTACT_WITHDRAWN


async def _erase_checkouts(session: Session, person: Person, ids: Sequence[int]) -> int:
    mentions = person.mentions
    for batch in _split(ids):
        for checkout in (await session.exec(select(Checkout).where(col(Checkout.id).in_(batch)))).all():
            if checkout.contact_id in person.contact_ids:
                await session.delete(checkout)
            else:
                # Without the pseudonym: what is in a form would be ordered.
                _replace(checkout, ("form_values",), mentions, "")
                session.add(checkout)
    return len(ids)


async def _delete_own_rows(session: Session, person: Person) -> int:
    # Only the person uses these. A Home comes after the accounts it shows, which refer to it.
    await session.flush()
    of_contact = [
        delete(table).where(col(table.contact_id).in_(person.contact_ids)) for table in (Cart, PostedMessage)
    ]
    of_slack_user = [
        delete(table).where(match_slack_ids(table.team_id, table.user_id, person.slack_ids))
        for table in (HomeAccount, Home, NotificationPreferences, OrderScreen, SlackUser)
    ]
    of_methods = update(PaymentMethod).where(col(PaymentMethod.email).in_(person.emails)).values(email=None)
    statements: list[Delete | Update] = [*of_contact, *of_slack_user, of_methods]
    count = 0
    for statement in statements:
        count += (await session.exec(statement)).rowcount
    return count


async def _erase_history(session: Session, person: Person, entry_ids: Sequence[int]) -> None:
    for batch in _split(entry_ids):
        await session.exec(
            update(AuditEntry)
            .where(col(AuditEntry.id).in_(batch), col(AuditEntry.content_salt).is_not(None))
            .values(reason=None, details={}, content_salt=None)
        )
    await session.exec(
        update(AuditPerson)
        .where(col(AuditPerson.id).in_(person.audit_person_ids))
        .values(salt=None, team_id=None, user_id=None, name=None, email=None)
    )


def _replace_by_pseudonyms(session: Session, person: Person) -> int:
    for contact in person.contacts:
        contact.name = build_contact_pseudonym(contact)
        contact.email = f"contact-{contact.key}@{ERASED_DOMAIN}"
        contact.slack_user, contact.active = None, False
    for administrator in person.administrators:
        administrator.name = build_administrator_pseudonym(administrator)
        administrator.email = f"admin-{administrator.key}@{ERASED_DOMAIN}"
        administrator.active = False
    session.add_all([*person.contacts, *person.administrators])
    return len(person.contacts) + len(person.administrators)


async def _record_erasure(session: Session, person: Person, operator: str, at: datetime) -> None:
    for account_id in person.account_ids:
        await write_audit_entry(
            session,
            account_id=account_id,
            actor=Actor("operator", operator, ERASE_SOURCE),
            subject=AuditSubject(SubjectType.ACCOUNT, account_id),
            action=AuditAction.PERSON_ERASED,
            at=at,
            details={
                "contacts": [c.key for c in person.contacts if c.account_id == account_id],
                "administrators": [a.key for a in person.administrators if a.account_id == account_id],
            },
        )


def _split(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + BATCH_SIZE] for start in range(0, len(ids), BATCH_SIZE)]
