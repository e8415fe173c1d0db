"""What waits now, for operators: asked at every scrape, so each question costs what waits, not what was."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.db import Session
from bot.services import Services
from bot.use_cases.delivery.claim import IS_WAITING_NOTICE
from models.notice import Notice
from models.service_order import OrderStatus, ServiceOrder

# More are not counted: whoever has so many waiting has seen enough.
MAX_COUNTED_NOTICES = 10_001


@dataclass(frozen=True)
class QueueStats:
    """`orders` holds the number of those that are not finished, by status; an age is nothing where nothing
    waits."""

    open_orders: dict[OrderStatus, int]
    oldest_order_age: timedelta
    waiting_notices: int
    oldest_notice_age: timedelta


async def load_queue_stats(services: Services) -> QueueStats:
    at = services.now()
    async with services.read() as session:
        orders = (await session.exec(select_open_orders())).all()
        return QueueStats(
            open_orders={OrderStatus(status): number for status, number, _ in orders},
            oldest_order_age=_compute_age(min((placed for *_, placed in orders), default=None), at),
            waiting_notices=(await session.exec(select_waiting_notice_count())).one(),
            oldest_notice_age=_compute_age(
                await _find_oldest_due_time(session, mail=services.mailer.is_configured), at
            ),
        )


def select_open_orders() -> Select[str, int, datetime]:
    return (
        select(ServiceOrder.status, func.count(), func.min(ServiceOrder.placed_at))
        .where(col(ServiceOrder.finished_at).is_(None))
        .group_by(col(ServiceOrder.status))
    )


def select_waiting_notice_count() -> SelectOfScalar[int]:
    some = (
        select(text("1")).select_from(Notice).where(IS_WAITING_NOTICE).limit(MAX_COUNTED_NOTICES).subquery()
    )
    return select(func.count()).select_from(some)


def select_oldest_due_time(*, below: str | None = None, above: str | None = None) -> SelectOfScalar[datetime]:
    """When the oldest fell due; only of destinations whose names sort below or above these."""
    found = select(col(Notice.due_at)).where(IS_WAITING_NOTICE)
    if below is not None:
        found = found.where(col(Notice.destination) < below)
    if above is not None:
        found = found.where(col(Notice.destination) > above)
    return found.order_by(col(Notice.due_at)).limit(1)


async def _find_oldest_due_time(session: Session, *, mail: bool) -> datetime | None:
    """Without a mail server e-mails wait for good, and are no sign of anything: they are left out."""
    asked = (
        [select_oldest_due_time()]
        if mail
        else [select_oldest_due_time(below="email:"), select_oldest_due_time(above="email;")]
    )
    found = [(await session.exec(statement)).first() for statement in asked]
    return min((due for due in found if due is not None), default=None)


def _compute_age(since: datetime | None, at: datetime) -> timedelta:
    return max(at - since, timedelta()) if since is not None else timedelta()
