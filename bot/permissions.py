"""Who may do what (R1, R5), read from the database at every call."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import and_, bindparam
from sqlmodel import col, or_, select

from bot.db import Session, lock_account, lock_audit_chain_tip, select_joined
from models.account import Account, AccountNotFound
from models.audit.entry import Actor, AuditChainTip, AuditPerson
from models.billing_contact import BillingContact, IdentityNotFresh, NotABillingContact, NotAllowed
from models.errors import Refusal
from models.quote import Quote
from models.receipt import Receipt
from models.service_order import ServiceOrder
from models.slack_user import SlackUser


@dataclass(frozen=True)
class SlackIdentity:
    """The user, by ids alone. `team_id` is the workspace the bot is installed in, `home_team_id` what the
    request claims to be the user's own: it can only deny, never permit. `source` names the command, button or
    form. `principal` is what the database says of them, if the request has read it already."""

    team_id: str
    user_id: str
    source: str
    channel_id: str | None = None
    home_team_id: str | None = None
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

    def find_account(self, account_id: str) -> Account | None:
        """As it was when the principal was read."""
        return next((account for account, _ in self.roles if account.id == account_id), None)


RowT = TypeVar("RowT", Quote, ServiceOrder, Receipt)


@dataclass(frozen=True)
class Authorized(Generic[RowT]):
    """A row that the person may see, with its account and their role for that."""

    row: RowT
    account: Account
    contact: BillingContact


async def list_account_roles(
    session: Session, person: SlackIdentity, *, fresh_at: datetime | None = None
) -> AccountRoles:
    """The accounts that the person is a billing contact of, by name. With `fresh_at`, for a change.

    Raises IdentityNotFresh and NotAllowed (R5), NotABillingContact (R1).
    """
    principal = person.principal or await load_principal(session, person)
    if principal is None:
        raise IdentityNotFresh
    user = principal.user
    if _is_outsider(person, user) or not user.is_full_member:
        raise NotAllowed
    if fresh_at is not None and not user.is_fresh(fresh_at):
        raise IdentityNotFresh
    if not principal.roles:
        raise NotABillingContact(contacts=await _list_contact_names(session, person))
    return principal.roles


async def get_authorized_role(
    session: Session, person: SlackIdentity, account_id: str, at: datetime, *, for_change: bool
) -> tuple[Account, BillingContact]:
    """The account and the person's role in it. For a change, with a profile at most an hour old.

    Raises as `list_account_roles` does, and AccountNotFound for another customer's account.
    """
    for account, contact in await list_account_roles(session, person, fresh_at=at if for_change else None):
        if account.id == account_id:
            return account, contact
    raise AccountNotFound


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
    """Whether the locked account is as it was when the request read who the person is: nothing was recorded
    in its history, and its `revision` is the same. Then its roles, subscriptions, payment methods, quotes and
    orders, which the request has read since then, are still so."""
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
    """The row with the person's role in its account. Raises as `list_account_roles` does, and `not_found`
    whether the row is missing or another customer's: an id reveals nothing."""
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
                and_(col(BillingContact.slack_user).is_(None), col(BillingContact.email) == SlackUser.email),
            ),
        ),
    )
    .outerjoin(
        Account,
        and_(
            col(Account.id) == BillingContact.account_id,
            col(Account.slack_team) == SlackUser.team_id,
            col(Account.active),
        ),
    )
    .outerjoin(AuditChainTip, col(AuditChainTip.account_id) == Account.id)
    .outerjoin(
        AuditPerson,
        and_(
            col(AuditPerson.team_id) == SlackUser.team_id,
            col(AuditPerson.user_id) == SlackUser.user_id,
            col(AuditPerson.name) == BillingContact.name,
            col(AuditPerson.email) == BillingContact.email,
        ),
    )
    .where(SlackUser.team_id == bindparam("team"), SlackUser.user_id == bindparam("user"))
    .order_by(Account.name, col(BillingContact.id))
)


async def load_principal(session: Session, person: SlackIdentity) -> Principal | None:
    """None if Slack has never said who they are. A contact is bound by user id, or by e-mail only if no user
    id is bound."""
    values = {"team": person.team_id, "user": person.user_id}
    found = await session.exec(_PRINCIPAL_QUERY, params=values)
    rows = found.all()
    if not rows:
        return None
    # Of two rows for one account the first counts: the contact that was added first.
    roles = {account.id: (account, contact) for _, account, contact, *_ in reversed(rows) if account}
    numbers = {account.id: number for _, account, _, number, _ in rows if account and number is not None}
    person_ids = {contact.key: person_id for _, _, contact, _, person_id in rows if person_id}
    return Principal(rows[0][0], [*reversed(roles.values())], numbers, person_ids)


def _is_outsider(person: SlackIdentity, user: SlackUser) -> bool:
    return person.home_team_id not in (None, user.team_id, user.enterprise_id)


def build_actor(contact: BillingContact, person: SlackIdentity) -> Actor:
    person_ids = person.principal.audit_person_ids if person.principal else {}
    return Actor(
        "contact",
        contact.name,
        person.source,
        person.team_id,
        person.user_id,
        contact.email,
        person_ids.get(contact.key),
    )


async def _find_channel_account(session: Session, person: SlackIdentity) -> Account | None:
    # A modal has no channel: that must not match an account without one.
    if person.channel_id is None:
        return None
    found = await session.exec(
        select(Account).where(
            Account.slack_team == person.team_id,
            Account.channel == person.channel_id,
            col(Account.active),
        )
    )
    return found.first()


async def _list_contact_names(session: Session, person: SlackIdentity) -> list[str]:
    """R1: the contacts of the account whose channel this is, otherwise of the workspace's only account."""
    accounts = list(
        (
            await session.exec(
                select(Account).where(Account.slack_team == person.team_id, col(Account.active)).limit(2)
            )
        ).all()
    )
    account = await _find_channel_account(session, person) or (accounts[0] if len(accounts) == 1 else None)
    if account is None:
        return []
    contacts = await session.exec(
        select(BillingContact.name)
        .where(BillingContact.account_id == account.id, col(BillingContact.active))
        .order_by(BillingContact.name)
    )
    return list(contacts.all())
