"""What a seat costs, in words: not every price is an amount per seat."""

from decimal import Decimal
from typing import Protocol

from bot.i18n import Localizer
from models.money import ExactMoney
from models.subscription.period_length import PeriodLength
from models.subscription.seat_pricing import PricingScheme, SeatPricing


class PricedItem(Protocol):
    """A subscription, or a line of a quote or receipt."""

    @property
    def unit_price(self) -> int | None: ...

    @property
    def pricing(self) -> SeatPricing: ...

    @property
    def period(self) -> PeriodLength: ...


def format_seat_price(localizer: Localizer, priced: PricedItem, currency: str) -> str:
    price = _format_price(localizer, priced, currency)
    return (
        localizer.format_text("price-including-tax", price=price) if priced.pricing.is_tax_included else price
    )


def _format_price(localizer: Localizer, priced: PricedItem, currency: str) -> str:
    pricing = priced.pricing
    amount = pricing.amount if priced.unit_price is None else Decimal(priced.unit_price)
    if amount is None:
        return localizer.format_text("price-in-words", scheme=pricing.scheme.value, period=priced.period)
    price = ExactMoney(amount, pricing.other_currency or currency)
    if pricing.scheme is PricingScheme.PACKAGE:
        return localizer.format_text(
            "price-per-package",
            price=price,
            count=pricing.package_size,
            counted="full" if pricing.counts_full_packages else "started",
            period=priced.period,
        )
    return localizer.format_text("price-per-seat", price=price, period=priced.period)
