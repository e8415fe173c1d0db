"""Who may do what (R1, R5), read from the database at every call."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import and_, bindparam, func
from sqlmodel import col, or_, select

from bot.db import Session, lock_account, lock_audit_chain_tip, select_joined
from models.account import Account, AccountNotFound
from models.account.billing_contact import (
    BillingContact,
    IdentityNotFresh,
    NotABillingContact,
    NotAllowed,
    RoleWithdrawn,
)
from models.audit.action import AuditAction
from models.audit.entry import Actor, AuditChainTip, AuditEntry, AuditPerson
from models.errors import Refusal
from models.invoice import Invoice
from models.quote import Quote
from models.receipt import Receipt
from models.receipt_export import ReceiptExport
from models.service_order import ServiceOrder
from models.slack_user import SlackUser

# So long, people who have lost the role may know whom to ask, wherever they are.
FORMER_ROLE_PERIOD = timedelta(days=30)


@dataclass(frozen=True)
class SlackIdentity:
    """The user, by ids alone. `team_id` is the workspace or the organisation the bot is installed in,
    `workspace_id` the workspace they act in, if Slack names it. `home_team_id` is what the request claims to
    be the user's own: it can only deny, never permit. `source` names the command, button or form. `principal`
    is what the database says of them, if the request has read it already."""

    team_id: str
    user_id: str
    source: str
    channel_id: str | None = None
    home_team_id: str | None = None
    workspace_id: str | None = None
    principal: "Principal | None" = field(default=None, compare=False, repr=False)


AccountRoles = list[tuple[Account, BillingContact]]


@dataclass(frozen=True)
class Principal:
    """A Slack user as stored, with the accounts they are a billing contact of, by name.

    `last_entry_numbers` are those of the accounts' audit histories, by account id. `audit_person_ids` are by
    contact id, of those who have acted before."""

    user: SlackUser
    roles: AccountRoles
    last_entry_numbers: dict[str, int]
    audit_person_ids: dict[int, str]
    # Slack has not said for too long who they are: they may not even read (R5).
    is_outdated: bool = False

    def find_account(self, account_id: str) -> Account | None:
        return next((account for account, _ in self.roles if account.id == account_id), None)


RowT = TypeVar("RowT", Quote, ServiceOrder, Receipt, ReceiptExport, Invoice)


@dataclass(frozen=True)
class Authorized(Generic[RowT]):
    """A row that the person may see, with its account and their role for that."""

    row: RowT
    account: Account
    contact: BillingContact


async def get_member(
    session: Session, person: SlackIdentity, *, fresh_at: datetime | None = None
) -> Principal:
    """Returns a full member of the workspace or organisation. `fresh_at` is for a change: it requires a
    profile at most an hour old. Raises IdentityNotFresh and NotAllowed (R5)."""
    principal = person.principal or await load_principal(session, person)
    if principal is None or principal.is_outdated:
        raise IdentityNotFresh
    if is_outsider(person, principal.user) or not principal.user.is_full_member:
        raise NotAllowed
    if fresh_at is not None and not principal.user.is_fresh(fresh_at):
        raise IdentityNotFresh
    return principal


async def list_account_roles(
    session: Session, person: SlackIdentity, *, fresh_at: datetime | None = None
) -> AccountRoles:
    """Lists the accounts of which the person is a billing contact, by name. `fresh_at` is for a change.
    Raises IdentityNotFresh and NotAllowed (R5), NotABillingContact (R1)."""
    principal = await get_member(session, person, fresh_at=fresh_at)
    if not principal.roles:
        raise NotABillingContact(contacts=await _list_contact_names(session, person, principal.user))
    return principal.roles


async def get_authorized_role(
    session: Session, person: SlackIdentity, account_id: str, at: datetime, *, for_change: bool
) -> tuple[Account, BillingContact]:
    """Returns the account and the person's role in it. A change requires a profile at most an hour old.
    Raises as `list_account_roles` does, AccountNotFound for another customer's account, and RoleWithdrawn if
    they had the role (R20)."""
    try:
        roles = await list_account_roles(session, person, fresh_at=at if for_change else None)
    except NotABillingContact:
        await _check_not_withdrawn(session, person, account_id, at)
        raise
    for account, contact in roles:
        if account.id == account_id:
            return account, contact
    await _check_not_withdrawn(session, person, account_id, at)
    raise AccountNotFound


async def _check_not_withdrawn(
    session: Session, person: SlackIdentity, account_id: str, at: datetime
) -> None:
    account = await session.get(Account, account_id)
    if account is None or not account.active:
        return
    user = (await get_member(session, person)).user
    found = await session.exec(
        select(BillingContact)
        .where(BillingContact.account_id == account_id)
        .order_by(col(BillingContact.id))
        .execution_options(populate_existing=True)
    )
    contacts = found.all()
    own = next((c for c in contacts if c.is_withdrawn_in_slack and is_contact_of(user, account, c)), None)
    if own is None or own.withdrawn_at is None:
        return
    is_recent = at - own.withdrawn_at <= FORMER_ROLE_PERIOD
    nearby = None if is_recent else await _find_nearby_account(session, person, user)
    may_know_contacts = is_recent or (nearby is not None and nearby.id == account.id)
    raise RoleWithdrawn(
        account=account.name,
        by="" if await _has_left(session, account, own) else own.withdrawn_by or "",
        at=own.withdrawn_at,
        contacts=[contact.name for contact in contacts if contact.active and may_know_contacts],
    )


async def _has_left(session: Session, account: Account, contact: BillingContact) -> bool:
    """Whether they withdrew themselves. Only the history knows: a colleague may have the same name."""
    found = await session.exec(
        select(AuditEntry).where(
            AuditEntry.subject == str(account.audit_subject),
            AuditEntry.action == AuditAction.CONTACT_WITHDRAWN,
            AuditEntry.at == contact.withdrawn_at,
        )
    )
    return any(
        entry.details.get("email") == contact.email == entry.person.email
        for entry in found.all()
        if entry.person is not None
    )


async def lock_account_role(
    session: Session, person: SlackIdentity, account_id: str, at: datetime
) -> tuple[Account, BillingContact]:
    """The same for a change, with the account locked. Raises as `get_authorized_role` does."""
    account, contact = await get_authorized_role(session, person, account_id, at, for_change=True)
    account = await lock_account(session, account.id)
    if not await is_unchanged(session, person, account):
        reloaded = replace(person, principal=None)
        _, contact = await get_authorized_role(session, reloaded, account_id, at, for_change=True)
    return account, contact


async def is_unchanged(session: Session, person: SlackIdentity, account: Account) -> bool:
    """Whether the locked account is as it was when the request identified the person: its history has no new
    entry, and its `revision` is the same. Then the roles, subscriptions, payment methods, orders, and quotes
    with their posted copies, that the request has read since are still current."""
    tip = await lock_audit_chain_tip(session, account.id)
    principal = person.principal
    seen = principal.find_account(account.id) if principal else None
    if principal is None or seen is None:
        return False
    last_number = principal.last_entry_numbers.get(account.id)
    return (last_number, seen.revision) == (tip.number, account.revision)


async def authorize_row(
    session: Session,
    person: SlackIdentity,
    row: RowT | None,
    at: datetime,
    *,
    for_change: bool,
    not_found: Refusal,
) -> Authorized[RowT]:
    """Returns the row with the person's role in its account. Raises as `list_account_roles` does, and
    `not_found` both for a missing row and for another customer's: an id reveals nothing."""
    if row is None:
        await list_account_roles(session, person)
        raise not_found
    try:
        role = await get_authorized_role(session, person, row.account_id, at, for_change=for_change)
    except AccountNotFound:
        raise not_found from None
    return Authorized(row, *role)


