"""The table of Block Kit, and views, options and messages as wholes."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from sandbox.block_kit import load_table, walk_objects
from sandbox.block_kit_rules import find_block_errors, find_options_errors, find_view_errors
from tests.sandbox import gallery
from tests.sandbox.blocks import build_section
from tests.sandbox.gallery import OPTIONS, Json, build_mrkdwn, build_plain_text


def test_the_gallery_shows_every_type_of_the_table() -> None:
    everything = [gallery.MESSAGE, gallery.SECOND_MESSAGE, gallery.MODAL, gallery.HOME]
    shown = {part.get("type") for part, _ in walk_objects(everything)}
    known = {*load_table().blocks, *load_table().types} - {"usergroup", "team"}
    assert known <= shown


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
    known = load_table()
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
        for place, name, beyond in iterate_excessive_values(blocks):
            spoilt = copy.deepcopy(blocks)
            part = next(part for part, pointer in walk_objects(spoilt, "/blocks") if pointer == place)
            part[name] = beyond
            if not any(place in error for error in find_block_errors(spoilt, surface)):
                untouched.append(f"{surface} {place}/{name}")
    assert untouched == []


def iterate_excessive_values(blocks: list[Json]) -> Iterator[tuple[str, str, Any]]:
    """Yields a JSON pointer, a field, and a value above the field's limit."""
    known = load_table()
    for part, pointer in walk_objects(blocks, "/blocks"):
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
                yield pointer, name, build_plain_text("x" * (high + 1))


def edit_modal(edit: Callable[[Json], Any]) -> Json:
    view = copy.deepcopy(gallery.MODAL)
    edit(view)
    return view


@pytest.mark.parametrize(
    ("edit", "error"),
    [
        (lambda v: v.pop("title"), "missing required field: title [json-pointer:/view]"),
        (
            lambda v: v.update(title=build_plain_text("x" * 25)),
            "must be less than 25 characters [json-pointer:/view/title/text]",
        ),
        (
            lambda v: v.update(close=build_mrkdwn("x")),
            "unsupported type: mrkdwn [json-pointer:/view/close/type]",
        ),
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
    assert find_view_errors(edit_modal(edit), "modal", "bot") == [error]


def test_offered_options_are_checked() -> None:
    assert find_options_errors({"options": OPTIONS}) == []
    assert find_options_errors({"options": [{"text": "Red"}]})
    assert find_options_errors({}) == ["must define either `options` or `option_groups` [json-pointer:]"]


@pytest.fixture
async def client(slack: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def test_a_rejected_message_says_where_the_error_is(slack: Sandbox, client: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(
            channel="C01GENERAL", text="x", blocks=[build_section(text=build_mrkdwn("x" * 3001))]
        )
    answer = caught.value.response
    fault = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer["error"] == "invalid_blocks"
    assert answer["errors"] == [fault]
    assert answer["response_metadata"]["messages"] == [f"[ERROR] {fault}"]
    assert [refusal.error for refusal in slack.refusals] == ["invalid_blocks"]


async def test_a_message_without_text_is_warned_of(slack: Sandbox, client: AsyncWebClient) -> None:
    message = {"channel": "C01GENERAL", "blocks": [build_section(text=build_mrkdwn("x"))]}
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
    blocks = [build_section(fields=[build_mrkdwn("x" * 2000)] * 2)] * 80
    with pytest.raises(SlackApiError, match="view_too_large"):
        await client.views_publish(user_id="U01ALICE", view={"type": "home", "blocks": blocks})
