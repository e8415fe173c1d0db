"""R17: whatever is asked, totals are sums of lines, and no line is off by more than rounding."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from bot.billing.gateway import LineRequest, Preview, SeatBlockState, SubscriptionState
from bot.billing.pricing import TaxTerms, price_lines
from models.money import compute_tax
from models.subscription.period_length import PeriodLength
from models.subscription.proration import BillingPeriod

ZONE = "Europe/Paris"
NOVEMBER = BillingPeriod.from_dates(date(2026, 11, 1), date(2026, 12, 1), ZONE)

PRICES = st.integers(0, 10**7)
RATES = st.sampled_from(["0", "0.055", "0.20", "0.077"])
SECONDS = st.integers(0, (NOVEMBER.end - NOVEMBER.start) // timedelta(seconds=1))
BLOCKS = st.lists(st.builds(SeatBlockState, st.integers(1, 50), PRICES), max_size=2).map(tuple)


@st.composite
def states(draw: st.DrawFn) -> dict[str, SubscriptionState]:
    """A monthly and a yearly subscription, each with enough seats for its blocks."""
    terms = {
        PeriodLength.MONTH: (date(2026, 11, 1), date(2026, 12, 1)),
        PeriodLength.YEAR: (date(2026, 3, 1), date(2027, 3, 1)),
    }
    return {
        str(length): SubscriptionState(
            str(length), draw(st.integers(100, 1000)), draw(PRICES), length, *days, draw(BLOCKS)
        )
        for length, days in terms.items()
    }


LINES = st.lists(
    st.builds(LineRequest, st.sampled_from(["month", "year"]), st.integers(1, 1000), st.none() | PRICES),
    max_size=5,
)


def previewed(
    held: dict[str, SubscriptionState], lines: list[LineRequest], seconds: int, rate: str
) -> Preview:
    at = NOVEMBER.start + timedelta(seconds=seconds)
    return price_lines(held, lines, at=at, zone=ZONE, tax_terms=TaxTerms(rate))


@given(states(), LINES, SECONDS, RATES)
def test_totals_are_sums_of_lines(
    held: dict[str, SubscriptionState], lines: list[LineRequest], seconds: int, rate: str
) -> None:
    preview = previewed(held, lines, seconds, rate)
    assert preview.subtotal == sum(line.amount for line in preview.lines)
    assert preview.tax == sum(compute_tax(line.amount, rate) for line in preview.lines)
    assert abs(preview.tax - preview.subtotal * Fraction(rate)) <= Fraction(len(lines), 2)


@given(states(), LINES, SECONDS, RATES)
def test_each_line_is_off_by_half_a_minor_unit_at_most(
    held: dict[str, SubscriptionState], lines: list[LineRequest], seconds: int, rate: str
) -> None:
    at = NOVEMBER.start + timedelta(seconds=seconds)
    for line in previewed(held, lines, seconds, rate).lines:
        period = BillingPeriod.from_dates(line.period_start, line.period_end, ZONE)
        exact = (
            line.seats
            * (line.unit_price or 0)
            * Fraction(
                (period.end - at) // timedelta(seconds=1), (period.end - period.start) // timedelta(seconds=1)
            )
        )
        assert abs(line.amount - exact) <= Fraction(1, 2)


@given(states(), LINES, SECONDS, RATES)
def test_the_priced_lines_keep_the_requested_order(
    held: dict[str, SubscriptionState], lines: list[LineRequest], seconds: int, rate: str
) -> None:
    priced = previewed(held, lines, seconds, rate).lines
    assert [(line.subscription_id, line.seats) for line in priced] == [
        (line.subscription_id, line.seats) for line in lines
    ]
    for line, wanted in zip(priced, lines, strict=True):
        usual = held[line.subscription_id].unit_price
        assert line.unit_price == (usual if wanted.unit_price is None else wanted.unit_price)


@given(states(), LINES, RATES)
def test_the_recurring_total_grows_by_a_whole_period_of_the_new_seats(
    held: dict[str, SubscriptionState], lines: list[LineRequest], rate: str
) -> None:
    preview = previewed(held, lines, 0, rate)
    for recurring in preview.recurring:
        state = held[str(recurring.period)]
        own = [line for line in preview.lines if line.subscription_id == state.id]
        added = sum(line.seats * (line.unit_price or 0) for line in own)
        unit_price = state.unit_price or 0
        added_by_blocks = sum(block.seats * (block.unit_price - unit_price) for block in state.blocks)
        assert recurring.net == state.seats * unit_price + added_by_blocks + added
        assert recurring.tax == compute_tax(recurring.net, rate)


@given(states(), SECONDS)
def test_recurring_totals_cover_only_the_requested_subscriptions(
    held: dict[str, SubscriptionState], seconds: int
) -> None:
    assert previewed(held, [], seconds, "0.20") == Preview((), ())
    yearly = previewed(held, [LineRequest("year", 1)], seconds, "0.20")
    assert [r.period for r in yearly.recurring] == [PeriodLength.YEAR]


def test_half_a_month_costs_half_and_a_whole_one_recurs() -> None:
    held = {
        "sub_1": SubscriptionState(
            "sub_1", 25, 1400, PeriodLength.MONTH, date(2026, 11, 1), date(2026, 12, 1)
        )
    }
    half = datetime(2026, 11, 15, 23, 0, tzinfo=UTC)
    preview = price_lines(held, [LineRequest("sub_1", 10)], at=half, zone=ZONE, tax_terms=TaxTerms("0.20"))
    assert (preview.subtotal, preview.tax) == (7000, 1400)
    assert [(r.net, r.tax) for r in preview.recurring] == [(49000, 9800)]
