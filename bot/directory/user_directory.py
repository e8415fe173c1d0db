"""The port for looking up users and workspaces in Slack."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class DirectoryUnavailable(Exception):
    """Slack did not answer, or refused to."""


class DirectoryRefused(DirectoryUnavailable):
    """Slack refused, and not because of an outage: the token has to be corrected, or the error is unknown."""


class DirectoryRateLimited(DirectoryUnavailable):
    """Slack takes another request after `seconds`."""

    def __init__(self, error: str, seconds: float) -> None:
        super().__init__(error)
        self.seconds = seconds


@dataclass(frozen=True)
class UserProfile:
    """`home_team_id` is the user's own workspace. The ids of the organisation, of the user in it, and of the
    workspaces they belong to are set only if it is the organisation of those who installed the bot."""

    user_id: str
    home_team_id: str
    name: str
    email: str | None
    locale: str | None
    time_zone: str | None
    enterprise_id: str | None = None
    enterprise_user_id: str | None = None
    workspace_ids: list[str] = field(default_factory=list)
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    is_stranger: bool = False


class UserDirectory(Protocol):
    async def fetch_profile(self, team_id: str, user_id: str) -> UserProfile:
        """Raises DirectoryUnavailable."""

    async def check_connection(self) -> None: ...

    async def fetch_server_time(self) -> datetime | None:
        """Returns the time of Slack's clock, to the second; None if the response has none. Raises
        DirectoryUnavailable."""

    async def list_installations(self) -> list[str]: ...

    async def list_team_ids(self) -> list[str]:
        """Lists the workspaces with an installation, and those that an organisation's token reaches."""

    async def fetch_granted_scopes(self, team_id: str) -> set[str] | None:
        """Returns None if Slack doesn't list them. Raises DirectoryUnavailable, with what is wrong with the
        token."""

    async def check_app_token(self, token: str) -> None:
        """Raises DirectoryUnavailable if the token cannot open Socket Mode."""

    async def is_in_channel(self, team_id: str, channel_id: str) -> bool: ...

    async def list_channel_members(self, team_id: str, channel_id: str) -> set[str]:
        """Returns user ids. Raises DirectoryUnavailable."""

    async def find_user_by_email(self, team_id: str, email: str) -> str | None: ...
