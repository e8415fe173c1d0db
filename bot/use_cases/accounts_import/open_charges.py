"""An account keeps its customer at the provider while a charge of it is open (R19).

The charge's outcome is read from that customer: with another one it would seem never to have been made, and
the invoice that waits for its payment could be paid in addition to a retry.
"""

from collections.abc import Collection

from sqlmodel import col, select

from bot.db import Session
from models.service_order import BUSY_STATUSES, OrderLine, ServiceOrder


async def list_open_charge_problems(session: Session, account_ids: Collection[str]) -> list[str]:
    """Says why these accounts cannot be linked with a different customer now."""
    if not account_ids:
        return []
    found = await session.exec(
        select(ServiceOrder.account_id, ServiceOrder.number)
        .join(OrderLine, col(OrderLine.order_id) == col(ServiceOrder.id))
        .where(col(ServiceOrder.account_id).in_(account_ids), col(OrderLine.status).in_(BUSY_STATUSES))
        .distinct()
        .order_by(col(ServiceOrder.number))
    )
    return [
        f"{account_id} cannot be linked with another customer while {number} is being charged: "
        "wait until it has ended, or have its payment confirmed or its invoice voided in Stripe"
        for account_id, number in found.all()
    ]
