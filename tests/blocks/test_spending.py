"""Spending at a glance: the same numbers in a chart, in words and in bars."""

from dataclasses import replace
from datetime import date, timedelta

from bot.blocks.account import build_next_renewal_blocks
from bot.blocks.seat_chart import BAR_CHARACTER, CHART_BLOCK_TYPE
from bot.blocks.spending import build_spending_blocks
from bot.i18n import Localizer
from models.account.spending import Spending, SpentAmount, build_spending
from models.subscription.period_length import PeriodLength
from models.subscription.upcoming_changes import UpcomingChanges
from tests.blocks import samples


def test_the_chart_is_rounded_and_the_words_are_exact(english: Localizer) -> None:
    spent = [
        SpentAmount(samples.AT.date(), "GoTo Meeting", 5764),
        SpentAmount(samples.AT.date().replace(month=9), "GoTo Webinar", 240050),
        SpentAmount(samples.AT.date(), "GoTo Webinar", 4949),
    ]
    spending = build_spending(samples.AT.date(), spent)
    overview = replace(samples.make_account_overview(), spending=spending)
    chart, words = build_spending_blocks(english, overview, show_chart=True)
    assert chart["type"] == CHART_BLOCK_TYPE
    values = {s["name"]: [point["value"] for point in s["data"]] for s in chart["chart"]["series"]}
    assert values == {"GoTo Webinar": [0, 0, 0, 2401, 0, 49], "GoTo Meeting": [0, 0, 0, 0, 0, 58]}
    assert chart["chart"]["axis_config"]["categories"][-1] == "Nov 2026"
    text = words["text"]["text"]
    assert "6 months, including tax: €2,507.63" in text
    assert "Sept 2026: €2,400.50 (GoTo Webinar €2,400.50)" in text or "Sep 2026: €2,400.50" in text
    assert "Nov 2026: €107.13 (GoTo Webinar €49.49 and GoTo Meeting €57.64)" in text
    assert "Oct 2026" not in text, "only the chart shows months without an order"
    [bars] = build_spending_blocks(english, overview, show_chart=False)
    lengths = [line.count(BAR_CHARACTER) for line in bars["text"]["text"].splitlines()[1:]]
    assert lengths == [12, 1]


def test_many_products_share_a_series_and_names_are_used_once(english: Localizer) -> None:
    size = replace(samples.USUAL, rows=12, names=90)
    overview = samples.make_account_overview(size)
    chart, _ = build_spending_blocks(english, overview, show_chart=True)
    names = [series["name"] for series in chart["chart"]["series"]]
    assert len(set(names)) == len(names) == 6
    assert names[-1] == "Other products"
    shown = sum(point["value"] for series in chart["chart"]["series"] for point in series["data"])
    assert abs(shown - overview.spending.total / 100) <= 6 * 6 / 2, "each is rounded by itself"


def test_nothing_is_shown_of_an_account_that_ordered_nothing(english: Localizer) -> None:
    overview = replace(samples.make_account_overview(), spending=Spending())
    assert build_spending_blocks(english, overview, show_chart=True) == []


def test_r27_the_next_renewals_are_added_up_by_day_without_those_that_do_not_come(english: Localizer) -> None:
    overview = samples.make_account_overview()
    [block] = build_next_renewal_blocks(english, overview)
    assert "1 Dec 2026: €" in block["text"]["text"]
    assert "GoTo Meeting and GoTo Webinar" in block["text"]["text"]
    ending = [
        replace(
            row,
            subscription=row.subscription.model_copy(
                update={"outlook": UpcomingChanges(ends_on=samples.END)}
            ),
        )
        for row in overview.rows
    ]
    assert build_next_renewal_blocks(english, replace(overview, rows=ending)) == []


def test_totals_of_renewals_are_added_only_to_days_that_do_not_say_them(english: Localizer) -> None:
    overview = samples.make_account_overview()

    def read(*renewals: tuple[date, str]) -> str:
        rows = [
            replace(
                row, subscription=row.subscription.model_copy(update={"period_end": day, "period": period})
            )
            for row, (day, period) in zip(overview.rows, renewals, strict=False)
        ]
        shown = replace(overview, rows=rows)
        [block] = build_next_renewal_blocks(english, shown, with_totals=True)
        text: str = block["text"]["text"]
        return text

    first, second = samples.END, samples.END + timedelta(days=9)
    assert "Next renewals total €" in read((first, PeriodLength("month")), (second, PeriodLength("month")))
    assert "Next renewals total" not in read((first, PeriodLength("month")), (second, PeriodLength("year")))
    assert "Next renewals total" not in read((first, PeriodLength("month")), (first, PeriodLength("year")))


def test_totals_of_period_lengths_that_only_happen_to_equal_those_of_days_are_shown(
    english: Localizer,
) -> None:
    month, year = PeriodLength("month"), PeriodLength("year")
    first, second = samples.END, samples.END + timedelta(days=9)
    overview = samples.make_account_overview(replace(samples.USUAL, rows=4))
    renewals = [(first, month), (first, year), (second, month), (second, year)]
    rows = [
        replace(
            row,
            subscription=row.subscription.model_copy(
                update={"period_end": day, "period": period, "seats": 5, "unit_price": 1000}
            ),
            blocks=[],
        )
        for row, (day, period) in zip(overview.rows, renewals, strict=True)
    ]
    [block] = build_next_renewal_blocks(english, replace(overview, rows=rows), with_totals=True)
    assert "Next renewals total €100.00 per month and €100.00 per year" in block["text"]["text"]


def test_renewals_that_are_not_listed_are_counted(english: Localizer) -> None:
    overview = samples.make_account_overview(replace(samples.USUAL, rows=7))
    rows = [
        replace(
            row,
            subscription=row.subscription.model_copy(update={"period_end": samples.END + timedelta(days=n)}),
        )
        for n, row in enumerate(overview.rows)
    ]
    [block] = build_next_renewal_blocks(english, replace(overview, rows=rows))
    assert block["text"]["text"].splitlines()[-1] == "and 2 more"


def test_other_currencies_and_receipts_that_are_not_counted_are_named(english: Localizer) -> None:
    spent = [SpentAmount(samples.AT.date(), "Meeting", 7000, "USD")]
    spending = replace(build_spending(samples.AT.date(), spent, "EUR"), is_incomplete=True)
    overview = replace(samples.make_account_overview(), spending=spending)
    [notes] = build_spending_blocks(english, overview, show_chart=True)
    assert "Ordered in other currencies, including tax: US$70.00" in notes["text"]["text"]
    assert "the oldest aren’t included" in notes["text"]["text"]
