"""A person's Home tab: what it was drawn from, and when it is to be drawn again."""

from datetime import datetime, timedelta

from sqlmodel import Field, ForeignKeyConstraint, SQLModel

# A block that a workspace's Slack did not take is tried again after so long: Slack brings new ones by and by.
BLOCK_RETRY_INTERVAL = timedelta(days=30)


class Home(SQLModel, table=True):
    """One that was opened at least once. `changes` counts what happened to what it shows: a drawing that was
    overtaken is followed by another one."""

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    page: int = 0
    opened_at: datetime
    change_count: int = 0
    published_at: datetime | None = None
    # When to draw it again; none while it shows how things stand.
    due_at: datetime | None = Field(default=None, index=True)
    claimed_until: datetime | None = None
    attempts: int = 0


class HomeAccount(SQLModel, table=True):
    """An account that a Home shows: who loses the role has a Home to be drawn again, too."""

    __tablename__ = "home_account"
    __table_args__ = (ForeignKeyConstraint(["team_id", "user_id"], ["home.team_id", "home.user_id"]),)

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", primary_key=True, index=True)


class AccountChange(SQLModel, table=True):
    """Something of an account changed. Whoever changes it only appends: the Homes themselves are marked
    afterwards, by the job, so that changes of two accounts never wait for each other over one Home."""

    __tablename__ = "account_change"

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")


class RefusedBlock(SQLModel, table=True):
    """A type of block that a workspace's Slack does not take on a surface (`home`)."""

    __tablename__ = "refused_block"

    team_id: str = Field(primary_key=True)
    surface: str = Field(primary_key=True)
    block_type: str = Field(primary_key=True)
    refused_at: datetime
