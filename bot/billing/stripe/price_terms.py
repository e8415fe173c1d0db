"""What Stripe's prices cost per seat: per unit, by the package, in tiers or by usage; in several currencies.

docs.stripe.com/products-prices/pricing-models
"""

from decimal import Decimal

import stripe

from bot.billing.stripe.client import request_stripe
from bot.billing.stripe.currencies import to_exact_minor_units
from models.money import MINOR_UNIT_DIGITS
from models.subscription.seat_pricing import PricingScheme, SeatPricing

TIER_SCHEMES = {"graduated": PricingScheme.GRADUATED, "volume": PricingScheme.VOLUME}

CurrencyOption = stripe.Price | stripe.Price.CurrencyOptions


async def fetch_currency_option(
    client: stripe.StripeClient, price: stripe.Price, currency: str
) -> CurrencyOption | None:
    """Returns the price's option for the currency; None if it has none. Stripe expands at most four levels,
    so a list of subscriptions cannot include the amounts in other currencies."""
    if price.currency == currency:
        return price
    wanted = {"expand": ["currency_options"]}
    call = client.v1.prices.retrieve_async(price.id, wanted)  # type: ignore[arg-type]
    expanded = await request_stripe(call, "prices.retrieve")
    options = expanded.currency_options
    return options[currency] if options is not None and currency in options else None


def read_seat_pricing(
    price: stripe.Price,
    option: CurrencyOption | None,
    currency: str,
    *,
    has_automatic_tax: bool,
    has_inclusive_rates: bool,
) -> tuple[int | None, SeatPricing]:
    """The unit price, if it is a whole number of minor units, and the rest. `option` is the part of the price
    in `currency`; its tax behavior is Stripe Tax's."""
    amount = _read_amount(option, currency)
    is_inclusive = option is not None and option.tax_behavior == "inclusive"
    is_tax_included = is_inclusive if has_automatic_tax else has_inclusive_rates
    scheme = _read_scheme(price)
    if scheme is PricingScheme.PER_SEAT and amount is not None and amount == amount.to_integral_value():
        return int(amount), SeatPricing(is_tax_included=is_tax_included)
    package = price.transform_quantity
    return None, SeatPricing(
        scheme=scheme,
        amount=amount if scheme in (PricingScheme.PER_SEAT, PricingScheme.PACKAGE) else None,
        package_size=package.divide_by if package and scheme is PricingScheme.PACKAGE else 1,
        counts_full_packages=bool(package and package.round == "down"),
        is_tax_included=is_tax_included,
    )


def _read_scheme(price: stripe.Price) -> PricingScheme:
    if price.recurring is None or price.recurring.usage_type != "licensed":
        return PricingScheme.USAGE
    if price.billing_scheme == "tiered":
        return TIER_SCHEMES[price.tiers_mode or "graduated"]
    is_package = price.transform_quantity is not None and price.transform_quantity.divide_by != 1
    return PricingScheme.PACKAGE if is_package else PricingScheme.PER_SEAT


def _read_amount(option: CurrencyOption | None, currency: str) -> Decimal | None:
    # The amount may be in a withdrawn currency, which no account can have.
    if option is None or option.unit_amount_decimal is None or currency.upper() not in MINOR_UNIT_DIGITS:
        return None
    return to_exact_minor_units(Decimal(str(option.unit_amount_decimal)), currency)
