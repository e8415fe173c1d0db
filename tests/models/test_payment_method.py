from datetime import date
from typing import Any

import pytest

from models.payment_method import (
    NoAutomaticPaymentMethod,
    PaymentMethodNotUsable,
    check_default_method,
    get_usable_method,
)
from tests.models.examples import make_payment_method

TODAY = date(2026, 11, 16)
UNUSABLE: list[dict[str, Any]] = [
    {"active": False},
    {"automatic": False},
    {"expiry_year": 2026, "expiry_month": 10},
    {"expiry_year": 2025, "expiry_month": 12},
]


@pytest.mark.parametrize(
    ("today", "expired"),
    [
        (date(2028, 4, 1), False),
        (date(2028, 4, 30), False),
        (date(2028, 5, 1), True),
        (date(2029, 1, 1), True),
    ],
)
def test_a_card_is_good_through_the_last_day_of_its_month(today: date, expired: bool) -> None:
    assert make_payment_method().is_expired(today) is expired


@pytest.mark.parametrize(
    ("today", "warned"),
    [
        (date(2028, 1, 31), False),
        (date(2028, 2, 1), True),
        (date(2028, 4, 30), True),
        (date(2028, 5, 1), False),
        (date(2027, 4, 1), False),
    ],
)
def test_a_card_is_about_to_expire_in_its_month_and_the_two_before_it(today: date, warned: bool) -> None:
    assert make_payment_method().is_expiring_soon(today) is warned


@pytest.mark.parametrize(("today", "warned"), [(date(2027, 10, 31), False), (date(2027, 11, 1), True)])
def test_the_months_before_a_card_expires_go_back_over_new_year(today: date, warned: bool) -> None:
    assert make_payment_method(expiry_year=2028, expiry_month=1).is_expiring_soon(today) is warned


def test_r3_a_valid_automatic_default_lets_ordering_go_on() -> None:
    check_default_method([make_payment_method(), make_payment_method(id="pm_2", is_default=True)], TODAY)


@pytest.mark.parametrize("method", UNUSABLE, ids=str)
def test_r3_a_default_that_cannot_be_charged_stops_ordering(method: dict[str, Any]) -> None:
    with pytest.raises(NoAutomaticPaymentMethod):
        check_default_method(
            [make_payment_method(id="pm_2"), make_payment_method(is_default=True, **method)], TODAY
        )


def test_r3_an_account_without_a_default_method_cannot_order() -> None:
    with pytest.raises(NoAutomaticPaymentMethod):
        check_default_method([make_payment_method()], TODAY)


def test_r10_any_usable_method_can_be_chosen_for_an_order() -> None:
    chosen = make_payment_method(id="pm_2")
    assert get_usable_method([make_payment_method(is_default=True), chosen], "pm_2", TODAY) is chosen


@pytest.mark.parametrize("method", UNUSABLE, ids=str)
def test_r10_a_method_that_cannot_be_charged_cannot_be_chosen(method: dict[str, Any]) -> None:
    with pytest.raises(PaymentMethodNotUsable):
        get_usable_method([make_payment_method(**method)], "pm_1", TODAY)


@pytest.mark.parametrize("method_id", ["pm_9", "", None])
def test_a_method_that_is_not_there_cannot_be_chosen(method_id: str | None) -> None:
    with pytest.raises(PaymentMethodNotUsable):
        get_usable_method([make_payment_method()], method_id, TODAY)
