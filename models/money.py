"""Money: integers of a currency's minor unit (R17). No float ever holds an amount."""

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from iso4217 import Currency

from models.errors import Refusal


class UnknownCurrency(Refusal):
    """The text isn't an ISO 4217 code."""


class InvalidAmount(Refusal):
    """Negative, not a decimal number, or more precise than the currency."""


# Precious metals, funds and test codes have no minor unit: nothing is sold in them.
MINOR_UNIT_DIGITS: dict[str, int] = {c.code: c.exponent for c in Currency if c.exponent is not None}


@dataclass(frozen=True)
class Money:
    """An amount to display: minor units and their ISO 4217 code."""

    amount: int
    currency: str


@dataclass(frozen=True)
class ExactMoney:
    """A price to display, in minor units, which may have fractions. No such amount is ever charged."""

    amount: Decimal
    currency: str


def round_half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def get_minor_unit_digits(currency: str) -> int:
    """ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    return MINOR_UNIT_DIGITS[currency]


def check_currency(code: str) -> str:
    if code not in MINOR_UNIT_DIGITS:
        raise UnknownCurrency(currency=code)
    return code


def parse_amount(text: str, currency: str) -> int:
    """`"14.00"` of EUR → 1400. Raises InvalidAmount for text, a negative amount, or too many decimals."""
    typed = text.strip()
    # This many digits are exact in a Decimal, and fit the column.
    if not re.fullmatch(r"\d{1,14}(\.\d{1,9})?", typed):
        raise InvalidAmount(amount=text[:40], currency=currency)
    minor = Decimal(typed).scaleb(get_minor_unit_digits(currency))
    if minor != minor.to_integral_value():
        raise InvalidAmount(amount=text, currency=currency)
    return int(minor)


def to_decimal(amount: int | Decimal, currency: str) -> Decimal:
    """1400 of EUR → `Decimal("14.00")`, for formatting."""
    return Decimal(amount).scaleb(-get_minor_unit_digits(currency))


def compute_tax(amount: int, rate: str) -> int:
    """Exclusive tax on `amount`, in minor units, rounded half up. `rate` is like "0.20"."""
    return round_half_up(amount * Fraction(rate))
