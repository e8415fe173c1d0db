"""The tables of the embedded billing gateway: a stand-in for a provider's own records."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import text
from sqlmodel import CheckConstraint, Field, Index, SQLModel, UniqueConstraint

from models.column_types import MinorUnits, string_enum
from models.subscription.period_length import PeriodLength, PeriodLengthColumn


class ChargeStatus(StrEnum):
    PENDING = "pending"
    NEEDS_CUSTOMER = "needs_customer"
    SETTLED = "settled"
    DECLINED = "declined"


# A literal, because the planner does not use the partial index for a bound parameter.
_UNDECIDED_INDEX_CONDITION = text("status IN ('pending', 'needs_customer')")
UNDECIDED_CHARGE_CONDITION = text(f"ledger_charge.{_UNDECIDED_INDEX_CONDITION.text}")


class LedgerSubscription(SQLModel, table=True):
    """The period is the one that was copied: later ones are computed from it, starting on `anchor_day`."""

    __tablename__ = "ledger_subscription"
    __table_args__ = (CheckConstraint("seats >= 0 AND unit_price >= 0", name="amounts"),)

    id: str = Field(primary_key=True)
    account_id: str = Field(index=True)
    seats: int
    unit_price: int = Field(sa_type=MinorUnits)
    period: PeriodLength = Field(sa_type=PeriodLengthColumn)
    period_start: date
    period_end: date
    anchor_day: int
    tax_rate: str | None = None
    # Set if it is paid by invoice.
    days_until_due: int | None = None
    revision: int = 0


class LedgerSeatBlock(SQLModel, table=True):
    __tablename__ = "ledger_seat_block"
    __table_args__ = (
        UniqueConstraint("subscription_id", "unit_price"),
        CheckConstraint("seats > 0 AND unit_price >= 0", name="amounts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    subscription_id: str = Field(foreign_key="ledger_subscription.id")
    unit_price: int = Field(sa_type=MinorUnits)
    seats: int


class LedgerCharge(SQLModel, table=True):
    """What one key did: the same key always gets the same response."""

    __tablename__ = "ledger_charge"
    __table_args__ = (
        CheckConstraint("amount >= 0 AND tax >= 0 AND seats > 0", name="amounts"),
        Index(
            "ix_ledger_charge_undecided",
            "subscription_id",
            sqlite_where=_UNDECIDED_INDEX_CONDITION,
            postgresql_where=_UNDECIDED_INDEX_CONDITION,
        ),
    )

    idempotency_key: str = Field(primary_key=True)
    subscription_id: str = Field(foreign_key="ledger_subscription.id")
    payment_method_id: str
    seats: int
    unit_price: int = Field(sa_type=MinorUnits)
    amount: int = Field(sa_type=MinorUnits)
    tax: int = Field(sa_type=MinorUnits)
    status: ChargeStatus = Field(sa_type=string_enum(ChargeStatus))
    created_at: datetime
    deadline_at: datetime | None = None
    # Set if it is on an invoice: when that is due. The invoice is finalized at `deadline_at`.
    invoice_due_at: datetime | None = None

    @property
    def is_undecided(self) -> bool:
        return self.status in (ChargeStatus.PENDING, ChargeStatus.NEEDS_CUSTOMER)
