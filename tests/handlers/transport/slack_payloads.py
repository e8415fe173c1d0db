"""One payload of each shape that Slack documents, with the page or type that says so.

Ids and texts are made up, except that Alice and her workspace are those of tests/workspace.yml.
"""

from dataclasses import dataclass
from typing import Any

from sandbox.errors import Json

DOCS = "https://docs.slack.dev"
INTERACTION = f"{DOCS}/reference/interaction-payloads"
EVENT = f"{DOCS}/reference/events"
BOLT_JS_TYPES = "https://github.com/slackapi/bolt-js/blob/main/src/types"
BOLT_PYTHON_TESTS = "https://github.com/slackapi/bolt-python/blob/main/tests/scenario_tests_async"


@dataclass(frozen=True)
class DocumentedPayload:
    """`kind` says how it is encoded: command (a form), interactive (JSON in a form) or event (JSON). `reply`
    is the body of the ack, or its view's callback id."""

    name: str
    source: str
    kind: str
    payload: Json
    reply: Any = None


TEAM = {"id": "T01ACME", "domain": "acme"}
ORG_TEAM = {**TEAM, "enterprise_id": "E0ORG", "enterprise_name": "Acme Group"}
ENTERPRISE = {"id": "E0ORG", "name": "Acme Group"}
ALICE = {"id": "U01ALICE", "username": "alice", "name": "alice", "team_id": "T01ACME"}
ORG_WIDE = {"team": None, "enterprise": ENTERPRISE, "is_enterprise_install": True}
ENVELOPE = {"api_app_id": "A0SEATBOT", "token": "legacy-token", "trigger_id": "11.22.abc"}
CHANNEL = {"id": "C01BILLING", "name": "billing"}


def build_text(words: str) -> Json:
    return {"type": "plain_text", "text": words, "emoji": True}


def build_button(action_id: str, value: str | None = "1") -> Json:
    pressed = {"type": "button", "action_id": action_id, "block_id": "b1", "action_ts": "1796.1"}
    return {**pressed, "text": build_text("Open")} | ({"value": value} if value is not None else {})


def build_view(callback_id: str, kind: str = "modal", **fields: Any) -> Json:
    return {
        "id": "V01",
        "team_id": "T01ACME",
        "type": kind,
        "blocks": [],
        "private_metadata": "",
        "callback_id": callback_id,
        "state": {"values": {}},
        "hash": "1796.abc",
        "title": build_text("Seats"),
        "clear_on_close": False,
        "notify_on_close": False,
        "close": None,
        "submit": None,
        "previous_view_id": None,
        "root_view_id": "V01",
        "app_id": "A0SEATBOT",
        "external_id": "",
        "app_installed_team_id": "T01ACME",
        "bot_id": "B01",
        **fields,
    }


def build_command(name: str, source: str, **fields: Any) -> DocumentedPayload:
    payload = {
        "token": "legacy-token",
        "team_id": "T01ACME",
        "team_domain": "acme",
        "channel_id": "C01BILLING",
        "channel_name": "billing",
        "user_id": "U01ALICE",
        "user_name": "alice",
        "command": "/quotes",
        "text": "",
        "api_app_id": "A0SEATBOT",
        "is_enterprise_install": "false",
        "response_url": "",
        "trigger_id": "11.22.abc",
        **fields,
    }
    return DocumentedPayload(f"command: {name}", source, "command", payload)


def build_interaction(
    name: str, source: str, payload_type: str, reply: Any = None, /, **fields: Any
) -> DocumentedPayload:
    payload = {"type": payload_type, "user": ALICE, "team": TEAM, **ENVELOPE, **fields}
    return DocumentedPayload(f"{payload_type}: {name}", source, "interactive", payload, reply)


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


COMMANDS = [
    build_command("in a workspace", f"{DOCS}/interactivity/implementing-slash-commands"),
    build_command(
        "in an organisation",
        f"{BOLT_JS_TYPES}/command/index.ts",
        is_enterprise_install="true",
        enterprise_id="E0ORG",
        enterprise_name="Acme Group",
    ),
    build_command(
        "in a direct message",
        f"{DOCS}/interactivity/implementing-slash-commands",
        channel_id="D01",
        channel_name="directmessage",
    ),
    build_command(
        "with no channel", f"{DOCS}/interactivity/implementing-slash-commands", channel_id="", channel_name=""
    ),
    build_command(
        "with a field nobody knows", f"{DOCS}/interactivity/implementing-slash-commands", thread_ts="1796.1"
    ),
    DocumentedPayload(
        "command: a check of the certificate",
        f"{DOCS}/interactivity/implementing-slash-commands",
        "command",
        {"ssl_check": "1", "token": "legacy-token"},
    ),
]

