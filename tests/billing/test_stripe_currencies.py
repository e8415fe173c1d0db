"""R17: amounts by Stripe's table of currencies, by ISO 4217, and as CLDR writes them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso4217 import Currency
from structlog.testing import capture_logs

from bot.billing.stripe.currencies import get_stripe_digits, to_minor_units
from bot.i18n import Localizer
from models.money import Money, to_decimal

CODES = sorted(currency.code for currency in Currency if currency.exponent is not None)


@pytest.mark.parametrize(
    ("currency", "amount", "value"),
    [
        ("eur", 1400, "14.00"),
        ("jpy", 500, "500"),
        ("isk", 500_000, "5000"),
        ("ugx", 500, "5"),
        ("mga", 5, "5.00"),
        ("kwd", 5120, "5.120"),
        ("huf", 1045, "10.45"),
        ("twd", 80045, "800.45"),
    ],
)
def test_r17_an_amount_of_stripe_has_the_same_value_here(currency: str, amount: int, value: str) -> None:
    assert to_decimal(to_minor_units(amount, currency), currency.upper()) == Decimal(value)


@given(st.sampled_from(CODES), st.integers(-(10**9), 10**9))
def test_r17_every_whole_amount_of_every_currency_keeps_its_value(code: str, units: int) -> None:
    in_stripe = units * 10 ** get_stripe_digits(code)
    assert to_decimal(to_minor_units(in_stripe, code.lower()), code) == units


@given(st.sampled_from(CODES), st.integers(0, 10**12))
def test_r17_an_amount_is_shown_with_all_the_decimals_it_needs(code: str, amount: int) -> None:
    shown = Localizer("en").format_money(Money(amount, code))
    digits = "".join(c for c in shown if c.isdecimal() or c == ".").lstrip(".")
    assert Decimal(digits) == to_decimal(amount, code)


def test_a_fraction_that_stripe_cannot_charge_is_rounded_and_logged() -> None:
    with capture_logs() as logs:
        assert to_minor_units(1250, "isk") == 13
    assert [entry["event"] for entry in logs] == ["amount.not_representable"]


def test_r17_a_withdrawn_currency_stays_unchanged() -> None:
    assert to_minor_units(1400, "hrk") == 1400
