"""Home tabs: which accounts they show, and when to publish them again."""

from datetime import datetime, timedelta

from sqlmodel import Field, ForeignKeyConstraint, SQLModel

from models.lease import is_leased

# Slack rolls out new block types gradually: a rejected one is tried again after this time.
BLOCK_RETRY_INTERVAL = timedelta(days=30)


class Home(SQLModel, table=True):
    """Exists once the tab has been opened. If `change_count` grows while the Home is being published, it is
    published again."""

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    page: int = 0
    opened_at: datetime
    change_count: int = 0
    published_at: datetime | None = None
    # When to publish it again; None if it is up to date.
    due_at: datetime | None = Field(default=None, index=True)
    claimed_until: datetime | None = None
    attempts: int = 0

    def is_due_and_unclaimed(self, at: datetime) -> bool:
        return self.due_at is not None and self.due_at <= at and not is_leased(self.claimed_until, at)


class HomeAccount(SQLModel, table=True):
    """An account that a Home shows. Someone who loses the role still has a Home to update."""

    __tablename__ = "home_account"
    __table_args__ = (ForeignKeyConstraint(["team_id", "user_id"], ["home.team_id", "home.user_id"]),)

    team_id: str = Field(primary_key=True)
    user_id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", primary_key=True, index=True)


class AccountChange(SQLModel, table=True):
    """Appended by each transaction that changes an account. The job marks the Homes afterwards, so that
    changes to two accounts never wait for the lock of the same Home."""

    __tablename__ = "account_change"

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")


class RejectedBlock(SQLModel, table=True):
    """A block type that Slack rejects on a surface (`home`) of the workspace."""

    __tablename__ = "refused_block"

    team_id: str = Field(primary_key=True)
    surface: str = Field(primary_key=True)
    block_type: str = Field(primary_key=True)
    refused_at: datetime
