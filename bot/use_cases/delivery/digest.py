"""What a person wants once a day instead of at once: held in the outbox, and posted as one message."""

from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from bot.services import Services
from bot.use_cases.delivery import results as outcome
from bot.use_cases.delivery.claim import WAITING, needless
from bot.use_cases.delivery.compose import compose
from bot.use_cases.delivery.context import Facts, read_facts
from bot.use_cases.delivery.results import Outcome
from models.notice import Notice
from models.notification_preferences import NoticeChoice, topic_of
from models.quiet_hours import next_digest, zone_or
from models.slack_user import SlackUser

# As many as one message has room for with the longest names; more come as another one.
MOST_PARTS = 10


async def held_back(services: Services, notice: Notice, facts: Facts, user: SlackUser) -> Outcome | None:
    """What becomes of a notice that its person does not want, or not now; none where it goes out as it is."""
    topic, choice = topic_of(notice), facts.choice
    if topic is None or choice is None or choice.user_id != user.user_id:
        return None
    if not choice.wants(topic):
        return outcome.not_wanted
    if not choice.daily:
        return None
    if notice.digest_at is None:
        zone = ZoneInfo(zone_or(user.time_zone, facts.account.time_zone))
        return partial(outcome.held_for_digest, until=next_digest(services.now(), zone))
    return await _post_digest(services, notice, user, choice)


async def _post_digest(services: Services, notice: Notice, user: SlackUser, choice: NoticeChoice) -> Outcome:
    """All that is due of the destination, which is this worker's alone; but what no longer matters."""
    due, shown = await _due(services, notice, choice)
    if not shown:
        return partial(outcome.digest_posted, ids=due)
    facts = await read_facts(services, shown)
    parts = [compose(each, facts[each.key], user.user_id, user) for each in shown]
    parts = [
        replace(part, words={**part.words, "told_at": each.created_at.isoformat()})
        for part, each in zip(parts, shown, strict=True)
    ]
    await services.messenger.deliver(replace(parts[0], parts=tuple(parts)))
    return partial(outcome.digest_posted, ids=due)


async def _due(services: Services, notice: Notice, choice: NoticeChoice) -> tuple[list[int], list[Notice]]:
    """The ids of what this digest settles, and the notices it shows."""
    at = services.now()
    async with services.read() as session:
        found = await session.exec(
            select(Notice)
            .where(
                WAITING,
                Notice.destination == notice.destination,
                col(Notice.due_at) <= at,
                col(Notice.digest_at).is_not(None),
            )
            .order_by(col(Notice.id))
            .limit(MOST_PARTS)
        )
        due = found.all()
        shown = [n for n in due if _wanted(n, choice) and not await needless(session, n, at)]
    return [n.key for n in due], shown


def _wanted(notice: Notice, choice: NoticeChoice) -> bool:
    topic = topic_of(notice)
    return topic is None or choice.wants(topic)
