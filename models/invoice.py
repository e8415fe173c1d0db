"""An invoice that the provider has sent for a line of an order, which the customer pays by themselves (R3).

Its status is its own and never changes its order or line.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import CheckConstraint, Field, Index, SQLModel

from models.column_types import MinorUnits, string_enum
from models.errors import Refusal
from models.subscription.proration import get_end_of_day, get_local_date
from models.transition import check_transition


class InvoiceStatus(StrEnum):
    DUE = "due"
    OVERDUE = "overdue"
    # Written off by the seller at the provider; it can still be paid.
    UNCOLLECTIBLE = "uncollectible"
    PAID = "paid"
    VOID = "void"


INVOICE_TRANSITIONS: dict[InvoiceStatus, frozenset[InvoiceStatus]] = {
    InvoiceStatus.DUE: frozenset(
        {InvoiceStatus.OVERDUE, InvoiceStatus.UNCOLLECTIBLE, InvoiceStatus.PAID, InvoiceStatus.VOID}
    ),
    InvoiceStatus.OVERDUE: frozenset({InvoiceStatus.UNCOLLECTIBLE, InvoiceStatus.PAID, InvoiceStatus.VOID}),
    InvoiceStatus.UNCOLLECTIBLE: frozenset({InvoiceStatus.PAID, InvoiceStatus.VOID}),
    InvoiceStatus.PAID: frozenset(),
    InvoiceStatus.VOID: frozenset(),
}

PAYABLE_STATUSES = (InvoiceStatus.DUE, InvoiceStatus.OVERDUE)
_UNPAID_CONDITION = text("status IN ('due', 'overdue')")


class InvoiceNotFound(Refusal):
    """No such invoice, or one of an account that the person may not know of."""


class Invoice(SQLModel, table=True):
    """The link to pay it is not stored: anyone who has it can see the invoice, and it expires."""

    __table_args__ = (
        CheckConstraint("amount >= 0 AND amount_remaining >= 0", name="amounts"),
        # For an account's screens, however long its history.
        Index(
            "ix_invoice_unpaid",
            "account_id",
            "id",
            sqlite_where=_UNPAID_CONDITION,
            postgresql_where=_UNPAID_CONDITION,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    order_line_id: int = Field(foreign_key="order_line.id", unique=True)
    # The provider's reference, and the number that people read.
    provider_invoice_id: str
    number: str
    status: InvoiceStatus = Field(default=InvoiceStatus.DUE, sa_type=string_enum(InvoiceStatus))
    currency: str
    amount: int = Field(sa_type=MinorUnits)
    amount_remaining: int = Field(sa_type=MinorUnits)
    issued_at: datetime
    due_at: datetime | None = None
    # When to ask the provider about it next; None once nothing more can happen to it.
    check_at: datetime | None = Field(default=None, index=True)

    @property
    def key(self) -> int:
        assert self.id is not None, "the invoice is stored"
        return self.id

    @property
    def is_payable(self) -> bool:
        return self.status in PAYABLE_STATUSES

    @property
    def is_final(self) -> bool:
        return not INVOICE_TRANSITIONS[self.status]

    @property
    def has_changed(self) -> bool:
        """Whether less has to be paid than was invoiced."""
        return not self.is_payable or self.amount_remaining != self.amount

    def change_status(self, to: InvoiceStatus) -> None:
        self.status = check_transition(INVOICE_TRANSITIONS, self.status, to)


def find_overdue_time(due_at: datetime | None, zone: str) -> datetime | None:
    """Returns the end of the day on which it is due, because people are shown only the day."""
    return None if due_at is None else get_end_of_day(get_local_date(zone, due_at), zone)


def find_invoice_status(reported: InvoiceStatus, overdue_at: datetime | None, at: datetime) -> InvoiceStatus:
    # A provider may also report on its own that the invoice is overdue.
    is_overdue = reported is InvoiceStatus.DUE and overdue_at is not None and at >= overdue_at
    return InvoiceStatus.OVERDUE if is_overdue else reported
