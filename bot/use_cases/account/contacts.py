"""An account's billing contacts: listing them, and withdrawing one (R1, R20)."""

from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.permissions import (
    SlackIdentity,
    build_actor,
    get_authorized_role,
    list_account_roles,
    lock_account_role,
)
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.notice.enqueue import (
    enqueue_invitation_card_update,
    enqueue_notice,
    list_active_contacts,
    list_direct_destinations,
)
from models.account import Account, AccountNotFound
from models.account.billing_contact import (
    BillingContact,
    ContactNotFound,
    LastBillingContact,
    NotABillingContact,
    RoleWithdrawn,
)
from models.account.contact_invitation import (
    PENDING_INVITATION_CONDITION,
    ContactInvitation,
    InvitationDetails,
    InvitationStatus,
)
from models.audit.entry import Actor
from models.details import ContactsPage
from models.notice import NoticeKind
from models.notice.payloads import ContactsChangedPayload, ContactWithdrawnPayload


async def get_contacts(services: Services, *, person: SlackIdentity, account_id: str) -> ContactsPage:
    at = services.now()
    async with services.read() as session:
        account, contact = await get_authorized_role(session, person, account_id, at, for_change=False)
        return await load_contacts_page(session, account, contact, at)


async def withdraw_contact(services: Services, *, person: SlackIdentity, contact_id: int) -> ContactsPage:
    """The contacts that are left. People may withdraw themselves, but never the last contact."""
    at = services.now()
    async with services.write() as session:
        account_id = await _get_account_id(session, person, contact_id)
        account, own_contact = await lock_own_role(session, person, account_id, at)
        contacts = await list_former_and_active_contacts(session, account)
        contact = next(c for c in contacts if c.id == contact_id)
        contact.check_active()
        if [c.id for c in contacts if c.active] == [contact_id]:
            raise LastBillingContact(name=contact.name, account=account.name)
        contact.withdraw(at, own_contact.name)
        session.add(contact)
        actor = build_actor(own_contact, person)
        await write_audit_entry(
            session,
            account_id=account.id,
            actor=actor,
            subject=account.audit_subject,
            action="contact_withdrawn",
            at=at,
            details={"contact": contact.name, "email": contact.email},
        )
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
    """Those that nobody has answered or cancelled; some may have lapsed."""
    found = await session.exec(
        select(ContactInvitation, col(BillingContact.active))
        .join(BillingContact, col(BillingContact.id) == ContactInvitation.inviter_id)
        .where(ContactInvitation.account_id == account_id, PENDING_INVITATION_CONDITION)
        .order_by(col(ContactInvitation.id))
        .execution_options(populate_existing=True)
    )
    return [InvitationDetails(invitation, is_active, at) for invitation, is_active in found.all()]


async def lock_own_role(
    session: Session, person: SlackIdentity, account_id: str, at: datetime
) -> tuple[Account, BillingContact]:
    """As `lock_account_role`; raises RoleWithdrawn if the role was lost since the request began (R20)."""
    try:
        return await lock_account_role(session, person, account_id, at)
    except (NotABillingContact, AccountNotFound):
        if (refusal := await _find_withdrawal(session, person, account_id)) is not None:
            raise refusal from None
        raise


async def enqueue_contacts_change(
    session: Session,
    account: Account,
    payload: ContactsChangedPayload,
    event: str,
    at: datetime,
    *,
    except_for: BillingContact | None = None,
) -> None:
    """To all contacts but the one who did it, and has seen the result."""
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
    """With its audit entry, notices to the contacts, and the edit of the message that asked."""
    invitation.change_status(status, at, actor.name)
    session.add(invitation)
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=actor,
        subject=account.audit_subject,
        action=f"contact_invitation_{status.value}",
        at=at,
        status_change=(InvitationStatus.PENDING.value, status.value),
        details={"contact": invitation.name, "email": invitation.email},
    )
    payload = ContactsChangedPayload(change=status.value, name=invitation.name, by=actor.name)
    event = f"contact_invitation:{invitation.key}:{status.value}"
    await enqueue_contacts_change(session, account, payload, event, at, except_for=except_for)
    await enqueue_invitation_card_update(session, account, invitation, at)


async def _get_account_id(session: Session, person: SlackIdentity, contact_id: int) -> str:
    """Raises ContactNotFound whether the contact is missing or another customer's: an id reveals nothing."""
    account_ids = {account.id for account, _ in await list_account_roles(session, person)}
    contact = await session.get(BillingContact, contact_id)
    if contact is None or contact.account_id not in account_ids:
        raise ContactNotFound
    return contact.account_id


async def list_former_and_active_contacts(session: Session, account: Account) -> list[BillingContact]:
    """As they are now that the account is locked."""
    found = await session.exec(
        select(BillingContact)
        .where(BillingContact.account_id == account.id)
        .order_by(col(BillingContact.id))
        .execution_options(populate_existing=True)
    )
    return list(found.all())


async def _find_withdrawal(session: Session, person: SlackIdentity, account_id: str) -> RoleWithdrawn | None:
    roles = person.principal.roles if person.principal else []
    role = next((role for role in roles if role[0].id == account_id), None)
    if role is None:
        return None
    account, contact = role
    query = select(BillingContact).where(BillingContact.id == contact.id)
    current = (await session.exec(query.execution_options(populate_existing=True))).one()
    if not current.is_withdrawn_in_slack:
        return None
    others = [c.name for c in await list_active_contacts(session, account_id)]
    return RoleWithdrawn(
        account=account.name, by=current.withdrawn_by or "", at=current.withdrawn_at, contacts=others
    )


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
    """What a person who has lost the role has started ends with it."""
    for details in await list_pending_invitations(session, account.id, at):
        if details.invitation.inviter_id == contact.id:
            await close_invitation(
                session,
                account,
                details.invitation,
                InvitationStatus.CANCELLED,
                actor,
                at,
                except_for=by,
            )
