"""The port for publishing Home tabs."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.i18n import Localizer
from models.details import AccountOverview
from models.errors import Refusal


class ChartRejected(Exception):
    """Slack does not accept a chart block in this workspace."""


@dataclass(frozen=True)
class HomeContent:
    """One person's Home: their accounts, or the `refusal` that says why there are none."""

    team_id: str
    user_id: str
    localizer: Localizer
    accounts: list[AccountOverview] = field(default_factory=list)
    refusal: Refusal | None = None
    page: int = 0
    has_charts: bool = True


class HomePublisher(Protocol):
    async def publish_home(self, home: HomeContent) -> None:
        """Raises ChartRejected, RateLimited, MessengerUnavailable, MessageRejected, UserUnreachable."""