MESSAGE = {
    "type": "message",
    "user": "U01BOT",
    "bot_id": "B01",
    "ts": "1796.1",
    "text": "Quote",
    "team": "T01ACME",
}
MESSAGE_CONTAINER = {
    "type": "message",
    "message_ts": "1796.1",
    "channel_id": "C01BILLING",
    "is_ephemeral": False,
}

ACTIONS = [
    build_interaction(
        "in a message that only one person sees, with blocks in an attachment",
        f"{INTERACTION}/block_actions-payload",
        "block_actions",
        container={
            **MESSAGE_CONTAINER,
            "type": "message_attachment",
            "attachment_id": 1,
            "is_ephemeral": True,
            "is_app_unfurl": False,
        },
        channel=CHANNEL,
        view=[],
        response_url="http://127.0.0.1:9/actions/T01ACME/1/abc",
        actions=[build_button("old.menu")],
    ),
    build_interaction(
        "in a message",
        f"{INTERACTION}/block_actions-payload",
        "block_actions",
        container=MESSAGE_CONTAINER,
        channel=CHANNEL,
        message=MESSAGE,
        state={"values": {}},
        response_url="",
        actions=[build_button("quote.open")],
    ),
    build_interaction(
        "in a modal, of an element that was deselected",
        f"{INTERACTION}/block_actions-payload",
        "block_actions",
        container={"type": "view", "view_id": "V01"},
        view=build_view("cart.save", state={"values": []}),
        actions=[{**build_button("cart.product", None), "type": "static_select", "selected_option": None}],
    ),
    build_interaction(
        "on Home, in an organisation",
        f"{BOLT_JS_TYPES}/actions/block-action.ts",
        "block_actions",
        container={"type": "view", "view_id": "V01"},
        view=build_view("", "home", app_installed_team_id="E0ORG"),
        actions=[build_button("home.next")],
        **ORG_WIDE,
    ),
    build_interaction(
        "by a person whose team is the organisation",
        f"{INTERACTION}/block_suggestion-payload",
        "block_actions",
        **{
            "user": {**ALICE, "team_id": "E0ORG"},
            "team": ORG_TEAM,
            "enterprise": None,
            "container": MESSAGE_CONTAINER,
            "channel": {"id": "", "name": ""},
            "actions": [build_button("account.open_portal")],
        },
    ),
    build_interaction(
        "in a workflow's step",
        f"{INTERACTION}/block_actions-payload",
        "block_actions",
        container=MESSAGE_CONTAINER,
        channel=CHANNEL,
        actions=[build_button("step.approve")],
        bot_access_token="xwfp-1",
        function_data={"execution_id": "Fx1", "function": {"callback_id": "approve"}, "inputs": {"a": 1}},
        interactivity={"interactor": {"id": "U01ALICE", "secret": "s"}, "interactivity_pointer": "1.2.a"},
    ),
    build_interaction(
        "of an old message",
        f"{INTERACTION}/block_actions-payload",
        "block_actions",
        container=MESSAGE_CONTAINER,
        channel=CHANNEL,
        app_unfurl={"id": 1},
        actions=[{"type": "overflow", "action_id": "old.menu", "selected_option": {"value": "x"}}],
    ),
]

VIEWS = [
    build_interaction(
        "of an unknown form",
        f"{INTERACTION}/view-interactions-payload",
        "view_submission",
        "refusal.show",
        view=build_view("old.form"),
        response_urls=[],
    ),
    build_interaction(
        "in an organisation",
        f"{BOLT_JS_TYPES}/view/index.ts",
        "view_submission",
        "refusal.show",
        view=build_view("old.form", app_installed_team_id="E0ORG"),
        response_urls=[{"block_id": "b", "action_id": "a", "channel_id": "C01BILLING", "response_url": ""}],
        **ORG_WIDE,
    ),
    build_interaction(
        "with a conversation to answer in",
        f"{INTERACTION}/view-interactions-payload",
        "view_submission",
        "refusal.show",
        view=build_view("old.form"),
        response_urls=[
            {
                "block_id": "b",
                "action_id": "a",
                "channel_id": "C01BILLING",
                "response_url": "http://127.0.0.1:9/app/T01ACME/1/abc",
            }
        ],
    ),
    build_interaction(
        "of a workflow's step",
        f"{BOLT_PYTHON_TESTS}/test_workflow_steps.py",
        "view_submission",
        "refusal.show",
        view=build_view("old.step", "workflow_step", submit_disabled=False),
        workflow_step={"workflow_step_edit_id": "1.2", "workflow_id": "3", "step_id": "4"},
    ),
    build_interaction(
        "closed",
        f"{INTERACTION}/view-interactions-payload",
        "view_closed",
        view=build_view("cart.save"),
        is_cleared=True,
    ),
    build_interaction(
        "closed, in an organisation",
        f"{BOLT_JS_TYPES}/view/index.ts",
        "view_closed",
        view=build_view("cart.save"),
        is_cleared=False,
        **ORG_WIDE,
    ),
]

