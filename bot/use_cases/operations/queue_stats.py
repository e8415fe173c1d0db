"""How much is waiting, for `/metrics`. Each query reads an index of what waits, so a scrape costs the same
after years."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select as select_columns
from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.db import Session
from bot.dependencies import Dependencies
from bot.use_cases.delivery.claim import IS_WAITING_NOTICE
from models.notice import Notice
from models.service_order import OrderStatus, ServiceOrder

# Counting stops here: the exact number of a larger backlog tells operators nothing more.
MAX_COUNTED_NOTICES = 10_001


@dataclass(frozen=True)
class QueueStats:
    """An age is zero if nothing waits."""

    open_orders: dict[OrderStatus, int]
    oldest_order_age: timedelta
    waiting_notices: int
    oldest_notice_age: timedelta


async def load_queue_stats(dependencies: Dependencies) -> QueueStats:
    at = dependencies.now()
    async with dependencies.read() as session:
        orders = (await session.exec(select_open_orders())).all()
        waiting_notices, due_times = await _load_waiting_notices(
            session, with_emails=dependencies.mailer.is_configured
        )
        return QueueStats(
            open_orders={OrderStatus(status): count for status, count, _ in orders},
            oldest_order_age=_compute_age(min((placed_at for *_, placed_at in orders), default=None), at),
            waiting_notices=waiting_notices,
            oldest_notice_age=_compute_age(min(due_times, default=None), at),
        )


def select_open_orders() -> Select[str, int, datetime]:
    return (
        select(ServiceOrder.status, func.count(), func.min(ServiceOrder.placed_at))
        .where(col(ServiceOrder.finished_at).is_(None))
        .group_by(col(ServiceOrder.status))
    )


def select_waiting_notice_count() -> SelectOfScalar[int]:
    limited = (
        select(text("1")).select_from(Notice).where(IS_WAITING_NOTICE).limit(MAX_COUNTED_NOTICES).subquery()
    )
    return select(func.count()).select_from(limited)


def select_oldest_due_time(*, below: str | None = None, above: str | None = None) -> SelectOfScalar[datetime]:
    """Selects only destinations whose keys sort below or above these."""
    statement = select(col(Notice.due_at)).where(IS_WAITING_NOTICE)
    if below is not None:
        statement = statement.where(col(Notice.destination) < below)
    if above is not None:
        statement = statement.where(col(Notice.destination) > above)
    return statement.order_by(col(Notice.due_at)).limit(1)


async def _load_waiting_notices(session: Session, *, with_emails: bool) -> tuple[int, list[datetime]]:
    """Returns how many there are, and since when the oldest have been due. Without a mail server, emails of
    receipts wait for one, and their age is no sign of a problem."""
    oldest = (
        [select_oldest_due_time()]
        if with_emails
        else [select_oldest_due_time(below="email:"), select_oldest_due_time(above="email;")]
    )
    columns: list[Any] = [select_waiting_notice_count().scalar_subquery()]
    columns += [statement.scalar_subquery() for statement in oldest]
    statement: Any = select_columns(*columns)
    count, *due_times = (await session.exec(statement)).one()
    return count, [due_at for due_at in due_times if due_at is not None]


def _compute_age(since: datetime | None, at: datetime) -> timedelta:
    return max(at - since, timedelta()) if since is not None else timedelta()
