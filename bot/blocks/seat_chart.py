"""How the number of seats changed: a chart with its numbers as text, or bars of text if Slack takes none."""

from collections.abc import Mapping
from datetime import date

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.i18n import Localizer, escape_mrkdwn, truncate_text
from bot.presenters.product import make_product_labels
from models.details import AccountOverview
from models.subscription.seat_history import SeatHistory

CHART_BLOCK_TYPE = "data_visualization"
MAX_SERIES = 6
MAX_STEPS = 6
MAX_TITLE_LENGTH, MAX_LABEL_LENGTH = 50, 20
BAR_CHARACTER, MAX_BAR_LENGTH = "▇", 12


def build_seat_history_blocks(
    localizer: Localizer, overview: AccountOverview, *, show_chart: bool
) -> list[Block]:
    names = make_product_labels((row.subscription.id, row.product) for row in overview.rows)
    changed_ids = [id_ for id_ in overview.seat_history.seats if id_ in names]
    series_names = {id_: names[id_] for id_ in changed_ids[:MAX_SERIES]}
    if not series_names:
        return []
    if not show_chart:
        title = localizer.format_mrkdwn("seat-history")
        bars = [
            line
            for id_, name in series_names.items()
            for line in _format_bars(localizer, overview.seat_history, id_, name)
        ]
        return [block_kit.build_section("\n".join([title, *bars]))]
    texts = [
        _format_seat_history(localizer, overview.seat_history, id_, name)
        for id_, name in series_names.items()
    ]
    return [
        _build_chart(localizer, overview.seat_history, series_names),
        block_kit.build_section("\n".join(texts)),
    ]


def _build_chart(localizer: Localizer, history: SeatHistory, names: Mapping[str, str]) -> Block:
    categories = [
        localizer.format_text("seat-history-first"),
        *(localizer.format_date(day) for day in history.days),
    ]
    series = [
        {
            "name": name,
            "data": [
                {"label": truncate_text(label, MAX_LABEL_LENGTH), "value": seats}
                for label, seats in zip(categories, history.seats[id_], strict=True)
            ],
        }
        for id_, name in _make_series_names(names).items()
    ]
    axes = {
        "categories": [truncate_text(c, MAX_LABEL_LENGTH) for c in categories],
        "y_label": localizer.format_text("seat-history-seats"),
    }
    title = truncate_text(localizer.format_text("seat-history-title"), MAX_TITLE_LENGTH)
    return {
        "type": CHART_BLOCK_TYPE,
        "title": title,
        "chart": {"type": "bar", "series": series, "axis_config": axes},
    }


def _make_series_names(names: Mapping[str, str]) -> dict[str, str]:
    series_names: dict[str, str] = {}
    for number, (id_, name) in enumerate(names.items(), start=1):
        short_name = truncate_text(name, MAX_LABEL_LENGTH)
        if short_name in series_names.values():
            short_name = f"{truncate_text(name, MAX_LABEL_LENGTH - 3)} {number}"
        series_names[id_] = short_name
    return series_names


def _list_steps(history: SeatHistory, subscription_id: str) -> list[tuple[date | None, int]]:
    """The seats before the first change and after each one; only the latest if there are many."""
    seats = history.seats[subscription_id]
    steps: list[tuple[date | None, int]] = [(None, seats[0])]
    steps += [
        (day, after)
        for day, before, after in zip(history.days, seats, seats[1:], strict=False)
        if after != before
    ]
    return steps[-MAX_STEPS:]


def _format_seat_history(localizer: Localizer, history: SeatHistory, subscription_id: str, name: str) -> str:
    steps = [_format_step(localizer, day, seats) for day, seats in _list_steps(history, subscription_id)]
    return localizer.format_mrkdwn("seat-history-line", product=name, steps=", ".join(steps))


def _format_step(localizer: Localizer, day: date | None, seats: int) -> str:
    if day is None:
        return localizer.format_text("seat-history-before", seats=seats)
    return localizer.format_text("seat-history-since", seats=seats, day=day)


def _format_bars(localizer: Localizer, history: SeatHistory, subscription_id: str, name: str) -> list[str]:
    max_seats = max(seats for _, seats in _list_steps(history, subscription_id)) or 1
    bars = [
        # The text is first, so that a screen reader says it before the bar.
        f"{escape_mrkdwn(_format_step(localizer, day, seats))}  "
        f"{BAR_CHARACTER * max(round(seats * MAX_BAR_LENGTH / max_seats), 1)}"
        for day, seats in _list_steps(history, subscription_id)
    ]
    return [f"*{escape_mrkdwn(truncate_text(name, 80))}*", *bars]
