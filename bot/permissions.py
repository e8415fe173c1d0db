"""Who may do what (R1, R5), asked of the database at every call."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from models.account import Account, AccountNotFound
from models.audit_entry import Actor
from models.billing_contact import BillingContact, IdentityNotFresh, NotABillingContact, NotAllowed
from models.slack_user import SlackUser


@dataclass(frozen=True)
class Person:
    """Who presses, by ids alone: the workspace the bot is installed in, the user, and the channel they are
    in. `home_team_id` is what the request says of their own workspace; it can only take away, never give.
    `source` names the command, button or form."""

    team_id: str
    user_id: str
    source: str
    channel_id: str | None = None
    home_team_id: str | None = None


Roles = list[tuple[Account, BillingContact]]

# Who somebody is, beside each of their roles, in one look: every press begins with it. Bound by user id; by
# e-mail only where no user id is bound.
_BY_EMAIL = and_(col(BillingContact.slack_user).is_(None), col(BillingContact.email) == SlackUser.email)
_STANDING = (
    select(SlackUser, Account, BillingContact)
    .outerjoin(
        BillingContact,
        and_(col(BillingContact.active), or_(col(BillingContact.slack_user) == SlackUser.user_id, _BY_EMAIL)),
    )
    .outerjoin(
        Account,
        and_(
            col(Account.id) == BillingContact.account_id,
            col(Account.slack_team) == SlackUser.team_id,
            col(Account.active),
        ),
    )
    .where(SlackUser.team_id == bindparam("team"), SlackUser.user_id == bindparam("user"))
    .order_by(Account.name, col(BillingContact.id))
)


async def _standing(session: AsyncSession, person: Person) -> tuple[SlackUser, Roles]:
    """What Slack said of the person, and the accounts they are a contact of. Raises IdentityNotFresh where it
    never said anything, NotAllowed by R5."""
    values = {"team": person.team_id, "user": person.user_id}
    found = (await session.exec(_STANDING, params=values)).all()
    if not found:
        raise IdentityNotFresh
    user = found[0][0]
    outsider = person.home_team_id not in (None, user.team_id, user.enterprise_id)
    if outsider or not user.full_member:
        raise NotAllowed
    # Held by the session, which else forgets what nobody holds: asked for by id, they are there.
    session.info["standing"] = found
    roles = {account.id: (account, contact) for _, account, contact in reversed(found) if account}
    return user, [*reversed(roles.values())]


async def slack_user_of(session: AsyncSession, person: Person) -> SlackUser:
    """What Slack said of the person. Raises IdentityNotFresh, NotAllowed."""
    return (await _standing(session, person))[0]


async def roles_of(session: AsyncSession, person: Person) -> Roles:
    """The accounts the person is a billing contact of, by name. Raises NotABillingContact where none."""
    _, roles = await _standing(session, person)
    if not roles:
        raise NotABillingContact(contacts=await _contact_names(session, person))
    return roles


async def require_contact(
    session: AsyncSession, person: Person, account_id: str, at: datetime, *, changes: bool
) -> BillingContact:
    """The person's role for that account. Raises as `require_role` does."""
    return (await require_role(session, person, account_id, at, changes=changes))[1]


async def require_role(
    session: AsyncSession, person: Person, account_id: str, at: datetime, *, changes: bool
) -> tuple[Account, BillingContact]:
    """The account and the person's role for it. For a change, what Slack says of them is an hour old at most.

    Raises NotAllowed, NotABillingContact, IdentityNotFresh, and AccountNotFound for an account of others.
    """
    user, roles = await _standing(session, person)
    if changes and not user.fresh(at):
        raise IdentityNotFresh
    if not roles:
        raise NotABillingContact(contacts=await _contact_names(session, person))
    for account, contact in roles:
        if account.id == account_id:
            return account, contact
    raise AccountNotFound


def actor_of(contact: BillingContact, person: Person) -> Actor:
    return Actor("contact", contact.name, person.source, f"{person.team_id}/{person.user_id}")


async def _account_here(session: AsyncSession, person: Person) -> Account | None:
    # A modal stands in no channel: that is not the channel of an account that has none.
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


async def _contact_names(session: AsyncSession, person: Person) -> list[str]:
    """R1: the contacts of the account whose channel this is, else of the workspace's only account."""
    accounts = list(
        (
            await session.exec(
                select(Account).where(Account.slack_team == person.team_id, col(Account.active)).limit(2)
            )
        ).all()
    )
    account = await _account_here(session, person) or (accounts[0] if len(accounts) == 1 else None)
    if account is None:
        return []
    contacts = await session.exec(
        select(BillingContact.name)
        .where(BillingContact.account_id == account.id, col(BillingContact.active))
        .order_by(BillingContact.name)
    )
    return list(contacts.all())
