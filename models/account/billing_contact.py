"""A person who may buy for an account and gets its receipts (R1)."""

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.errors import Refusal


class NotABillingContact(Refusal):
    """R1: a member of the workspace without the role."""


class NotAllowed(Refusal):
    """R5: someone from outside, a guest, a bot or a deactivated user. Reveals nothing about the account."""


class IdentityNotFresh(Refusal):
    """R5: Slack has not confirmed within the last hour who this is; reading still works, changes do not."""


class BillingContact(SQLModel, table=True):
    """Bound to a Slack user of the account's workspace or organisation by `slack_user`, else by `email`
    (R5)."""

    __tablename__ = "billing_contact"
    __table_args__ = (UniqueConstraint("account_id", "email"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    email: str = Field(index=True)
    name: str
    slack_user: str | None = Field(default=None, index=True)
    active: bool = True

    @property
    def key(self) -> int:
        assert self.id is not None, "the contact is stored"
        return self.id
