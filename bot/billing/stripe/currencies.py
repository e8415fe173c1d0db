"""Stripe's units of each currency, which are not always the minor unit of ISO 4217 (R17).

Amounts of ISK and UGX come with two decimals that are always zero, and amounts of MGA with none
(docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases").
"""

from decimal import Decimal
from fractions import Fraction

import structlog

from models.money import MINOR_UNIT_DIGITS, get_minor_unit_digits, round_half_up

log = structlog.get_logger()

ZERO_DECIMAL_CURRENCIES = frozenset(
    ["BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"]
)
# docs.stripe.com/currencies, "Minimum and maximum charge amounts"; in minor units.
MINIMUM_CHARGES = {
    **dict.fromkeys(["USD", "AUD", "BRL", "CAD", "CHF", "EUR", "INR", "NZD", "SGD"], 50),
    **{"AED": 200, "BGN": 100, "CZK": 1500, "DKK": 250, "GBP": 30, "HKD": 400, "HUF": 17500, "JPY": 50},
    **{"MXN": 1000, "MYR": 200, "NOK": 300, "PLN": 200, "RON": 200, "SEK": 300, "THB": 1000},
}
THREE_DECIMAL_CURRENCIES = frozenset(["BHD", "JOD", "KWD", "OMR", "TND"])


def get_stripe_digits(currency: str) -> int:
    """The number of decimals of Stripe's amounts. `currency` is in upper case."""
    if currency in ZERO_DECIMAL_CURRENCIES:
        return 0
    return 3 if currency in THREE_DECIMAL_CURRENCIES else 2


def get_documented_minimum_charge(currency: str) -> int:
    """Returns 0 if Stripe documents none."""
    return MINIMUM_CHARGES.get(currency, 0)


def to_exact_minor_units(amount: Decimal, currency: str) -> Decimal:
    code = currency.upper()
    return amount.scaleb(get_minor_unit_digits(code) - get_stripe_digits(code)).normalize()


def to_minor_units(amount: int, currency: str) -> int:
    """Converts Stripe's amount to ISO 4217's minor unit. `currency` is in lower case, as Stripe writes it."""
    code = currency.upper()
    if code not in MINOR_UNIT_DIGITS:
        return amount  # Withdrawn since: no account can have it.
    factor = Fraction(10) ** (get_minor_unit_digits(code) - get_stripe_digits(code))
    exact = amount * factor
    if exact.denominator != 1:
        # Stripe charges no such amount: of ISK and UGX the last two digits are always zero.
        log.error("amount.not_representable", amount=amount, currency=code)
    return round_half_up(exact)
