"""The port to people's Home tabs: what one shows in, a screen out."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.i18n import Localizer
from models.details import AccountOverview
from models.errors import Refusal


class ChartRejected(Exception):
    """Slack does not take a chart there."""


@dataclass(frozen=True)
class HomeContent:
    """One person's Home: their accounts, or (`refusal`) why they are shown none."""

    team_id: str
    user_id: str
    localizer: Localizer
    accounts: list[AccountOverview] = field(default_factory=list)
    refusal: Refusal | None = None
    page: int = 0
    has_charts: bool = True


class HomePublisher(Protocol):
    async def publish_home(self, home: HomeContent) -> None:
        """Raises ChartRefused, RateLimited, MessengerUnavailable, PersonUnreachable."""
