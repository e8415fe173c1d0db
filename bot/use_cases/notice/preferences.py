"""Choosing which notices come by direct message, and a daily digest instead."""

from collections.abc import Collection

from sqlalchemy import bindparam
from sqlmodel import col, select, update

from bot.db import Session
from bot.permissions import SlackIdentity, list_account_roles
from bot.services import Services
from models.destination import Destination
from models.notice import Notice, NoticeStatus
from models.notification_preferences import NotificationPreferences
from models.slack_user import SlackUser

_PREFERENCES_QUERY = select(NotificationPreferences).where(
    col(NotificationPreferences.team_id).in_(bindparam("teams", expanding=True)),
    col(NotificationPreferences.user_id).in_(bindparam("ids", expanding=True)),
)


async def get_preferences(services: Services, *, person: SlackIdentity) -> NotificationPreferences:
    """Raises as `roles_of` does."""
    async with services.read() as session:
        await list_account_roles(session, person)
        return await _get_preferences_or_default(services, session, person.team_id, person.user_id)


async def save_preferences(
    services: Services, *, person: SlackIdentity, topics: Collection[str], daily_digest: bool
) -> NotificationPreferences:
    """What waits for a digest that nobody wants any more comes at once."""
    at = services.now()
    async with services.write() as session:
        roles = await list_account_roles(session, person, fresh_at=at)
        choice = await _get_preferences_or_default(services, session, person.team_id, person.user_id)
        choice.set_topics(topics, at, daily=daily_digest)
        session.add(choice)
        if not daily_digest:
            own = [str(Destination.contact(contact.key)) for _, contact in roles]
            held = col(Notice.destination).in_(own)
            await session.exec(
                update(Notice)
                .where(held, col(Notice.status) == NoticeStatus.WAITING, col(Notice.digest_at).is_not(None))
                .values(digest_at=None, due_at=at)
            )
        return choice


async def load_preferences(
    session: Session, users: Collection[SlackUser]
) -> dict[tuple[str, str], NotificationPreferences]:
    """By workspace and user, of those who have chosen."""
    if not users:
        return {}
    params = {"teams": list({u.team_id for u in users}), "ids": list({u.user_id for u in users})}
    found = await session.exec(_PREFERENCES_QUERY, params=params)
    return {(choice.team_id, choice.user_id): choice for choice in found.all()}


async def _get_preferences_or_default(
    services: Services, session: Session, team_id: str, user_id: str
) -> NotificationPreferences:
    found = await session.exec(
        select(NotificationPreferences).where(
            NotificationPreferences.team_id == team_id, NotificationPreferences.user_id == user_id
        )
    )
    return found.one_or_none() or NotificationPreferences(
        team_id=team_id, user_id=user_id, updated_at=services.now()
    )
