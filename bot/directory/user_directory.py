"""The port for looking up users and workspaces in Slack."""

from dataclasses import dataclass
from typing import Protocol


class DirectoryUnavailable(Exception):
    """Slack did not answer, or refused to."""


class DirectoryRefused(DirectoryUnavailable):
    """Slack refused, and not because of an outage: the token has to be corrected, or the error is unknown."""


@dataclass(frozen=True)
class UserProfile:
    """`home_team_id` is the workspace that the user belongs to."""

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
        """Raises DirectoryUnavailable."""

    async def check_connection(self) -> None: ...

    async def list_workspaces(self) -> list[str]: ...

    async def fetch_granted_scopes(self, team_id: str) -> set[str]:
        """Raises DirectoryUnavailable, which says what is wrong with the token."""

    async def check_app_token(self, token: str) -> None:
        """Raises DirectoryUnavailable if the token cannot open Socket Mode."""

    async def is_in_channel(self, team_id: str, channel_id: str) -> bool: ...

    async def find_user_by_email(self, team_id: str, email: str) -> str | None: ...
