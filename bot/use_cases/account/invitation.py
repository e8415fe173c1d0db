"""Inviting a colleague as a billing contact. The invited person confirms it (R1, R5, R20)."""

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.permissions import (
    SlackIdentity,
    build_actor,
    get_authorized_role,
    get_member,
    is_contact_of,
)
from bot.use_cases.account.contacts import (
    close_invitation,
    enqueue_contacts_change,
    list_former_and_active_contacts,
    list_pending_invitations,
    load_contacts_page,
    lock_own_role,
    store_lapse,
    write_contact_entry,
)
from bot.use_cases.notice.enqueue import (
    enqueue_invitation_message_update,
    enqueue_notice,
    list_direct_destinations,
)
from bot.use_cases.slack_user import refresh_slack_user
from models.account import Account, AccountNotFound
from models.account.billing_contact import BillingContact, NotAllowed
from models.account.contact_invitation import (
    INVITATION_VALIDITY,
    MAX_OPEN_INVITATIONS,
    AlreadyBillingContact,
    ColleagueNotConfirmed,
    ContactEmailMissing,
    ContactEmailTaken,
    ContactInvitation,
    ContactNotEligible,
    InvitationDetails,
    InvitationNotFound,
    InvitationPending,
    InvitationStatus,
    TooManyInvitations,
)
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.checkout import FieldRequired
from models.details import ContactsPage
from models.errors import InvalidInput, Refusal
from models.notice import NoticeKind
from models.notice.destination import Destination
from models.notice.payloads import ContactsChangedPayload, InvitationPayload
from models.slack_user import SlackUser

COLLEAGUE_FIELD = "colleague"

# --- a billing contact


async def get_inviting_account(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str
) -> Account:
    async with dependencies.read() as session:
        account, _ = await get_authorized_role(
            session, person, account_id, dependencies.now(), for_change=False
        )
    account.check_open()
    return account


async def invite_contact(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str, user_id: str
) -> ContactsPage:
    """Raises InvalidInput if the colleague cannot be invited."""
    at = dependencies.now()
    async with dependencies.read() as session:
        _, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
    if not user_id:
        raise InvalidInput({COLLEAGUE_FIELD: FieldRequired()})
    colleague = SlackIdentity(person.team_id, user_id, person.source)
    # If Slack doesn't answer, what is stored may still be fresh enough.
    await refresh_slack_user(dependencies, colleague)
    at = dependencies.now()
    async with dependencies.write() as session:
        account, contact = await lock_own_role(session, person, contact, at, not_found=AccountNotFound())
        account.check_open()
        await _check_invitation_limit(session, account, at)
        try:
            user = await _get_eligible_user(session, account, colleague, at)
            await _check_not_contact(session, account, user)
            lapsed = await _check_not_invited(session, account, user, at)
        except Refusal as refusal:
            raise InvalidInput({COLLEAGUE_FIELD: refusal}) from None
        actor = build_actor(contact, person)
        if lapsed is not None:
            await store_lapse(session, account, lapsed, actor, at)
        await _store_invitation(session, account, user, contact, actor, at)
        return await load_contacts_page(session, account, contact, at)


async def cancel_invitation(
    dependencies: Dependencies, *, person: SlackIdentity, invitation_id: int
) -> ContactsPage:
    at = dependencies.now()
    async with dependencies.write() as session:
        row = await session.get(ContactInvitation, invitation_id)
        account, contact = await lock_own_role(session, person, row, at, not_found=InvitationNotFound())
        details = await _get_details(session, invitation_id, at)
        details.check_open()
        await close_invitation(
            session,
            account,
            details.invitation,
            InvitationStatus.CANCELLED,
            build_actor(contact, person),
            at,
            except_for=contact,
        )
        return await load_contacts_page(session, account, contact, at)


# --- the invited person


async def accept_invitation(
    dependencies: Dependencies, *, person: SlackIdentity, invitation_id: int
) -> Account:
    at = dependencies.now()
    async with dependencies.write() as session:
        account, user, details = await _lock_own_invitation(session, person, invitation_id, at)
        account.check_open()
        contact = await _add_contact(session, account, user)
        actor = Actor("contact", contact.name, person.source, *user.identity_key, contact.email)
        await close_invitation(
            session,
            account,
            details.invitation,
            InvitationStatus.ACCEPTED,
            actor,
            at,
            except_for=contact,
        )
        return account


async def decline_invitation(
    dependencies: Dependencies, *, person: SlackIdentity, invitation_id: int
) -> Account:
    at = dependencies.now()
    async with dependencies.write() as session:
        account, user, details = await _lock_own_invitation(session, person, invitation_id, at)
        actor = Actor("colleague", user.name, person.source, *user.identity_key, user.email or "")
        await close_invitation(
            session,
            account,
            details.invitation,
            InvitationStatus.DECLINED,
            actor,
            at,
            except_for=None,
        )
        return account


async def _lock_own_invitation(
    session: Session, person: SlackIdentity, invitation_id: int, at: datetime
) -> tuple[Account, SlackUser, InvitationDetails]:
    """Returns the invitation with the account locked. Raises IdentityNotFresh and NotAllowed (R5),
    InvitationNotFound for another person's, InvitationClosed (R20)."""
    user = (await get_member(session, person, fresh_at=at)).user
    invitation = await session.get(ContactInvitation, invitation_id)
    account = await session.get(Account, invitation.account_id) if invitation else None
    if invitation is None or account is None or not account.active:
        raise InvitationNotFound
    if not is_contact_of(user, account, invitation.build_contact()):
        raise InvitationNotFound
    account = await lock_account(session, account.id)
    details = await _get_details(session, invitation_id, at)
    details.check_open()
    return account, user, details


