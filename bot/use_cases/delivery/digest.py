"""What a person wants once a day instead of at once: held in the outbox, and posted as one message."""

from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from bot.services import Services
from bot.use_cases.delivery import results as outcome
from bot.use_cases.delivery.claim import IS_WAITING_NOTICE, is_obsolete
from bot.use_cases.delivery.compose import compose_message
from bot.use_cases.delivery.context import NoticeContext, load_notice_contexts
from bot.use_cases.delivery.results import DeliveryResult
from models.notice import Notice
from models.notification_preferences import NotificationPreferences, find_topic
from models.quiet_hours import get_next_digest_time, resolve_time_zone
from models.slack_user import SlackUser

# As many as one message has room for with the longest names; more come as another one.
MAX_DIGEST_NOTICES = 10


async def apply_preferences(
    services: Services, notice: Notice, context: NoticeContext, user: SlackUser
) -> DeliveryResult | None:
    """What becomes of a notice that its person does not want, or not now; none where it goes out as it is."""
    topic, choice = find_topic(notice), context.preferences
    if topic is None or choice is None or choice.user_id != user.user_id:
        return None
    if not choice.is_enabled(topic):
        return outcome.mark_opted_out
    if not choice.daily_digest:
        return None
    if notice.digest_at is None:
        zone = ZoneInfo(resolve_time_zone(user.time_zone, context.account.time_zone))
        return partial(outcome.schedule_for_digest, until=get_next_digest_time(services.now(), zone))
    return await _post_digest(services, notice, user, choice)


async def _post_digest(
    services: Services, notice: Notice, user: SlackUser, preferences: NotificationPreferences
) -> DeliveryResult:
    """All that is due of the destination, which is this worker's alone; but what no longer matters."""
    due, shown = await _load_due_notices(services, notice, preferences)
    if not shown:
        return partial(outcome.mark_digest_posted, ids=due)
    facts = await load_notice_contexts(services, shown)
    parts = [compose_message(each, facts[each.key], user.user_id, user) for each in shown]
    await services.messenger.deliver_message(replace(parts[0], digest_items=tuple(parts)))
    return partial(outcome.mark_digest_posted, ids=due)


async def _load_due_notices(
    services: Services, notice: Notice, preferences: NotificationPreferences
) -> tuple[list[int], list[Notice]]:
    """The ids of what this digest settles, and the notices it shows."""
    at = services.now()
    async with services.read() as session:
        found = await session.exec(
            select(Notice)
            .where(
                IS_WAITING_NOTICE,
                Notice.destination == notice.destination,
                col(Notice.due_at) <= at,
                col(Notice.digest_at).is_not(None),
            )
            .order_by(col(Notice.id))
            .limit(MAX_DIGEST_NOTICES)
        )
        due = found.all()
        shown = [n for n in due if _is_wanted(n, preferences) and not await is_obsolete(session, n, at)]
    return [n.key for n in due], shown


def _is_wanted(notice: Notice, preferences: NotificationPreferences) -> bool:
    topic = find_topic(notice)
    return topic is None or preferences.is_enabled(topic)
