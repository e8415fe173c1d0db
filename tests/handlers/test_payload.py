"""What goes in at the HTTP door has the shape of what Slack sends; nothing else goes in."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from handlers.payload import read_payload

COMMAND = {
    "command": "/quotes",
    "text": "Q-2041",
    "team_id": "T01ACME",
    "user_id": "U01ALICE",
    "channel_id": "C01BILLING",
    "trigger_id": "1.2",
    "response_url": "https://hooks.example/1",
}
VIEW = {"id": "V1", "type": "modal", "callback_id": "quote.reject", "private_metadata": "{}"}
SUBMISSION = {
    "type": "view_submission",
    "team": {"id": "T01ACME"},
    "user": {"id": "U01ALICE", "team_id": "T01ACME"},
    "trigger_id": "1.2",
    "view": VIEW,
}


def in_a_form(payload: Any) -> str:
    return urlencode({"payload": json.dumps(payload)})


def with_view(**fields: Any) -> dict[str, Any]:
    return {**SUBMISSION, "view": {**VIEW, **fields}}


def test_a_command_a_form_and_an_event_are_read() -> None:
    event = {
        "type": "event_callback",
        "team_id": "T01ACME",
        "event": {"type": "app_home_opened", "tab": "home"},
    }
    assert read_payload(urlencode(COMMAND)) == COMMAND
    assert read_payload(in_a_form(SUBMISSION)) == SUBMISSION
    assert read_payload(json.dumps(event)) == event


def test_what_nobody_reads_stays_outside_and_null_is_as_good_as_nothing() -> None:
    more = {
        "token": "t",
        "command": "/quotes",
        "item": {"channel": 5},
        "enterprise": None,
        "is_enterprise": 1,
    }
    assert read_payload(in_a_form({**SUBMISSION, **more})) == SUBMISSION


def test_a_screen_is_kept_whole_since_it_may_be_drawn_again() -> None:
    block = {"type": "input", "block_id": "reason", "label": {"type": "plain_text", "text": "Why?"}}
    payload = with_view(blocks=[block], title={"type": "plain_text", "text": "Reject"})
    assert read_payload(in_a_form(payload)) == payload


def test_a_handshake_and_a_check_of_ssl_are_let_in() -> None:
    assert read_payload('{"type":"url_verification","challenge":"abc"}')["challenge"] == "abc"
    assert read_payload("ssl_check=1&token=t") == {"ssl_check": "1"}


@pytest.mark.parametrize("depth", [250, 1000, 100_000])
@pytest.mark.parametrize("form", ["{}", "payload={}"])
def test_what_is_nested_beyond_measure_is_refused(depth: int, form: str) -> None:
    view = json.dumps(SUBMISSION).replace('"V1"', '{"a":' * depth + "1" + "}" * depth)
    with pytest.raises(ValueError, match="recursion limit"):
        read_payload(form.format(view))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "payload=",
        "payload=[1]",
        json.dumps({**SUBMISSION, "type": "shortcut"}),
        json.dumps({**SUBMISSION, "type": ["view_submission"]}),
        json.dumps({**SUBMISSION, "user": "U01ALICE"}),
        json.dumps({**SUBMISSION, "user": {"id": ""}}),
        json.dumps(with_view(callback_id=None)),
        json.dumps(with_view(private_metadata="\x00")),
        json.dumps(with_view(private_metadata="\ud800")),
        json.dumps(with_view(state={"values": {"reason": {"reason": {"value": 5}}}})),
        urlencode({**COMMAND, "command": "quotes"}),
        urlencode({**COMMAND, "response_url": "file:///etc/passwd"}),
        urlencode({**COMMAND, "text": "\x00"}),
        urlencode(COMMAND) + "&text=%ff",
        urlencode(COMMAND) + "&x=1" * 100,
    ],
)
def test_what_has_another_shape_is_refused(body: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- of several kinds, and never with words for anybody
        read_payload(body)