async def lock_authorized_row(
    session: Session, person: SlackIdentity, row: RowT | None, at: datetime, *, not_found: Refusal
) -> Authorized[RowT]:
    """The same for a change: with the account locked, and both read again."""
    authorized = await authorize_row(session, person, row, at, for_change=True, not_found=not_found)
    account, contact = await lock_account_role(session, person, authorized.account.id, at)
    if not await is_unchanged(session, person, account):
        await session.refresh(authorized.row)
    return Authorized(authorized.row, account, contact)


# Built once: every request starts with it, and building it takes twice as long as running it.
_PRINCIPAL_QUERY = (
    select_joined(SlackUser, Account, BillingContact, AuditChainTip.number, AuditPerson.id)
    .outerjoin(
        BillingContact,
        and_(
            col(BillingContact.active),
            or_(
                col(BillingContact.slack_user) == SlackUser.user_id,
                col(BillingContact.slack_user) == SlackUser.enterprise_user_id,
                and_(col(BillingContact.slack_user).is_(None), col(BillingContact.email) == SlackUser.email),
            ),
        ),
    )
    .outerjoin(
        Account,
        and_(
            col(Account.id) == BillingContact.account_id,
            # People of an organisation may have accounts in all their workspaces: see `own_team_ids`.
            or_(col(Account.slack_team) == SlackUser.team_id, col(SlackUser.enterprise_id).is_not(None)),
            col(Account.active),
        ),
    )
    .outerjoin(AuditChainTip, col(AuditChainTip.account_id) == Account.id)
    .outerjoin(
        AuditPerson,
        and_(
            col(AuditPerson.team_id) == func.coalesce(SlackUser.enterprise_id, SlackUser.team_id),
            col(AuditPerson.user_id) == func.coalesce(SlackUser.enterprise_user_id, SlackUser.user_id),
            col(AuditPerson.name) == BillingContact.name,
            col(AuditPerson.email) == BillingContact.email,
        ),
    )
    .where(SlackUser.team_id == bindparam("team"), SlackUser.user_id == bindparam("user"))
    .order_by(Account.name, col(BillingContact.id))
)


