"""What Slack says about people, cached for an hour (R5). `slack_user` is written only here."""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement
from sqlalchemy.exc import IntegrityError
from sqlmodel import and_, col, delete, or_, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.directory.user_directory import DirectoryUnavailable, UserProfile
from bot.i18n import Localizer
from bot.job_ids import JobId
from bot.permissions import Principal, SlackIdentity, is_outsider, load_principal
from models.account import Account
from models.account.billing_contact import BillingContact
from models.slack_user import SlackUser
from models.text.email_address import normalize_email

log = structlog.get_logger()

BACKGROUND_TIMEOUT = timedelta(seconds=10)

# How soon to fetch the profile again of a person who acts from a workspace that is not listed as theirs.
MEMBERSHIP_AGE = timedelta(minutes=1)


async def refresh_slack_user(
    dependencies: Dependencies, person: SlackIdentity, *, max_wait: timedelta | None = None
) -> bool:
    """Fetches the person's profile unless the stored one is fresh. Returns False if the directory did not
    answer in time: by default, in the time of a request."""
    try:
        await _fetch_slack_user(dependencies, person, max_wait)
    except (DirectoryUnavailable, TimeoutError):
        return False
    return True


async def _fetch_slack_user(
    dependencies: Dependencies, person: SlackIdentity, max_wait: timedelta | None
) -> None:
    at = dependencies.now()
    known = await find_slack_user(dependencies, person.team_id, person.user_id)
    if known is not None and not _must_be_fetched(person, known, at):
        return
    try:
        async with asyncio.timeout(
            max_wait.total_seconds() if max_wait else dependencies.timeouts.profile_seconds
        ):
            profile = await dependencies.directory.fetch_profile(person.team_id, person.user_id)
    except (DirectoryUnavailable, TimeoutError) as error:
        log.warning("directory.unavailable", team=person.team_id, user=person.user_id, error=str(error))
        raise
    await _save_profile(dependencies, person.team_id, profile, at)


def _must_be_fetched(person: SlackIdentity, user: SlackUser, at: datetime) -> bool:
    # R29: they may have joined the workspace they act in since.
    may_have_joined = user.enterprise_id is not None and is_outsider(person, user)
    return not user.is_fresh(at) or (may_have_joined and at - user.refreshed_at >= MEMBERSHIP_AGE)


async def find_slack_user(dependencies: Dependencies, team_id: str, user_id: str) -> SlackUser | None:
    async with dependencies.read() as session:
        found = await session.exec(
            select(SlackUser).where(SlackUser.team_id == team_id, SlackUser.user_id == user_id)
        )
        return found.one_or_none()


async def load_refreshed_principal(
    dependencies: Dependencies, person: SlackIdentity, *, max_wait: timedelta | None = None
) -> Principal | None:
    principal = await _load_principal(dependencies, person)
    if person.user_id and (principal is None or _must_be_fetched(person, principal.user, dependencies.now())):
        await refresh_slack_user(dependencies, person, max_wait=max_wait)
        principal = await _load_principal(dependencies, person)
    if principal is not None and not principal.user.is_fresh_enough_to_read(dependencies.now()):
        return replace(principal, is_outdated=True)
    return principal


async def _load_principal(dependencies: Dependencies, person: SlackIdentity) -> Principal | None:
    async with dependencies.read() as session:
        return await load_principal(session, person)


async def resolve_contact_user(
    dependencies: Dependencies, team_id: str, contact: BillingContact
) -> SlackUser | None:
    """The contact's Slack user, by user id, else by email, if they may receive messages (R5).
    Raises DirectoryUnavailable."""
    user_id = contact.slack_user or await _find_user_id_by_email(dependencies, team_id, contact.email)
    if user_id is None:
        return None
    person = SlackIdentity(team_id, user_id, JobId.DELIVER_NOTICES.value)
    try:
        await _fetch_slack_user(dependencies, person, BACKGROUND_TIMEOUT)
    except (DirectoryUnavailable, TimeoutError):
        known = await find_slack_user(dependencies, team_id, user_id)
        if known is None or not known.is_fresh_enough_to_read(dependencies.now()):
            raise
    user = await find_slack_user(dependencies, team_id, user_id)
    if user is None:
        raise DirectoryUnavailable(f"nothing is known of {user_id}")
    return user if can_receive_messages(contact, user, team_id) else None


def can_receive_messages(contact: BillingContact, user: SlackUser, team_id: str) -> bool:
    """A contact known by email is this user only while the address is theirs, and an account's messages go
    only to people of its own workspace or organisation (R5)."""
    bound = contact.slack_user is not None or user.email == contact.email.lower()
    return bound and user.is_full_member and team_id in user.own_team_ids


async def find_contact_user(session: Session, team_id: str, contact: BillingContact) -> SlackUser | None:
    """Finds the stored Slack user for their language, whether or not they may receive messages."""
    return (await load_contact_users(session, [(team_id, contact)])).get((team_id, contact.key))


async def load_contact_users(
    session: Session, contacts: Collection[tuple[str, BillingContact]]
) -> dict[tuple[str, int], SlackUser]:
    """Takes pairs of workspace id and contact; returns users by workspace id and contact id."""
    if not contacts:
        return {}
    found = await session.exec(select(SlackUser).where(*match_contact_users(contacts)))
    return assign_contact_users(contacts, found.all())


