"""A priced offer, pending until it is accepted, rejected or expired (R6-R9)."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Column, text
from sqlmodel import JSON, CheckConstraint, Field, Index, SQLModel

from models.account import Account, Address
from models.audit.subject import AuditSubject, SubjectType
from models.column_types import MinorUnits, string_enum
from models.errors import Refusal
from models.notice.quiet_hours import MAX_QUIET_HOURS_SHIFT, get_next_allowed_time
from models.subscription.period_length import PeriodLength, PeriodLengthColumn
from models.subscription.proration import get_end_of_day, get_midnight
from models.subscription.seat_pricing import SeatPricing, SeatPricingColumn
from models.subscription.upcoming_changes import Discount, DiscountsColumn
from models.tax import TaxDetails, TaxDetailsColumn, TaxItem, TaxItemsColumn
from models.transition import check_transition


class QuoteStatus(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    EXPIRED = "expired"


QUOTE_TRANSITIONS: dict[QuoteStatus, frozenset[QuoteStatus]] = {
    QuoteStatus.PENDING: frozenset({QuoteStatus.ACCEPTED, QuoteStatus.REJECTED, QuoteStatus.EXPIRED}),
    QuoteStatus.ACCEPTED: frozenset(),
    QuoteStatus.REJECTED: frozenset(),
    QuoteStatus.EXPIRED: frozenset(),
}

MAX_REASON_LENGTH = 500
REMINDER_LEAD_TIMES = (timedelta(days=7), timedelta(hours=48), timedelta(hours=4))
# So long before the end of a period, a quote can still be reviewed, placed and charged.
MIN_QUOTE_VALIDITY = timedelta(minutes=5)
# A reminder is sent neither closer to the quote or the next reminder than this, nor with less time left.
MIN_REMINDER_GAP, MIN_TIME_LEFT = timedelta(hours=1), timedelta(minutes=30)
_PENDING_INDEX_CONDITION = text("status = 'pending'")
# A literal: the planner does not use the partial indexes for a condition with a parameter.
PENDING_QUOTE_CONDITION = text("quote.status = 'pending'")


class QuoteNotFound(Refusal):
    """No such quote, or one of an account that the person may not know of."""


class QuoteNotPending(Refusal):
    """R20: already decided, replaced or expired; the text says by whom, when and what replaced it."""


class QuotesPending(Refusal):
    """R6, R7: quotes that the person has not agreed to replace are pending."""


class ReasonTooLong(Refusal):
    """A reason over MAX_REASON_LENGTH characters."""


class PeriodEndsSoon(Refusal):
    """R9: a quote would have to be accepted within MIN_QUOTE_VALIDITY."""


class Quote(SQLModel, table=True):
    """Its proration starts at `frozen_at`; the price it promises is the price charged (R17)."""

    __table_args__ = (
        CheckConstraint("subtotal >= 0 AND tax >= 0 AND total = subtotal + tax", name="amounts"),
        CheckConstraint("(status = 'pending') = (decided_at IS NULL)", name="decided"),
        Index(
            "ix_quote_pending_expiry",
            "expires_at",
            sqlite_where=_PENDING_INDEX_CONDITION,
            postgresql_where=_PENDING_INDEX_CONDITION,
        ),
        Index(
            "ix_quote_pending_account",
            "account_id",
            sqlite_where=_PENDING_INDEX_CONDITION,
            postgresql_where=_PENDING_INDEX_CONDITION,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    status: QuoteStatus = Field(default=QuoteStatus.PENDING, sa_type=string_enum(QuoteStatus))
    created_externally: bool = False
    contact_id: int | None = Field(default=None, foreign_key="billing_contact.id")
    created_at: datetime
    frozen_at: datetime
    expires_at: datetime
    # The end of validity before Account Services extended it.
    expires_at_before_extension: datetime | None = None
    # When to check its reminders next; None if there are no more.
    remind_at: datetime | None = Field(default=None, index=True)
    currency: str
    address: dict[str, str] = Field(sa_type=JSON)
    subtotal: int = Field(sa_type=MinorUnits)
    tax: int = Field(sa_type=MinorUnits)
    total: int = Field(sa_type=MinorUnits)
    # The account's balance at the provider, credit negative, and what is charged with it: None for the total.
    starting_balance: int = Field(default=0, sa_type=MinorUnits)
    amount_due: int | None = Field(default=None, sa_type=MinorUnits)
    # Less than this is not charged, but added to the next invoice.
    minimum_charge: int = Field(default=0, sa_type=MinorUnits)
    tax_facts: TaxDetails = Field(
        default_factory=TaxDetails, sa_column=Column(TaxDetailsColumn, nullable=False, server_default="{}")
    )
    # For each period length, what the quote's subscriptions will cost per period: net and tax.
    recurring: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSON)
    replaced_by_id: int | None = Field(default=None, foreign_key="quote.id", index=True)
    decided_at: datetime | None = None
    decided_by: str | None = None
    decided_externally: bool = False
    reason: str | None = None

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.QUOTE, self.number)

    @property
    def key(self) -> int:
        assert self.id is not None, "the quote is stored"
        return self.id

    @property
    def due_now(self) -> int:
        """What is charged when the order is processed, if the account's balance stays as it is (R26)."""
        return self.total if self.amount_due is None else self.amount_due

    @property
    def billing_address(self) -> Address:
        return Address.model_validate(self.address)

    def find_newest_address(self, account: Account) -> Address:
        """Its own, unless the account's has changed since (R10)."""
        return account.billing_address if self.has_older_address(account) else self.billing_address

    def has_older_address(self, account: Account) -> bool:
        """Whether the account's address has changed since, even if it was changed back."""
        changed_at = account.billing_address_changed_at
        return changed_at is not None and changed_at > self.created_at

    def get_status(self, at: datetime) -> QuoteStatus:
        """R9: a quote past its validity is expired, whether or not a job has run."""
        past = self.status is QuoteStatus.PENDING and at >= self.expires_at
        return QuoteStatus.EXPIRED if past else self.status

    def is_pending(self, at: datetime) -> bool:
        return self.get_status(at) is QuoteStatus.PENDING

    def check_pending(self, at: datetime, replaced_by: str = "") -> None:
        status = self.get_status(at)
        if status is not QuoteStatus.PENDING:
            raise QuoteNotPending(
                number=self.number,
                status=status.value,
                elsewhere="yes" if self.decided_externally else "no",
                by=self.decided_by or "",
                at=self.decided_at or self.expires_at,
                replaced_by=replaced_by,
            )

    def extend(self, expires_at: datetime, at: datetime) -> None:
        self.expires_at_before_extension = self.expires_at_before_extension or self.expires_at
        self.expires_at, self.remind_at = expires_at, find_first_reminder_check(at, expires_at)

    def change_status(self, to: QuoteStatus, at: datetime, by: str, reason: str | None = None) -> None:
        self.status = check_transition(QUOTE_TRANSITIONS, self.status, to)
        self.decided_at, self.decided_by, self.reason = at, by, reason
        self.remind_at = None

    def mark_replaced(self, replacement: "Quote", at: datetime, by: str) -> None:
        self.change_status(QuoteStatus.EXPIRED, at, by)
        self.replaced_by_id = replacement.key


