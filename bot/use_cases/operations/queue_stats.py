"""What waits now, for operators: asked at every scrape, so each question costs what waits, not what was."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlmodel import col, func, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select, SelectOfScalar

from bot.services import Services
from bot.use_cases.delivery.claim import WAITING
from models.notice import Notice
from models.service_order import OrderStatus, ServiceOrder

# More are not counted: whoever has so many waiting has seen enough.
MOST_COUNTED = 10_001


@dataclass(frozen=True)
class Backlog:
    """`orders` holds the number of those that are not finished, by status; an age is nothing where nothing
    waits."""

    orders: dict[OrderStatus, int]
    oldest_order: timedelta
    notices: int
    oldest_notice: timedelta


async def read_backlog(services: Services) -> Backlog:
    at = services.now()
    async with services.read() as session:
        orders = (await session.exec(open_orders())).all()
        return Backlog(
            orders={OrderStatus(status): number for status, number, _ in orders},
            oldest_order=_age(min((placed for *_, placed in orders), default=None), at),
            notices=(await session.exec(waiting_notices())).one(),
            oldest_notice=_age(await _oldest_due(session, mail=services.mailer.configured), at),
        )


def open_orders() -> Select[str, int, datetime]:
    return (
        select(ServiceOrder.status, func.count(), func.min(ServiceOrder.placed_at))
        .where(col(ServiceOrder.finished_at).is_(None))
        .group_by(col(ServiceOrder.status))
    )


def waiting_notices() -> SelectOfScalar[int]:
    some = select(text("1")).select_from(Notice).where(WAITING).limit(MOST_COUNTED).subquery()
    return select(func.count()).select_from(some)


def oldest_notice(*, below: str | None = None, above: str | None = None) -> SelectOfScalar[datetime]:
    """When the oldest fell due; only of destinations whose names sort below or above these."""
    found = select(col(Notice.due_at)).where(WAITING)
    if below is not None:
        found = found.where(col(Notice.destination) < below)
    if above is not None:
        found = found.where(col(Notice.destination) > above)
    return found.order_by(col(Notice.due_at)).limit(1)


async def _oldest_due(session: AsyncSession, *, mail: bool) -> datetime | None:
    """Without a mail server e-mails wait for good, and are no sign of anything: they are left out."""
    asked = [oldest_notice()] if mail else [oldest_notice(below="email:"), oldest_notice(above="email;")]
    found = [(await session.exec(statement)).first() for statement in asked]
    return min((due for due in found if due is not None), default=None)


def _age(since: datetime | None, at: datetime) -> timedelta:
    return max(at - since, timedelta()) if since is not None else timedelta()
