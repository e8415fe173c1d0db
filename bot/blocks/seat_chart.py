"""How seats changed: a chart where Slack takes one, with its numbers in words; else bars made of text."""

from collections.abc import Mapping
from datetime import date

from bot.blocks import block_kit
from bot.blocks.block_kit import Block
from bot.blocks.subscription import labels
from bot.i18n import Reader, escape
from models.details import AccountSheet
from models.seat_history import SeatHistory

CHART = "data_visualization"
MOST_SERIES = 6
MOST_STEPS = 6
TITLE, LABEL = 50, 20
BAR, LONGEST_BAR = "▇", 12


def seat_chart(reader: Reader, sheet: AccountSheet, *, chart: bool) -> list[Block]:
    """Nothing where no seats changed."""
    names = labels((row.subscription.id, row.product) for row in sheet.rows)
    changed = [id_ for id_ in sheet.history.seats if id_ in names]
    shown = {id_: names[id_] for id_ in changed[:MOST_SERIES]}
    if not shown:
        return []
    title = reader.mrkdwn("seat-history")
    if not chart:
        bars = [line for id_, name in shown.items() for line in _bars(reader, sheet.history, id_, name)]
        return [block_kit.section("\n".join([title, *bars]))]
    words = [_words(reader, sheet.history, id_, name) for id_, name in shown.items()]
    return [_chart(reader, sheet.history, shown), block_kit.section("\n".join([title, *words]))]


def _chart(reader: Reader, history: SeatHistory, names: Mapping[str, str]) -> Block:
    categories = [reader.text("seat-history-first"), *(reader.date(day) for day in history.days)]
    series = [
        {
            "name": name,
            "data": [
                {"label": block_kit.shorten(label, LABEL), "value": seats}
                for label, seats in zip(categories, history.seats[id_], strict=True)
            ],
        }
        for id_, name in _series_names(names).items()
    ]
    axes = {
        "categories": [block_kit.shorten(c, LABEL) for c in categories],
        "y_label": reader.text("seat-history-seats"),
    }
    title = block_kit.shorten(reader.text("seat-history-title"), TITLE)
    return {"type": CHART, "title": title, "chart": {"type": "bar", "series": series, "axis_config": axes}}


def _series_names(names: Mapping[str, str]) -> dict[str, str]:
    """Short enough, and no two the same."""
    short: dict[str, str] = {}
    for number, (id_, name) in enumerate(names.items(), start=1):
        cut = block_kit.shorten(name, LABEL)
        short[id_] = cut if cut not in short.values() else f"{block_kit.shorten(name, LABEL - 3)} {number}"
    return short


def _steps(history: SeatHistory, id_: str) -> list[tuple[date | None, int]]:
    """The seats before the first change, then after each: the last ones where there are many."""
    held = history.seats[id_]
    steps: list[tuple[date | None, int]] = [(None, held[0])]
    steps += [
        (day, after)
        for day, before, after in zip(history.days, held, held[1:], strict=False)
        if after != before
    ]
    return steps[-MOST_STEPS:]


def _words(reader: Reader, history: SeatHistory, id_: str, name: str) -> str:
    steps = [_step(reader, day, seats) for day, seats in _steps(history, id_)]
    return reader.mrkdwn("seat-history-line", product=name, steps=", ".join(steps))


def _step(reader: Reader, day: date | None, seats: int) -> str:
    if day is None:
        return reader.text("seat-history-before", seats=seats)
    return reader.text("seat-history-since", seats=seats, day=day)


def _bars(reader: Reader, history: SeatHistory, id_: str, name: str) -> list[str]:
    most = max(seats for _, seats in _steps(history, id_)) or 1
    bars = [
        # The words first: who listens need not hear the bar out.
        f"{escape(_step(reader, day, seats))}  {BAR * max(round(seats * LONGEST_BAR / most), 1)}"
        for day, seats in _steps(history, id_)
    ]
    return [f"*{escape(block_kit.shorten(name, 80))}*", *bars]
