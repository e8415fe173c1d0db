"""One payload of each event that Slack documents, with the page that says so."""

from typing import Any

from sandbox.errors import Json
from tests.handlers.transport.documented_payload import (
    ALICE,
    BOLT_PYTHON_TESTS,
    DOCS,
    EVENT,
    DocumentedPayload,
    build_view,
)


def build_event(event_type: str, source: str, outer: Json | None = None, **fields: Any) -> DocumentedPayload:
    authorization = {
        "enterprise_id": None,
        "team_id": "T01ACME",
        "user_id": "U01BOT",
        "is_bot": True,
        "is_enterprise_install": False,
    }
    payload = {
        "token": "legacy-token",
        "team_id": "T01ACME",
        "api_app_id": "A0SEATBOT",
        "event": {"type": event_type, "event_ts": "1796.1", **fields},
        "type": "event_callback",
        "event_id": "Ev01",
        "event_time": 1796033931,
        "authorizations": [authorization],
        "is_ext_shared_channel": False,
        **(outer or {}),
    }
    name = f"event: {event_type}" + (f" ({', '.join(outer)})" if outer else "")
    return DocumentedPayload(name, source, "event", payload)


def build_outer_event(payload: Json, source: str, reply: Any = None) -> DocumentedPayload:
    return DocumentedPayload(f"event: {payload['type']}", source, "event", payload, reply)


HOME = build_view("", "home")
ORG_EVENT = {
    "enterprise_id": "E0ORG",
    "authorizations": [
        {
            "enterprise_id": "E0ORG",
            "team_id": None,
            "user_id": "W0BOT",
            "is_bot": True,
            "is_enterprise_install": True,
        }
    ],
}
SHARED = {
    "context_team_id": "T01ACME",
    "context_enterprise_id": None,
    "is_ext_shared_channel": True,
    "event_context": "4-abc",
}
PROFILE = {"real_name": "Alice Martin", "email": "alice@acme.example", "status_text": "", "fields": []}

EVENTS = [
    build_outer_event(
        {"type": "url_verification", "token": "legacy-token", "challenge": "3eZbrw1aB"},
        f"{EVENT}/url_verification",
        {"challenge": "3eZbrw1aB"},
    ),
    build_outer_event(
        {
            "type": "app_rate_limited",
            "token": "legacy-token",
            "team_id": "T01ACME",
            "minute_rate_limited": 1796033880,
            "api_app_id": "A0SEATBOT",
        },
        f"{EVENT}/app_rate_limited",
    ),
    build_event(
        "app_home_opened", f"{EVENT}/app_home_opened", user="U01ALICE", channel="D01", tab="home", view=HOME
    ),
    build_event(
        "app_home_opened",
        f"{EVENT}/app_home_opened",
        {"authed_users": []},
        user="U01ALICE",
        channel="D01",
        tab="messages",
    ),
    build_event(
        "app_home_opened",
        f"{BOLT_PYTHON_TESTS}/test_events_org_apps.py",
        ORG_EVENT,
        user="W0ALICE",
        channel="D01",
        tab="home",
    ),
    build_event("app_uninstalled", f"{EVENT}/app_uninstalled"),
    build_event(
        "tokens_revoked", f"{EVENT}/tokens_revoked", tokens={"oauth": ["U01ALICE"], "bot": ["U01BOT"]}
    ),
    build_event(
        "tokens_revoked",
        f"{EVENT}/tokens_revoked",
        {"authed_users": ["U01ALICE"]},
        tokens={"oauth": ["U01ALICE"]},
    ),
    build_event(
        "team_access_granted",
        f"{BOLT_PYTHON_TESTS}/test_events_org_apps.py",
        {**ORG_EVENT, "team_id": None},
        team_ids=["T01ACME", "T02"],
    ),
    build_event(
        "team_access_revoked",
        f"{EVENT}/team_access_revoked",
        {**ORG_EVENT, "team_id": None},
        team_ids=["T02"],
    ),
    build_event(
        "user_change",
        f"{EVENT}/user_change",
        user={**ALICE, "locale": "fr-FR", "profile": PROFILE},
        cache_ts=1796033931,
    ),
    build_event("user_profile_changed", f"{EVENT}/user_profile_changed", user={**ALICE, "profile": PROFILE}),
    build_event("team_join", f"{EVENT}/team_join", user={**ALICE, "profile": PROFILE}),
    build_event(
        "member_joined_channel",
        f"{EVENT}/member_joined_channel",
        user="U01ALICE",
        channel="C01BILLING",
        channel_type="C",
        team="T01ACME",
        inviter="U02BENOIT",
    ),
    build_event(
        "channel_rename", f"{EVENT}/channel_rename", channel={"id": "C01BILLING", "name": "b", "created": 1}
    ),
    build_event("channel_archive", f"{EVENT}/channel_archive", channel="C01BILLING", user="U01ALICE"),
    build_event(
        "message",
        f"{EVENT}/message.im",
        user="U01ALICE",
        channel="D01",
        channel_type="im",
        text="hello",
        ts="1.2",
    ),
    build_event(
        "message",
        f"{EVENT}/message/message_changed",
        SHARED,
        subtype="message_changed",
        hidden=True,
        channel="C01BILLING",
        message={"type": "message", "user": "U01ALICE", "text": "new", "ts": "1.2", "thread_ts": "1.1"},
        previous_message={"type": "message", "user": "U01ALICE", "text": "old", "ts": "1.2"},
    ),
    build_event(
        "message",
        f"{EVENT}/message/bot_message",
        {"enterprise_id": "E0ORG"},
        subtype="bot_message",
        bot_id="B02",
        channel="C01BILLING",
        text="",
        ts="1.2",
    ),
    build_event(
        "app_mention",
        f"{EVENT}/app_mention",
        {**SHARED, "team_id": "T02"},
        user="U09",
        channel="C01BILLING",
        text="<@U01BOT>",
        ts="1.2",
        user_team="E0OTHER",
        source_team="E0OTHER",
    ),
    build_event(
        "reaction_added",
        f"{EVENT}/reaction_added",
        user="U01ALICE",
        reaction="eyes",
        item={"type": "message", "channel": "C01BILLING", "ts": "1.2"},
    ),
    build_event(
        "file_shared",
        f"{EVENT}/file_shared",
        user_id="U01ALICE",
        channel_id="C01BILLING",
        file_id="F01",
        file={"id": "F01"},
    ),
    build_event(
        "assistant_thread_started",
        f"{EVENT}/assistant_thread_started",
        assistant_thread={"user_id": "U01ALICE", "channel_id": "D01", "thread_ts": "1.1", "context": {}},
    ),
    build_event(
        "function_executed",
        f"{EVENT}/function_executed",
        function={"id": "Fn01", "callback_id": "buy", "type": "app", "input_parameters": []},
        inputs={"seats": 3},
        function_execution_id="Fx01",
        workflow_execution_id="Wx01",
        bot_access_token="xwfp-1",
    ),
    build_event(
        "workflow_step_execute",
        f"{BOLT_PYTHON_TESTS}/test_workflow_steps.py",
        callback_id="old.step",
        workflow_step={"step_id": "4"},
    ),
    build_event(
        "entity_of_tomorrow", f"{DOCS}/apis/events-api", team=["T01ACME"], user=5, channel={"name": "billing"}
    ),
    build_outer_event({"type": "event_batch", "events": []}, f"{DOCS}/apis/events-api"),
]
