"""Rules of Block Kit that span several fields or blocks. Each yields (error message, JSON pointer)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.block_kit import Checker, Field, walk_objects
from sandbox.elements import list_options, parse_number
from sandbox.errors import Json

MARKDOWN_LIMIT = 12_000
TABLE_TEXT_LIMIT = 10_000
CHARTS_LIMIT = 2
VIEW_BYTES_LIMIT = 250_000
TABLES = ("table", "data_table")

Blocks = list[Json]
Violations = Iterator[tuple[str, str]]


@dataclass(frozen=True)
class RenderedBlocks:
    """Blocks at `pointer`, and every object inside them with its own pointer, collected once for all
    rules."""

    blocks: Blocks
    pointer: str
    surface: str
    objects: list[tuple[Json, str]]


Rule = Callable[[RenderedBlocks], Violations]


def check_block_ids(rendered: RenderedBlocks) -> Violations:
    seen: set[str] = set()
    for block, place in rendered.objects:
        block_id = block.get("block_id")
        if block_id and block_id in seen:
            yield f"`block_id` already exists: {block_id}", f"{place}/block_id"
        seen.add(block_id or "")


def check_action_ids(rendered: RenderedBlocks) -> Violations:
    """An action_id may be used again in a different block, but not in the same one."""
    for block, place in _iterate_blocks(rendered.blocks, rendered.pointer):
        seen: set[str] = set()
        for element, where in _iterate_elements(block, place):
            action_id = element.get("action_id")
            if action_id and action_id in seen:
                yield f"`action_id` already exists: {action_id}", f"{where}/action_id"
            seen.add(action_id or "")


def check_focus(rendered: RenderedBlocks) -> Violations:
    focused = [place for element, place in rendered.objects if element.get("focus_on_load") is True]
    for place in focused[1:]:
        yield "only one element may have `focus_on_load`", f"{place}/focus_on_load"


def check_initial_options(rendered: RenderedBlocks) -> Violations:
    """Initial options must equal one of the options exactly."""
    for element, place in rendered.objects:
        if "options" not in element and "option_groups" not in element:
            continue
        offered = list_options(element)
        if "initial_option" in element and element["initial_option"] not in offered:
            yield "initial_option must be one of the options", f"{place}/initial_option"
        for number, option in enumerate(element.get("initial_options") or []):
            if option not in offered:
                yield "initial_options must be among the options", f"{place}/initial_options/{number}"


def check_number_bounds(rendered: RenderedBlocks) -> Violations:
    for element, place in rendered.objects:
        if element.get("type") != "number_input":
            continue
        bounds = {}
        for name in ("min_value", "max_value", "initial_value"):
            if isinstance(element.get(name), str):
                bounds[name] = parse_number(element[name])
                if bounds[name] is None:
                    yield "must be a valid number", f"{place}/{name}"
        low, high, value = (bounds.get(name) for name in ("min_value", "max_value", "initial_value"))
        if low is not None and high is not None and low > high:
            yield "min_value must not be greater than max_value", f"{place}/min_value"
        if value is not None and ((low is not None and value < low) or (high is not None and value > high)):
            yield "initial_value must be within the bounds", f"{place}/initial_value"


def check_text_bounds(rendered: RenderedBlocks) -> Violations:
    for element, place in rendered.objects:
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


def check_single_table(rendered: RenderedBlocks) -> Violations:
    tables = [place for block, place in rendered.objects if block.get("type") in TABLES]
    for place in tables[1:]:
        yield "only_one_table_allowed", place


def check_table_rows(rendered: RenderedBlocks) -> Violations:
    for block, place in rendered.objects:
        rows = block.get("rows")
        if block.get("type") != "data_table" or not isinstance(rows, list) or not rows:
            continue
        widths = {len(row) for row in rows if isinstance(row, list)}
        if len(widths) > 1:
            yield "all rows must have the same number of cells", f"{place}/rows"
        if sum(len(str(cell.get("text", ""))) for cell, _ in walk_objects(rows)) > TABLE_TEXT_LIMIT:
            yield f"must be less than {TABLE_TEXT_LIMIT + 1} characters", f"{place}/rows"


def check_chart_count(rendered: RenderedBlocks) -> Violations:
    charts = [place for block, place in rendered.objects if block.get("type") == "data_visualization"]
    for place in charts[CHARTS_LIMIT:]:
        yield f"no more than {CHARTS_LIMIT} data_visualization blocks allowed", place


def check_chart_data(rendered: RenderedBlocks) -> Violations:
    for block, place in rendered.objects:
        if block.get("type") != "data_visualization" or not isinstance(block.get("chart"), dict):
            continue
        chart = block["chart"]
        yield from _check_segments(chart.get("segments"), f"{place}/chart/segments")
        categories = (chart.get("axis_config") or {}).get("categories")
        yield from _check_series(chart.get("series"), categories, f"{place}/chart/series")


def _check_segments(segments: Any, place: str) -> Violations:
    for number, segment in enumerate(segments or []):
        value = segment.get("value") if isinstance(segment, dict) else None
        if isinstance(value, int | float) and value <= 0:
            yield "must be greater than 0", f"{place}/{number}/value"


def _check_series(series: Any, categories: Any, place: str) -> Violations:
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


def check_collapsed_containers(rendered: RenderedBlocks) -> Violations:
    for block, place in rendered.objects:
        if block.get("default_collapsed") and not block.get("is_collapsible"):
            yield "default_collapsed requires is_collapsible", f"{place}/default_collapsed"


def check_response_urls(rendered: RenderedBlocks) -> Violations:
    for block, place in rendered.objects:
        element = block.get("accessory") or {}
        in_input = block.get("type") == "input" and rendered.surface == "modal"
        elements = [element, *(block.get("elements") or [])]
        if not in_input and any(isinstance(e, dict) and e.get("response_url_enabled") for e in elements):
            yield "response_url_enabled is only allowed in input blocks of modals", place


RULES: list[Rule] = [
    check_block_ids,
    check_action_ids,
    check_focus,
    check_initial_options,
    check_number_bounds,
    check_text_bounds,
    check_single_table,
    check_table_rows,
    check_chart_count,
    check_chart_data,
    check_collapsed_containers,
    check_response_urls,
]


def find_block_errors(blocks: Any, surface: str, pointer: str = "/blocks") -> list[str]:
    """Returns Slack's error messages for these blocks. Rules are only checked if every block has a valid
    shape."""
    checker = Checker(surface)
    checker.check_blocks(blocks, pointer)
    if not checker.errors:
        _apply_rules(checker, blocks, pointer)
    return checker.errors


def find_view_errors(view: Json, kind: str, bot_name: str) -> list[str]:
    checker = Checker(kind)
    checker.check_view(view, kind, "/view")
    if checker.errors:
        return checker.errors
    _apply_rules(checker, view["blocks"], "/view/blocks")
    inputs = [number for number, block in enumerate(view["blocks"]) if block["type"] == "input"]
    if kind == "modal" and inputs and "submit" not in view:
        checker.add_error(
            f"{bot_name} must define `submit` to use an `input` block in modals",
            f"/view/blocks/{inputs[0]}/input",
        )
    return checker.errors


def find_options_errors(answer: Json) -> list[str]:
    """Checks an app's response to a block_suggestion."""
    checker = Checker("modal")
    fields = {"options": "[option] ..100", "option_groups": "[option_group] ..100"}
    for name, notation in fields.items():
        if name in answer:
            checker.check_value(answer[name], Field.parse(notation), f"/{name}")
    if not any(name in answer for name in fields):
        checker.add_error("must define either `options` or `option_groups`", "")
    return checker.errors


