"""What Slack says of people, kept for an hour (R5). `slack_user` is written here and nowhere else."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.directory.user_directory import DirectoryUnavailable, Profile
from bot.i18n import Reader
from bot.permissions import Person
from bot.services import Services
from models.account import Account
from models.billing_contact import BillingContact
from models.slack_user import SlackUser

log = structlog.get_logger()

# Before an answer that has 3 s; what waits for nobody may take longer.
AT_MOST = timedelta(seconds=1.5)
NO_HURRY = timedelta(seconds=10)


async def refresh_slack_user(
    services: Services, person: Person, *, at_most: timedelta | None = AT_MOST
) -> bool:
    """Ask the directory of a person unless what is stored is fresh. False where it kept silent."""
    at = services.now()
    known = await stored_user(services, person.team_id, person.user_id)
    if known is not None and known.fresh(at):
        return True
    try:
        async with asyncio.timeout(at_most.total_seconds() if at_most else None):
            profile = await services.directory.profile(person.team_id, person.user_id)
    except (DirectoryUnavailable, TimeoutError) as error:
        log.warning("directory is silent", team=person.team_id, user=person.user_id, error=str(error))
        return False
    await _store(services, person.team_id, profile, at)
    return True


_STORED = select(SlackUser).where(
    SlackUser.team_id == bindparam("team"), SlackUser.user_id == bindparam("user")
)
_KNOWN = select(SlackUser).where(
    col(SlackUser.team_id).in_(bindparam("teams", expanding=True)),
    or_(
        col(SlackUser.user_id).in_(bindparam("ids", expanding=True)),
        col(SlackUser.email).in_(bindparam("emails", expanding=True)),
    ),
)


async def stored_user(services: Services, team_id: str, user_id: str) -> SlackUser | None:
    async with services.read() as session:
        return (await session.exec(_STORED, params={"team": team_id, "user": user_id})).one_or_none()


async def refreshed_reader(services: Services, person: Person) -> Reader:
    """The person as a reader, asked of the directory where what is stored is an hour old: mostly one look."""
    user = await stored_user(services, person.team_id, person.user_id)
    if person.user_id and (user is None or not user.fresh(services.now())):
        await refresh_slack_user(services, person)
        user = await stored_user(services, person.team_id, person.user_id)
    return await _reader(services, person, user)


async def user_of_contact(services: Services, team_id: str, contact: BillingContact) -> SlackUser | None:
    """The contact's Slack user, bound by user id, else by e-mail; none where there is none who may be
    written to (R5). Raises DirectoryUnavailable."""
    user_id = contact.slack_user or await _user_of_email(services, team_id, contact.email)
    if user_id is None:
        return None
    await refresh_slack_user(services, Person(team_id, user_id, "job:deliver_due_notices"), at_most=NO_HURRY)
    user = await stored_user(services, team_id, user_id)
    if user is None:
        raise DirectoryUnavailable(f"nothing is known of {user_id}")
    return user if may_be_written_to(contact, user) else None


def may_be_written_to(contact: BillingContact, user: SlackUser) -> bool:
    """R5: bound by e-mail only as long as the address is the person's."""
    bound = contact.slack_user is not None or user.email == contact.email.lower()
    return bound and user.full_member


async def known_user(session: AsyncSession, team_id: str, contact: BillingContact) -> SlackUser | None:
    """The contact's Slack user from what is stored, whoever they are by now: for their language."""
    return (await known_users(session, [(team_id, contact)])).get((team_id, contact.key))


async def known_users(
    session: AsyncSession, contacts: Collection[tuple[str, BillingContact]]
) -> dict[tuple[str, int], SlackUser]:
    """The same of many contacts, each beside the workspace: by that and the contact's id."""
    if not contacts:
        return {}
    params = {
        "teams": list({team for team, _ in contacts}),
        "ids": list({contact.slack_user for _, contact in contacts if contact.slack_user}),
        "emails": list({contact.email.lower() for _, contact in contacts if not contact.slack_user}),
    }
    found = (await session.exec(_KNOWN, params=params)).all()
    users: dict[tuple[str, str | None], SlackUser] = {}
    # Of several with one address a member is meant, who comes last.
    for user in sorted(found, key=lambda user: user.full_member):
        users[user.team_id, user.user_id] = users[user.team_id, user.email] = user
    return {
        (team, contact.key): known
        for team, contact in contacts
        if (known := users.get((team, contact.slack_user or contact.email.lower())))
    }


async def _user_of_email(services: Services, team_id: str, email: str) -> str | None:
    async with services.read() as session:
        found = await session.exec(
            select(SlackUser).where(SlackUser.team_id == team_id, SlackUser.email == email.lower())
        )
        members = [user.user_id for user in found.all() if user.full_member]
    return members[0] if members else await services.directory.user_of_email(team_id, email)


async def _store(services: Services, team_id: str, profile: Profile, at: datetime) -> None:
    try:
        await _merge(services, team_id, profile, at)
    except IntegrityError:
        # Another request has stored the same new person in the meantime.
        await _merge(services, team_id, profile, at)


async def _merge(services: Services, team_id: str, profile: Profile, at: datetime) -> None:
    async with services.write() as session:
        await session.merge(
            SlackUser(
                team_id=team_id,
                user_id=profile.user_id,
                home_team_id=profile.home_team_id,
                enterprise_id=profile.enterprise_id,
                name=profile.name,
                email=profile.email.lower() if profile.email else None,
                locale=profile.locale,
                time_zone=profile.time_zone,
                deleted=profile.deleted,
                is_bot=profile.is_bot,
                is_guest=profile.is_guest,
                is_stranger=profile.is_stranger,
                refreshed_at=at,
            )
        )


async def forget_people(services: Services, *, team_id: str) -> None:
    """A workspace that uninstalled the bot: what Slack said of its people is not kept."""
    async with services.write() as session:
        await session.exec(delete(SlackUser).where(col(SlackUser.team_id) == team_id))


async def reader_of(services: Services, person: Person) -> Reader:
    """The person's own language and zone; those of an account of their workspace until Slack has told."""
    return await _reader(services, person, await stored_user(services, person.team_id, person.user_id))


async def _reader(services: Services, person: Person, user: SlackUser | None) -> Reader:
    if user is not None and user.locale and user.time_zone:
        return Reader(user.locale, user.time_zone)
    async with services.read() as session:
        # An account may have no channel, which PostgreSQL would sort before all that are somewhere.
        here = (col(Account.channel) == (person.channel_id or "")).desc().nulls_last()
        found = await session.exec(
            select(Account).where(Account.slack_team == person.team_id).order_by(here, Account.id).limit(1)
        )
        account = found.one_or_none()
    return Reader(account.locale, account.time_zone) if account else Reader()