def match_contact_users(contacts: Collection[tuple[str, BillingContact]]) -> tuple[ColumnElement[bool], ...]:
    """Finds users in the account's workspace, or in another one of its organisation (R29)."""
    user_ids = {contact.slack_user for _, contact in contacts if contact.slack_user}
    emails = {contact.email.lower() for _, contact in contacts if not contact.slack_user}
    return (
        or_(
            and_(
                col(SlackUser.team_id).in_({team for team, _ in contacts}),
                or_(col(SlackUser.user_id).in_(user_ids), col(SlackUser.email).in_(emails)),
            ),
            col(SlackUser.enterprise_user_id).in_(user_ids),
            and_(col(SlackUser.enterprise_id).is_not(None), col(SlackUser.email).in_(emails)),
        ),
    )


def assign_contact_users(
    contacts: Collection[tuple[str, BillingContact]], found: Iterable[SlackUser]
) -> dict[tuple[str, int], SlackUser]:
    users: dict[tuple[str, str | None], SlackUser] = {}
    # If several people share an address, the full member is meant: the last one wins. So does, of one person,
    # the profile that was fetched last.
    for user in sorted(found, key=lambda user: (user.is_full_member, user.refreshed_at)):
        users[user.team_id, user.user_id] = users[user.team_id, user.email] = user
        for team in user.own_team_ids:
            # An id that is not the organisation's may be somebody else's in another workspace.
            users[team, user.enterprise_user_id] = users[team, user.email] = user
    return {
        (team, contact.key): known
        for team, contact in contacts
        if (known := users.get((team, contact.slack_user or contact.email.lower())))
    }


async def _find_user_id_by_email(dependencies: Dependencies, team_id: str, email: str) -> str | None:
    async with dependencies.read() as session:
        found = await session.exec(select(SlackUser).where(SlackUser.email == email.lower()))
        members = [
            user.user_id for user in found.all() if user.is_full_member and team_id in user.own_team_ids
        ]
    return members[0] if members else await dependencies.directory.find_user_by_email(team_id, email)


async def _save_profile(dependencies: Dependencies, team_id: str, profile: UserProfile, at: datetime) -> None:
    try:
        await _merge_profile(dependencies, team_id, profile, at)
    except IntegrityError:
        # Another request has stored the same new person in the meantime.
        await _merge_profile(dependencies, team_id, profile, at)


async def _merge_profile(
    dependencies: Dependencies, team_id: str, profile: UserProfile, at: datetime
) -> None:
    async with dependencies.write() as session:
        await session.merge(
            SlackUser(
                team_id=team_id,
                user_id=profile.user_id,
                home_team_id=profile.home_team_id,
                enterprise_id=profile.enterprise_id,
                enterprise_user_id=profile.enterprise_user_id,
                workspace_ids=profile.workspace_ids,
                name=profile.name,
                email=normalize_email(profile.email) if profile.email else None,
                locale=profile.locale,
                time_zone=profile.time_zone,
                deleted=profile.deleted,
                is_bot=profile.is_bot,
                is_guest=profile.is_guest,
                is_stranger=profile.is_stranger,
                refreshed_at=at,
            )
        )


async def delete_workspace_users(dependencies: Dependencies, *, team_ids: Collection[str]) -> None:
    # Profiles are not kept once a workspace, or its organisation, has uninstalled the app.
    if not team_ids:
        return
    is_of_them = or_(col(SlackUser.team_id).in_(team_ids), col(SlackUser.enterprise_id).in_(team_ids))
    async with dependencies.write() as session:
        await session.exec(delete(SlackUser).where(is_of_them))


async def load_localizer(dependencies: Dependencies, person: SlackIdentity) -> Localizer:
    """Uses the person's language and time zone; else those of an account that they are a contact of,
    preferably the channel's; else English (R22)."""
    principal = person.principal or await _load_principal(dependencies, person)
    user = principal.user if principal else None
    if user is not None and user.locale and user.time_zone:
        return Localizer(user.locale, user.time_zone)
    accounts = await _list_own_accounts(dependencies, person, principal)
    account = next((own for own in accounts if own.channel and own.channel == person.channel_id), None)
    account = account or next(iter(accounts), None)
    default = Localizer(account.locale, account.time_zone) if account else Localizer()
    if user is None:
        return default
    return Localizer(user.locale or default.language_tag, user.time_zone or default.time_zone)


async def _list_own_accounts(
    dependencies: Dependencies, person: SlackIdentity, principal: Principal | None
) -> list[Account]:
    if principal is not None:
        is_allowed = principal.user.is_full_member and not is_outsider(person, principal.user)
        return [account for account, _ in principal.roles] if is_allowed else []
    # Slack did not say who it is; a contact who is bound by user id can still be greeted in their language.
    async with dependencies.read() as session:
        found = await session.exec(
            select(Account)
            .join(BillingContact, col(BillingContact.account_id) == Account.id)
            .where(
                col(BillingContact.active),
                BillingContact.slack_user == person.user_id,
                col(Account.slack_team).in_({person.team_id, person.workspace_id} - {None}),
            )
            .order_by(Account.name, Account.id)
        )
        return list(found.all())
