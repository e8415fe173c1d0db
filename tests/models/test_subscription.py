from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.product import ProductNotSelfServed
from models.subscription import PeriodLength, SeatBlock, SubscriptionNotSelfServed, recurring_amount
from tests.models.examples import a_product, a_subscription, an_account


def block(seats: int, unit_price: int) -> SeatBlock:
    return SeatBlock(subscription_id="sub_1", seats=seats, unit_price=unit_price)


@pytest.mark.parametrize(
    ("seats", "blocks", "amount"),
    [
        (0, [], 0),
        (25, [], 25 * 1400),
        (35, [block(10, 1300)], 25 * 1400 + 10 * 1300),
        (35, [block(10, 0)], 25 * 1400),
        (10, [block(10, 1300)], 10 * 1300),
        (40, [block(10, 1300), block(5, 1500)], 25 * 1400 + 10 * 1300 + 5 * 1500),
    ],
)
def test_r17_each_block_recurs_at_its_own_price(seats: int, blocks: list[SeatBlock], amount: int) -> None:
    assert recurring_amount(seats, 1400, blocks) == amount


@given(st.integers(0, 9999), st.lists(st.tuples(st.integers(1, 99), st.integers(0, 10**6)), max_size=4))
def test_a_block_at_the_usual_price_changes_nothing(seats: int, blocks: list[tuple[int, int]]) -> None:
    others = [block(*b) for b in blocks]
    total = seats + sum(b.seats for b in others) + 7
    assert recurring_amount(total, 1400, [*others, block(7, 1400)]) == recurring_amount(total, 1400, others)


def test_r17_the_current_period_runs_from_midnight_to_midnight_in_the_accounts_zone() -> None:
    period = a_subscription().current_period(an_account(time_zone="Europe/Paris"))
    assert period.start == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert period.end == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def test_a_period_is_a_month_or_twelve() -> None:
    assert {length.value: length.months for length in PeriodLength} == {"month": 1, "year": 12}


def test_a_self_served_subscription_passes() -> None:
    a_subscription().check_self_service(a_product())


def test_r2_a_product_without_additional_seats_is_refused_with_the_reason() -> None:
    with pytest.raises(ProductNotSelfServed) as refused:
        a_subscription().check_self_service(a_product(additional_seats=False, reason="Ask us."))
    assert refused.value.words == {"product": "GoTo Meeting", "reason": "Ask us."}


def test_r4_an_ineligible_subscription_is_refused_with_the_reason() -> None:
    subscription = a_subscription(self_service=False, self_service_reason="Under contract.")
    with pytest.raises(SubscriptionNotSelfServed) as refused:
        subscription.check_self_service(a_product())
    assert refused.value.words == {"product": "GoTo Meeting", "reason": "Under contract."}
