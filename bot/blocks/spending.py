"""What was ordered by month and product: a chart with its numbers as text, or bars of text."""

from datetime import date
from decimal import ROUND_HALF_UP

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.blocks.seat_chart import (
    BAR_CHARACTER,
    CHART_BLOCK_TYPE,
    MAX_BAR_LENGTH,
    MAX_LABEL_LENGTH,
    MAX_SERIES,
    MAX_TITLE_LENGTH,
)
from bot.i18n import Localizer, truncate_text
from models.account.spending import Spending
from models.details import AccountOverview
from models.money import Money, to_decimal

MAX_NAMED_PRODUCTS, MAX_NAME_LENGTH = 4, 60


def build_spending_blocks(
    localizer: Localizer, overview: AccountOverview, *, show_chart: bool
) -> list[Block]:
    spending, currency = overview.spending, overview.account.currency
    notes = _format_notes(localizer, spending)
    if not spending.total:
        return [block_kit.build_section("\n".join(notes))] if notes else []
    title = localizer.format_mrkdwn(
        "spending", total=Money(spending.total, currency), count=len(spending.months)
    )
    lines = [
        _format_month(localizer, spending, month, currency, show_bar=not show_chart)
        for month in spending.months
        if spending.list_month(month)
    ]
    text = block_kit.build_section("\n".join([title, *lines, *notes]))
    return [_build_chart(localizer, spending, currency), text] if show_chart else [text]


def _format_notes(localizer: Localizer, spending: Spending) -> list[str]:
    notes = []
    if spending.other_totals:
        totals = [Money(amount, currency) for currency, amount in sorted(spending.other_totals.items())]
        notes.append(localizer.format_mrkdwn("spending-other-currencies", totals=totals))
    if spending.is_incomplete:
        notes.append(localizer.format_mrkdwn("spending-incomplete"))
    return notes


def _format_month(
    localizer: Localizer, spending: Spending, month: date, currency: str, *, show_bar: bool
) -> str:
    products = spending.list_month(month)
    total = sum(amount for _, amount in products)
    named = [
        f"{truncate_text(name, MAX_NAME_LENGTH)} {localizer.format_money(Money(amount, currency))}"
        for name, amount in products
    ]
    text = localizer.format_mrkdwn(
        "spending-month",
        month=localizer.format_month(month),
        total=Money(total, currency),
        count=len(named),
        products=block_kit.format_short_list(localizer, named, MAX_NAMED_PRODUCTS),
    )
    if not (show_bar and total):
        return text
    most = max(sum(amount for _, amount in spending.list_month(m)) for m in spending.months)
    # The text is first, so that a screen reader says it before the bar.
    return f"{text}  {BAR_CHARACTER * max(round(total * MAX_BAR_LENGTH / most), 1)}"


def _build_chart(localizer: Localizer, spending: Spending, currency: str) -> Block:
    # The chart has whole units, because the text has the exact amounts.
    labels = [truncate_text(localizer.format_month(month), MAX_LABEL_LENGTH) for month in spending.months]
    series = [
        {
            "name": name,
            "data": [
                {"label": label, "value": int(to_decimal(amount, currency).quantize(1, ROUND_HALF_UP))}
                for label, amount in zip(labels, amounts, strict=True)
            ],
        }
        for name, amounts in _list_series(localizer, spending)
    ]
    return {
        "type": CHART_BLOCK_TYPE,
        "title": truncate_text(localizer.format_text("spending-title"), MAX_TITLE_LENGTH),
        "chart": {
            "type": "bar",
            "series": series,
            "axis_config": {"categories": labels, "y_label": currency},
        },
    }


def _list_series(localizer: Localizer, spending: Spending) -> list[tuple[str, tuple[int, ...]]]:
    """The most expensive products, and the rest together. Names are short and unique, as Slack requires."""
    products = list(spending.amounts.items())
    shown, rest = products, products[:0]
    if len(products) > MAX_SERIES:
        shown, rest = products[: MAX_SERIES - 1], products[MAX_SERIES - 1 :]
    series: dict[str, tuple[int, ...]] = {}
    for number, (name, amounts) in enumerate(shown, start=1):
        short_name = truncate_text(name, MAX_LABEL_LENGTH)
        if short_name in series:
            short_name = f"{truncate_text(name, MAX_LABEL_LENGTH - 3)} {number}"
        series[short_name] = amounts
    if rest:
        others = truncate_text(localizer.format_text("spending-others"), MAX_LABEL_LENGTH)
        series[others] = tuple(map(sum, zip(*(amounts for _, amounts in rest), strict=True)))
    return list(series.items())
