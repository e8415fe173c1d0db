"""An invitation to become a billing contact, confirmed by the invited person (R1, R5)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import CheckConstraint, Field, Index, SQLModel

from models.account.billing_contact import BillingContact
from models.column_types import string_enum
from models.errors import Refusal
from models.transition import check_transition

INVITATION_VALIDITY = timedelta(days=7)
# Each is a direct message to a colleague: nobody needs to invite a whole workspace.
MAX_OPEN_INVITATIONS = 20
_PENDING_INDEX_CONDITION = text("status = 'pending'")
# A literal: the planner does not use the partial index for a condition with a parameter.
PENDING_INVITATION_CONDITION = text("contact_invitation.status = 'pending'")


class InvitationStatus(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


INVITATION_TRANSITIONS: dict[InvitationStatus, frozenset[InvitationStatus]] = {
    InvitationStatus.PENDING: frozenset(InvitationStatus) - {InvitationStatus.PENDING},
    InvitationStatus.ACCEPTED: frozenset(),
    InvitationStatus.DECLINED: frozenset(),
    InvitationStatus.CANCELLED: frozenset(),
    InvitationStatus.LAPSED: frozenset(),
}


class InvitationNotFound(Refusal):
    """No such invitation, or not one that the person may know of."""


class InvitationClosed(Refusal):
    """R20: it was answered or cancelled, or it has expired."""


class InvitationPending(Refusal):
    """R20: a contact has invited them already."""


class TooManyInvitations(Refusal):
    """More than MAX_OPEN_INVITATIONS."""


class ColleagueNotConfirmed(Refusal):
    """R5: Slack has not confirmed within the last hour who was chosen."""


class ContactNotEligible(Refusal):
    """R5: a guest, a bot, a deactivated user, or a person of another workspace."""


class ContactEmailMissing(Refusal):
    """R13: receipts are emailed, and Slack shows no address."""


class ContactEmailTaken(Refusal):
    """Another contact of the account has the same address."""


class AlreadyBillingContact(Refusal):
    """Whoever was chosen has the role already."""


class ContactInvitation(SQLModel, table=True):
    """`slack_user` is their id in the account's workspace, or in its organisation (R29)."""

    __tablename__ = "contact_invitation"
    __table_args__ = (
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided"),
        Index(
            "ix_contact_invitation_pending",
            "account_id",
            "slack_user",
            unique=True,
            sqlite_where=_PENDING_INDEX_CONDITION,
            postgresql_where=_PENDING_INDEX_CONDITION,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    inviter_id: int = Field(foreign_key="billing_contact.id")
    slack_user: str
    name: str
    email: str
    status: InvitationStatus = Field(default=InvitationStatus.PENDING, sa_type=string_enum(InvitationStatus))
    invited_by: str
    invited_at: datetime
    expires_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    # The direct message that asks the colleague; None until it has been posted.
    message_channel: str | None = None
    message_ts: str | None = None

    @property
    def key(self) -> int:
        assert self.id is not None, "the invitation is stored"
        return self.id

    @property
    def is_pending(self) -> bool:
        return self.status is InvitationStatus.PENDING

    def change_status(self, status: InvitationStatus, at: datetime, by: str) -> None:
        self.status = check_transition(INVITATION_TRANSITIONS, self.status, status)
        self.decided_at, self.decided_by = at, by

    def build_contact(self) -> BillingContact:
        return BillingContact(
            account_id=self.account_id,
            email=self.email,
            name=self.name,
            slack_user=self.slack_user,
            imported=False,
        )


@dataclass(frozen=True)
class InvitationDetails:
    """An invitation as of `at`. It lapses when it expires, or once the person who sent it is no longer a
    contact, whether or not that is stored."""

    invitation: ContactInvitation
    is_inviter_active: bool
    at: datetime

    @property
    def status(self) -> InvitationStatus:
        has_lapsed = self.at >= self.invitation.expires_at or not self.is_inviter_active
        return (
            InvitationStatus.LAPSED if self.invitation.is_pending and has_lapsed else self.invitation.status
        )

    @property
    def is_open(self) -> bool:
        return self.status is InvitationStatus.PENDING

    def check_open(self) -> None:
        if not self.is_open:
            raise InvitationClosed(
                status=self.status.value,
                name=self.invitation.name,
                by=self.invitation.decided_by or "",
                at=self.invitation.decided_at or self.invitation.expires_at,
            )