async def load_principal(session: Session, person: SlackIdentity) -> Principal | None:
    """Returns None if there has never been a Slack profile of theirs. A contact is bound by user id, or by
    email only if no user id is bound."""
    values = {"team": person.team_id, "user": person.user_id}
    found = await session.exec(_PRINCIPAL_QUERY, params=values)
    rows = found.all()
    if not rows:
        return None
    user: SlackUser = rows[0][0]
    # If an account has two rows, the first counts: the contact that was added first.
    roles = {
        account.id: (account, contact)
        for _, account, contact, *_ in reversed(rows)
        if account and _is_own_account(user, account, contact)
    }
    numbers = {account.id: number for _, account, _, number, _ in rows if account and number is not None}
    person_ids = {contact.key: person_id for _, _, contact, _, person_id in rows if person_id}
    return Principal(user, [*reversed(roles.values())], numbers, person_ids)


def is_contact_of(user: SlackUser, account: Account, contact: BillingContact) -> bool:
    """Whether the contact, active or not, is this user, by user id, or by email if no user id is bound."""
    is_bound = contact.slack_user is not None or contact.email == user.email
    return is_bound and _is_own_account(user, account, contact)


def _is_own_account(user: SlackUser, account: Account, contact: BillingContact) -> bool:
    # R5, R29: the account is of their own workspace or organisation. In a different workspace of the
    # organisation than the one they are seen in, only their organisation-wide id counts: any other may be
    # somebody else's there.
    ids = {None, user.enterprise_user_id, *([user.user_id] if account.slack_team == user.team_id else [])}
    return account.slack_team in user.own_team_ids and contact.slack_user in ids


def is_outsider(person: SlackIdentity, user: SlackUser) -> bool:
    """Whether the request says that they belong elsewhere, while Slack does not count them there (R5)."""
    return person.home_team_id not in {None, user.team_id, *user.own_team_ids}


def build_actor(contact: BillingContact, person: SlackIdentity) -> Actor:
    person_ids = person.principal.audit_person_ids if person.principal else {}
    identity = person.principal.user.identity_key if person.principal else (person.team_id, person.user_id)
    return Actor(
        "contact",
        contact.name,
        person.source,
        *identity,
        contact.email,
        person_ids.get(contact.key),
    )


async def _list_contact_names(session: Session, person: SlackIdentity, user: SlackUser) -> list[str]:
    account = await _find_nearby_account(session, person, user)
    if account is None:
        return []
    contacts = await session.exec(
        select(BillingContact.name)
        .where(BillingContact.account_id == account.id, col(BillingContact.active))
        .order_by(BillingContact.name)
    )
    return list(contacts.all())


async def _find_nearby_account(session: Session, person: SlackIdentity, user: SlackUser) -> Account | None:
    """R1: the account with this channel, otherwise the workspace's only account."""
    found = await session.exec(
        select(Account)
        .where(col(Account.slack_team).in_(list_nearby_team_ids(person, user)), col(Account.active))
        .order_by((col(Account.channel) == (person.channel_id or "")).desc().nulls_last())
        .limit(2)
    )
    accounts = list(found.all())
    # A modal has no channel: that must not match an account without one.
    is_of_channel = bool(accounts and person.channel_id and accounts[0].channel == person.channel_id)
    return accounts[0] if len(accounts) == 1 or is_of_channel else None


def list_nearby_team_ids(person: SlackIdentity, user: SlackUser) -> set[str]:
    """The workspace they act in and its organisation; all of their own if Slack does not name it, or if they
    do not belong to it."""
    here = person.workspace_id or person.team_id
    if here == user.enterprise_id or here not in user.own_team_ids:
        return user.own_team_ids
    return {here, user.enterprise_id or here}
