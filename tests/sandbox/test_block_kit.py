import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from sandbox.block_kit import table, walk
from sandbox.block_kit_rules import block_errors, options_errors, view_errors
from tests.sandbox import gallery
from tests.sandbox.gallery import BARS, OPTIONS, PIE, TABLE, Json, input_block, mrkdwn, option, plain

SELECT = {"type": "static_select", "action_id": "s"}


def section(**fields: Any) -> Json:
    return {"type": "section", **fields}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def button(**fields: Any) -> Json:
    return {"type": "button", "text": plain("Go"), "action_id": "go", **fields}


@pytest.mark.parametrize(
    ("surface", "blocks"),
    [
        ("message", gallery.MESSAGE),
        ("message", gallery.SECOND_MESSAGE),
        ("modal", gallery.MODAL["blocks"]),
        ("home", gallery.HOME["blocks"]),
    ],
)
def test_what_slack_takes_is_taken(surface: str, blocks: list[Json]) -> None:
    assert block_errors(blocks, surface) == []


def test_the_gallery_shows_every_type_of_the_table() -> None:
    everything = [gallery.MESSAGE, gallery.SECOND_MESSAGE, gallery.MODAL, gallery.HOME]
    shown = {part.get("type") for part, _ in walk(everything)}
    known = {*table().blocks, *table().types} - {"usergroup", "team"}
    assert known <= shown


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
def test_what_slack_refuses_is_refused(surface: str, blocks: list[Any], error: str) -> None:
    assert block_errors(blocks, surface) == [error]


# What Slack's documentation says, written down a second time: a slip in the table is seen here.
LIMITS: dict[str, dict[str, int]] = {
    "section": {"text": 3000, "fields": 10},
    "header": {"text": 150},
    "context": {"elements": 10},
    "context_actions": {"elements": 5},
    "actions": {"elements": 25},
    "input": {"label": 2000, "hint": 2000},
    "image": {"alt_text": 2000, "image_url": 3000},
    "markdown": {"text": 12_000},
    "alert": {"text": 200},
    "card": {"title": 150, "subtitle": 150, "body": 200, "actions": 2},
    "carousel": {"elements": 10},
    "container": {"child_blocks": 10},
    "table": {"rows": 100},
    "data_table": {"rows": 101, "page_size": 100},
    "data_visualization": {"title": 50},
    "plain_text": {"text": 3000},
    "mrkdwn": {"text": 3000},
    "button": {
        "text": 75,
        "action_id": 255,
        "value": 2000,
        "url": 3000,
        "accessibility_label": 75,
        "agent_prompt": 4000,
    },
    "overflow": {"options": 5},
    "checkboxes": {"options": 10},
    "radio_buttons": {"options": 10},
    "static_select": {"options": 100, "option_groups": 100, "placeholder": 150},
    "plain_text_input": {"max_length": 3000, "placeholder": 150},
    "file_input": {"max_files": 10},
    "option": {"text": 75, "value": 150, "description": 75},
    "option_group": {"label": 75, "options": 100},
    "confirm": {"title": 100, "text": 300, "confirm": 30, "deny": 30},
    "pie": {"segments": 6},
    "bar": {"series": 6},
    "series": {"name": 20, "data": 20},
    "data_point": {"label": 20},
    "segment": {"label": 20},
    "axis_config": {"categories": 20, "x_label": 50, "y_label": 50},
    "modal": {
        "title": 24,
        "submit": 24,
        "close": 24,
        "private_metadata": 3000,
        "callback_id": 255,
        "external_id": 255,
    },
}


@pytest.mark.parametrize("name", LIMITS)
def test_the_table_holds_what_slack_documents(name: str) -> None:
    known = table()
    shape = next(
        part[name] for part in (known.blocks, known.types, known.objects, known.views) if name in part
    )
    assert {field: shape.fields[field].range.high for field in LIMITS[name]} == LIMITS[name]


def test_every_limit_of_the_table_is_enforced() -> None:
    """Each part of the gallery, one step past each of its limits in turn."""
    untouched = []
    surfaces = [
        ("message", gallery.MESSAGE),
        ("message", gallery.SECOND_MESSAGE),
        ("modal", gallery.MODAL["blocks"]),
        ("home", gallery.HOME["blocks"]),
    ]
    for surface, blocks in surfaces:
        for place, name, beyond in excesses(blocks):
            spoilt = copy.deepcopy(blocks)
            part = next(part for part, pointer in walk(spoilt, "/blocks") if pointer == place)
            part[name] = beyond
            if not any(place in error for error in block_errors(spoilt, surface)):
                untouched.append(f"{surface} {place}/{name}")
    assert untouched == []


