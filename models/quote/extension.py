"""A billing contact's request that a quote stays valid for longer, decided by Account Services (R9)."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import CheckConstraint, Field, Index, SQLModel

from models.account import Account
from models.column_types import string_enum
from models.errors import Refusal
from models.quote.quote import Quote, QuoteNotPending
from models.subscription.proration import get_midnight
from models.transition import check_transition

DEFAULT_EXTENSION = timedelta(days=7)
_REQUESTED_INDEX_CONDITION = text("status = 'requested'")
# A literal: the planner does not use the partial index for a condition with a parameter.
REQUESTED_EXTENSION_CONDITION = text("quote_extension.status = 'requested'")


class ExtensionStatus(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    DECLINED = "declined"


EXTENSION_TRANSITIONS: dict[ExtensionStatus, frozenset[ExtensionStatus]] = {
    ExtensionStatus.REQUESTED: frozenset({ExtensionStatus.APPROVED, ExtensionStatus.DECLINED}),
    ExtensionStatus.APPROVED: frozenset(),
    ExtensionStatus.DECLINED: frozenset(),
}


class ExtensionNotFound(Refusal):
    """No such request."""


class ExtensionUnavailable(Refusal):
    """There is no channel in which Account Services could decide."""


class ExtensionImpossible(Refusal):
    """R9: the quote is valid until the earliest period end among its lines already."""


class ExtensionTooLong(Refusal):
    """R9: later than the earliest period end among the quote's lines."""


class ExtensionTooShort(Refusal):
    """The quote is valid until then anyway."""


class ExtensionPending(Refusal):
    """R20: a colleague has asked already, and Account Services have not decided."""


class ExtensionDecided(Refusal):
    """R20: someone else of Account Services was faster."""


class ExtensionLapsed(QuoteNotPending):
    """R20: the quote was decided or has expired before its extension was."""


class QuoteExtension(SQLModel, table=True):
    """`requested_until` and `granted_until` are the last days of validity, in the account's time zone. A
    request whose quote is no longer pending has lapsed, whatever its status."""

    __tablename__ = "quote_extension"
    __table_args__ = (
        CheckConstraint("(status = 'requested') = (decided_at IS NULL)", name="decided"),
        CheckConstraint("(status = 'approved') = (granted_until IS NOT NULL)", name="granted"),
        Index(
            "ix_quote_extension_requested",
            "quote_id",
            unique=True,
            sqlite_where=_REQUESTED_INDEX_CONDITION,
            postgresql_where=_REQUESTED_INDEX_CONDITION,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    quote_id: int = Field(foreign_key="quote.id", index=True)
    contact_id: int = Field(foreign_key="billing_contact.id")
    status: ExtensionStatus = Field(default=ExtensionStatus.REQUESTED, sa_type=string_enum(ExtensionStatus))
    requested_by: str
    requested_at: datetime
    requested_until: date
    reason: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    granted_until: date | None = None
    decision_reason: str | None = None

    @property
    def key(self) -> int:
        assert self.id is not None, "the request is stored"
        return self.id

    @property
    def event_key(self) -> str:
        """The event of its notices. It includes the time, because SQLite reuses the id of a withdrawn
        request."""
        return f"quote_extension:{self.key}:{self.requested_at.isoformat()}"

    @property
    def is_open(self) -> bool:
        return self.status is ExtensionStatus.REQUESTED

    def check_open(self, number: str) -> None:
        if not self.is_open:
            raise ExtensionDecided(
                number=number,
                status=self.status.value,
                by=self.decided_by or "",
                at=self.decided_at,
                until=self.granted_until or "",
            )

    def approve(self, until: date, at: datetime, by: str) -> None:
        self._change_status(ExtensionStatus.APPROVED, at, by)
        self.granted_until = until

    def decline(self, at: datetime, by: str, reason: str | None) -> None:
        self._change_status(ExtensionStatus.DECLINED, at, by)
        self.decision_reason = reason

    def _change_status(self, to: ExtensionStatus, at: datetime, by: str) -> None:
        self.status = check_transition(EXTENSION_TRANSITIONS, self.status, to)
        self.decided_at, self.decided_by = at, by


def get_last_possible_day(period_ends: list[date]) -> date:
    """R9: a period ends with its `period_end`'s first midnight."""
    return min(period_ends) - timedelta(days=1)


def get_expiry_of_day(account: Account, day: date) -> datetime:
    """R9: a day of validity ends with that day in the account's time zone."""
    return get_midnight(day + timedelta(days=1), account.time_zone)


def is_extendable(account: Account, quote: Quote, period_ends: list[date]) -> bool:
    return get_expiry_of_day(account, get_last_possible_day(period_ends)) > quote.expires_at


def compute_extended_expiry(account: Account, quote: Quote, period_ends: list[date], until: date) -> datetime:
    """R9. Raises ExtensionTooLong and ExtensionTooShort."""
    last_day = get_last_possible_day(period_ends)
    if until > last_day:
        raise ExtensionTooLong(number=quote.number, last=last_day)
    expires_at = get_expiry_of_day(account, until)
    if expires_at <= quote.expires_at:
        raise ExtensionTooShort(
            number=quote.number, until=account.get_local_date(quote.expires_at - timedelta(seconds=1))
        )
    return expires_at


def suggest_extension_day(account: Account, quote: Quote, period_ends: list[date]) -> date:
    suggested = account.get_local_date(quote.expires_at + DEFAULT_EXTENSION - timedelta(seconds=1))
    return min(suggested, get_last_possible_day(period_ends))
