"""Stored payment methods: a provider's reference, brand, last four digits and expiry, never more (R23)."""

from datetime import date

from sqlalchemy import text
from sqlmodel import CheckConstraint, Field, Index, SQLModel

from models.errors import Refusal

EXPIRY_WARNING_MONTHS = 2


class NoAutomaticPaymentMethod(Refusal):
    """R3: no valid automatic method is the account's default."""


class PaymentMethodNotUsable(Refusal):
    """The chosen method no longer exists, has expired or is not automatic."""


class PaymentMethod(SQLModel, table=True):
    __tablename__ = "payment_method"
    __table_args__ = (
        # No column can hold a card number: four digits at most.
        CheckConstraint("length(last4) = 4", name="last4"),
        CheckConstraint("expiry_month BETWEEN 1 AND 12", name="expiry_month"),
        # R3: an account has one default.
        Index(
            "uq_payment_method_default",
            "account_id",
            unique=True,
            sqlite_where=text("is_default AND active"),
            postgresql_where=text("is_default AND active"),
        ),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    brand: str
    last4: str = Field(max_length=4)
    expiry_year: int
    expiry_month: int
    automatic: bool = True
    is_default: bool = False
    active: bool = True

    def is_expired(self, today: date) -> bool:
        """A card is good through the last day of its month."""
        return (self.expiry_year, self.expiry_month) < (today.year, today.month)

    def is_expiring_soon(self, today: date) -> bool:
        """In this month or one of the two after it."""
        months = (self.expiry_year - today.year) * 12 + self.expiry_month - today.month
        return 0 <= months <= EXPIRY_WARNING_MONTHS

    def is_usable(self, today: date) -> bool:
        return self.active and self.automatic and not self.is_expired(today)


def check_default_method(methods: list[PaymentMethod], today: date) -> None:
    """R3: the default method is automatic and not expired."""
    if not any(m.is_default and m.is_usable(today) for m in methods):
        raise NoAutomaticPaymentMethod


def get_usable_method(methods: list[PaymentMethod], method_id: str | None, today: date) -> PaymentMethod:
    found = next((m for m in methods if m.id == method_id and m.is_usable(today)), None)
    if found is None:
        raise PaymentMethodNotUsable
    return found
