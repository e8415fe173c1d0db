"""Compares figures with their goals, and writes them as a table and as JSON."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Figure:
    """`value` and `rival` are in `unit`; `ratio` is value / rival. Without a goal, `met` is None."""

    name: str
    value: float
    unit: str
    rival: float | None = None
    ratio: float | None = None
    goal: str = ""
    met: bool | None = None


def check_max(name: str, value: float, unit: str, maximum: float | None = None) -> Figure:
    if maximum is None:
        return Figure(name, value, unit)
    return Figure(name, value, unit, goal=f"≤ {maximum:g} {unit}", met=value <= maximum)


def check_max_ratio(name: str, value: float, rival: float, unit: str, maximum: float) -> Figure:
    ratio = value / rival
    return Figure(name, value, unit, rival, ratio, f"≤ {maximum:g} × rival", ratio <= maximum)


def check_min_ratio(name: str, value: float, rival: float, unit: str, minimum: float) -> Figure:
    ratio = value / rival
    return Figure(name, value, unit, rival, ratio, f"≥ {minimum:g} × rival", ratio >= minimum)


def compare_with_rival(name: str, value: float, rival: float, unit: str) -> Figure:
    return Figure(name, value, unit, rival, value / rival)


def remove_goal(figure: Figure, suffix: str) -> Figure:
    return replace(figure, name=f"{figure.name}, {suffix}", goal="", met=None)


def compute_percentile(samples: Sequence[float], share: float) -> float:
    """`share` is between 0 and 1."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def compute_percentile_ms(samples: Sequence[float], share: float) -> float:
    return compute_percentile(samples, share) * 1000


def print_figures(figures: Iterable[Figure], console: Console) -> None:
    table = Table("figure", "value", "rival", "ratio", "goal", "met")
    for figure in figures:
        met = {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[figure.met]
        table.add_row(figure.name, *_format_numbers(figure), figure.goal, met)
    console.print(table)


def _format_numbers(figure: Figure) -> tuple[str, str, str]:
    rival = "" if figure.rival is None else f"{_format_number(figure.rival)} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return f"{_format_number(figure.value)} {figure.unit}", rival, ratio


def _format_number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def format_markdown(figures: Iterable[Figure]) -> str:
    rows = ["| figure | value | rival | ratio | goal | met |", "| --- | --- | --- | --- | --- | --- |"]
    for figure in figures:
        met = {True: "yes", False: "**no**", None: ""}[figure.met]
        rows.append(" | ".join(["| " + figure.name, *_format_numbers(figure), figure.goal, met + " |"]))
    return "\n".join(rows)


def write_json(figures: Iterable[Figure], path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([asdict(f) for f in figures], indent=2, ensure_ascii=False) + "\n", "utf-8")


def save_table(figures: Iterable[Figure], page: Path) -> None:
    """Replaces the table in the page."""
    before, _, rest = page.read_text("utf-8").partition("| figure | value |")
    after = rest.partition("\n\n")[2]
    page.write_text(f"{before}{format_markdown(figures)}\n\n{after}", "utf-8")
