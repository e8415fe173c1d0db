"""The directory port: who is this Slack user?"""

from dataclasses import dataclass
from typing import Protocol


class DirectoryUnavailable(Exception):
    """Slack did not answer, or refused to."""


@dataclass(frozen=True)
class Profile:
    """What the directory says of a person. `home_team_id` is their own workspace."""

    user_id: str
    home_team_id: str
    name: str
    email: str | None
    locale: str | None
    time_zone: str | None
    enterprise_id: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    is_stranger: bool = False


class Directory(Protocol):
    async def profile(self, team_id: str, user_id: str) -> Profile:
        """The person, as seen from the workspace. Raises DirectoryUnavailable."""

    async def reach(self) -> None:
        """Whether Slack answers at all. Raises DirectoryUnavailable."""

    async def workspaces(self) -> list[str]:
        """Where the bot is installed."""

    async def granted_scopes(self, team_id: str) -> set[str]:
        """What the installation may do. Raises DirectoryUnavailable, with what is wrong with the token."""

    async def check_app_token(self, token: str) -> None:
        """Whether Socket Mode may be opened with it. Raises DirectoryUnavailable."""

    async def in_channel(self, team_id: str, channel_id: str) -> bool:
        """Whether the bot is in the channel, and can post there. Raises DirectoryUnavailable."""

    async def user_of_email(self, team_id: str, email: str) -> str | None:
        """The user id behind an e-mail address in that workspace. Raises DirectoryUnavailable."""
