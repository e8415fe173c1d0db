"""The parts of documented payloads.

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
