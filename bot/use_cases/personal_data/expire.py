"""Deleting what has been kept for long enough: messages that were delivered, and profiles from Slack."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import exists
from sqlmodel import col, delete, or_, select, tuple_
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.db import Session
from bot.dependencies import Dependencies
from bot.metrics import record_job_progress
from models.account.billing_contact import BillingContact
from models.notice import FINISHED_NOTICE_CONDITION, Notice, OrderMessage
from models.quote import PENDING_QUOTE_CONDITION, Quote
from models.service_order import ServiceOrder
from models.slack_user import SlackUser

BATCH_SIZE = 500
# The rest is left for the next run: people come first.
MAX_BATCHES = 20

# Deletes up to BATCH_SIZE rows, and returns how many.
BatchFunction = Callable[[Session], Awaitable[int]]


async def expire_personal_data(dependencies: Dependencies) -> int:
    at, settings = dependencies.now(), dependencies.settings
    notices_before = at - timedelta(days=settings.message_retention_days)
    profiles_before = at - timedelta(days=settings.profile_retention_days)

    # One query, because there is usually nothing to delete. EXISTS would ignore the order, and PostgreSQL's
    # generic plan for it reads the whole table.
    oldest_notice = select_old_notices(notices_before).limit(1).scalar_subquery()
    oldest_profile = select_old_profiles(profiles_before).limit(1).with_only_columns(col(SlackUser.user_id))
    async with dependencies.read() as session:
        found = (await session.exec(select(oldest_notice, oldest_profile.scalar_subquery()))).one()
    deleted = 0
    if found[0] is not None:
        deleted += await _delete_batches(dependencies, partial(_delete_notices, before=notices_before))
    if found[1] is not None:
        deleted += await _delete_batches(dependencies, partial(_delete_profiles, before=profiles_before))
    return deleted


async def find_next_expiry_run(dependencies: Dependencies) -> datetime | None:
    # The job's interval is enough: nobody waits for it, and this saves a query.
    return None


async def _delete_batches(dependencies: Dependencies, delete_batch: BatchFunction) -> int:
    total = 0
    for _ in range(MAX_BATCHES):
        if dependencies.tasks.is_draining:
            break
        async with dependencies.write() as session:
            count = await delete_batch(session)
        record_job_progress(count)
        total += count
        if count < BATCH_SIZE:
            break
    return total


def select_old_notices(before: datetime) -> SelectOfScalar[int | None]:
    # Notices of a pending quote or an open order are kept, so that no event is reported again.
    is_pending = exists().where(col(Quote.id) == Notice.quote_id, PENDING_QUOTE_CONDITION)
    is_open = exists().where(col(ServiceOrder.id) == Notice.order_id, col(ServiceOrder.finished_at).is_(None))
    return (
        select(col(Notice.id))
        .where(FINISHED_NOTICE_CONDITION, col(Notice.created_at) < before, ~is_pending, ~is_open)
        .order_by(col(Notice.created_at))
    )


def select_old_profiles(before: datetime) -> Select[str, str]:
    # A contact's language and time zone are needed for as long as they have the role.
    is_contact = exists().where(
        col(BillingContact.active),
        or_(
            col(BillingContact.slack_user) == SlackUser.user_id,
            col(BillingContact.email) == SlackUser.email,
        ),
    )
    return (
        select(SlackUser.team_id, SlackUser.user_id)
        .where(col(SlackUser.refreshed_at) < before, ~is_contact)
        .order_by(col(SlackUser.refreshed_at))
    )


async def _delete_notices(session: Session, before: datetime) -> int:
    found = await session.exec(
        select_old_notices(before).limit(BATCH_SIZE).with_for_update(of=Notice, skip_locked=True)
    )
    ids = found.all()
    await session.exec(delete(OrderMessage).where(col(OrderMessage.notice_id).in_(ids)))
    await session.exec(delete(Notice).where(col(Notice.id).in_(ids)))
    return len(ids)


async def _delete_profiles(session: Session, before: datetime) -> int:
    found = await session.exec(
        select_old_profiles(before).limit(BATCH_SIZE).with_for_update(of=SlackUser, skip_locked=True)
    )
    ids = [tuple(row) for row in found.all()]
    await session.exec(
        delete(SlackUser).where(tuple_(col(SlackUser.team_id), col(SlackUser.user_id)).in_(ids))
    )
    return len(ids)
