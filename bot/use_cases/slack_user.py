"""What Slack says of people, kept for an hour (R5). `slack_user` is written here and nowhere else."""

import asyncio
from collections.abc import Collection
from datetime import datetime, timedelta

import structlog
from sqlalchemy import bindparam
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, or_, select

from bot.db import Session
from bot.directory.user_directory import DirectoryUnavailable, UserProfile
from bot.i18n import Localizer
from bot.jobs import JobId
from bot.permissions import SlackIdentity
from bot.services import Services
from models.account import Account
from models.billing_contact import BillingContact
from models.slack_user import SlackUser

log = structlog.get_logger()

# Before an answer that has 3 s; what waits for nobody may take longer.
REQUEST_TIMEOUT = timedelta(seconds=1.5)
BACKGROUND_TIMEOUT = timedelta(seconds=10)


async def refresh_slack_user(
    services: Services, person: SlackIdentity, *, max_wait: timedelta | None = REQUEST_TIMEOUT
) -> bool:
    """Ask the directory of a person unless what is stored is fresh. False where it kept silent."""
    at = services.now()
    known = await find_slack_user(services, person.team_id, person.user_id)
    if known is not None and known.is_fresh(at):
        return True
    try:
        async with asyncio.timeout(max_wait.total_seconds() if max_wait else None):
            profile = await services.directory.fetch_profile(person.team_id, person.user_id)
    except (DirectoryUnavailable, TimeoutError) as error:
        log.warning("directory.unavailable", team=person.team_id, user=person.user_id, error=str(error))
        return False
    await _save_profile(services, person.team_id, profile, at)
    return True


_USER_QUERY = select(SlackUser).where(
    SlackUser.team_id == bindparam("team"), SlackUser.user_id == bindparam("user")
)
_USERS_QUERY = select(SlackUser).where(
    col(SlackUser.team_id).in_(bindparam("teams", expanding=True)),
    or_(
        col(SlackUser.user_id).in_(bindparam("ids", expanding=True)),
        col(SlackUser.email).in_(bindparam("emails", expanding=True)),
    ),
)


async def find_slack_user(services: Services, team_id: str, user_id: str) -> SlackUser | None:
    async with services.read() as session:
        return (await session.exec(_USER_QUERY, params={"team": team_id, "user": user_id})).one_or_none()


async def load_refreshed_localizer(services: Services, person: SlackIdentity) -> Localizer:
    """The person as a reader, asked of the directory where what is stored is an hour old: mostly one look."""
    user = await find_slack_user(services, person.team_id, person.user_id)
    if person.user_id and (user is None or not user.is_fresh(services.now())):
        await refresh_slack_user(services, person)
        user = await find_slack_user(services, person.team_id, person.user_id)
    return await _build_localizer(services, person, user)


async def resolve_contact_user(services: Services, team_id: str, contact: BillingContact) -> SlackUser | None:
    """The contact's Slack user, bound by user id, else by e-mail; none where there is none who may be
    written to (R5). Raises DirectoryUnavailable."""
    user_id = contact.slack_user or await _find_user_id_by_email(services, team_id, contact.email)
    if user_id is None:
        return None
    await refresh_slack_user(
        services, SlackIdentity(team_id, user_id, JobId.DELIVER_NOTICES.value), max_wait=BACKGROUND_TIMEOUT
    )
    user = await find_slack_user(services, team_id, user_id)
    if user is None:
        raise DirectoryUnavailable(f"nothing is known of {user_id}")
    return user if can_receive_messages(contact, user) else None


def can_receive_messages(contact: BillingContact, user: SlackUser) -> bool:
    """R5: bound by e-mail only as long as the address is the person's."""
    bound = contact.slack_user is not None or user.email == contact.email.lower()
    return bound and user.is_full_member


async def find_contact_user(session: Session, team_id: str, contact: BillingContact) -> SlackUser | None:
    """The contact's Slack user from what is stored, whoever they are by now: for their language."""
    return (await load_contact_users(session, [(team_id, contact)])).get((team_id, contact.key))


async def load_contact_users(
    session: Session, contacts: Collection[tuple[str, BillingContact]]
) -> dict[tuple[str, int], SlackUser]:
    """The same of many contacts, each beside the workspace: by that and the contact's id."""
    if not contacts:
        return {}
    params = {
        "teams": list({team for team, _ in contacts}),
        "ids": list({contact.slack_user for _, contact in contacts if contact.slack_user}),
        "emails": list({contact.email.lower() for _, contact in contacts if not contact.slack_user}),
    }
    found = (await session.exec(_USERS_QUERY, params=params)).all()
    users: dict[tuple[str, str | None], SlackUser] = {}
    # Of several with one address a member is meant, who comes last.
    for user in sorted(found, key=lambda user: user.is_full_member):
        users[user.team_id, user.user_id] = users[user.team_id, user.email] = user
    return {
        (team, contact.key): known
        for team, contact in contacts
        if (known := users.get((team, contact.slack_user or contact.email.lower())))
    }


async def _find_user_id_by_email(services: Services, team_id: str, email: str) -> str | None:
    async with services.read() as session:
        found = await session.exec(
            select(SlackUser).where(SlackUser.team_id == team_id, SlackUser.email == email.lower())
        )
        members = [user.user_id for user in found.all() if user.is_full_member]
    return members[0] if members else await services.directory.find_user_by_email(team_id, email)


async def _save_profile(services: Services, team_id: str, profile: UserProfile, at: datetime) -> None:
    try:
        await _merge_profile(services, team_id, profile, at)
    except IntegrityError:
        # Another request has stored the same new person in the meantime.
        await _merge_profile(services, team_id, profile, at)


async def _merge_profile(services: Services, team_id: str, profile: UserProfile, at: datetime) -> None:
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


async def delete_workspace_users(services: Services, *, team_id: str) -> None:
    """A workspace that uninstalled the bot: what Slack said of its people is not kept."""
    async with services.write() as session:
        await session.exec(delete(SlackUser).where(col(SlackUser.team_id) == team_id))


async def load_localizer(services: Services, person: SlackIdentity) -> Localizer:
    """The person's own language and zone; those of an account of their workspace until Slack has told."""
    return await _build_localizer(
        services, person, await find_slack_user(services, person.team_id, person.user_id)
    )


async def _build_localizer(services: Services, person: SlackIdentity, user: SlackUser | None) -> Localizer:
    if user is not None and user.locale and user.time_zone:
        return Localizer(user.locale, user.time_zone)
    async with services.read() as session:
        # An account may have no channel, which PostgreSQL would sort before all that are somewhere.
        here = (col(Account.channel) == (person.channel_id or "")).desc().nulls_last()
        found = await session.exec(
            select(Account).where(Account.slack_team == person.team_id).order_by(here, Account.id).limit(1)
        )
        account = found.one_or_none()
    return Localizer(account.locale, account.time_zone) if account else Localizer()
