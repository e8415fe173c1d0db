"""What was ordered by month and product."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from models.account.spending import SpentAmount, build_spending, list_months

TODAY = date(2027, 2, 10)
MONTHS = (*(date(2026, month, 1) for month in (9, 10, 11, 12)), date(2027, 1, 1), date(2027, 2, 1))


def test_the_last_six_months_end_with_this_one() -> None:
    assert list_months(TODAY) == MONTHS
    assert list_months(date(2026, 12, 31))[-1] == date(2026, 12, 1)


def test_amounts_are_summed_by_month_and_product_the_dearest_first() -> None:
    spending = build_spending(
        TODAY,
        [
            SpentAmount(date(2026, 9, 1), "Meeting", 100),
            SpentAmount(date(2026, 9, 30), "Meeting", 50),
            SpentAmount(date(2027, 2, 10), "Webinar", 500),
            SpentAmount(date(2026, 8, 31), "Meeting", 7000),
            SpentAmount(date(2027, 1, 1), "Free", 0),
        ],
    )
    assert list(spending.amounts.items()) == [
        ("Webinar", (0, 0, 0, 0, 0, 500)),
        ("Meeting", (150, 0, 0, 0, 0, 0)),
    ]
    assert spending.total == 650
    assert spending.other_totals == {}
    assert build_spending(TODAY, [SpentAmount(TODAY, "Meeting", 7, "USD")], "EUR").other_totals == {"USD": 7}
    assert spending.list_month(date(2026, 9, 1)) == [("Meeting", 150)]
    assert spending.list_month(date(2026, 10, 1)) == []


SPENT = st.builds(
    SpentAmount, st.dates(date(2026, 7, 1), date(2027, 3, 1)), st.sampled_from("ABC"), st.integers(0, 10**9)
)


@given(st.lists(SPENT))
def test_every_amount_of_these_months_is_counted_once(spent: list[SpentAmount]) -> None:
    of_these_months = [each.amount for each in spent if each.day.replace(day=1) in MONTHS]
    spending = build_spending(TODAY, spent)
    assert spending.total == sum(of_these_months)
    assert sum(amount for month in MONTHS for _, amount in spending.list_month(month)) == spending.total
