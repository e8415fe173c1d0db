"""What Slack says about a person (R5), and how long it is trusted."""

from datetime import datetime, timedelta

from sqlmodel import JSON, Field, SQLModel

# R5: any change of state requires a profile at most an hour old. While the bot's clock catches up it runs at
# half speed, so that an hour may be half an hour on it.
MAX_IDENTITY_AGE = timedelta(minutes=30)
# Replicas' clocks differ by less than this. A profile from further ahead was stored before the
# clock was set back.
MAX_PROFILE_CLOCK_DIFFERENCE = timedelta(minutes=1)
# While Slack is unavailable, people with a stored profile may read for this long, and get personal messages.
MAX_IDENTITY_AGE_FOR_READS = timedelta(days=1)


class SlackUser(SQLModel, table=True):
    """A person as seen from `team_id`, the workspace or organisation that installed the bot. `home_team_id`
    is their own workspace.

    `enterprise_id` is set only for people of the organisation that `team_id` is or belongs to. Then
    `enterprise_user_id` is their id in all its workspaces (R29), and `workspace_ids` are their workspaces.
    """

    __tablename__ = "slack_user"

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    home_team_id: str
    enterprise_id: str | None = None
    enterprise_user_id: str | None = Field(default=None, index=True)
    workspace_ids: list[str] = Field(default_factory=list, sa_type=JSON)
    name: str
    email: str | None = Field(default=None, index=True)
    locale: str | None = None
    time_zone: str | None = None
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    is_stranger: bool = False
    refreshed_at: datetime = Field(index=True)

    def is_fresh(self, at: datetime) -> bool:
        return -MAX_PROFILE_CLOCK_DIFFERENCE <= at - self.refreshed_at <= MAX_IDENTITY_AGE

    def is_fresh_enough_to_read(self, at: datetime) -> bool:
        return at - self.refreshed_at <= MAX_IDENTITY_AGE_FOR_READS

    @property
    def is_full_member(self) -> bool:
        """R5: an active person of this very workspace or of its organisation, and not a guest."""
        is_insider = self.enterprise_id is not None or self.home_team_id == self.team_id
        return is_insider and not (self.deleted or self.is_bot or self.is_guest or self.is_stranger)

    @property
    def own_team_ids(self) -> set[str]:
        """The workspaces, and the organisation, whose accounts can be theirs (R29)."""
        if self.enterprise_id is None:
            return {self.home_team_id}
        return {self.enterprise_id, *self.workspace_ids}

    @property
    def identity_key(self) -> tuple[str, str]:
        """Workspace and user id; in an organisation the same for all its workspaces (R29)."""
        return self.enterprise_id or self.team_id, self.enterprise_user_id or self.user_id