def count_markdown_characters(blocks: Blocks) -> int:
    return sum(len(block["text"]) for block in blocks if block.get("type") == "markdown")


def count_view_bytes(view: Json) -> int:
    return len(json.dumps(view, ensure_ascii=False).encode())


def _apply_rules(checker: Checker, blocks: Blocks, pointer: str) -> None:
    rendered = RenderedBlocks(blocks, pointer, checker.surface, list(walk_objects(blocks, pointer)))
    for rule in RULES:
        for text, place in rule(rendered):
            checker.add_error(text, place)


def _iterate_blocks(blocks: Blocks, pointer: str) -> Iterator[tuple[Json, str]]:
    for number, block in enumerate(blocks):
        yield block, f"{pointer}/{number}"
        for child_number, child in enumerate(block.get("child_blocks") or []):
            yield child, f"{pointer}/{number}/child_blocks/{child_number}"


def _iterate_elements(block: Json, place: str) -> Iterator[tuple[Json, str]]:
    """Yields the interactive elements of a block, but not those of nested blocks."""
    for name in ("accessory", "element"):
        if isinstance(block.get(name), dict):
            yield block[name], f"{place}/{name}"
    for name in ("elements", "actions"):
        for number, element in enumerate(block.get(name) or []):
            yield element, f"{place}/{name}/{number}"