def excesses(blocks: list[Json]) -> Iterator[tuple[str, str, Any]]:
    """Where, which field, and a value too long, too many or too great for it."""
    known = table()
    for part, pointer in walk(blocks, "/blocks"):
        is_block = pointer.count("/") == 2
        shape = (known.blocks if is_block else known.types).get(str(part.get("type")))
        for name, rule in shape.fields.items() if shape else ():
            high = rule.range.high
            if high is None:
                continue
            if rule.kind == "string":
                yield pointer, name, "x" * (high + 1)
            elif rule.kind == "integer":
                yield pointer, name, high + 1
            elif rule.kind == "list" and part.get(name):
                yield pointer, name, [part[name][0]] * (high + 1)
            elif rule.kind in ("text", "plain_text"):
                yield pointer, name, plain("x" * (high + 1))


def edited(edit: Callable[[Json], Any]) -> Json:
    view = copy.deepcopy(gallery.MODAL)
    edit(view)
    return view


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda v: v.pop("title"), "missing required field: title [json-pointer:/view]"),
        (
            lambda v: v.update(title=plain("x" * 25)),
            "must be less than 25 characters [json-pointer:/view/title/text]",
        ),
        (lambda v: v.update(close=mrkdwn("x")), "unsupported type: mrkdwn [json-pointer:/view/close/type]"),
        (
            lambda v: v.update(private_metadata="x" * 3001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (
            lambda v: v.update(callback_id="x" * 256),
            "must be less than 256 characters [json-pointer:/view/callback_id]",
        ),
        (
            lambda v: v.pop("submit"),
            "bot must define `submit` to use an `input` block in modals [json-pointer:/view/blocks/16/input]",
        ),
        (lambda v: v.update(state={}), "invalid additional property: state [json-pointer:/view]"),
    ],
)
def test_a_view_is_checked_as_a_whole(edit: Callable[[Json], Any], error: str) -> None:
    assert view_errors(edited(edit), "modal", "bot") == [error]


def test_offered_options_are_checked() -> None:
    assert options_errors({"options": OPTIONS}) == []
    assert options_errors({"options": [{"text": "Red"}]})
    assert options_errors({}) == ["must define either `options` or `option_groups` [json-pointer:]"]


@pytest.fixture
async def client(slack: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def test_a_refused_message_says_where_it_is_wrong(slack: Sandbox, client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(
            channel="C01GENERAL", text="x", blocks=[section(text=mrkdwn("x" * 3001))]
        )
    answer = caught.value.response
    fault = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == [fault]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {fault}"]
    assert [refusal.error for refusal in slack.refusals] == ["invalid_blocks"]


async def test_a_message_without_text_is_warned_of(slack: Sandbox, client: AsyncWebClient) -> None:
    message = {"channel": "C01GENERAL", "blocks": [section(text=mrkdwn("x"))]}
    await client.api_call("chat.postMessage", json=message)
    assert slack.warnings == ["chat.postMessage: missing_text_in_message"]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "no_text"),
        ({"markdown_text": "x", "text": "y"}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "x", "blocks": [{"type": "markdown", "text": "x" * 6_001}] * 2}, "msg_blocks_too_long"),
        ({"text": "x", "attachments": [{"text": "y"}] * 101}, "too_many_attachments"),
        ({"text": "x", "blocks": "{"}, "invalid_blocks_format"),
        ({"text": "x", "thread_ts": "1.2"}, "thread_not_found"),
    ],
)
async def test_a_message_has_its_own_limits(client: AsyncWebClient, fields: Json, error: str) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.api_call("chat.postMessage", json={"channel": "C01GENERAL", **fields})
    assert caught.value.response["error"] == error


async def test_a_view_too_large_is_refused(client: AsyncWebClient) -> None:
    blocks = [section(fields=[mrkdwn("x" * 2000)] * 2)] * 80
    with pytest.raises(SlackApiError, match="view_too_large"):
        await client.views_publish(user_id="U01ALICE", view={"type": "home", "blocks": blocks})
