"""An order's progress: every change with its history, and what people are told of it (R18, R25)."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.metrics import ORDERS, count_when_stored
from bot.use_cases.audit.write import history_number, record
from bot.use_cases.notice.enqueue import channel_of, direct, people_of, tell
from models.account import Account
from models.audit_entry import Actor
from models.notice import NoticeKind
from models.product import Product
from models.quote import QuoteLine
from models.service_order import ChargeAttempt, LineStatus, OrderLine, OrderStatus, ServiceOrder

SCHEDULER = Actor("scheduler", "seatbot", "job:process_due_orders")


async def move_line(
    session: AsyncSession,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    to: LineStatus,
    at: datetime,
    *,
    reason: str | None = None,
    details: dict[str, object] | None = None,
) -> None:
    """Change a line's status, with its history and the order's status message."""
    before = line.status
    line.move(to, at, reason)
    session.add(line)
    await session.flush()
    await record(
        session,
        account_id=account.id,
        actor=SCHEDULER,
        subject=f"service_order:{order.number}",
        action="line",
        at=at,
        change=(before.value, to.value),
        reason=reason,
        details={"subscription": line.subscription_id, "seats": line.seats, **(details or {})},
    )
    if to is not LineStatus.CHARGING:
        await tell_progress(session, account, order, f"line_{to.value}", at, line=line)


async def move_order(
    session: AsyncSession, order: ServiceOrder, to: OrderStatus, actor: Actor, at: datetime
) -> None:
    before = order.status
    order.move(to, at)
    session.add(order)
    count_when_stored(session, ORDERS.labels(to.value))
    await record(
        session,
        account_id=order.account_id,
        actor=actor,
        subject=f"service_order:{order.number}",
        action=to.value,
        at=at,
        change=(before.value, to.value),
    )


async def tell_progress(
    session: AsyncSession,
    account: Account,
    order: ServiceOrder,
    step: str,
    at: datetime,
    *,
    by: str = "",
    line: OrderLine | None = None,
    ahead: ServiceOrder | None = None,
) -> None:
    """R25: the channel's status message drawn anew, and a line of history in its thread."""
    if account.channel is None:
        return  # The person is told by direct message of whatever matters to them.
    words: dict[str, object] = {"step": step, "by": by, "at": at.isoformat(), "product": "", "seats": 0}
    if line is not None:
        quoted = await session.get_one(QuoteLine, line.quote_line_id)
        product = await session.get_one(Product, quoted.product_id)
        words |= {"product": product.name, "seats": line.seats, "reason": line.reason or ""}
    # Its instant names the event: each step is told once, the same step of two attempts twice. That it waits
    # for another order is found again and again, and told once.
    event = f"order:{order.id}:{step}:{line.id if line else 0}:{at.isoformat()}"
    if ahead is not None:
        event, words["waits_for"] = f"order:{order.id}:{step}:{ahead.id}", ahead.number
    channel = [f"channel:{account.channel}"]
    status, history = NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY
    await tell(session, status, f"{event}:status", channel, account=account, at=at, order=order)
    await tell(
        session, history, f"{event}:history", channel, account=account, at=at, order=order, words=words
    )


async def tell_waits(
    session: AsyncSession,
    account: Account,
    order: ServiceOrder,
    ahead: ServiceOrder,
    at: datetime,
) -> None:
    """Once for each order that is waited for."""
    people = await people_of(session, order)
    await tell(
        session,
        NoticeKind.ORDER_WAITS,
        f"order:{order.id}:waits:{ahead.id}",
        direct(people),
        account=account,
        at=at,
        order=order,
        words={"waits_for": ahead.number},
    )
    await tell_progress(session, account, order, "waits", at, ahead=ahead)


async def tell_needs_attention(
    session: AsyncSession,
    account: Account,
    order: ServiceOrder,
    line: OrderLine,
    kind: NoticeKind,
    at: datetime,
    *,
    again: str = "",
) -> None:
    """R25: what needs a person is a new message, in the channel and to the person; each time it comes to
    that, and once more for what `again` names."""
    people = await people_of(session, order)
    quoted = await session.get_one(QuoteLine, line.quote_line_id)
    product = await session.get_one(Product, quoted.product_id)
    # Not the attempt: a line may be declined, tried again, and declined before there is another.
    history = await history_number(session, account.id)
    await tell(
        session,
        kind,
        f"order:{order.id}:line:{line.id}:{kind}:{history}{again}",
        dict.fromkeys([*direct(people), *channel_of(account, people)]),
        account=account,
        at=at,
        order=order,
        words={"products": [product.name], "reason": line.reason or "", **_prices(line)},
    )


def _prices(line: OrderLine) -> dict[str, int]:
    """Where the price is what stands in the way: the promised one and the other, tax included."""
    if line.offered_amount is None or line.offered_tax is None:
        return {}
    return {"promised": line.amount + line.tax, "offered": line.offered_amount + line.offered_tax}


async def attempts_of(session: AsyncSession, line: OrderLine) -> list[ChargeAttempt]:
    found = await session.exec(
        select(ChargeAttempt)
        .where(ChargeAttempt.order_line_id == line.id)
        .order_by(col(ChargeAttempt.number))
    )
    return list(found.all())