class QuoteLine(SQLModel, table=True):
    """New seats of one subscription, at a frozen price, for the rest of a frozen period. Without a
    `unit_price`, `pricing` says what a whole period costs."""

    __tablename__ = "quote_line"
    __table_args__ = (
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("unit_price >= 0 AND amount >= 0 AND tax >= 0", name="amounts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    quote_id: int = Field(foreign_key="quote.id", index=True)
    subscription_id: str = Field(foreign_key="subscription.id")
    product_id: str = Field(foreign_key="product.id")
    seats: int
    seats_before: int
    unit_price: int | None = Field(default=None, sa_type=MinorUnits)
    pricing: SeatPricing = Field(
        default_factory=SeatPricing,
        sa_column=Column(SeatPricingColumn, nullable=False, server_default="{}"),
    )
    period: PeriodLength = Field(sa_type=PeriodLengthColumn)
    period_start: date
    period_end: date
    # When the period ends, if the provider says so.
    period_ends_at: datetime | None = None
    amount: int = Field(sa_type=MinorUnits)
    tax: int = Field(sa_type=MinorUnits)
    # The parts of the tax, by rate. Lines from before they were stored have none.
    taxes: tuple[TaxItem, ...] = Field(
        default=(), sa_column=Column(TaxItemsColumn, nullable=False, server_default="[]")
    )
    # Those that the amount contains. Lines from before they were stored have none.
    discounts: tuple[Discount, ...] = Field(
        default=(), sa_column=Column(DiscountsColumn, nullable=False, server_default="[]")
    )


class QuotedPeriod(Protocol):
    """The end of a period, as in QuoteLine."""

    @property
    def period_end(self) -> date: ...

    @property
    def period_ends_at(self) -> datetime | None: ...


def get_period_end_time(line: QuotedPeriod, zone: str) -> datetime:
    return line.period_ends_at or get_midnight(line.period_end, zone)


def validate_reason(reason: str | None) -> str | None:
    typed = (reason or "").strip()
    if len(typed) > MAX_REASON_LENGTH:
        raise ReasonTooLong(most=MAX_REASON_LENGTH, length=len(typed))
    return typed or None


def compute_expiry(account: Account, lines: Iterable[QuotedPeriod], requested: datetime) -> datetime:
    """R9: the requested end of validity, but not after the earliest period end of the lines."""
    return min([requested, *(get_period_end_time(line, account.time_zone) for line in lines)])


def get_default_expiry(account: Account, at: datetime, days: int) -> datetime:
    """R9: the end of a day in the account's time zone."""
    return get_end_of_day(account.get_local_date(at + timedelta(days=days)), account.time_zone)


def find_first_reminder_check(at: datetime, expires_at: datetime) -> datetime | None:
    """R9: when to check the reminders of a quote that arrives `at`: at once if one may be due soon. None
    if it expires too soon for any."""
    ahead = [expires_at - before for before in REMINDER_LEAD_TIMES]
    return min(
        (then - MAX_QUIET_HOURS_SHIFT for then in ahead if then + MAX_QUIET_HOURS_SHIFT > at), default=None
    )


def find_next_reminder_check(after: datetime, expires_at: datetime) -> datetime | None:
    """R9: when to check the reminders next: before each by as much as quiet hours can move it."""
    ahead = [expires_at - before - MAX_QUIET_HOURS_SHIFT for before in REMINDER_LEAD_TIMES]
    return min((then for then in ahead if then > after), default=None)


def build_reminder_schedule(
    made_at: datetime, expires_at: datetime, time_zone: str, at: datetime
) -> dict[timedelta, datetime]:
    """R9: time left before expiry → when to send that reminder, for all reminders to be stored `at`.

    Times are outside quiet hours in the recipient's time zone. None follows the quote itself too closely or
    comes just before it expires; if several were missed, only the last one is sent.
    """
    zone, last = ZoneInfo(time_zone), expires_at - MIN_TIME_LEFT
    ahead = {before: get_next_allowed_time(expires_at - before, zone, last) for before in REMINDER_LEAD_TIMES}
    sensible = {
        before: then
        for before, then in ahead.items()
        if expires_at - before - MAX_QUIET_HOURS_SHIFT <= at and made_at + MIN_REMINDER_GAP <= then <= last
    }
    missed = [before for before, then in sensible.items() if then < at]
    due = {before: then for before, then in sensible.items() if before not in missed}
    now = get_next_allowed_time(at, zone, last)
    alone = all(then - now > MIN_REMINDER_GAP for then in due.values())
    return {missed[-1]: now, **due} if missed and alone and at <= now <= last else due
