"""One payload of each shape that Slack documents, with the page or type that says so."""

from typing import Any

from tests.handlers.transport.documented_payload import (
    ALICE,
    BOLT_JS_TYPES,
    BOLT_PYTHON_TESTS,
    CHANNEL,
    DOCS,
    ENVELOPE,
    INTERACTION,
    ORG_TEAM,
    ORG_WIDE,
    TEAM,
    DocumentedPayload,
    build_button,
    build_text,
    build_view,
)
from tests.handlers.transport.slack_events import EVENTS


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

PAYLOADS = [*COMMANDS, *ACTIONS, *VIEWS, *OTHER_INTERACTIONS, *EVENTS]
