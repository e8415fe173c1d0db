"""Whether a preview charges for the new seats, and for nothing else (R26).

Stripe credits the old seats and charges all seats, old and new. The two need not match: in the flexible
billing mode it credits what was charged for the old seats, which is nothing if they were added without a
proration; in the classic mode the credit has the last discounts, and the charge those of now
(docs.stripe.com/billing/subscriptions/billing-mode/compare, "Credit proration calculations").
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import stripe

from bot.billing.stripe.client import request_stripe
from bot.billing.stripe.currencies import to_exact_minor_units, to_minor_units
from bot.billing.stripe.items import SubscriptionItem
from models.subscription.seat_pricing import PricingScheme


@dataclass(frozen=True)
class WholePeriods:
    """What the seats cost for a whole period, before discounts: all of them, and the old ones alone."""

    all_seats: Fraction
    old_seats: Fraction

    @property
    def new_seats(self) -> Fraction:
        return self.all_seats - self.old_seats


@dataclass(frozen=True)
class Billed:
    """Amounts after discounts, with the tax that they include; and all the tax."""

    amount: int
    tax: int

    @classmethod
    def add_up(cls, lines: Iterable[stripe.InvoiceLineItem]) -> "Billed":
        amount = tax = 0
        for line in lines:
            discounts = sum(d.amount for d in line.discount_amounts or ())
            amount += to_minor_units(line.amount - discounts, line.currency)
            tax += to_minor_units(sum(t.amount for t in line.taxes or ()), line.currency)
        return cls(amount, tax)


def compute_whole_periods(item: SubscriptionItem, seats: int) -> WholePeriods | None:
    """Returns None for tiers, which a list of subscriptions does not have."""
    pricing = item.pricing
    amount = pricing.amount if item.unit_price is None else item.unit_price
    if amount is None or pricing.scheme not in (PricingScheme.PER_SEAT, PricingScheme.PACKAGE):
        return None

    def price(quantity: int) -> Fraction:
        packages, rest = divmod(quantity, pricing.package_size)
        return Fraction(amount) * (packages + (rest > 0 and not pricing.counts_full_packages))

    return WholePeriods(price(item.seats + seats), price(item.seats))


async def fetch_tier_periods(
    client: stripe.StripeClient, item: SubscriptionItem, seats: int
) -> WholePeriods | None:
    """Returns None if the price has no tiers in the subscription's currency. Raises BillingUnavailable."""
    wanted = {"expand": ["tiers"]}
    call = client.v1.prices.retrieve_async(item.price_id, wanted)  # type: ignore[arg-type]
    price = await request_stripe(call, "prices.retrieve")
    if not price.tiers or price.currency.upper() != item.currency:
        return None
    tiers = [_read_tier(tier, price.currency) for tier in price.tiers]
    compute = _price_by_volume if item.pricing.scheme is PricingScheme.VOLUME else _price_by_tier
    return WholePeriods(compute(tiers, item.seats + seats), compute(tiers, item.seats))


@dataclass(frozen=True)
class _Tier:
    """`up_to` is its last seat; None for the last tier."""

    up_to: int | None
    unit_amount: Fraction
    flat_amount: Fraction


def _read_tier(tier: stripe.Price.Tier, currency: str) -> _Tier:
    amounts = (tier.unit_amount_decimal, tier.flat_amount_decimal)
    unit, flat = (Fraction(to_exact_minor_units(Decimal(str(each or 0)), currency)) for each in amounts)
    return _Tier(tier.up_to, unit, flat)


def _price_by_volume(tiers: Sequence[_Tier], seats: int) -> Fraction:
    tier = next(each for each in tiers if each.up_to is None or seats <= each.up_to)
    return seats * tier.unit_amount + tier.flat_amount


def _price_by_tier(tiers: Sequence[_Tier], seats: int) -> Fraction:
    total, below = Fraction(0), 0
    for tier in tiers:
        within = (seats if tier.up_to is None else min(seats, tier.up_to)) - below
        if within > 0:
            total += within * tier.unit_amount + tier.flat_amount
            below += within
    return total


def find_expected_total(
    lines: Sequence[stripe.InvoiceLineItem], item: SubscriptionItem, periods: WholePeriods
) -> int | None:
    """What the new seats cost with tax, if that is not what `lines` charge for them; otherwise None.

    Without a discount, or with a percentage, it is their share of what all seats are charged. An amount off
    is the same for any number of seats, so then they may cost up to their whole price."""
    charged, whole = Billed.add_up(lines), Billed.add_up(line for line in lines if line.amount > 0)
    share = periods.new_seats / periods.all_seats if periods.all_seats else Fraction(0)
    expected = whole.amount * share
    limits = (expected, expected)
    if not _has_only_percentages(item) and lines:
        undiscounted = periods.new_seats * _find_part_of_period(lines, item)
        limits = (min(expected, undiscounted), max(expected, undiscounted))
    tax_rate = Fraction(whole.tax, whole.amount) if whole.amount else Fraction(0)
    # Each line's amount and taxes are rounded by themselves.
    tolerance = 2 * len(lines)
    is_amount_right = limits[0] - tolerance <= charged.amount <= limits[1] + tolerance
    if is_amount_right and abs(charged.tax - charged.amount * tax_rate) <= tolerance:
        return None
    extra_tax = 0 if item.pricing.is_tax_included else expected * tax_rate
    return round(expected + extra_tax)


def _has_only_percentages(item: SubscriptionItem) -> bool:
    """Without a discount of its own, the subscription may have one of its customer."""
    discounts = item.upcoming_changes.discounts
    return bool(discounts) and all(each.percent is not None for each in discounts)


def _find_part_of_period(lines: Sequence[stripe.InvoiceLineItem], item: SubscriptionItem) -> Fraction:
    seconds = max(line.period.end - line.period.start for line in lines)
    return Fraction(seconds, round((item.current_period_end - item.period_start).total_seconds()))
