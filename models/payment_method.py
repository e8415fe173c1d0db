"""Stored payment methods: a provider's reference, and what it shows of them, never a card number (R23)."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import text
from sqlmodel import CheckConstraint, Field, Index, SQLModel

from models.errors import Refusal

CARD_TYPE = "card"
EXPIRY_WARNING_MONTHS = 2


class NoAutomaticPaymentMethod(Refusal):
    """R3: no valid automatic method is the account's default, or charged by default for a subscription."""


class PaymentMethodUnsupported(NoAutomaticPaymentMethod):
    """R3: the default method is of a type that cannot be charged for seats ordered here."""

    def __init__(self, method: "PaymentMethod") -> None:
        super().__init__(method=method.type)
        self.method = method


class PaymentMethodNotUsable(Refusal):
    """The chosen method no longer exists, has expired or is not automatic."""


class PaymentMethod(SQLModel, table=True):
    """`type` is the provider's word, such as `card`, `link` or `sepa_debit`. Only cards always have a brand,
    digits and an expiry date."""

    __tablename__ = "payment_method"
    __table_args__ = (
        # No column can hold a card number: four digits at most.
        CheckConstraint("length(last4) = 4", name="last4"),
        CheckConstraint("expiry_month BETWEEN 1 AND 12", name="expiry_month"),
        CheckConstraint(
            "type <> 'card' OR (brand IS NOT NULL AND last4 IS NOT NULL"
            " AND expiry_year IS NOT NULL AND expiry_month IS NOT NULL)",
            name="card",
        ),
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
    type: str = CARD_TYPE
    brand: str | None = None
    last4: str | None = Field(default=None, max_length=4)
    expiry_year: int | None = None
    expiry_month: int | None = None
    email: str | None = None
    bank: str | None = None
    automatic: bool = True
    is_default: bool = False
    active: bool = True

    @property
    def is_unsupported(self) -> bool:
        """Of a type that the provider cannot charge for seats ordered here."""
        return self.type != CARD_TYPE and not self.automatic

    def is_expired(self, today: date) -> bool:
        """A card is good through the last day of its month."""
        if self.expiry_year is None or self.expiry_month is None:
            return False
        return (self.expiry_year, self.expiry_month) < (today.year, today.month)

    def is_expiring_soon(self, today: date) -> bool:
        """In this month or one of the two after it."""
        if self.expiry_year is None or self.expiry_month is None:
            return False
        months = (self.expiry_year - today.year) * 12 + self.expiry_month - today.month
        return 0 <= months <= EXPIRY_WARNING_MONTHS

    def is_usable(self, today: date) -> bool:
        return self.active and self.automatic and not self.is_expired(today)


def list_default_methods(
    methods: Collection[PaymentMethod], own_ids: Collection[str | None]
) -> list[PaymentMethod]:
    """Those that are charged unless another one is chosen: the subscriptions' own, which are `own_ids`, and
    the account's default."""
    return [m for m in methods if m.id in own_ids] + [
        m for m in methods if m.is_default and m.id not in own_ids
    ]


def check_default_method(
    methods: Collection[PaymentMethod], today: date, own_ids: Collection[str | None] = ()
) -> None:
    """R3: the account's default method, or one that a subscription has of its own, is automatic and not
    expired."""
    defaults = list_default_methods(methods, own_ids)
    if any(m.is_usable(today) for m in defaults):
        return
    unsupported = next((m for m in defaults if m.active and m.is_unsupported), None)
    raise PaymentMethodUnsupported(unsupported) if unsupported else NoAutomaticPaymentMethod


def get_usable_method(
    methods: Collection[PaymentMethod], method_id: str | None, today: date
) -> PaymentMethod:
    found = next((m for m in methods if m.id == method_id and m.is_usable(today)), None)
    if found is None:
        raise PaymentMethodNotUsable
    return found
