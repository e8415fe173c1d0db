"""The port for updating modals that are open."""

from dataclasses import dataclass
from typing import Protocol

from bot.i18n import Localizer
from models.details import OrderDetails


class ScreenClosed(Exception):
    """The modal was closed, or shows something else."""


@dataclass(frozen=True)
class OrderScreenContent:
    """`external_id` is that of the modal; `is_placement` as in OrderScreen."""

    team_id: str
    external_id: str
    localizer: Localizer
    order: OrderDetails
    is_placement: bool


class ScreenUpdater(Protocol):
    async def update_order_screen(self, content: OrderScreenContent) -> None:
        """Raises ScreenClosed, RateLimited, MessengerUnavailable."""
