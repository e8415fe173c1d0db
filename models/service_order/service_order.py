"""The accepted quote, placed; processed within 24 hours (R10-R12, R18-R21)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Column, text
from sqlmodel import JSON, CheckConstraint, Field, Index, SQLModel, UniqueConstraint

from models.account import Address
from models.audit.subject import AuditSubject, SubjectType
from models.column_types import MinorUnits, string_enum
from models.errors import Refusal
from models.lease import MAX_LEASE, is_leased
from models.receipt import AmountDifference, ChargedMethod
from models.tax import TaxItem, TaxItemsColumn
from models.transition import check_transition


class OrderStatus(StrEnum):
    PLACED = "placed"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


class LineStatus(StrEnum):
    WAITING = "waiting"
    CHARGING = "charging"
    SETTLED = "settled"
    DECLINED = "declined"
    NEEDS_CUSTOMER = "needs_customer"
    UNKNOWN = "unknown"


class AttemptOutcome(StrEnum):
    SETTLED = "settled"
    DECLINED = "declined"
    SEATS_CHANGED = "seats_changed"


ORDER_TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.PLACED: frozenset({OrderStatus.PROCESSING}),
    OrderStatus.PROCESSING: frozenset({OrderStatus.COMPLETED, OrderStatus.FAILED}),
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.FAILED: frozenset(),
}

ORDER_LINE_TRANSITIONS: dict[LineStatus, frozenset[LineStatus]] = {
    LineStatus.WAITING: frozenset({LineStatus.CHARGING, LineStatus.DECLINED}),
    LineStatus.CHARGING: frozenset(
        {LineStatus.SETTLED, LineStatus.DECLINED, LineStatus.NEEDS_CUSTOMER, LineStatus.UNKNOWN}
    ),
    LineStatus.NEEDS_CUSTOMER: frozenset({LineStatus.SETTLED, LineStatus.DECLINED}),
    LineStatus.UNKNOWN: frozenset(
        {LineStatus.CHARGING, LineStatus.SETTLED, LineStatus.DECLINED, LineStatus.NEEDS_CUSTOMER}
    ),
    LineStatus.DECLINED: frozenset({LineStatus.CHARGING}),
    LineStatus.SETTLED: frozenset(),
}

BUSY_STATUSES = (LineStatus.CHARGING, LineStatus.NEEDS_CUSTOMER, LineStatus.UNKNOWN)
# The charge of lines in these statuses may be under way at this moment.
SENDING_STATUSES = (LineStatus.CHARGING, LineStatus.UNKNOWN)
# Lines in these statuses are due again within minutes; others may wait for a deadline.
SOON_DUE_STATUSES = (LineStatus.WAITING, LineStatus.UNKNOWN)
_DUE_INDEX_CONDITION = text("due_at IS NOT NULL")
_BUSY_INDEX_CONDITION = text("status IN ('charging', 'needs_customer', 'unknown')")

# Reasons of declined lines for which more than promised would have been charged.
BALANCE_DUE_REASON = "balance_due"
# Another payment method is more likely to help.
METHOD_DECLINE_REASONS = ("card_declined", "authentication_failed", "method_gone", "method_not_accepted")

PROCESSING_TIME_LIMIT = timedelta(hours=24)
RETRY_WINDOW = timedelta(hours=23)
REMINDER_LEAD_TIME = timedelta(hours=2)


class OrderNotFound(Refusal):
    """No such order, or one of an account that the person may not know of."""


class NothingToRetry(Refusal):
    """No declined line of the order can be retried now; the text says who decided about them, and when."""


class SubscriptionBusy(Refusal):
    """R19: another order is charging a line of the same subscription."""


class ServiceOrder(SQLModel, table=True):
    """`address` and `payment_method_id` are the order's own, frozen when it was placed."""

    __tablename__ = "service_order"
    __table_args__ = (
        CheckConstraint("(status IN ('completed', 'failed')) = (finished_at IS NOT NULL)", name="finished"),
        # Open orders, however long the history: read at every scrape.
        Index(
            "ix_service_order_open",
            "status",
            "placed_at",
            sqlite_where=text("finished_at IS NULL"),
            postgresql_where=text("finished_at IS NULL"),
        ),
        # For an account's screens, however long its history.
        Index("ix_service_order_account", "account_id", "id"),
        Index("ix_service_order_finished", "account_id", "finished_at"),
        Index(
            "ix_service_order_po_number",
            "account_id",
            "po_number",
            sqlite_where=text("po_number <> ''"),
            postgresql_where=text("po_number <> ''"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True)
    account_id: str = Field(foreign_key="account.id")
    quote_id: int = Field(foreign_key="quote.id", unique=True)
    status: OrderStatus = Field(default=OrderStatus.PLACED, sa_type=string_enum(OrderStatus))
    contact_id: int = Field(foreign_key="billing_contact.id")
    placed_at: datetime
    administrator_id: int = Field(foreign_key="administrator.id")
    payment_method_id: str = Field(foreign_key="payment_method.id")
    address: dict[str, str] = Field(sa_type=JSON)
    po_number: str = ""
    retries_abandoned: bool = False
    # When to check whether it is overdue (R21); None once that was announced, or if it is finished.
    overdue_check_at: datetime | None = Field(default=None, index=True)
    finished_at: datetime | None = None

    @property
    def key(self) -> int:
        assert self.id is not None, "the order is stored"
        return self.id

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.SERVICE_ORDER, self.number)

    @property
    def billing_address(self) -> Address:
        return Address.model_validate(self.address)

    @property
    def processing_deadline(self) -> datetime:
        """R12: processing may take until then; after that the order is overdue (R21)."""
        return self.placed_at + PROCESSING_TIME_LIMIT

    @property
    def is_finished(self) -> bool:
        return self.finished_at is not None

    def change_status(self, to: OrderStatus, at: datetime) -> None:
        self.status = check_transition(ORDER_TRANSITIONS, self.status, to)
        if to in (OrderStatus.COMPLETED, OrderStatus.FAILED):
            self.finished_at, self.overdue_check_at = at, None


class OrderLine(SQLModel, table=True):
    """New seats of one subscription, at the quote's price."""

    __tablename__ = "order_line"
    __table_args__ = (
        # R19: one busy line per subscription, however many workers run.
        Index(
            "uq_order_line_busy_subscription",
            "subscription_id",
            unique=True,
            sqlite_where=_BUSY_INDEX_CONDITION,
            postgresql_where=_BUSY_INDEX_CONDITION,
        ),
        # Due lines, older orders first; finished ones are not in it.
        Index(
            "ix_order_line_due",
            "order_id",
            "id",
            sqlite_where=_DUE_INDEX_CONDITION,
            postgresql_where=_DUE_INDEX_CONDITION,
        ),
        # For a subscription's seat history, newest first.
        Index("ix_order_line_subscription", "subscription_id", "settled_at"),
        CheckConstraint("seats > 0", name="seats"),
        CheckConstraint("amount >= 0 AND tax >= 0", name="amounts"),
        CheckConstraint("(status = 'settled') = (settled_at IS NOT NULL)", name="settled"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="service_order.id", index=True)
    quote_line_id: int = Field(foreign_key="quote_line.id", unique=True)
    subscription_id: str = Field(foreign_key="subscription.id")
    seats: int
    amount: int = Field(sa_type=MinorUnits)
    tax: int = Field(sa_type=MinorUnits)
    period_ends_at: datetime
    # The subscription's own method, or one chosen for a retry of this line; otherwise the order's applies.
    payment_method_id: str | None = Field(default=None, foreign_key="payment_method.id")
    status: LineStatus = Field(default=LineStatus.WAITING, sa_type=string_enum(LineStatus))
    reason: str | None = None
    customer_link: str | None = None
    deadline_at: datetime | None = None
    # When to remind the customer to confirm the payment.
    remind_at: datetime | None = Field(default=None, index=True)
    # The price that the provider would have charged instead of the promised one, if that stopped the line.
    offered_amount: int | None = Field(default=None, sa_type=MinorUnits)
    offered_tax: int | None = Field(default=None, sa_type=MinorUnits)
    # Whether the provider sends an invoice for it instead of charging a payment method (R3).
    is_on_invoice: bool = False
    # How a settled line was paid (R26): see `amount_due`.
    # Its amounts are those of the provider; `amount` and `tax` stay what was promised.
    settled_amount: int | None = Field(default=None, sa_type=MinorUnits)
    settled_tax: int | None = Field(default=None, sa_type=MinorUnits)
    # The taxes by rate, if they are not the quote's.
    settled_taxes: tuple[TaxItem, ...] = Field(
        default=(), sa_column=Column(TaxItemsColumn, nullable=False, server_default="[]")
    )
    # What the tax depended on; None if it is what the quote says.
    settled_tax_facts: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    # What was charged to each method, if the provider says so; otherwise to the line's own.
    charged_methods: list[dict[str, Any]] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    # Set if more was charged than promised: the promised maximum.
    promised_charge: int | None = Field(default=None, sa_type=MinorUnits)
    credit_used: int = Field(default=0, sa_type=MinorUnits)
    earlier_balance: int = Field(default=0, sa_type=MinorUnits)
    carried_over: int = Field(default=0, sa_type=MinorUnits)
    # The provider's reference of the charge, and the number of its invoice if it makes any.
    provider_receipt_id: str | None = None
    provider_invoice_number: str = ""
    settled_at: datetime | None = None
    # When a worker is to process the line next; None if nothing is left to do.
    due_at: datetime | None = None
    # The end of the current worker's lease.
    claimed_until: datetime | None = None
    # A provider's event has arrived since the line was leased, so the worker's answer may be out of date.
    woken_at: datetime | None = None

    @property
    def key(self) -> int:
        assert self.id is not None, "the line is stored"
        return self.id

    @property
    def actual_amount(self) -> int:
        """What it was settled for, or else what was promised."""
        return self.amount if self.settled_amount is None else self.settled_amount

    @property
    def actual_tax(self) -> int:
        return self.tax if self.settled_tax is None else self.settled_tax

    @property
    def actual_total(self) -> int:
        return self.actual_amount + self.actual_tax

    @property
    def promised_total(self) -> int:
        return self.amount + self.tax

    @property
    def amount_due(self) -> int:
        """What was charged for a settled line, or is on its invoice."""
        return self.actual_total - self.credit_used + self.earlier_balance - self.carried_over

    @property
    def difference(self) -> AmountDifference | None:
        """Between what was promised and what the provider took, if there is one."""
        if self.actual_total != self.promised_total:
            return AmountDifference(promised=self.promised_total, charged=self.actual_total)
        if self.promised_charge is not None:
            return AmountDifference(promised=self.promised_charge, charged=self.amount_due)
        return None

    @property
    def charged_to(self) -> list[ChargedMethod]:
        return [ChargedMethod.model_validate(method) for method in self.charged_methods]

    @property
    def amount_paid(self) -> int:
        return 0 if self.is_on_invoice else self.amount_due

    @property
    def is_busy(self) -> bool:
        return self.status in BUSY_STATUSES

    def is_due(self, at: datetime) -> bool:
        if self.due_at is None or is_leased(self.claimed_until, at):
            return False
        # A lease also sets when the line is due. Neither counts if a clock that was wrong has stored it.
        is_soon = self.due_at == self.claimed_until or self.status in SOON_DUE_STATUSES
        return self.due_at <= at or (is_soon and self.due_at > at + MAX_LEASE)

    def lease(self, until: datetime) -> None:
        # If the worker dies, the line is due again when its lease ends.
        self.due_at = self.claimed_until = until
        self.woken_at = None

    def release(self, due_at: datetime | None) -> None:
        # A busy line that was woken during its lease is due at once.
        self.due_at = self.woken_at if self.is_busy and self.woken_at is not None else due_at
        self.claimed_until = self.woken_at = None

    def wake(self, at: datetime) -> None:
        self.due_at = self.woken_at = at

    def change_status(self, to: LineStatus, at: datetime, reason: str | None = None) -> None:
        self.status = check_transition(ORDER_LINE_TRANSITIONS, self.status, to)
        self.reason, self.customer_link, self.deadline_at, self.remind_at = reason, None, None, None
        self.offered_amount, self.offered_tax = None, None
        self.settled_at = at if to is LineStatus.SETTLED else None

    def get_retry_deadline(self, order: ServiceOrder) -> datetime:
        return min(order.placed_at + RETRY_WINDOW, self.period_ends_at)

    def can_retry(self, order: ServiceOrder, at: datetime) -> bool:
        open_still = (
            not order.retries_abandoned and not order.is_finished and at < self.get_retry_deadline(order)
        )
        return self.status is LineStatus.DECLINED and open_still

    def is_done(self, order: ServiceOrder, at: datetime) -> bool:
        declined_for_good = self.status is LineStatus.DECLINED and not self.can_retry(order, at)
        return self.status is LineStatus.SETTLED or declined_for_good


class ChargeAttempt(SQLModel, table=True):
    """A charge that was sent to the provider for a line: stored, with its key, before the call (R19)."""

    __tablename__ = "charge_attempt"
    __table_args__ = (
        UniqueConstraint("order_line_id", "number"),
        # R19: at most one settlement per line, over all its attempts.
        Index(
            "uq_charge_attempt_settled",
            "order_line_id",
            unique=True,
            sqlite_where=text("outcome = 'settled'"),
            postgresql_where=text("outcome = 'settled'"),
        ),
        # R19: no attempt with a new key while the outcome of an old one is open.
        Index(
            "uq_charge_attempt_open",
            "order_line_id",
            unique=True,
            sqlite_where=text("outcome IS NULL"),
            postgresql_where=text("outcome IS NULL"),
        ),
        CheckConstraint("(outcome IS NULL) = (ended_at IS NULL)", name="ended"),
        CheckConstraint("expected_seats >= 0", name="expected_seats"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_line_id: int = Field(foreign_key="order_line.id")
    number: int
    idempotency_key: str = Field(unique=True)
    payment_method_id: str = Field(foreign_key="payment_method.id")
    expected_seats: int
    started_at: datetime
    outcome: AttemptOutcome | None = Field(default=None, sa_type=string_enum(AttemptOutcome))
    ended_at: datetime | None = None


def find_reminder_time(at: datetime, until: datetime) -> datetime | None:
    """When to send a reminder of a deadline; None if it is too close."""
    return until - REMINDER_LEAD_TIME if until - at > 2 * REMINDER_LEAD_TIME else None


def find_final_status(order: ServiceOrder, lines: list[OrderLine], at: datetime) -> OrderStatus | None:
    """R18: the order's final status once every line is done; none before that."""
    if not all(line.is_done(order, at) for line in lines):
        return None
    settled = any(line.status is LineStatus.SETTLED for line in lines)
    return OrderStatus.COMPLETED if settled else OrderStatus.FAILED
