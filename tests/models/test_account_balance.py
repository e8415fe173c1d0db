"""R26: what invoices charge one after another."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.quote import Quote
from models.service_order import LineStatus, OrderLine
from models.service_order.account_balance import (
    compute_amount_limit,
    compute_amounts_due,
    compute_settled_limit,
    is_balance_passed_on,
)
from tests.models.examples import NOW, make_order_line, make_quote

AMOUNTS = st.integers(0, 5000)
MINIMUM = 50


@pytest.mark.parametrize(
    ("totals", "balance", "due"),
    [
        ([31, 30], 0, [0, 61]),
        ([500, 31], 0, [500, 0]),
        ([31, 31, 31], 0, [0, 62, 0]),
        ([49], 0, [0]),
        ([50], 0, [50]),
        ([31], 20, [51]),
        ([100, 300], -150, [0, 250]),
        ([180, 30], -150, [0, 60]),
        ([0, 0], 0, [0, 0]),
    ],
)
def test_each_invoice_takes_up_what_the_one_before_left(
    totals: list[int], balance: int, due: list[int]
) -> None:
    assert compute_amounts_due(totals, balance, MINIMUM) == due


@given(st.lists(AMOUNTS, max_size=6), st.integers(-5000, 5000), st.integers(0, 500))
def test_nothing_is_lost_and_nothing_below_the_smallest_charge_is_charged(
    totals: list[int], balance: int, minimum: int
) -> None:
    due = compute_amounts_due(totals, balance, minimum)
    assert all(amount == 0 or amount >= max(1, minimum) for amount in due)
    left = balance + sum(totals) - sum(due)
    assert not due or left < max(1, minimum)


def build_lines(*totals: int) -> tuple[Quote, list[OrderLine]]:
    lines = [make_order_line(id=number, amount=total, tax=0) for number, total in enumerate(totals, 1)]
    return make_quote(starting_balance=0, minimum_charge=MINIMUM), lines


def settle(line: OrderLine, minutes: int, *, carried_over: int = 0, earlier_balance: int = 0) -> None:
    line.status, line.settled_at = LineStatus.SETTLED, NOW + timedelta(minutes=minutes)
    line.carried_over, line.earlier_balance = carried_over, earlier_balance


def test_the_next_line_may_be_charged_what_the_order_itself_left() -> None:
    quote, lines = build_lines(31, 30)
    settle(lines[0], 1, carried_over=31)
    assert compute_amount_limit(quote, lines, lines[1]) == 61


def test_lines_may_settle_in_another_order_than_that_of_the_quote() -> None:
    quote, lines = build_lines(500, 31)
    settle(lines[1], 1, carried_over=31)
    assert compute_amount_limit(quote, lines, lines[0]) == 531


def test_a_balance_that_nobody_promised_may_not_be_charged() -> None:
    quote, lines = build_lines(500, 300)
    settle(lines[0], 1)
    assert compute_amount_limit(quote, lines, lines[1]) == 300


def test_what_one_line_was_overcharged_does_not_decline_the_next() -> None:
    quote, lines = build_lines(500, 300)
    settle(lines[0], 1, earlier_balance=200)
    assert compute_amount_limit(quote, lines, lines[1]) == 300


def test_a_credit_that_waits_with_a_payment_to_confirm_is_not_promised_again() -> None:
    quote, lines = build_lines(500, 300)
    quote.starting_balance, lines[0].status = -100, LineStatus.NEEDS_CUSTOMER
    assert compute_amount_limit(quote, lines, lines[1]) == 300
    lines[0].status = LineStatus.DECLINED
    assert compute_amount_limit(quote, lines, lines[1]) == 200


@pytest.mark.parametrize(
    ("totals", "balance", "passed_on"),
    [((500, 300), 0, False), ((500, 0), 0, False), ((500, 31), 0, True), ((500, 300), -1, True)],
)
def test_lines_are_charged_in_sequence_only_if_their_order_matters(
    totals: tuple[int, ...], balance: int, passed_on: bool
) -> None:
    quote, lines = build_lines(*totals)
    quote.starting_balance = balance
    assert is_balance_passed_on(quote, lines) is passed_on


def test_a_balance_may_have_been_charged_before_the_invoice_of_a_payment_to_confirm() -> None:
    """Both were charged at once, and which invoice came first is not known."""
    quote, lines = build_lines(500, 300)
    quote.starting_balance, lines[0].status = 250, LineStatus.NEEDS_CUSTOMER
    assert compute_amount_limit(quote, lines, lines[1]) == 300
    assert compute_settled_limit(quote, lines, lines[1]) == 550
    settle(lines[0], 1, earlier_balance=250)
    assert compute_settled_limit(quote, lines, lines[1]) == 300
