"""A person who may buy for an account and gets its receipts (R1)."""

from datetime import datetime

from sqlmodel import Field, SQLModel, UniqueConstraint

from models.errors import Refusal


class NotABillingContact(Refusal):
    """R1: a member of the workspace without the role."""


class NotAllowed(Refusal):
    """R5: someone from outside, a guest, a bot or a deactivated user. Reveals nothing about the account."""


class IdentityNotFresh(Refusal):
    """R5: Slack has not confirmed within the last hour who this is; reading still works, changes do not."""


class ContactNotFound(Refusal):
    """No such contact, or not one of an account that the person may know of."""


class LastBillingContact(Refusal):
    """Without a contact, nobody could use the account or invite anybody to it."""


class ContactAlreadyWithdrawn(Refusal):
    """R20: someone else was faster."""


class RoleWithdrawn(Refusal):
    """R20: the person had the role until they or a colleague withdrew it. `by` is empty for themselves.
    `contacts` are empty if they have not had it for long, and R1 names none of the account."""


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
    # Whether an accounts file has listed them: an import withdraws only those.
    imported: bool = True
    # Set if they were withdrawn in Slack: when, and by whom. An import does not bring them back.
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = None

    @property
    def is_withdrawn_in_slack(self) -> bool:
        return self.withdrawn_at is not None

    def withdraw(self, at: datetime, by: str) -> None:
        self.active, self.withdrawn_at, self.withdrawn_by = False, at, by

    def check_active(self) -> None:
        if not self.active:
            raise ContactAlreadyWithdrawn(
                name=self.name, by=self.withdrawn_by or "", at=self.withdrawn_at or ""
            )

    @property
    def key(self) -> int:
        assert self.id is not None, "the contact is stored"
        return self.id
