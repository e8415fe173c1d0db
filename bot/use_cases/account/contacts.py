"""An account's billing contacts: listing them, and withdrawing one (R1, R20)."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import (
    SlackIdentity,
    build_actor,
    get_authorized_role,
    list_account_roles,
    lock_account_role,
)
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.notice.enqueue import (
    enqueue_invitation_message_update,
    enqueue_notice,
    list_active_contacts,
    list_direct_destinations,
)
from models.account import Account, AccountNotFound
from models.account.billing_contact import (
    BillingContact,
    ContactNotFound,
    LastBillingContact,
)
from models.account.contact_invitation import (
    PENDING_INVITATION_CONDITION,
    ContactInvitation,
    InvitationDetails,
    InvitationStatus,
)
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.details import ContactsPage
from models.errors import Refusal
from models.notice import NoticeKind
from models.notice.payloads import ContactsChangedPayload, ContactWithdrawnPayload


async def get_contacts(dependencies: Dependencies, *, person: SlackIdentity, account_id: str) -> ContactsPage:
    at = dependencies.now()
    async with dependencies.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        return await load_contacts_page(session, account, contact, at)


async def withdraw_contact(
    dependencies: Dependencies, *, person: SlackIdentity, contact_id: int
) -> ContactsPage:
    """Returns the contacts that are left. People may withdraw themselves, but never the last contact."""
    at = dependencies.now()
    async with dependencies.write() as session:
        row = await session.get(BillingContact, contact_id)
        account, own_contact = await lock_own_role(session, person, row, at, not_found=ContactNotFound())
        contacts = await list_former_and_active_contacts(session, account)
        contact = next(c for c in contacts if c.id == contact_id)
        contact.check_active()
        if [c.id for c in contacts if c.active] == [contact_id]:
            raise LastBillingContact(name=contact.name, account=account.name)
        contact.withdraw(at, own_contact.name)
        session.add(contact)
        actor = build_actor(own_contact, person)
        await write_contact_entry(session, account, contact, AuditAction.CONTACT_WITHDRAWN, actor, at)
        await _notify_of_withdrawal(session, account, contact, own_contact, at)
        await _cancel_invitations_of(session, account, contact, actor, own_contact, at)
        return await load_contacts_page(session, account, own_contact, at)


async def load_contacts_page(
    session: Session, account: Account, own_contact: BillingContact, at: datetime
) -> ContactsPage:
    return ContactsPage(
        account=account,
        contacts=await list_active_contacts(session, account.id),
        invitations=[i for i in await list_pending_invitations(session, account.id, at) if i.is_open],
        own_contact_id=own_contact.key,
    )


async def list_pending_invitations(
    session: Session, account_id: str, at: datetime
) -> list[InvitationDetails]:
    """Lists invitations that were neither answered nor cancelled; some may have lapsed."""
    found = await session.exec(
        select(ContactInvitation, col(BillingContact.active))
        .join(BillingContact, col(BillingContact.id) == ContactInvitation.inviter_id)
        .where(ContactInvitation.account_id == account_id, PENDING_INVITATION_CONDITION)
        .order_by(col(ContactInvitation.id))
        .execution_options(populate_existing=True)
    )
    return [InvitationDetails(invitation, is_active, at) for invitation, is_active in found.all()]


async def lock_own_role(
    session: Session,
    person: SlackIdentity,
    row: BillingContact | ContactInvitation | None,
    at: datetime,
    *,
    not_found: Refusal,
) -> tuple[Account, BillingContact]:
    """The account of the row, locked, and the person's role in it. Raises `not_found` whether the row is
    missing or another customer's: an id reveals nothing."""
    if row is None:
        await list_account_roles(session, person)
        raise not_found
    try:
        return await lock_account_role(session, person, row.account_id, at)
    except AccountNotFound:
        raise not_found from None


async def enqueue_contacts_change(
    session: Session,
    account: Account,
    payload: ContactsChangedPayload,
    event: str,
    at: datetime,
    *,
    except_for: BillingContact | None = None,
) -> None:
    """Notifies all contacts except the one who made the change and has seen the result."""
    contacts = await list_active_contacts(session, account.id)
    excluded_id = except_for.id if except_for else None
    destinations = list_direct_destinations(c for c in contacts if c.id != excluded_id)
    await enqueue_notice(
        session, NoticeKind.CONTACTS_CHANGED, event, destinations, account=account, at=at, payload=payload
    )