# --- both


async def _get_details(session: Session, invitation_id: int, at: datetime) -> InvitationDetails:
    found = await session.exec(
        select(ContactInvitation, col(BillingContact.active))
        .join(BillingContact, col(BillingContact.id) == ContactInvitation.inviter_id)
        .where(ContactInvitation.id == invitation_id)
        .execution_options(populate_existing=True)
    )
    invitation, is_inviter_active = found.one()
    return InvitationDetails(invitation, is_inviter_active, at)


async def _get_eligible_user(
    session: Session, account: Account, colleague: SlackIdentity, at: datetime
) -> SlackUser:
    user = await session.get(SlackUser, (colleague.team_id, colleague.user_id))
    if user is None or not user.is_fresh(at):
        raise ColleagueNotConfirmed
    if not user.is_full_member or account.slack_team not in user.own_team_ids:
        raise ContactNotEligible(name=user.name)
    if not user.email:
        raise ContactEmailMissing(name=user.name)
    return user


async def _check_not_contact(session: Session, account: Account, user: SlackUser) -> None:
    contacts = await list_former_and_active_contacts(session, account)
    if any(contact.active and is_contact_of(user, account, contact) for contact in contacts):
        raise AlreadyBillingContact(name=user.name)
    _find_former_contact(user, contacts)


async def _check_not_invited(
    session: Session, account: Account, user: SlackUser, at: datetime
) -> ContactInvitation | None:
    """Returns their lapsed invitation, if there is one. Raises InvitationPending."""
    pending = await list_pending_invitations(session, account.id, at)
    own = next((d for d in pending if d.invitation.slack_user == _get_slack_user(user)), None)
    if own is not None and own.is_open:
        raise InvitationPending(
            name=own.invitation.name,
            by=own.invitation.invited_by,
            at=own.invitation.invited_at,
            until=own.invitation.expires_at,
        )
    return own.invitation if own else None


async def _check_invitation_limit(session: Session, account: Account, at: datetime) -> None:
    invitations = await list_pending_invitations(session, account.id, at)
    if sum(details.is_open for details in invitations) >= MAX_OPEN_INVITATIONS:
        raise TooManyInvitations(most=MAX_OPEN_INVITATIONS)


async def _store_invitation(
    session: Session, account: Account, user: SlackUser, contact: BillingContact, actor: Actor, at: datetime
) -> None:
    assert user.email, "checked before"
    invitation = ContactInvitation(
        account_id=account.id,
        inviter_id=contact.key,
        slack_user=_get_slack_user(user),
        name=user.name,
        email=user.email,
        invited_by=contact.name,
        invited_at=at,
        expires_at=at + INVITATION_VALIDITY,
    )
    session.add(invitation)
    await session.flush()
    await write_contact_entry(session, account, invitation, AuditAction.CONTACT_INVITED, actor, at)
    event = f"contact_invitation:{invitation.key}"
    await enqueue_notice(
        session,
        NoticeKind.CONTACT_INVITED,
        f"{event}:invited",
        [Destination.invitee(invitation.key)],
        account=account,
        at=at,
        payload=InvitationPayload(invitation_id=invitation.key),
    )
    payload = ContactsChangedPayload(change="invited", name=user.name, by=contact.name)
    await enqueue_contacts_change(session, account, payload, f"{event}:announced", at, except_for=contact)
    await _enqueue_expiry(session, account, invitation, contact, at)


async def _enqueue_expiry(
    session: Session,
    account: Account,
    invitation: ContactInvitation,
    contact: BillingContact,
    at: datetime,
) -> None:
    payload = ContactsChangedPayload(
        invitation_id=invitation.key,
        on_expiry=True,
        change=InvitationStatus.LAPSED.value,
        name=invitation.name,
    )
    await enqueue_notice(
        session,
        NoticeKind.CONTACTS_CHANGED,
        f"contact_invitation:{invitation.key}:lapsed",
        list_direct_destinations([contact]),
        account=account,
        at=at,
        payload=payload,
        due_at=invitation.expires_at,
    )
    await enqueue_invitation_message_update(session, account, invitation, at, on_expiry=True)


async def _add_contact(session: Session, account: Account, user: SlackUser) -> BillingContact:
    if account.slack_team not in user.own_team_ids:
        raise NotAllowed
    if not user.email:
        raise ContactEmailMissing(name=user.name)
    contacts = await list_former_and_active_contacts(session, account)
    if active := next((c for c in contacts if c.active and is_contact_of(user, account, c)), None):
        # An import was faster.
        return active
    contact = _find_former_contact(user, contacts)
    values: dict[str, Any] = {
        "email": user.email,
        "name": user.name,
        "slack_user": _get_slack_user(user),
        "active": True,
        "imported": False,
        "withdrawn_at": None,
        "withdrawn_by": None,
    }
    if contact is None:
        contact = BillingContact(account_id=account.id, **values)
    else:
        contact.sqlmodel_update(values)
    session.add(contact)
    await session.flush()
    return contact


def _find_former_contact(user: SlackUser, contacts: list[BillingContact]) -> BillingContact | None:
    """Finds it by address, which is unique in an account, or else by user id. Raises ContactEmailTaken."""
    by_email = next((c for c in contacts if c.email == user.email), None)
    if by_email is not None and by_email.active:
        raise ContactEmailTaken(name=user.name, other=by_email.name)
    former = (c for c in contacts if not c.active and c.slack_user == _get_slack_user(user))
    return by_email or next(former, None)


def _get_slack_user(user: SlackUser) -> str:
    # R29: in an organisation, their id in all its workspaces.
    return user.enterprise_user_id or user.user_id
