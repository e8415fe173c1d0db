"""How a provider prices the seats of a subscription, if not simply by a whole amount for each."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from models.errors import Refusal


class SeatsPricedByUsage(Refusal):
    """What is used is billed afterwards: there are no seats to order."""


class SeatsBilledWithUsage(Refusal):
    """Usage is billed on the same subscription, and an order of seats would disturb its billing."""


class CurrencyMismatch(Refusal):
    """The subscription is charged in a currency other than the account's."""


class PricingScheme(StrEnum):
    PER_SEAT = "per_seat"
    PACKAGE = "package"
    GRADUATED = "graduated"
    VOLUME = "volume"
    USAGE = "usage"


class SeatPricing(BaseModel):
    """`amount` is the price of a seat, or of a package of `package_size` seats, in minor units; it can have
    fractions. None if the subscription's `unit_price` says it, or no single amount does."""

    model_config = ConfigDict(frozen=True)

    scheme: PricingScheme = PricingScheme.PER_SEAT
    amount: Decimal | None = None
    package_size: int = 1
    # Whether seats that do not fill a package cost nothing.
    counts_full_packages: bool = False
    is_tax_included: bool = False
    # Set if the subscription is charged in another currency than the account's.
    other_currency: str | None = None
    # Whether another item of the provider's subscription is billed by usage.
    has_metered_sibling: bool = False

    @property
    def is_by_usage(self) -> bool:
        return self.scheme is PricingScheme.USAGE

    def find_refusal(self, product: str) -> Refusal | None:
        if self.is_by_usage:
            return SeatsPricedByUsage(product=product)
        if self.has_metered_sibling:
            return SeatsBilledWithUsage(product=product)
        return CurrencyMismatch() if self.other_currency else None


class SeatPricingColumn(TypeDecorator[SeatPricing]):
    """Stores the pricing as JSON, without what is usual."""

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: SeatPricing | dict[str, Any] | None, dialect: Dialect
    ) -> dict[str, Any]:
        # A dumped row has the value already converted.
        pricing = SeatPricing.model_validate(value or {})
        return pricing.model_dump(mode="json", exclude_defaults=True)

    def process_result_value(self, value: Any, dialect: Dialect) -> SeatPricing:
        return SeatPricing.model_validate(value or {})
