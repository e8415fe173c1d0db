"""Choosing which notices come by direct message, and a daily digest instead."""

from collections.abc import Collection

from sqlalchemy import bindparam
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.permissions import Person, roles_of, slack_user_of
from bot.services import Services
from models.billing_contact import IdentityNotFresh
from models.notice import Notice, NoticeStatus
from models.notification_preferences import NoticeChoice
from models.slack_user import SlackUser

_CHOICES = select(NoticeChoice).where(
    col(NoticeChoice.team_id).in_(bindparam("teams", expanding=True)),
    col(NoticeChoice.user_id).in_(bindparam("ids", expanding=True)),
)


async def read_choice(services: Services, *, person: Person) -> NoticeChoice:
    """Raises as `roles_of` does."""
    async with services.read() as session:
        await roles_of(session, person)
        return await _choice(services, session, person.team_id, person.user_id)


async def save_choice(
    services: Services, *, person: Person, wanted: Collection[str], daily: bool
) -> NoticeChoice:
    """What waits for a digest that nobody wants any more comes at once."""
    at = services.now()
    async with services.write() as session:
        roles = await roles_of(session, person)
        if not (await slack_user_of(session, person)).fresh(at):
            raise IdentityNotFresh
        choice = await _choice(services, session, person.team_id, person.user_id)
        choice.choose(wanted, at, daily=daily)
        session.add(choice)
        if not daily:
            held = col(Notice.destination).in_([f"contact:{contact.key}" for _, contact in roles])
            await session.exec(
                update(Notice)
                .where(held, col(Notice.status) == NoticeStatus.WAITING, col(Notice.digest_at).is_not(None))
                .values(digest_at=None, due_at=at)
            )
        return choice


async def choices_of(
    session: AsyncSession, users: Collection[SlackUser]
) -> dict[tuple[str, str], NoticeChoice]:
    """By workspace and user, of those who have chosen."""
    if not users:
        return {}
    params = {"teams": list({u.team_id for u in users}), "ids": list({u.user_id for u in users})}
    found = await session.exec(_CHOICES, params=params)
    return {(choice.team_id, choice.user_id): choice for choice in found.all()}


async def _choice(services: Services, session: AsyncSession, team_id: str, user_id: str) -> NoticeChoice:
    found = await session.exec(
        select(NoticeChoice).where(NoticeChoice.team_id == team_id, NoticeChoice.user_id == user_id)
    )
    return found.one_or_none() or NoticeChoice(team_id=team_id, user_id=user_id, changed_at=services.now())
