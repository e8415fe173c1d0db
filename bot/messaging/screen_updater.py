"""The port for updating modals that are open."""

from dataclasses import dataclass
from typing import Protocol

from bot.i18n import Localizer
from models.account import Account
from models.details import InvoicePage, OrderDetails
from models.receipt_export import ExportProgress


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

    @property
    def is_final(self) -> bool:
        return self.order.is_final


@dataclass(frozen=True)
class InvoiceScreenContent:
    team_id: str
    external_id: str
    localizer: Localizer
    page: InvoicePage

    @property
    def is_final(self) -> bool:
        return self.page.row.invoice.is_final


@dataclass(frozen=True)
class ExportScreenContent:
    team_id: str
    external_id: str
    localizer: Localizer
    account: Account
    progress: ExportProgress

    @property
    def is_final(self) -> bool:
        return self.progress.is_finished


ScreenContent = OrderScreenContent | InvoiceScreenContent | ExportScreenContent


class ScreenUpdater(Protocol):
    async def update_screen(self, content: ScreenContent) -> None:
        """Raises ScreenClosed, RateLimited, MessengerUnavailable."""
