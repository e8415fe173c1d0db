"""The daily digest: notices stay in the outbox until then, and are posted as one message."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from sqlmodel import col, select

from bot.dependencies import Dependencies
from bot.use_cases.delivery.claim import IS_WAITING_NOTICE, find_obsolete_ids
from bot.use_cases.delivery.content.compose import compose_message
from bot.use_cases.delivery.content.context import NoticeContext, load_notice_contexts
from bot.use_cases.delivery.results import DeferredToDigest, DeliveryResult, DigestPosted, OptedOut
from models.notice import Notice
from models.notice.notification_preferences import NotificationPreferences, find_topic
from models.notice.quiet_hours import get_next_digest_time, resolve_time_zone
from models.slack_user import SlackUser

# With the longest names, more would not fit in one message; the rest are posted in another one.
MAX_DIGEST_NOTICES = 10


async def apply_preferences(
    dependencies: Dependencies, notice: Notice, context: NoticeContext, user: SlackUser
) -> DeliveryResult | None:
    """Returns None if the notice is to be sent now."""
    topic, preferences = find_topic(notice), context.preferences
    if topic is None or preferences is None:
        return None
    if (preferences.team_id, preferences.user_id) != user.identity_key:
        return None
    if not preferences.is_enabled(topic):
        return OptedOut()
    if not preferences.daily_digest:
        return None
    if notice.digest_at is None:
        zone = ZoneInfo(resolve_time_zone(user.time_zone, context.account.time_zone))
        return DeferredToDigest(until=get_next_digest_time(dependencies.now(), zone))
    return await _post_digest(dependencies, notice, user, preferences)


async def _post_digest(
    dependencies: Dependencies, notice: Notice, user: SlackUser, preferences: NotificationPreferences
) -> DeliveryResult:
    due_ids, relevant = await _load_due_notices(dependencies, notice, preferences)
    if relevant:
        contexts = await load_notice_contexts(dependencies, relevant)
        items = tuple(compose_message(item, contexts[item.key], user.user_id, user) for item in relevant)
        await dependencies.messenger.deliver_message(replace(items[0], digest_items=items))
    return DigestPosted(due_ids)


async def _load_due_notices(
    dependencies: Dependencies, notice: Notice, preferences: NotificationPreferences
) -> tuple[tuple[int, ...], list[Notice]]:
    at = dependencies.now()
    async with dependencies.read() as session:
        result = await session.exec(
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
        due = result.all()
        obsolete_ids = await find_obsolete_ids(session, due, at)
        relevant = [n for n in due if _is_enabled(n, preferences) and n.key not in obsolete_ids]
    return tuple(n.key for n in due), relevant


def _is_enabled(notice: Notice, preferences: NotificationPreferences) -> bool:
    topic = find_topic(notice)
    return topic is None or preferences.is_enabled(topic)