async def close_invitation(
    session: Session,
    account: Account,
    invitation: ContactInvitation,
    status: InvitationStatus,
    actor: Actor,
    at: datetime,
    *,
    except_for: BillingContact | None,
) -> None:
    invitation.change_status(status, at, actor.name)
    session.add(invitation)
    await _write_invitation_entry(session, account, invitation, status, actor, at)
    payload = ContactsChangedPayload(change=status.value, name=invitation.name, by=actor.name)
    event = f"contact_invitation:{invitation.key}:{status.value}"
    await enqueue_contacts_change(session, account, payload, event, at, except_for=except_for)
    await enqueue_invitation_message_update(session, account, invitation, at)


async def lapse_invitations_of(
    session: Session, account: Account, inviter_ids: Collection[int], actor: Actor, at: datetime
) -> None:
    """Lapses the invitations sent by people whose role has changed. They stay lapsed even if the sender gets
    the role back."""
    if not inviter_ids:
        return
    for details in await list_pending_invitations(session, account.id, at):
        if details.invitation.inviter_id in inviter_ids:
            await store_lapse(session, account, details.invitation, actor, at)


async def store_lapse(
    session: Session, account: Account, invitation: ContactInvitation, actor: Actor, at: datetime
) -> None:
    invitation.change_status(InvitationStatus.LAPSED, at, actor.name)
    session.add(invitation)
    await session.flush()
    await _write_invitation_entry(session, account, invitation, InvitationStatus.LAPSED, actor, at)
    await enqueue_invitation_message_update(session, account, invitation, at)


async def _write_invitation_entry(
    session: Session,
    account: Account,
    invitation: ContactInvitation,
    status: InvitationStatus,
    actor: Actor,
    at: datetime,
) -> None:
    change = (InvitationStatus.PENDING.value, status.value)
    action = AuditAction(f"contact_invitation_{status.value}")
    await write_contact_entry(session, account, invitation, action, actor, at, status_change=change)


async def write_contact_entry(
    session: Session,
    account: Account,
    contact: BillingContact | ContactInvitation,
    action: AuditAction,
    actor: Actor,
    at: datetime,
    *,
    status_change: tuple[str | None, str | None] = (None, None),
) -> None:
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=actor,
        subject=account.audit_subject,
        action=action,
        at=at,
        status_change=status_change,
        details={"contact": contact.name, "email": contact.email},
    )


async def list_former_and_active_contacts(session: Session, account: Account) -> list[BillingContact]:
    found = await session.exec(
        select(BillingContact)
        .where(BillingContact.account_id == account.id)
        .order_by(col(BillingContact.id))
        .execution_options(populate_existing=True)
    )
    return list(found.all())


async def _notify_of_withdrawal(
    session: Session, account: Account, contact: BillingContact, by: BillingContact, at: datetime
) -> None:
    is_own = contact.id == by.id
    payload = ContactsChangedPayload(change="left" if is_own else "withdrawn", name=contact.name, by=by.name)
    event = f"billing_contact:{contact.key}:withdrawn:{at.isoformat()}"
    await enqueue_contacts_change(session, account, payload, event, at, except_for=by)
    if not is_own:
        await enqueue_notice(
            session,
            NoticeKind.CONTACT_WITHDRAWN,
            event,
            list_direct_destinations([contact]),
            account=account,
            at=at,
            payload=ContactWithdrawnPayload(by=by.name),
        )


async def _cancel_invitations_of(
    session: Session,
    account: Account,
    contact: BillingContact,
    actor: Actor,
    by: BillingContact,
    at: datetime,
) -> None:
    # When a person loses the role, the invitations that they have sent are cancelled, and so is one that
    # would give the role back to them.
    for details in await list_pending_invitations(session, account.id, at):
        invitation = details.invitation
        is_invited = contact.slack_user == invitation.slack_user or contact.email == invitation.email
        if is_invited or invitation.inviter_id == contact.id:
            await close_invitation(
                session,
                account,
                invitation,
                InvitationStatus.CANCELLED,
                actor,
                at,
                except_for=by,
            )
