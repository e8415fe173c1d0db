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
class SlackIdentity:
    """Who presses, by ids alone: the workspace the bot is installed in, the user, and the channel they are
    in. `home_team_id` is what the request says of their own workspace; it can only take away, never give.
    `source` names the command, button or form."""

    team_id: str
    user_id: str
    source: str
    channel_id: str | None = None
    home_team_id: str | None = None


AccountRoles = list[tuple[Account, BillingContact]]

# Who somebody is, beside each of their roles, in one look: every press begins with it. Bound by user id; by
# e-mail only where no user id is bound.
_MATCHES_BY_EMAIL = and_(
    col(BillingContact.slack_user).is_(None), col(BillingContact.email) == SlackUser.email
)
_IDENTITY_QUERY = (
    select(SlackUser, Account, BillingContact)
    .outerjoin(
        BillingContact,
        and_(
            col(BillingContact.active),
            or_(col(BillingContact.slack_user) == SlackUser.user_id, _MATCHES_BY_EMAIL),
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
    .where(SlackUser.team_id == bindparam("team"), SlackUser.user_id == bindparam("user"))
    .order_by(Account.name, col(BillingContact.id))
)


async def _load_identity(session: AsyncSession, person: SlackIdentity) -> tuple[SlackUser, AccountRoles]:
    """What Slack said of the person, and the accounts they are a contact of. Raises IdentityNotFresh where it
    never said anything, NotAllowed by R5."""
    values = {"team": person.team_id, "user": person.user_id}
    found = (await session.exec(_IDENTITY_QUERY, params=values)).all()
    if not found:
        raise IdentityNotFresh
    user = found[0][0]
    outsider = person.home_team_id not in (None, user.team_id, user.enterprise_id)
    if outsider or not user.is_full_member:
        raise NotAllowed
    # Held by the session, which else forgets what nobody holds: asked for by id, they are there.
    session.info["standing"] = found
    roles = {account.id: (account, contact) for _, account, contact in reversed(found) if account}
    return user, [*reversed(roles.values())]


async def get_slack_user(session: AsyncSession, person: SlackIdentity) -> SlackUser:
    """What Slack said of the person. Raises IdentityNotFresh, NotAllowed."""
    return (await _load_identity(session, person))[0]


async def list_account_roles(session: AsyncSession, person: SlackIdentity) -> AccountRoles:
    """The accounts the person is a billing contact of, by name. Raises NotABillingContact where none."""
    _, roles = await _load_identity(session, person)
    if not roles:
        raise NotABillingContact(contacts=await _list_contact_names(session, person))
    return roles


async def get_authorized_contact(
    session: AsyncSession, person: SlackIdentity, account_id: str, at: datetime, *, for_change: bool
) -> BillingContact:
    """The person's role for that account. Raises as `require_role` does."""
    return (await get_authorized_role(session, person, account_id, at, for_change=for_change))[1]


async def get_authorized_role(
    session: AsyncSession, person: SlackIdentity, account_id: str, at: datetime, *, for_change: bool
) -> tuple[Account, BillingContact]:
    """The account and the person's role for it. For a change, what Slack says of them is an hour old at most.

    Raises NotAllowed, NotABillingContact, IdentityNotFresh, and AccountNotFound for an account of others.
    """
    user, roles = await _load_identity(session, person)
    if for_change and not user.is_fresh(at):
        raise IdentityNotFresh
    if not roles:
        raise NotABillingContact(contacts=await _list_contact_names(session, person))
    for account, contact in roles:
        if account.id == account_id:
            return account, contact
    raise AccountNotFound


def build_actor(contact: BillingContact, person: SlackIdentity) -> Actor:
    return Actor("contact", contact.name, person.source, f"{person.team_id}/{person.user_id}")


async def _find_channel_account(session: AsyncSession, person: SlackIdentity) -> Account | None:
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


async def _list_contact_names(session: AsyncSession, person: SlackIdentity) -> list[str]:
    """R1: the contacts of the account whose channel this is, else of the workspace's only account."""
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
