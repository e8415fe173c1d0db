"""The directory port: who is this Slack user?"""

from dataclasses import dataclass
from typing import Protocol


class DirectoryUnavailable(Exception):
    """Slack did not answer, or refused to."""


@dataclass(frozen=True)
class UserProfile:
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


class UserDirectory(Protocol):
    async def fetch_profile(self, team_id: str, user_id: str) -> UserProfile:
        """The person, as seen from the workspace. Raises DirectoryUnavailable."""

    async def check_connection(self) -> None:
        """Whether Slack answers at all. Raises DirectoryUnavailable."""

    async def list_workspaces(self) -> list[str]:
        """Where the bot is installed."""

    async def fetch_granted_scopes(self, team_id: str) -> set[str]:
        """What the installation may do. Raises DirectoryUnavailable, with what is wrong with the token."""

    async def check_app_token(self, token: str) -> None:
        """Whether Socket Mode may be opened with it. Raises DirectoryUnavailable."""

    async def is_in_channel(self, team_id: str, channel_id: str) -> bool:
        """Whether the bot is in the channel, and can post there. Raises DirectoryUnavailable."""

    async def find_user_by_email(self, team_id: str, email: str) -> str | None:
        """The user id behind an e-mail address in that workspace. Raises DirectoryUnavailable."""
