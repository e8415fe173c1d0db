"""Modals that show an order, and are updated until it is finished."""

from datetime import timedelta

from bot.permissions import SlackIdentity
from bot.services import Services
from models.service_order.order_screen import OrderScreen


def build_order_screen(
    services: Services, *, person: SlackIdentity, order_id: int, external_id: str, is_placement: bool
) -> OrderScreen:
    """The order may change before the modal is shown: the first update follows right after it."""
    at = services.now()
    return OrderScreen(
        external_id=external_id,
        order_id=order_id,
        team_id=person.team_id,
        user_id=person.user_id,
        is_placement=is_placement,
        shown_at=at,
        due_at=at + timedelta(seconds=services.timeouts.first_update_seconds),
    )


async def store_order_screen(services: Services, screen: OrderScreen) -> None:
    async with services.write() as session:
        session.add(screen)
