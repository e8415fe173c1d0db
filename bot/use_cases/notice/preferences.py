"""Which notices a person gets by direct message, and whether as a daily digest."""

from collections.abc import Collection

from sqlmodel import and_, col, func, select, update

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, list_account_roles, load_principal
from bot.use_cases.slack_user import assign_contact_users, match_contact_users
from models.account.billing_contact import BillingContact
from models.notice import Notice, NoticeStatus
from models.notice.destination import Destination
from models.notice.notification_preferences import NotificationPreferences
from models.slack_user import SlackUser


async def get_preferences(dependencies: Dependencies, *, person: SlackIdentity) -> NotificationPreferences:
    async with dependencies.read() as session:
        await list_account_roles(session, person)
        return await _get_preferences_or_default(dependencies, session, person)


async def save_preferences(
    dependencies: Dependencies, *, person: SlackIdentity, topics: Collection[str], daily_digest: bool
) -> NotificationPreferences:
    """If the digest is turned off, notices that were deferred to it become due now."""
    at = dependencies.now()
    async with dependencies.write() as session:
        roles = await list_account_roles(session, person, fresh_at=at)
        preferences = await _get_preferences_or_default(dependencies, session, person)
        preferences.set_topics(topics, at, daily=daily_digest)
        session.add(preferences)
        if not daily_digest:
            destinations = [str(Destination.contact(contact.key)) for _, contact in roles]
            await session.exec(
                update(Notice)
                .where(
                    col(Notice.destination).in_(destinations),
                    col(Notice.status) == NoticeStatus.WAITING,
                    col(Notice.digest_at).is_not(None),
                )
                .values(digest_at=None, due_at=at)
            )
        return preferences


async def load_contact_users_with_preferences(
    session: Session, contacts: Collection[tuple[str, BillingContact]]
) -> tuple[dict[tuple[str, int], SlackUser], dict[tuple[str, str], NotificationPreferences]]:
    """Users by workspace id and contact id, and the preferences of those who have any by `identity_key`.
    Takes pairs of workspace id and contact."""
    if not contacts:
        return {}, {}
    is_of_user = and_(
        col(NotificationPreferences.team_id) == func.coalesce(SlackUser.enterprise_id, SlackUser.team_id),
        col(NotificationPreferences.user_id)
        == func.coalesce(SlackUser.enterprise_user_id, SlackUser.user_id),
    )
    result = await session.exec(
        select(SlackUser, NotificationPreferences)
        .outerjoin(NotificationPreferences, is_of_user)
        .where(*match_contact_users(contacts))
    )
    rows = result.all()
    stored = [preferences for _, preferences in rows if preferences]
    users = assign_contact_users(contacts, [user for user, _ in rows])
    return users, {(preferences.team_id, preferences.user_id): preferences for preferences in stored}


async def _get_preferences_or_default(
    dependencies: Dependencies, session: Session, person: SlackIdentity
) -> NotificationPreferences:
    principal = person.principal or await load_principal(session, person)
    assert principal is not None, "the person's roles have been checked"
    team_id, user_id = principal.user.identity_key
    stored = await session.exec(
        select(NotificationPreferences).where(
            NotificationPreferences.team_id == team_id, NotificationPreferences.user_id == user_id
        )
    )
    return stored.one_or_none() or NotificationPreferences(
        team_id=team_id, user_id=user_id, updated_at=dependencies.now()
    )
