"""Ordering again what an earlier order had."""

from collections.abc import Iterable, Mapping

from sqlmodel import col, select

from bot.db import Session
from models.account import Account
from models.cart import SeatLimits
from models.details import RepeatedOrder, RepeatedSeats, SubscriptionDetails
from models.errors import Refusal
from models.service_order import OrderLine, OrderNotFound, ServiceOrder
from models.subscription import SubscriptionEnded


async def load_repeated_order(
    session: Session,
    account: Account,
    order_id: int,
    rows: Iterable[SubscriptionDetails],
    cart_seats: Mapping[str, int],
    limits: SeatLimits,
) -> RepeatedOrder:
    """`rows` are all the account's subscriptions, also those that have ended. Raises OrderNotFound."""
    found = await session.exec(
        select(ServiceOrder.number, OrderLine.subscription_id, OrderLine.seats)
        .join(OrderLine, col(OrderLine.order_id) == ServiceOrder.id)
        .where(ServiceOrder.id == order_id, ServiceOrder.account_id == account.id)
        .order_by(col(OrderLine.id))
    )
    lines = found.all()
    if not lines:
        raise OrderNotFound(number="")
    rows_by_id = {row.subscription.id: row for row in rows}
    ordered = [RepeatedSeats(rows_by_id[id_], seats) for _, id_, seats in lines if id_ in rows_by_id]
    refusals = {seats.subscription_id: _find_refusal(seats, limits) for seats in ordered}
    repeated_ids = {id_ for id_, refusal in refusals.items() if refusal is None}
    in_cart = [RepeatedSeats(row, cart_seats.get(id_, 0)) for id_, row in rows_by_id.items()]
    new_seats = {seats.subscription_id: seats.seats for seats in ordered}
    return RepeatedOrder(
        lines[0][0],
        repeated=[seats for seats in ordered if seats.subscription_id in repeated_ids],
        missing=[(seats, refusal) for seats in ordered if (refusal := refusals[seats.subscription_id])],
        kept=[each for each in in_cart if each.is_orderable and each.subscription_id not in repeated_ids],
        replaced=[
            each
            for each in in_cart
            if each.is_orderable
            and each.subscription_id in repeated_ids
            and each.seats != new_seats[each.subscription_id]
        ],
    )


def _find_refusal(ordered: RepeatedSeats, limits: SeatLimits) -> Refusal | None:
    if not ordered.row.subscription.active:
        return SubscriptionEnded(product=ordered.row.product.name)
    if ordered.row.refusal is not None:
        return ordered.row.refusal
    try:
        limits.parse_seats(str(ordered.seats))
    except Refusal as refusal:
        return refusal
    return None
