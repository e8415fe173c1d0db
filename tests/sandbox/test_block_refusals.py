"""What Slack takes and refuses of blocks, in its own words."""

from typing import Any

import pytest

from sandbox.block_kit_rules import block_errors
from tests.sandbox import gallery
from tests.sandbox.blocks import SELECT, actions, button, section
from tests.sandbox.gallery import BARS, OPTIONS, PIE, TABLE, Json, input_block, mrkdwn, option, plain


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
    assert block_errors(blocks, surface) == []


def chart(**fields: Any) -> Json:
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
        [actions({"type": {}})],
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
        [section()],
        "must define either `text` or `fields` [json-pointer:/blocks/0]",
    ),
    (
        "long section",
        "modal",
        [section(text=mrkdwn("x" * 3001))],
        "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "empty text",
        "message",
        [section(text=mrkdwn(""))],
        "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "11 fields",
        "message",
        [section(fields=[mrkdwn("x")] * 11)],
        "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ),
    (
        "long field",
        "message",
        [section(fields=[mrkdwn("x" * 2001)])],
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    (
        "long header",
        "home",
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "mrkdwn header",
        "home",
        [{"type": "header", "text": mrkdwn("x")}],
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (
        "11 in context",
        "message",
        [{"type": "context", "elements": [mrkdwn("x")] * 11}],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "26 buttons",
        "message",
        [actions(*(button(action_id=str(n)) for n in range(26)))],
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        "long button",
        "message",
        [actions(button(text=plain("x" * 76)))],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ),
    (
        "long value",
        "message",
        [actions(button(value="x" * 2001))],
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        "blue button",
        "message",
        [actions(button(style="blue"))],
        "must be a valid enum value [json-pointer:/blocks/0/elements/0/style]",
    ),
    (
        "twice an action_id in a block",
        "message",
        [actions(button(), button())],
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
        [{"type": "alert", "text": plain("x" * 201)}],
        "must be less than 201 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        "number in message",
        "message",
        [input_block("number_input", {"is_decimal_allowed": False})],
        "unsupported type: number_input [json-pointer:/blocks/0/element/type]",
    ),
    (
        "number without is_decimal_allowed",
        "modal",
        [input_block("number_input", {})],
        "missing required field: is_decimal_allowed [json-pointer:/blocks/0/element]",
    ),
    (
        "bound as a number",
        "modal",
        [input_block("number_input", {"is_decimal_allowed": False, "min_value": 1})],
        "must provide a string [json-pointer:/blocks/0/element/min_value]",
    ),
    (
        "value out of bounds",
        "modal",
        [input_block("number_input", {"is_decimal_allowed": False, "max_value": "9", "initial_value": "10"})],
        "initial_value must be within the bounds [json-pointer:/blocks/0/element/initial_value]",
    ),
    (
        "101 options",
        "modal",
        [actions({**SELECT, "options": [option(str(n)) for n in range(101)]})],
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "no options",
        "modal",
        [actions({**SELECT, "options": []})],
        "no fewer than 1 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "neither options nor groups",
        "modal",
        [actions(SELECT)],
        "must define either `options` or `option_groups` [json-pointer:/blocks/0/elements/0]",
    ),
    (
        "long option",
        "modal",
        [actions({**SELECT, "options": [option("x" * 76, "v")]})],
        "must be less than 76 characters [json-pointer:/blocks/0/elements/0/options/0/text/text]",
    ),
    (
        "long option value",
        "modal",
        [actions({**SELECT, "options": [option("x", "v" * 151)]})],
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        "initial option that is none",
        "modal",
        [actions({**SELECT, "options": OPTIONS, "initial_option": option("Pink")})],
        "initial_option must be one of the options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    (
        "11 radio buttons",
        "modal",
        [actions({"type": "radio_buttons", "options": [option(str(n)) for n in range(11)]})],
        "no more than 10 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (
        "long confirm",
        "message",
        [actions(button(confirm={**gallery.CONFIRM, "confirm": plain("x" * 31)}))],
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/confirm/text]",
    ),
    (
        "long placeholder",
        "modal",
        [input_block("plain_text_input", {"placeholder": plain("x" * 151)})],
        "must be less than 151 characters [json-pointer:/blocks/0/element/placeholder/text]",
    ),
    (
        "bad date",
        "modal",
        [input_block("datepicker", {"initial_date": "22.11.2026"})],
        "must be a valid date [json-pointer:/blocks/0/element/initial_date]",
    ),
    (
        "a day that never comes",
        "modal",
        [input_block("datepicker", {"initial_date": "2026-02-30"})],
        "must be a valid date [json-pointer:/blocks/0/element/initial_date]",
    ),
    (
        "a bound that is no number",
        "modal",
        [input_block("number_input", {"is_decimal_allowed": True, "max_value": "NaN"})],
        "must be a valid number [json-pointer:/blocks/0/element/max_value]",
    ),
    (
        "an unknown filter",
        "modal",
        [input_block("conversations_select", {"filter": {"include": ["all"]}})],
        "must be a valid enum value [json-pointer:/blocks/0/element/filter/include/0]",
    ),
    (
        "a link in a select",
        "modal",
        [actions({**SELECT, "options": [{**option("x"), "url": "https://example.com"}]})],
        "invalid additional property: url [json-pointer:/blocks/0/elements/0/options/0]",
    ),
    (
        "a container in a container",
        "message",
        [{"type": "container", "title": plain("x"), "child_blocks": [{"type": "container"}]}],
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
        [chart(series=[{"name": "used", "data": LINES[0]["data"][:1]}])],
        "must have one data point for each category [json-pointer:/blocks/0/chart/series/0/data]",
    ),
    (
        "two series of one name",
        "message",
        [chart(series=[LINES[0], LINES[0]])],
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
        [{**gallery.CARD, "actions": [button(action_id=str(n)) for n in range(3)]}],
        "no more than 2 items allowed [json-pointer:/blocks/0/actions]",
    ),
    (
        "two focused fields",
        "modal",
        [
            input_block("plain_text_input", {"focus_on_load": True}),
            input_block("url_text_input", {"focus_on_load": True}),
        ],
        "only one element may have `focus_on_load` [json-pointer:/blocks/1/element/focus_on_load]",
    ),
]


@pytest.mark.parametrize(
    ("surface", "blocks", "error"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_blocks_that_slack_rejects_are_rejected(surface: str, blocks: list[Any], error: str) -> None:
    assert block_errors(blocks, surface) == [error]
