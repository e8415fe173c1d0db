"""Prices and what a quantity costs: docs.stripe.com/products-prices/pricing-models"""

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Literal


@dataclass(frozen=True)
class Tier:
    """`up_to` is the last unit of the tier; None for the last tier."""

    up_to: int | None
    unit_amount: int | Decimal = 0
    flat_amount: int = 0


@dataclass(frozen=True)
class Package:
    """docs.stripe.com/api/prices/object, transform_quantity"""

    divide_by: int
    round: Literal["up", "down"] = "up"

    def count(self, quantity: int) -> int:
        whole, rest = divmod(quantity, self.divide_by)
        return whole + (rest > 0 and self.round == "up")


@dataclass(frozen=True)
class Product:
    """docs.stripe.com/api/products/object"""

    id: str
    name: str
    metadata: dict[str, str] = field(default_factory=dict)
    is_deleted: bool = False


@dataclass(frozen=True)
class Price:
    """Its terms never change: docs.stripe.com/api/prices/update,
    docs.stripe.com/products-prices/manage-prices.

    `currency_options` has the unit amounts in other currencies:
    docs.stripe.com/products-prices/how-products-and-prices-work, "Multiple currencies"."""

    id: str
    unit_amount: int | Decimal
    interval: str = "month"
    interval_count: int = 1
    active: bool = True
    currency: str = "eur"
    metadata: dict[str, str] = field(default_factory=dict)
    package: Package | None = None
    tiers: list[Tier] = field(default_factory=list)
    tiers_mode: Literal["graduated", "volume"] = "graduated"
    usage_type: Literal["licensed", "metered"] = "licensed"
    tax_behavior: Literal["exclusive", "inclusive"] = "exclusive"
    currency_options: dict[str, int] = field(default_factory=dict)
    # Of this price alone unless it says otherwise.
    product: str = ""

    def __post_init__(self) -> None:
        if not self.product:
            object.__setattr__(self, "product", f"prod_{self.id}")

    def list_parts(self, quantity: int, currency: str) -> list[tuple[int, Fraction]]:
        """What a whole period of `quantity` costs: one line with its quantity, or one for each graduated
        tier."""
        if self.usage_type == "metered":
            return []
        if not self.tiers:
            unit_amount = self.currency_options.get(currency, self.unit_amount)
            units = self.package.count(quantity) if self.package else quantity
            return [(quantity, units * Fraction(unit_amount))]
        if self.tiers_mode == "volume":
            return [(quantity, _compute_tier_amount(self._find_tier(quantity), quantity))]
        parts, below = [], 0
        for tier in self.tiers:
            within = (quantity if tier.up_to is None else min(quantity, tier.up_to)) - below
            if within > 0:
                parts.append((within, _compute_tier_amount(tier, within)))
                below += within
        return parts or [(0, Fraction(0))]

    def compute_amount(self, quantity: int, currency: str) -> Fraction:
        return sum((amount for _, amount in self.list_parts(quantity, currency)), Fraction(0))

    def _find_tier(self, quantity: int) -> Tier:
        return next(tier for tier in self.tiers if tier.up_to is None or quantity <= tier.up_to)


def _compute_tier_amount(tier: Tier, quantity: int) -> Fraction:
    return quantity * Fraction(tier.unit_amount) + tier.flat_amount
