from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.product import ProductNotSelfServed
from models.subscription import (
    SeatBlock,
    SubscriptionNotSelfServed,
    compute_recurring_amount,
)
from models.subscription.period_length import PeriodLength, PeriodUnit, get_anchor_day, get_period_containing
from tests.models.examples import make_product, make_subscription

LENGTHS = st.builds(PeriodLength.build, st.sampled_from(PeriodUnit), st.integers(1, 36))


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
    assert compute_recurring_amount(seats, 1400, blocks) == amount


@given(st.integers(0, 9999), st.lists(st.tuples(st.integers(1, 99), st.integers(0, 10**6)), max_size=4))
def test_a_block_at_the_usual_price_changes_nothing(seats: int, blocks: list[tuple[int, int]]) -> None:
    others = [block(*b) for b in blocks]
    total = seats + sum(b.seats for b in others) + 7
    assert compute_recurring_amount(total, 1400, [*others, block(7, 1400)]) == compute_recurring_amount(
        total, 1400, others
    )


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("month", PeriodLength.build(PeriodUnit.MONTH)),
        ("3-month", PeriodLength.build(PeriodUnit.MONTH, 3)),
        ("12-month", PeriodLength.build(PeriodUnit.YEAR)),
        ("year", PeriodLength.build(PeriodUnit.YEAR)),
        ("2-year", PeriodLength.build(PeriodUnit.YEAR, 2)),
        ("2-week", PeriodLength.build(PeriodUnit.WEEK, 2)),
        ("30-day", PeriodLength.build(PeriodUnit.DAY, 30)),
    ],
)
def test_a_period_length_round_trips_as_text(text: str, length: PeriodLength) -> None:
    assert PeriodLength(text) == length == PeriodLength(str(length))


@pytest.mark.parametrize("text", ["", "0-month", "months", "-1-month", "month-3", "fortnight"])
def test_what_is_no_period_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=text or "period"):
        PeriodLength(text)


@pytest.mark.parametrize(
    ("start", "end", "length", "day"),
    [
        ("2026-11-01", "2026-12-01", PeriodLength.MONTH, 1),
        ("2027-01-31", "2027-02-28", PeriodLength.MONTH, 31),
        ("2027-02-28", "2027-03-31", PeriodLength.MONTH, 31),
        ("2027-02-28", "2027-03-28", PeriodLength.MONTH, 28),
        ("2028-02-29", "2029-02-28", PeriodLength.YEAR, 29),
        ("2026-11-15", "2026-12-01", PeriodLength.MONTH, 1),
        ("2026-03-01", "2026-12-15", PeriodLength.YEAR, 15),
    ],
)
def test_the_anchor_day_is_that_of_the_first_period(
    start: str, end: str, length: PeriodLength, day: int
) -> None:
    assert get_anchor_day(date.fromisoformat(start), date.fromisoformat(end), length) == day


@pytest.mark.parametrize(
    ("length", "first", "today", "expected"),
    [
        (PeriodLength.MONTH, "2026-11-01 2026-12-01", "2026-11-01", "2026-11-01 2026-12-01"),
        (PeriodLength.MONTH, "2026-11-01 2026-12-01", "2026-12-01", "2026-12-01 2027-01-01"),
        (PeriodLength.MONTH, "2026-11-01 2026-12-01", "2029-07-31", "2029-07-01 2029-08-01"),
        # The end of a month: the 31st is kept, and comes back after a shorter month.
        (PeriodLength.MONTH, "2027-01-31 2027-02-28", "2027-02-28", "2027-02-28 2027-03-31"),
        (PeriodLength.MONTH, "2027-01-31 2027-02-28", "2027-03-30", "2027-02-28 2027-03-31"),
        (PeriodLength.MONTH, "2027-01-31 2027-02-28", "2027-03-31", "2027-03-31 2027-04-30"),
        (PeriodLength.MONTH, "2027-02-28 2027-03-31", "2027-05-01", "2027-04-30 2027-05-31"),
        (PeriodLength.MONTH, "2027-01-30 2027-02-28", "2027-03-01", "2027-02-28 2027-03-30"),
        (PeriodLength.MONTH, "2028-01-31 2028-02-29", "2028-02-29", "2028-02-29 2028-03-31"),
        # The leap day.
        (PeriodLength.YEAR, "2028-02-29 2029-02-28", "2029-02-27", "2028-02-29 2029-02-28"),
        (PeriodLength.YEAR, "2028-02-29 2029-02-28", "2029-02-28", "2029-02-28 2030-02-28"),
        (PeriodLength.YEAR, "2028-02-29 2029-02-28", "2032-02-29", "2032-02-29 2033-02-28"),
        (PeriodLength.YEAR, "2026-03-01 2027-03-01", "2028-02-29", "2027-03-01 2028-03-01"),
        # A first period that is not a whole one: the following are, from its end.
        (PeriodLength.MONTH, "2026-11-15 2026-12-01", "2026-11-20", "2026-11-15 2026-12-01"),
        (PeriodLength.MONTH, "2026-11-15 2026-12-01", "2026-12-20", "2026-12-01 2027-01-01"),
        (PeriodLength.YEAR, "2026-03-01 2026-12-01", "2026-12-01", "2026-12-01 2027-12-01"),
        # Asked of a day before the first period.
        (PeriodLength.MONTH, "2027-03-31 2027-04-30", "2027-02-28", "2027-02-28 2027-03-31"),
    ],
)
def test_r17_periods_roll_and_keep_their_day(
    length: PeriodLength, first: str, today: str, expected: str
) -> None:
    start, end = map(date.fromisoformat, first.split())
    day = get_anchor_day(start, end, length)
    found = get_period_containing(start, end, length, day, date.fromisoformat(today))
    assert " ".join(map(str, found)) == expected


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(-2000, 2000), LENGTHS)
def test_r17_a_rolled_period_holds_the_day_and_is_a_whole_one(
    start: date, days: int, length: PeriodLength
) -> None:
    end = length.move_date(start, 1, start.day)
    today = start + timedelta(days=days)
    first, after = get_period_containing(start, end, length, start.day, today)
    assert first <= today < after
    assert length.move_date(first, 1, start.day) == after


def test_a_self_served_subscription_passes() -> None:
    make_subscription().check_self_service(make_product())


def test_r2_a_product_without_additional_seats_is_refused_with_the_reason() -> None:
    with pytest.raises(ProductNotSelfServed) as refused:
        make_subscription().check_self_service(make_product(additional_seats=False, reason="Ask us."))
    assert refused.value.variables == {"product": "GoTo Meeting", "reason": "Ask us."}


def test_r4_an_ineligible_subscription_is_refused_with_the_reason() -> None:
    subscription = make_subscription(self_service=False, self_service_reason="Under contract.")
    with pytest.raises(SubscriptionNotSelfServed) as refused:
        subscription.check_self_service(make_product())
    assert refused.value.variables == {"product": "GoTo Meeting", "reason": "Under contract."}
