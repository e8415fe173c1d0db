"""An account's subscription to a product: its seats, their price and the period."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Protocol

from sqlalchemy import Column
from sqlmodel import CheckConstraint, Field, SQLModel, UniqueConstraint

from models.audit.subject import AuditSubject, SubjectType
from models.column_types import MinorUnits
from models.errors import Refusal
from models.product import Product, ProductNotInCatalogue, ProductNotSelfServed
from models.subscription.period_length import PeriodLength, PeriodLengthColumn
from models.subscription.seat_pricing import SeatPricing, SeatPricingColumn
from models.subscription.upcoming_changes import UpcomingChanges, UpcomingChangesColumn
from models.text.localized_text import LocalizedText, LocalizedTextColumn


class SubscriptionNotSelfServed(Refusal):
    """R4: this subscription is not self-served."""


class SubscriptionNotFound(Refusal):
    """No such subscription on this account."""


class SubscriptionEnded(Refusal):
    """The subscription of an earlier order is over."""


class NothingToOrder(Refusal):
    """R2, R4: none of the account's subscriptions can be ordered here."""


class Subscription(SQLModel, table=True):
    """`seats` is the bot's copy of the provider's number, including those of its SeatBlocks. Without a
    `unit_price`, `pricing` says what seats cost."""

    __table_args__ = (
        CheckConstraint("seats >= 0", name="seats"),
        CheckConstraint("unit_price >= 0", name="unit_price"),
        CheckConstraint("period_start < period_end", name="period"),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id", index=True)
    product_id: str = Field(foreign_key="product.id")
    seats: int
    unit_price: int | None = Field(default=None, sa_type=MinorUnits)
    pricing: SeatPricing = Field(
        default_factory=SeatPricing,
        sa_column=Column(SeatPricingColumn, nullable=False, server_default="{}"),
    )
    period: PeriodLength = Field(sa_type=PeriodLengthColumn)
    period_start: date
    period_end: date
    self_service: bool = True
    self_service_reason: LocalizedText | None = Field(default=None, sa_type=LocalizedTextColumn)
    active: bool = True
    outlook: UpcomingChanges = Field(
        default_factory=UpcomingChanges,
        sa_column=Column(UpcomingChangesColumn, nullable=False, server_default="{}"),
    )
    # For the embedded provider: the tax rate, such as "0.055", if it is not the account's.
    tax_rate: str | None = None
    # For the embedded provider: set if it sends invoices instead of charging a payment method.
    days_until_due: int | None = None
    # The payment method that the provider charges for this subscription instead of the account's default.
    default_payment_method_id: str | None = None
    # Counts the imports that changed the seats or periods: the embedded provider then copies them again.
    revision: int = 0

    @property
    def audit_subject(self) -> AuditSubject:
        return AuditSubject(SubjectType.SUBSCRIPTION, self.id)

    def check_self_service(self, product: Product) -> None:
        if not product.in_catalogue:
            raise ProductNotInCatalogue(product=product.name)
        if not product.additional_seats:
            raise ProductNotSelfServed(product=product.name, reason=product.reason or "")
        if not self.self_service:
            raise SubscriptionNotSelfServed(product=product.name, reason=self.self_service_reason or "")
        refusal = self.pricing.find_refusal(product.name) or self.outlook.find_refusal(product.name)
        if refusal is not None:
            raise refusal

    @property
    def last_day(self) -> date:
        """The last day of the current period, which ends with the first midnight of `period_end`."""
        return self.period_end - timedelta(days=1)

    @property
    def will_renew(self) -> bool:
        return self.outlook.will_renew(self.period_end)


class SeatBlock(SQLModel, table=True):
    """Seats of a subscription that were bought at another price than its own (R17)."""

    __tablename__ = "seat_block"
    __table_args__ = (
        UniqueConstraint("subscription_id", "unit_price"),
        CheckConstraint("seats > 0", name="seats"),
    )

    id: int | None = Field(default=None, primary_key=True)
    subscription_id: str = Field(foreign_key="subscription.id")
    unit_price: int = Field(sa_type=MinorUnits)
    seats: int


class PricedSeats(Protocol):
    """Seats at a price: a SeatBlock, or the provider's equivalent."""

    @property
    def seats(self) -> int: ...

    @property
    def unit_price(self) -> int: ...


def compute_recurring_amount(seats: int, unit_price: int, blocks: Sequence[PricedSeats]) -> int:
    """What a whole period of the subscription costs before tax, with each block at its own price."""
    seats_in_blocks = sum(b.seats for b in blocks)
    return (seats - seats_in_blocks) * unit_price + sum(b.seats * b.unit_price for b in blocks)
