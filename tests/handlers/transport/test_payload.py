"""One reader for the payloads of both transports: strict about who did what, lenient about the rest."""

from typing import Any

import pytest

from handlers.payloads import (
    BlockActions,
    EventCallback,
    SlashCommand,
    StateValue,
    UnreadablePayload,
    UrlVerification,
    ViewSubmission,
    parse_http_body,
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


def test_invalid_optional_fields_are_read_as_missing() -> None:
    """Null, an empty list, half a character, another type: nobody is turned away for it."""
    anything: list[Any] = [5, [], {}, {"id": 5}, "\ud800", "\x00"]
    for odd in anything:
        assert read_payload({**SUBMISSION, "team": odd, "enterprise": odd, "trigger_id": odd}).route_id
        assert read_payload(with_view(id=odd, private_metadata=odd, app_installed_team_id=odd)).route_id
    for odd in ([], "", {}, None):
        payload = read_payload({**BUTTON, "view": odd})
        assert isinstance(payload, BlockActions)
        assert payload.view is None
    for url in ("file:///etc/passwd", 5, ""):
        assert read_payload({**COMMAND, "response_url": url}).private_reply_url is None
        assert (
            read_payload({**SUBMISSION, "response_urls": [{"response_url": url}]}).private_reply_url is None
        )
    empties: list[Any] = [[], None, {}, {"reason": []}, {"reason": None}, {"reason": {"reason": []}}]
    for empty in empties:
        payload = read_payload(with_view(state={"values": empty}))
        assert isinstance(payload, ViewSubmission)
        assert {key: dict(value) for key, value in payload.view.state.values.items() if value} in (
            {},
            {"reason": {"reason": StateValue()}},
        )
    assert read_payload({**BUTTON, "actions": [*BUTTON["actions"], 5]}).route_id == "quote.open"


def test_an_input_that_cannot_be_rendered_again_is_left_out() -> None:
    whole = {"type": "input", "element": {"type": "plain_text_input", "action_id": "a"}}
    blocks = [{"type": "input", "block_id": "reason"}, 5, whole, {"type": "divider"}]
    payload = read_payload(with_view(blocks=blocks))
    assert isinstance(payload, ViewSubmission)
    assert payload.view.blocks == [whole, {"type": "divider"}]


def test_control_characters_that_nobody_types_are_dropped() -> None:
    payload = read_payload({**COMMAND, "text": "Q-\x002041\x1b]0;x\x07\n\tok\x9b"})
    assert isinstance(payload, SlashCommand)
    assert payload.text == "Q-2041]0;x\n\tok"
    form = read_payload(with_input({"value": "a\x00b\rc\ud800"}))
    assert isinstance(form, ViewSubmission)
    assert form.view.state.values["reason"]["reason"].value == "abc"


def test_a_number_is_read_as_the_text_that_slack_documents() -> None:
    form = read_payload(with_input({"value": 5}))
    assert isinstance(form, ViewSubmission)
    assert form.view.state.values["reason"]["reason"].value == "5"


def test_unreadable_elements_that_are_not_the_bots_are_left_out() -> None:
    """The bot's inputs beside them are read."""
    odd: list[Any] = [5, {"a": 5}, {"a": {"selected_option": {"text": "no value"}}}, {"a": {"value": ["5"]}}]
    typed = {"reason": {"reason": {"value": "Too expensive"}}, "other": {"a": {"value": "kept"}}}
    form = read_payload(with_view(state={"values": {**typed, "\x00": {}, **dict(enumerate(odd))}}))
    form_of_odd = read_payload(
        with_view(state={"values": {**typed, **{f"b{n}": v for n, v in enumerate(odd)}}})
    )
    for each in (form, form_of_odd):
        assert isinstance(each, ViewSubmission)
        assert {
            block_id: [state.value for state in states.values()]
            for block_id, states in each.view.state.values.items()
        } == {"reason": ["Too expensive"], "other": ["kept"]}


def test_a_number_as_the_value_of_a_button_is_read_as_text() -> None:
    pressed = read_payload({**BUTTON, "actions": [{"action_id": "old.menu", "value": 5}]})
    assert isinstance(pressed, BlockActions)
    assert pressed.actions[0].value == "5"


UNREADABLE: list[Any] = [
    None,
    [],
    {},
    {**SUBMISSION, "type": ["view_submission"]},
    {**SUBMISSION, "user": "U01ALICE"},
    {**SUBMISSION, "user": {"id": ""}},
    with_view(callback_id=5),
    with_input({"value": ["5"]}),
    with_input({"value": True}),
    with_input({"selected_option": {"value": None}}),
    with_view(state={"values": {"seats:acme_meeting": {"seats": {"value": ["5"]}}}}),
    {**BUTTON, "actions": [{"action_id": "quote.open", "value": ["5"]}]},
    {**BUTTON, "actions": []},
    {**BUTTON, "view": "V1"},
    {**COMMAND, "command": "quotes"},
    {**COMMAND, "text": ["Q-2041"]},
    {**COMMAND, "user_id": ""},
    {"type": "event_callback", "event": []},
    {"type": "url_verification"},
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_the_person_and_the_action_must_be_present_and_of_the_right_type(body: Any) -> None:
    with pytest.raises(UnreadablePayload):
        read_payload(body)


@pytest.mark.parametrize("body", [b"{", b"payload=nonsense", b"\xff", b"{" * 9_000_000])
def test_a_body_that_cannot_be_parsed_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadablePayload):
        parse_http_body(body, "application/x-www-form-urlencoded")


def test_the_sender_of_an_unreadable_payload_is_read_if_possible() -> None:
    with pytest.raises(UnreadablePayload) as raised:
        read_payload({**BUTTON, "actions": [], "response_url": "https://hooks.example/1"})
    sender = raised.value.sender
    assert sender is not None
    assert (sender.private_reply_url, sender.can_reach_sender) == ("https://hooks.example/1", True)


def test_an_unreadable_payload_is_described_without_its_content() -> None:
    secret = "xyzzyplugh"
    with pytest.raises(UnreadablePayload) as raised:
        read_payload(with_view(state={"values": {"reason": {secret: {"value": [secret]}}}}))
    assert str(raised.value) == "ViewSubmission: string_type at view.state.values.*.*.value"
