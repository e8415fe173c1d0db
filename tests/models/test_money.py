from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.money import (
    InvalidAmount,
    UnknownCurrency,
    check_currency,
    compute_tax,
    parse_amount,
    round_half_up,
    to_decimal,
)

RATES = st.integers(0, 10_000).map(lambda n: str(Decimal(n) / 10_000))


@pytest.mark.parametrize(
    ("value", "rounded"),
    [("1/2", 1), ("3/2", 2), ("5/2", 3), ("49/100", 0), ("51/100", 1), ("7", 7), ("-1/2", 0), ("-3/2", -1)],
)
def test_r17_a_half_is_rounded_up(value: str, rounded: int) -> None:
    assert round_half_up(Fraction(value)) == rounded


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("14.00", "EUR", 1400),
        ("14", "EUR", 1400),
        ("14.5", "EUR", 1450),
        ("14.500", "EUR", 1450),
        (" 14.00 ", "EUR", 1400),
        ("0", "EUR", 0),
        ("0.01", "USD", 1),
        ("1400", "JPY", 1400),
        ("1.234", "TND", 1234),
        ("1650.50", "RSD", 165050),
        ("5000", "ISK", 5000),
        ("99999999999999", "EUR", 9999999999999900),
    ],
)
def test_r17_amounts_are_read_as_minor_units(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("fourteen", "EUR"),
        ("", "EUR"),
        ("-1", "EUR"),
        ("14.005", "EUR"),
        ("14.5", "JPY"),
        ("NaN", "EUR"),
        ("sNaN", "EUR"),
        ("Infinity", "EUR"),
        ("1e3", "EUR"),
        ("1e999999999", "EUR"),
        ("1_000", "EUR"),
        ("1,000.00", "EUR"),
        ("14,00", "EUR"),
        ("14.", "EUR"),
        ("14.0000000000000000000000000000001", "EUR"),
        ("123456789012345", "EUR"),
    ],
)
def test_an_amount_with_too_many_decimals_is_refused(text: str, currency: str) -> None:
    with pytest.raises(InvalidAmount):
        parse_amount(text, currency)


@given(st.integers(0, 10**14 - 1), st.sampled_from(["EUR", "USD", "JPY", "TND", "CHF"]))
def test_an_amount_that_is_written_reads_the_same(amount: int, currency: str) -> None:
    assert parse_amount(format(to_decimal(amount, currency), "f"), currency) == amount


@pytest.mark.parametrize("code", ["EUR", "USD", "JPY"])
def test_currencies_are_iso_4217(code: str) -> None:
    assert check_currency(code) == code


@pytest.mark.parametrize("code", ["eur", "EURO", "", "€", "ZZZ", "XAU", "XXX"])
def test_an_unknown_currency_is_refused(code: str) -> None:
    with pytest.raises(UnknownCurrency):
        check_currency(code)


@pytest.mark.parametrize(
    ("amount", "rate", "tax"),
    [(7000, "0.20", 1400), (13, "0.20", 3), (12, "0.20", 2), (5, "0.1", 1), (1, "0", 0), (999, "0.055", 55)],
)
def test_r17_tax_is_rounded_half_up(amount: int, rate: str, tax: int) -> None:
    assert compute_tax(amount, rate) == tax


@given(st.integers(0, 10**12), RATES)
def test_r17_tax_is_off_by_half_a_minor_unit_at_most(amount: int, rate: str) -> None:
    assert abs(compute_tax(amount, rate) - amount * Fraction(rate)) <= Fraction(1, 2)


@given(st.integers(0, 10**9), st.integers(0, 10**9), RATES)
def test_more_is_never_taxed_less(amount: int, more: int, rate: str) -> None:
    assert compute_tax(amount, rate) <= compute_tax(amount + more, rate)
