"""Which notices a person gets by direct message, and whether as a daily digest."""

from collections.abc import Collection

from sqlmodel import col, select, update

from bot.db import Session
from bot.permissions import SlackIdentity, list_account_roles
from bot.services import Services
from models.notice import Notice, NoticeStatus
from models.notice.destination import Destination
from models.notice.notification_preferences import NotificationPreferences
from models.slack_user import SlackUser


async def get_preferences(services: Services, *, person: SlackIdentity) -> NotificationPreferences:
    async with services.read() as session:
        await list_account_roles(session, person)
        return await _get_preferences_or_default(services, session, person.team_id, person.user_id)


async def save_preferences(
    services: Services, *, person: SlackIdentity, topics: Collection[str], daily_digest: bool
) -> NotificationPreferences:
    """Without a digest, notices that were held for it become due now."""
    at = services.now()
    async with services.write() as session:
        roles = await list_account_roles(session, person, fresh_at=at)
        preferences = await _get_preferences_or_default(services, session, person.team_id, person.user_id)
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


async def load_preferences(
    session: Session, users: Collection[SlackUser]
) -> dict[tuple[str, str], NotificationPreferences]:
    if not users:
        return {}
    stored = await session.exec(
        select(NotificationPreferences).where(
            col(NotificationPreferences.team_id).in_({user.team_id for user in users}),
            col(NotificationPreferences.user_id).in_({user.user_id for user in users}),
        )
    )
    return {(preferences.team_id, preferences.user_id): preferences for preferences in stored.all()}


async def _get_preferences_or_default(
    services: Services, session: Session, team_id: str, user_id: str
) -> NotificationPreferences:
    stored = await session.exec(
        select(NotificationPreferences).where(
            NotificationPreferences.team_id == team_id, NotificationPreferences.user_id == user_id
        )
    )
    return stored.one_or_none() or NotificationPreferences(
        team_id=team_id, user_id=user_id, updated_at=services.now()
    )
