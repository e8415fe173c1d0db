from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.subscription.proration import (
    BillingPeriod,
    add_months,
    get_end_of_day,
    get_midnight,
    truncate_to_second,
)

SECOND = timedelta(seconds=1)
NOVEMBER = BillingPeriod.from_dates(date(2026, 11, 1), date(2026, 12, 1), "Europe/Paris")

# Whole and half-hour offsets, clocks that change by half an hour, at midnight, and not at all.
ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Paris",
        "America/New_York",
        "America/Sao_Paulo",
        "Asia/Beirut",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
    ]
)
SEATS = st.integers(1, 10_000)
PRICES = st.integers(0, 10**7)


@st.composite
def periods(draw: st.DrawFn) -> BillingPeriod:
    start = draw(st.dates(date(2000, 1, 1), date(2060, 1, 1)))
    return BillingPeriod.from_dates(start, start + timedelta(days=draw(st.integers(1, 400))), draw(ZONES))


@st.composite
def instants(draw: st.DrawFn) -> tuple[BillingPeriod, datetime]:
    """A period and a whole second of it, both ends included."""
    period = draw(periods())
    return period, period.start + draw(st.integers(0, (period.end - period.start) // SECOND)) * SECOND


# --- midnights


def test_r17_a_period_runs_from_midnight_to_midnight_in_the_accounts_zone() -> None:
    assert NOVEMBER.start == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert NOVEMBER.end == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "instant"),
    [
        ("UTC", "2026-11-01T00:00+00:00"),
        ("Europe/Paris", "2026-10-31T23:00+00:00"),
        ("America/New_York", "2026-11-01T04:00+00:00"),
    ],
)
def test_r17_a_day_begins_at_midnight_in_the_accounts_zone(zone: str, instant: str) -> None:
    assert get_midnight(date(2026, 11, 1), zone) == datetime.fromisoformat(instant)


def test_a_day_whose_midnight_is_skipped_begins_when_the_clock_jumps() -> None:
    begins = get_midnight(date(2018, 11, 4), "America/Sao_Paulo")
    assert begins.astimezone(ZoneInfo("America/Sao_Paulo")).hour == 1
    assert (begins - SECOND).astimezone(ZoneInfo("America/Sao_Paulo")).day == 3


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-15", 24)])
def test_r17_a_day_counts_as_the_hours_it_has(day: str, hours: int) -> None:
    of_clock_change = date.fromisoformat(day)
    lasted = get_end_of_day(of_clock_change, "Europe/Paris") - get_midnight(of_clock_change, "Europe/Paris")
    assert lasted == timedelta(hours=hours)


def test_a_quote_freezes_whole_seconds() -> None:
    assert truncate_to_second(datetime(2026, 11, 15, 1, 2, 3, 999999, UTC)) == datetime(
        2026, 11, 15, 1, 2, 3, 0, UTC
    )


# --- the price of the rest of a period


@pytest.mark.parametrize(
    ("at", "amount"),
    [
        (NOVEMBER.start, 14000),
        (NOVEMBER.start - SECOND, 14000),
        (NOVEMBER.start + timedelta(days=15), 7000),
        (NOVEMBER.end - timedelta(days=1), 467),
        (NOVEMBER.end - SECOND, 0),
        (NOVEMBER.end, 0),
        (NOVEMBER.end + SECOND, 0),
    ],
)
def test_r17_new_seats_cost_the_part_of_the_period_that_is_left(at: datetime, amount: int) -> None:
    assert NOVEMBER.prorate_price(10, 1400, at) == amount


def test_r17_a_second_counts() -> None:
    lasting = (NOVEMBER.end - NOVEMBER.start) // SECOND
    assert NOVEMBER.prorate_price(1, lasting, NOVEMBER.start + SECOND) == lasting - 1


@pytest.mark.parametrize(
    ("start", "end", "hours"), [("2026-03-01", "2026-04-01", 743), ("2026-10-01", "2026-11-01", 745)]
)
def test_r17_a_month_with_a_clock_change_has_its_real_length(start: str, end: str, hours: int) -> None:
    month = BillingPeriod.from_dates(date.fromisoformat(start), date.fromisoformat(end), "Europe/Paris")
    assert month.prorate_price(1, hours * 100, month.end - timedelta(hours=1)) == 100
    assert month.prorate_price(1, hours * 100, month.start + timedelta(hours=1)) == (hours - 1) * 100


@given(periods(), SEATS, PRICES)
def test_a_period_costs_its_full_price_at_its_start(period: BillingPeriod, seats: int, price: int) -> None:
    assert period.prorate_price(seats, price, period.start) == seats * price


@given(periods(), SEATS, PRICES)
def test_a_period_costs_nothing_at_its_end(period: BillingPeriod, seats: int, price: int) -> None:
    assert period.prorate_price(seats, price, period.end) == 0


@given(instants(), SEATS, PRICES)
def test_r17_a_line_is_off_by_less_than_a_minor_unit(
    instant: tuple[BillingPeriod, datetime], seats: int, price: int
) -> None:
    period, at = instant
    exact = Fraction(seats * price) * Fraction(
        (period.end - at) // SECOND, (period.end - period.start) // SECOND
    )
    assert abs(period.prorate_price(seats, price, at) - exact) <= Fraction(1, 2)


@given(instants(), SEATS, SEATS, PRICES)
def test_more_seats_never_cost_less(
    instant: tuple[BillingPeriod, datetime], seats: int, more: int, price: int
) -> None:
    period, at = instant
    assert period.prorate_price(seats, price, at) <= period.prorate_price(seats + more, price, at)


@given(instants(), st.integers(0, 10**7), SEATS, PRICES)
def test_later_never_costs_more(
    instant: tuple[BillingPeriod, datetime], seconds: int, seats: int, price: int
) -> None:
    period, at = instant
    assert (
        period.prorate_price(seats, price, at)
        >= period.prorate_price(seats, price, at + seconds * SECOND)
        >= 0
    )


# --- months


@pytest.mark.parametrize(
    ("day", "months", "anchor", "expected"),
    [
        ("2027-01-31", 1, 31, "2027-02-28"),
        ("2028-01-31", 1, 31, "2028-02-29"),
        ("2027-02-28", 1, 31, "2027-03-31"),
        ("2027-02-28", 1, 28, "2027-03-28"),
        ("2026-12-01", 1, 1, "2027-01-01"),
        ("2028-02-29", 12, 29, "2029-02-28"),
        ("2029-02-28", 36, 29, "2032-02-29"),
        ("2027-03-31", -1, 31, "2027-02-28"),
        ("2027-01-15", -1, 15, "2026-12-15"),
    ],
)
def test_months_keep_their_day_where_they_have_it(day: str, months: int, anchor: int, expected: str) -> None:
    assert add_months(date.fromisoformat(day), months, anchor) == date.fromisoformat(expected)


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 60))
def test_counting_month_by_month_or_all_together_gives_the_same_result(start: date, months: int) -> None:
    stepped = start
    for _ in range(months):
        stepped = add_months(stepped, 1, start.day)
    assert stepped == add_months(start, months, start.day)
