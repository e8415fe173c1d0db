"""What was measured, beside its goal: a table, and a file."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """`value` and `rival` are in `unit`; `ratio` is value over rival. Without a goal, `met` is none."""

    name: str
    value: float
    unit: str
    rival: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def at_most(name: str, value: float, unit: str, most: float | None = None) -> Figure:
    if most is None:
        return Figure(name, value, unit)
    return Figure(name, value, unit, goal=f"≤ {most:g} {unit}", met=value <= most)


def ratio_at_most(name: str, value: float, rival: float, unit: str, most: float) -> Figure:
    ratio = value / rival
    return Figure(name, value, unit, rival, ratio, f"≤ {most:g} × rival", ratio <= most)


def ratio_at_least(name: str, value: float, rival: float, unit: str, least: float) -> Figure:
    ratio = value / rival
    return Figure(name, value, unit, rival, ratio, f"≥ {least:g} × rival", ratio >= least)


def beside(name: str, value: float, rival: float, unit: str) -> Figure:
    return Figure(name, value, unit, rival, value / rival)


def without_goal(figure: Figure, addition: str) -> Figure:
    return replace(figure, name=f"{figure.name}, {addition}", goal="", met=None)


def percentile(samples: Sequence[float], share: float) -> float:
    """The sample below which that share of them lies."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def milliseconds(samples: Sequence[float], share: float) -> float:
    return percentile(samples, share) * 1000


def show(figures: Iterable[Figure], console: Console) -> None:
    table = Table("figure", "value", "rival", "ratio", "goal", "met")
    for figure in figures:
        met = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[figure.met]
        table.add_row(figure.name, *_numbers(figure), figure.goal, met)
    console.print(table)


def _numbers(figure: Figure) -> tuple[str, str, str]:
    rival = "" if figure.rival is None else f"{_short(figure.rival)} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return f"{_short(figure.value)} {figure.unit}", rival, ratio


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def as_markdown(figures: Iterable[Figure]) -> str:
    rows = ["| figure | value | rival | ratio | goal | met |", "| --- | --- | --- | --- | --- | --- |"]
    for figure in figures:
        met = {True: "yes", False: "**no**", None: ""}[figure.met]
        rows.append(" | ".join(["| " + figure.name, *_numbers(figure), figure.goal, met + " |"]))
    return "\n".join(rows)


def write(figures: Iterable[Figure], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(f) for f in figures], indent=2, ensure_ascii=False) + "\n", "utf-8")


def keep(figures: Iterable[Figure], page: Path) -> None:
    """In place of the table that the page shows."""
    before, _, rest = page.read_text("utf-8").partition("| figure | value |")
    after = rest.partition("\n\n")[2]
    page.write_text(f"{before}{as_markdown(figures)}\n\n{after}", "utf-8")
