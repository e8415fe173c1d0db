"""Rules of Block Kit that span several fields or blocks: each yields (what is wrong, where)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.block_kit import Checker, Field, walk
from sandbox.elements import number_of, options_of
from sandbox.errors import Json

MARKDOWN_LIMIT = 12_000
TABLE_TEXT_LIMIT = 10_000
CHARTS_LIMIT = 2
VIEW_BYTES = 250_000
TABLES = ("table", "data_table")

Blocks = list[Json]
Found = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class Drawn:
    """Blocks where `pointer` says, and every object in them with its own pointer: walked through once for all
    rules."""

    blocks: Blocks
    pointer: str
    surface: str
    objects: list[tuple[Json, str]]


Rule = Callable[[Drawn], Found]


def unique_block_ids(drawn: Drawn) -> Found:
    seen: set[str] = set()
    for block, place in drawn.objects:
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield f"`block_id` already exists: {block_id}", f"{place}/block_id"
        seen.add(block_id or "")


def unique_action_ids(drawn: Drawn) -> Found:
    """An action_id may return in another block, not in the same one."""
    for block, place in _blocks(drawn.blocks, drawn.pointer):
        seen: set[str] = set()
        for element, where in _elements(block, place):
            action_id = element.get("action_id")
            if action_id and action_id in seen:
                yield f"`action_id` already exists: {action_id}", f"{where}/action_id"
            seen.add(action_id or "")


def one_focus(drawn: Drawn) -> Found:
    focused = [place for element, place in drawn.objects if element.get("focus_on_load") is True]
    for place in focused[1:]:
        yield "only one element may have `focus_on_load`", f"{place}/focus_on_load"


def initial_choices(drawn: Drawn) -> Found:
    """What is chosen at first must be one of the options, exactly."""
    for element, place in drawn.objects:
        if "options" not in element and "option_groups" not in element:
            continue
        offered = options_of(element)
        if "initial_option" in element and element["initial_option"] not in offered:
            yield "initial_option must be one of the options", f"{place}/initial_option"
        for number, option in enumerate(element.get("initial_options") or []):
            if option not in offered:
                yield "initial_options must be among the options", f"{place}/initial_options/{number}"


def number_bounds(drawn: Drawn) -> Found:
    for element, place in drawn.objects:
        if element.get("type") != "number_input":
            continue
        bounds = {}
        for name in ("min_value", "max_value", "initial_value"):
            if isinstance(element.get(name), str):
                bounds[name] = number_of(element[name])
                if bounds[name] is None:
                    yield "must be a valid number", f"{place}/{name}"
        low, high, value = (bounds.get(name) for name in ("min_value", "max_value", "initial_value"))
        if low is not None and high is not None and low > high:
            yield "min_value must not be greater than max_value", f"{place}/min_value"
        if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
            yield "initial_value must be within the bounds", f"{place}/initial_value"


def text_bounds(drawn: Drawn) -> Found:
    for element, place in drawn.objects:
        if element.get("type") != "plain_text_input":
            continue
        low, high, value = (
            element.get("min_length", 0),
            element.get("max_length", 3000),
            element.get("initial_value"),
        )
        if isinstance(low, int) and isinstance(high, int) and low > high:
            yield "min_length must not be greater than max_length", f"{place}/min_length"
        if isinstance(value, str) and isinstance(high, int) and len(value) > high:
            yield f"must be less than {high + 1} characters", f"{place}/initial_value"


def one_table(drawn: Drawn) -> Found:
    tables = [place for block, place in drawn.objects if block.get("type") in TABLES]
    for place in tables[1:]:
        yield "only_one_table_allowed", place


def table_rows(drawn: Drawn) -> Found:
    for block, place in drawn.objects:
        rows = block.get("rows")
        if block.get("type") != "data_table" or not isinstance(rows, list) or not rows:
            continue
        widths = {len(row) for row in rows if isinstance(row, list)}
        if len(widths) > 1:
            yield "all rows must have the same number of cells", f"{place}/rows"
        if sum(len(str(cell.get("text", ""))) for cell, _ in walk(rows)) > TABLE_TEXT_LIMIT:
            yield f"must be less than {TABLE_TEXT_LIMIT + 1} characters", f"{place}/rows"


def two_charts(drawn: Drawn) -> Found:
    charts = [place for block, place in drawn.objects if block.get("type") == "data_visualization"]
    for place in charts[CHARTS_LIMIT:]:
        yield f"no more than {CHARTS_LIMIT} data_visualization blocks allowed", place


def chart_data(drawn: Drawn) -> Found:
    for block, place in drawn.objects:
        if block.get("type") != "data_visualization" or not isinstance(block.get("chart"), dict):
            continue
        chart = block["chart"]
        yield from _segments(chart.get("segments"), f"{place}/chart/segments")
        categories = (chart.get("axis_config") or {}).get("categories")
        yield from _series(chart.get("series"), categories, f"{place}/chart/series")


def _segments(segments: Any, place: str) -> Found:
    for number, segment in enumerate(segments or []):
        value = segment.get("value") if isinstance(segment, dict) else None
        if isinstance(value, int | float) and value <= 0:
            yield "must be greater than 0", f"{place}/{number}/value"


def _series(series: Any, categories: Any, place: str) -> Found:
    names: set[str] = set()
    for number, line in enumerate(series or []):
        if not isinstance(line, dict):
            continue
        if line.get("name") in names:
            yield "series names must be unique", f"{place}/{number}/name"
        names.add(str(line.get("name")))
        labels = [point.get("label") for point in line.get("data") or [] if isinstance(point, dict)]
        if isinstance(categories, list) and sorted(map(str, labels)) != sorted(map(str, categories)):
            yield "must have one data point for each category", f"{place}/{number}/data"


def collapsed_containers(drawn: Drawn) -> Found:
    for block, place in drawn.objects:
        if block.get("default_collapsed") and not block.get("is_collapsible"):
            yield "default_collapsed requires is_collapsible", f"{place}/default_collapsed"


def response_urls(drawn: Drawn) -> Found:
    for block, place in drawn.objects:
        element = block.get("accessory") or {}
        in_input = block.get("type") == "input" and drawn.surface == "modal"
        elements = [element, *(block.get("elements") or [])]
        if not in_input and any(isinstance(e, dict) and e.get("response_url_enabled") for e in elements):
            yield "response_url_enabled is only allowed in input blocks of modals", place


RULES: list[Rule] = [
    unique_block_ids,
    unique_action_ids,
    one_focus,
    initial_choices,
    number_bounds,
    text_bounds,
    one_table,
    table_rows,
    two_charts,
    chart_data,
    collapsed_containers,
    response_urls,
]


def block_errors(blocks: Any, surface: str, pointer: str = "/blocks") -> list[str]:
    """All that Slack would say about these blocks: of the rules only once the shapes are right."""
    checker = Checker(surface)
    checker.blocks(blocks, pointer)
    if not checker.errors:
        _apply(checker, blocks, pointer)
    return checker.errors


def view_errors(view: Json, kind: str, bot_name: str) -> list[str]:
    checker = Checker(kind)
    checker.view(view, kind, "/view")
    if checker.errors:
        return checker.errors
    _apply(checker, view["blocks"], "/view/blocks")
    inputs = [number for number, block in enumerate(view["blocks"]) if block["type"] == "input"]
    if kind == "modal" and inputs and "submit" not in view:
        checker.wrong(
            f"{bot_name} must define `submit` to use an `input` block in modals",
            f"/view/blocks/{inputs[0]}/input",
        )
    return checker.errors


def options_errors(answer: Json) -> list[str]:
    """An app's answer to a block_suggestion."""
    checker = Checker("modal")
    fields = {"options": "[option] ..100", "option_groups": "[option_group] ..100"}
    for name, notation in fields.items():
        if name in answer:
            checker.value(answer[name], Field.parse(notation), f"/{name}")
    if not any(name in answer for name in fields):
        checker.wrong("must define either `options` or `option_groups`", "")
    return checker.errors


def markdown_length(blocks: Blocks) -> int:
    return sum(len(block["text"]) for block in blocks if block.get("type") == "markdown")


def view_size(view: Json) -> int:
    return len(json.dumps(view, ensure_ascii=False).encode())


def _apply(checker: Checker, blocks: Blocks, pointer: str) -> None:
    drawn = Drawn(blocks, pointer, checker.surface, list(walk(blocks, pointer)))
    for rule in RULES:
        for text, place in rule(drawn):
            checker.wrong(text, place)


def _blocks(blocks: Blocks, pointer: str) -> Iterator[tuple[Json, str]]:
    for number, block in enumerate(blocks):
        yield block, f"{pointer}/{number}"
        for child_number, child in enumerate(block.get("child_blocks") or []):
            yield child, f"{pointer}/{number}/child_blocks/{child_number}"


def _elements(block: Json, place: str) -> Iterator[tuple[Json, str]]:
    """The interactive elements of a block, not those of the blocks inside it."""
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield block[name], f"{place}/{name}"
    for name in ("elements", "actions"):
        for number, element in enumerate(block.get(name) or []):
            yield element, f"{place}/{name}/{number}"
