"""One reader for the payloads of both transports: lenient about what nobody reads, strict about the rest."""

from typing import Any

import pytest

from handlers.payloads import (
    BlockActions,
    EventCallback,
    SlashCommand,
    UnreadablePayload,
    UrlVerification,
    ViewSubmission,
    read_payload,
)

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


BUTTON = {
    "type": "block_actions",
    "team": {"id": "T01ACME"},
    "user": {"id": "U01ALICE", "team_id": "T01ACME"},
    "actions": [{"action_id": "quote.open", "value": "5"}],
}


def with_view(**fields: Any) -> dict[str, Any]:
    return {**SUBMISSION, "view": {**VIEW, **fields}}


def with_input(value: Any) -> dict[str, Any]:
    return with_view(state={"values": {"reason": {"reason": value}}})


def test_each_type_is_read_with_the_id_of_its_route() -> None:
    event = {"type": "event_callback", "event": {"type": "app_home_opened", "tab": "home"}}
    verification = read_payload({"type": "url_verification", "challenge": "abc"})
    assert isinstance(verification, UrlVerification)
    for body, payload_type, route_id in (
        (COMMAND, SlashCommand, "/quotes"),
        (SUBMISSION, ViewSubmission, "quote.reject"),
        (BUTTON, BlockActions, "quote.open"),
        (event, EventCallback, "app_home_opened"),
    ):
        payload = read_payload(body)
        assert isinstance(payload, payload_type)
        assert payload.route_id == route_id


def test_payload_fields_that_are_not_read_may_be_anything() -> None:
    """Slack adds fields, and leaves out others, without notice."""
    more = {"token": 5, "item": {"channel": 5}, "enterprise": None, "is_enterprise": 1, "hash": ["new"]}
    assert read_payload({**SUBMISSION, **more}) == read_payload(SUBMISSION)
    no_trigger = {name: value for name, value in COMMAND.items() if name not in ("trigger_id", "channel_id")}
    assert read_payload(no_trigger).route_id == "/quotes"
    assert read_payload({"type": "shortcut", "user": {"id": "U01ALICE"}}).route_id == "shortcut"
    blocks = [{"type": "context", "elements": 5}, {"type": "video"}]
    assert isinstance(read_payload(with_view(blocks=blocks, title=5)), ViewSubmission)


def test_null_is_the_same_as_a_missing_field() -> None:
    nulls = dict.fromkeys(("enterprise", "response_urls", "trigger_id", "channel", "authorizations"))
    assert read_payload({**SUBMISSION, **nulls}) == read_payload({**SUBMISSION, "trigger_id": None})
    assert read_payload(with_view(state=None, blocks=None)) == read_payload(SUBMISSION)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {**SUBMISSION, "type": ["view_submission"]},
        {**SUBMISSION, "user": "U01ALICE"},
        {**SUBMISSION, "user": {"id": ""}},
        {**SUBMISSION, "team": {"id": 5}},
        {**SUBMISSION, "response_urls": [{"response_url": "file:///etc/passwd"}]},
        with_view(callback_id=5),
        with_view(private_metadata="\x00"),
        with_view(private_metadata="\ud800"),
        with_view(blocks=[{"type": "input", "block_id": "reason"}]),
        with_input({"value": 5}),
        with_input({"selected_option": {"value": None}}),
        {**BUTTON, "actions": []},
        {**BUTTON, "view": "V1"},
        {**COMMAND, "command": "quotes"},
        {**COMMAND, "response_url": "file:///etc/passwd"},
        {**COMMAND, "text": "\x00"},
        {**COMMAND, "user_id": ""},
        {"type": "event_callback", "event": []},
        {"type": "url_verification"},
        {"type": "shortcut", "team": 5},
    ],
)
def test_payload_fields_that_are_read_must_be_present_and_typed(body: dict[str, Any]) -> None:
    with pytest.raises(UnreadablePayload):
        read_payload(body)


def test_an_unreadable_payload_is_described_without_its_content() -> None:
    secret = "xyzzyplugh"
    with pytest.raises(UnreadablePayload) as raised:
        read_payload(with_view(state={"values": {secret: {secret: {"value": [secret]}}}}))
    assert str(raised.value) == "ViewSubmission: string_type at view.state.values.*.*.value"
