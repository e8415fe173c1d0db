"""Modals that show an order, an invoice or emails being sent, and are updated until it is final."""

from datetime import timedelta

from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity
from models.service_order.order_screen import OrderScreen


def build_order_screen(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    external_id: str,
    order_id: int | None = None,
    is_placement: bool = False,
    invoice_id: int | None = None,
    receipt_export_id: int | None = None,
) -> OrderScreen:
    # What it shows may change before the modal is shown: the first update follows right after it.
    at = dependencies.now()
    return OrderScreen(
        external_id=external_id,
        order_id=order_id,
        invoice_id=invoice_id,
        receipt_export_id=receipt_export_id,
        team_id=person.team_id,
        user_id=person.user_id,
        is_placement=is_placement,
        shown_at=at,
        due_at=at + timedelta(seconds=dependencies.timeouts.first_update_seconds),
    )


async def store_order_screen(dependencies: Dependencies, screen: OrderScreen) -> None:
    async with dependencies.write() as session:
        session.add(screen)
