"""The port to people's Home tabs: what one shows in, a screen out."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.i18n import Reader
from models.details import AccountSheet
from models.errors import Refusal


class ChartRefused(Exception):
    """Slack does not take a chart there."""


@dataclass(frozen=True)
class HomeContent:
    """One person's Home: their accounts, or (`refusal`) why they are shown none."""

    team: str
    user_id: str
    reader: Reader
    sheets: list[AccountSheet] = field(default_factory=list)
    refusal: Refusal | None = None
    page: int = 0
    charts: bool = True


class HomeScreens(Protocol):
    async def show(self, home: HomeContent) -> None:
        """Raises ChartRefused, RateLimited, MessengerUnavailable, PersonUnreachable."""
