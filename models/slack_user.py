"""What Slack says about a person (R5), and how long it is trusted."""

from datetime import datetime, timedelta

from sqlmodel import Field, SQLModel

# R5: any change of state requires a profile at most this old.
MAX_IDENTITY_AGE = timedelta(hours=1)


class SlackUser(SQLModel, table=True):
    """A person as seen from the workspace `team_id`; `home_team_id` is their own workspace."""

    __tablename__ = "slack_user"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    home_team_id: str
    enterprise_id: str | None = None
    name: str
    email: str | None = Field(default=None, index=True)
    locale: str | None = None
    time_zone: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    is_stranger: bool = False
    refreshed_at: datetime

    def is_fresh(self, at: datetime) -> bool:
        return at - self.refreshed_at <= MAX_IDENTITY_AGE

    @property
    def is_full_member(self) -> bool:
        """R5: an active person of this very workspace (or of its organisation), and not a guest."""
        at_home = self.home_team_id in (self.team_id, self.enterprise_id)
        return at_home and not (self.deleted or self.is_bot or self.is_guest or self.is_stranger)
