"""Builds signed requests as Slack sends them, ready to be written to a connection."""

import json
import time
from itertools import count
from typing import Any
from urllib.parse import urlencode

from bench.fake_slack import TEAM
from bot.blocks.block_kit import ModalMetadata
from sandbox.delivery import compute_signature

SIGNING_SECRET = "bench-signing-secret"
_numbers = count(1)


def build_command(user: str, name: str = "/add-seats", text: str = "") -> tuple[str, bytes]:
    """Returns the command's trigger id and the request."""
    trigger = f"{next(_numbers)}.1.t"
    fields = {
        "token": "unused",
        "team_id": TEAM,
        "team_domain": "bench",
        "channel_id": "C0BENCH",
        "channel_name": "bench",
        "user_id": user,
        "user_name": user.lower(),
        "command": name,
        "text": text,
        "api_app_id": "A0BENCH",
        "is_enterprise_install": "false",
        "response_url": "http://127.0.0.1:9/nowhere",
        "trigger_id": trigger,
    }
    return trigger, build_request(urlencode(fields).encode())


def build_submission(
    user: str, callback_id: str, metadata: ModalMetadata, values: dict[str, dict[str, Any]]
) -> tuple[str, bytes]:
    """Returns the view's id and the request. `values` maps a block id to its element's state."""
    view_id = f"V{next(_numbers)}"
    payload = {
        "type": "view_submission",
        "team": {"id": TEAM, "domain": "bench"},
        "user": {"id": user, "username": user.lower(), "name": user.lower(), "team_id": TEAM},
        "api_app_id": "A0BENCH",
        "token": "unused",
        "trigger_id": f"{view_id}.1.t",
        "view": {
            "id": view_id,
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": metadata.to_json(),
            "state": {"values": {block: {"field": element} for block, element in values.items()}},
            "blocks": [],
        },
        "response_urls": [],
        "is_enterprise_install": False,
    }
    return view_id, build_request(urlencode({"payload": json.dumps(payload)}).encode())


def build_home_opened(user: str) -> bytes:
    event = {"type": "app_home_opened", "user": user, "channel": "D1", "tab": "home", "event_ts": "1.1"}
    payload = {
        "type": "event_callback",
        "team_id": TEAM,
        "api_app_id": "A0BENCH",
        "event_id": f"Ev{next(_numbers)}",
        "event_time": int(time.time()),
        "authorizations": [{"team_id": TEAM, "user_id": "U0BOT", "is_bot": True}],
        "event": event,
    }
    return build_request(json.dumps(payload).encode(), "application/json")


def build_request(body: bytes, content_type: str = "application/x-www-form-urlencoded") -> bytes:
    """A signature is valid for five minutes, so requests can be built in advance."""
    timestamp = str(int(time.time()))
    head = (
        "POST /slack/events HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"content-type: {content_type}\r\ncontent-length: {len(body)}\r\n"
        f"x-slack-request-timestamp: {timestamp}\r\n"
        f"x-slack-signature: {compute_signature(SIGNING_SECRET, timestamp, body)}\r\n\r\n"
    )
    return head.encode() + body
