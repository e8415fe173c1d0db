"""What Slack takes and refuses of blocks, in its own words."""

from typing import Any

import pytest

from sandbox.block_kit_rules import find_block_errors
from tests.sandbox import gallery
from tests.sandbox.blocks import SELECT_ELEMENT, build_actions, build_button, build_section
from tests.sandbox.gallery import (
    BARS,
    OPTIONS,
    PIE,
    TABLE,
    Json,
    build_input_block,
    build_mrkdwn,
    build_option,
    build_plain_text,
)


@pytest.mark.parametrize(
    ("surface", "blocks"),
    [
        ("message", gallery.MESSAGE),
        ("message", gallery.SECOND_MESSAGE),
        ("modal", gallery.MODAL["blocks"]),
        ("home", gallery.HOME["blocks"]),
    ],
)
def test_blocks_that_slack_accepts_are_accepted(surface: str, blocks: list[Json]) -> None:
    assert find_block_errors(blocks, surface) == []


def build_chart(**fields: Any) -> Json:
    return {**BARS, "chart": {**BARS["chart"], **fields}}


LINES = BARS["chart"]["series"]
# what | surface | blocks | the error with its pointer
REFUSED: list[tuple[str, str, list[Any], str]] = [
    ("no block", "message", ["text"], "must provide an object [json-pointer:/blocks/0]"),
    ("null", "modal", [None], "must provide an object [json-pointer:/blocks/0]"),
    ("no type", "home", [{}], "missing required field: type [json-pointer:/blocks/0]"),
    (
        "unknown block",
        "message",
        [{"type": "sparkle"}],
        "unsupported type: sparkle [json-pointer:/blocks/0/type]",
    ),
    (
        "a type that is no word",
        "message",
        [build_actions({"type": {}})],
        "unsupported type: {} [json-pointer:/blocks/0/elements/0/type]",
    ),
    (
        "unknown field",
        "message",
        [{"type": "divider", "x": 1}],
        "invalid additional property: x [json-pointer:/blocks/0]",
    ),
    (
        "empty section",
        "message",
        [build_section()],
        "must define either `text` or `fields` [json-pointer:/blocks/0]",
    ),
    (
        "long section",
        "modal",
        [build_section(text=build_mrkdwn("x" * 3001))],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "empty text",
        "message",
        [build_section(text=build_mrkdwn(""))],
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "11 fields",
        "message",
        [build_section(fields=[build_mrkdwn("x")] * 11)],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        "long field",
        "message",
        [build_section(fields=[build_mrkdwn("x" * 2001)])],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        "long header",
        "home",
        [{"type": "header", "text": build_plain_text("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "mrkdwn header",
        "home",
        [{"type": "header", "text": build_mrkdwn("x")}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (
        "11 in context",
        "message",
        [{"type": "context", "elements": [build_mrkdwn("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "26 buttons",
        "message",
        [build_actions(*(build_button(action_id=str(n)) for n in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "long button",
        "message",
        [build_actions(build_button(text=build_plain_text("x" * 76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        "long value",
        "message",
        [build_actions(build_button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        "blue button",
        "message",
        [build_actions(build_button(style="blue"))],
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        "twice an action_id in a block",
        "message",
        [build_actions(build_button(), build_button())],
        "`action_id` already exists: go [json-pointer:/blocks/0/elements/1/action_id]",
    ),
    (
        "twice a block_id",
        "message",
        [{"type": "divider", "block_id": "d"}] * 2,
        "`block_id` already exists: d [json-pointer:/blocks/1/block_id]",
    ),
    (
        "long block_id",
        "message",
        [{"type": "divider", "block_id": "d" * 256}],
        "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ),
    (
        "51 blocks",
        "message",
        [{"type": "divider"}] * 51,
        "no more than 50 items allowed [json-pointer:/blocks]",
    ),
    (
        "101 blocks",
        "modal",
        [{"type": "divider"}] * 101,
        "no more than 100 items allowed [json-pointer:/blocks]",
    ),
    ("table in modal", "modal", [TABLE], "unsupported type: table [json-pointer:/blocks/0/type]"),
    (
        "alert in message",
        "message",
        [gallery.ALERTS[0]],
        "unsupported type: alert [json-pointer:/blocks/0/type]",
    ),
    (
        "long alert",
        "modal",
        [{"type": "alert", "text": build_plain_text("x" * 201)}],
        "must be less than 201 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "number in message",
        "message",
        [build_input_block("number_input", {"is_decimal_allowed": False})],
        "unsupported type: number_input [json-pointer:/blocks/0/element/type]",
    ),
    (
        "number without is_decimal_allowed",
        "modal",
        [build_input_block("number_input", {})],
        "missing required field: is_decimal_allowed [json-pointer:/blocks/0/element]",
    ),
    (
        "bound as a number",
        "modal",
        [build_input_block("number_input", {"is_decimal_allowed": False, "min_value": 1})],
        "must provide a string [json-pointer:/blocks/0/element/min_value]",
    ),
    (
        "value out of bounds",
        "modal",
        [
            build_input_block(
                "number_input", {"is_decimal_allowed": False, "max_value": "9", "initial_value": "10"}
            )
        ],
        "initial_value must be within the bounds [json-pointer:/blocks/0/element/initial_value]",
    ),
    (
        "101 options",
        "modal",
        [build_actions({**SELECT_ELEMENT, "options": [build_option(str(n)) for n in range(101)]})],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "no options",
        "modal",
        [build_actions({**SELECT_ELEMENT, "options": []})],
        "no fewer than 1 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "neither options nor groups",
        "modal",
        [build_actions(SELECT_ELEMENT)],
        "must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "long option",
        "modal",
        [build_actions({**SELECT_ELEMENT, "options": [build_option("x" * 76, "v")]})],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        "long option value",
        "modal",
        [build_actions({**SELECT_ELEMENT, "options": [build_option("x", "v" * 151)]})],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        "initial option that is none",
        "modal",
        [build_actions({**SELECT_ELEMENT, "options": OPTIONS, "initial_option": build_option("Pink")})],
        "initial_option must be one of the options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    (
        "11 radio buttons",
        "modal",
        [build_actions({"type": "radio_buttons", "options": [build_option(str(n)) for n in range(11)]})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "long confirm",
        "message",
        [build_actions(build_button(confirm={**gallery.CONFIRM, "confirm": build_plain_text("x" * 31)}))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]",
    ),
    (
        "long placeholder",
        "modal",
        [build_input_block("plain_text_input", {"placeholder": build_plain_text("x" * 151)})],
        "must be less than 151 characters [json-pointer:/blocks/0/element/placeholder/text]",
    ),
    (
        "bad date",
        "modal",
        [build_input_block("datepicker", {"initial_date": "22.11.2026"})],
        "must be a valid date [json-pointer:/blocks/0/element/initial_date]",
    ),
    (
        "a day that never comes",
        "modal",
        [build_input_block("datepicker", {"initial_date": "2026-02-30"})],
        "must be a valid date [json-pointer:/blocks/0/element/initial_date]",
    ),
    (
        "a bound that is no number",
        "modal",
        [build_input_block("number_input", {"is_decimal_allowed": True, "max_value": "NaN"})],
        "must be a valid number [json-pointer:/blocks/0/element/max_value]",
    ),
    (
        "an unknown filter",
        "modal",
        [build_input_block("conversations_select", {"filter": {"include": ["all"]}})],
        "must be a valid enum value [json-pointer:/blocks/0/element/filter/include/0]",
    ),
    (
        "a link in a select",
        "modal",
        [build_actions({**SELECT_ELEMENT, "options": [{**build_option("x"), "url": "https://example.com"}]})],
        "invalid additional property: url [json-pointer:/blocks/0/elements/0/options/0]",
    ),
    (
        "a container in a container",
        "message",
        [{"type": "container", "title": build_plain_text("x"), "child_blocks": [{"type": "container"}]}],
        "unsupported type: container [json-pointer:/blocks/0/child_blocks/0/type]",
    ),
    (
        "a wordy data table",
        "message",
        [{**gallery.DATA_TABLE, "rows": [[{"type": "raw_text", "text": "x" * 2001}]] * 5}],
        "must be less than 10001 characters [json-pointer:/blocks/0/rows]",
    ),
    ("two tables", "message", [TABLE, gallery.DATA_TABLE], "only_one_table_allowed [json-pointer:/blocks/1]"),
    (
        "empty cell",
        "message",
        [{"type": "table", "rows": [[{"type": "raw_text", "text": ""}]]}],
        "must be more than 0 characters [json-pointer:/blocks/0/rows/0/0/text]",
    ),
    (
        "21 columns",
        "message",
        [{"type": "table", "rows": [[gallery.CELLS[0]] * 21]}],
        "no more than 20 items allowed [json-pointer:/blocks/0/rows/0]",
    ),
    (
        "three charts",
        "message",
        [BARS, PIE, BARS],
        "no more than 2 data_visualization blocks allowed [json-pointer:/blocks/2]",
    ),
    (
        "a series that misses a category",
        "message",
        [build_chart(series=[{"name": "used", "data": LINES[0]["data"][:1]}])],
        "must have one data point for each category [json-pointer:/blocks/0/chart/series/0/data]",
    ),
    (
        "two series of one name",
        "message",
        [build_chart(series=[LINES[0], LINES[0]])],
        "series names must be unique [json-pointer:/blocks/0/chart/series/1/name]",
    ),
    (
        "a slice of nothing",
        "message",
        [{**PIE, "chart": {"type": "pie", "segments": [{"label": "x", "value": 0}]}}],
        "must be greater than 0 [json-pointer:/blocks/0/chart/segments/0/value]",
    ),
    (
        "three buttons on a card",
        "message",
        [{**gallery.CARD, "actions": [build_button(action_id=str(n)) for n in range(3)]}],
        "no more than 2 items allowed [json-pointer:/blocks/0/actions]",
    ),
    (
        "two focused fields",
        "modal",
        [
            build_input_block("plain_text_input", {"focus_on_load": True}),
            build_input_block("url_text_input", {"focus_on_load": True}),
        ],
        "only one element may have `focus_on_load` [json-pointer:/blocks/1/element/focus_on_load]",
    ),
]


@pytest.mark.parametrize(
    ("surface", "blocks", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_blocks_that_slack_rejects_are_rejected(surface: str, blocks: list[Any], error: str) -> None:
    assert find_block_errors(blocks, surface) == [error]