OTHER_INTERACTIONS = [
    build_interaction(
        "global",
        f"{INTERACTION}/shortcuts-interaction-payload",
        "shortcut",
        callback_id="buy",
        action_ts="1796.1",
    ),
    build_interaction(
        "in an organisation",
        f"{BOLT_JS_TYPES}/shortcuts/global-shortcut.ts",
        "shortcut",
        callback_id="buy",
        action_ts="1796.1",
        **ORG_WIDE,
    ),
    build_interaction(
        "on a message",
        f"{INTERACTION}/shortcuts-interaction-payload",
        "message_action",
        callback_id="buy",
        message_ts="1796.1",
        response_url="",
        channel={"id": "D01", "name": "directmessage"},
        message={**MESSAGE, "blocks": [{"type": "rich_text", "block_id": "r", "elements": []}]},
    ),
    build_interaction(
        "in a modal",
        f"{INTERACTION}/block_suggestion-payload",
        "block_suggestion",
        {"options": []},
        container={"type": "view", "view_id": "V01"},
        action_id="search",
        block_id="b1",
        value="meet",
        view=build_view("cart.save"),
    ),
    build_interaction(
        "in a message, in an organisation",
        f"{BOLT_JS_TYPES}/options/index.ts",
        "block_suggestion",
        {"options": []},
        container=MESSAGE_CONTAINER,
        channel=CHANNEL,
        message=MESSAGE,
        action_id="search",
        block_id="b1",
        value="",
        **ORG_WIDE,
    ),
    build_interaction(
        "with elements that are not the bot's",
        f"{INTERACTION}/view-interactions-payload",
        "view_submission",
        "refusal.show",
        view=build_view(
            "old.form",
            state={
                "values": {
                    "b1": {
                        "menu": {"type": "external_select", "selected_option": {"text": build_text("One")}}
                    },
                    "b2": {"to_come": {"type": "matrix", "value": [[1, 2], [3]]}},
                }
            },
        ),
    ),
    build_interaction(
        "of an element whose value is a number",
        f"{INTERACTION}/block_actions-payload",
        "block_actions",
        container=MESSAGE_CONTAINER,
        channel=CHANNEL,
        message=MESSAGE,
        actions=[{"type": "rating", "action_id": "old.rating", "block_id": "b1", "value": 5}],
    ),
    build_interaction(
        "of old",
        f"{BOLT_PYTHON_TESTS}/test_dialogs.py",
        "dialog_suggestion",
        {"options": []},
        callback_id="d",
        name="types",
        value="x",
        state="",
        channel=CHANNEL,
    ),
    build_interaction(
        "of old",
        f"{BOLT_PYTHON_TESTS}/test_dialogs.py",
        "dialog_submission",
        callback_id="d",
        submission={"a": "b"},
        state="",
        channel=CHANNEL,
        response_url="",
    ),
    build_interaction(
        "of old",
        f"{BOLT_PYTHON_TESTS}/test_dialogs.py",
        "dialog_cancellation",
        callback_id="d",
        state="",
        channel=CHANNEL,
        response_url="",
    ),
    build_interaction(
        "of old",
        f"{BOLT_PYTHON_TESTS}/test_attachment_actions.py",
        "interactive_message",
        callback_id="pick",
        actions=[{"name": "list", "type": "select", "selected_options": [{"value": "C1"}]}],
        channel=CHANNEL,
        message_ts="1796.1",
        attachment_id="1",
        original_message=MESSAGE,
        is_app_unfurl=True,
        response_url="",
    ),
    build_interaction(
        "of old",
        f"{BOLT_PYTHON_TESTS}/test_workflow_steps.py",
        "workflow_step_edit",
        callback_id="old.step",
        workflow_step={"workflow_id": "3", "step_id": "4", "inputs": {}, "outputs": []},
    ),
    build_interaction("of a type to come", f"{INTERACTION}", "canvas_action", canvas={"id": "F01"}),
]

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

PAYLOADS = [*COMMANDS, *ACTIONS, *VIEWS, *OTHER_INTERACTIONS, *EVENTS]
