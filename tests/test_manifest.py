"""The manifest asks Slack for what the code uses: no more, and no less."""

import ast
import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from docs.generate import MANIFEST_JSON_PATH, render_manifest_json
from handlers.install import BOT_SCOPES as SCOPES_ASKED
from handlers.routes import ROUTES
from tests.yaml_files import read_yaml

ROOT = Path(__file__).parents[1]

# What each method of the Web API needs of a bot token, as its page in Slack's documentation says.
SCOPES: dict[str, set[str]] = {
    "api.test": set(),
    # The app's own token needs `connections:write`, which no manifest gives.
    "apps.connections.open": set(),
    "auth.teams.list": set(),
    "auth.test": set(),
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.members": {"channels:read", "groups:read"},
    "files.completeUploadExternal": {"files:write"},
    "files.getUploadURLExternal": {"files:write"},
    # People are bound by email too, and without the second scope the answer has none.
    "users.info": {"users:read", "users:read.email"},
    "users.lookupByEmail": {"users:read.email"},
    "views.open": set(),
    "views.publish": set(),
    "views.update": set(),
}
EVENT_SCOPES: dict[str, set[str]] = {
    "app_home_opened": set(),
    "app_uninstalled": set(),
    "team_access_granted": set(),
    "team_access_revoked": set(),
    "tokens_revoked": set(),
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    content = read_yaml(ROOT / "manifest.yml")
    assert isinstance(content, dict)
    return content


def routed(*kinds: str) -> list[str]:
    return sorted(route.id for route in ROUTES if route.kind in kinds)


def methods_used() -> set[str]:
    """The Web API methods that the code calls, by the client's own method or by their name."""
    files = [ROOT / "app.py", *(ROOT / "bot").rglob("*.py"), *(ROOT / "handlers").rglob("*.py")]
    return {name for path in files for name in _methods(ast.parse(path.read_text(encoding="utf-8")))}


def _methods(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr=called)) if re.fullmatch(r"[a-z]+_[a-zA-Z_]+", called):
                name = called.replace("_", ".")
            case ast.Constant(value=str(text)) if re.fullmatch(r"[a-z]+(\.[a-zA-Z]+)+", text):
                name = text
            case _:
                continue
        if name != "api.call" and hasattr(AsyncWebClient, name.replace(".", "_")):
            yield name


def test_every_command_of_the_manifest_is_routed_and_every_routed_one_declared(
    manifest: dict[str, Any],
) -> None:
    declared = [command["command"] for command in manifest["features"]["slash_commands"]]
    assert sorted(declared) == routed("command")


def test_every_shortcut_of_the_manifest_is_routed_and_every_routed_one_declared(
    manifest: dict[str, Any],
) -> None:
    declared = [shortcut["callback_id"] for shortcut in manifest["features"]["shortcuts"]]
    assert sorted(declared) == routed("shortcut")


def test_every_event_of_the_manifest_is_routed_and_every_routed_one_declared(
    manifest: dict[str, Any],
) -> None:
    assert sorted(manifest["settings"]["event_subscriptions"]["bot_events"]) == routed("event", "uninstall")


def test_r29_no_method_needs_to_be_told_the_workspace_with_an_organisations_token() -> None:
    """Those that do have a parameter for it, which the bot would have to pass."""
    methods = {name: getattr(AsyncWebClient, name.replace(".", "_")) for name in methods_used()}
    assert "team_id" in inspect.signature(AsyncWebClient.users_list).parameters
    assert [name for name, m in methods.items() if "team_id" in inspect.signature(m).parameters] == []


def test_the_manifest_asks_for_the_scopes_the_code_needs_and_no_other(manifest: dict[str, Any]) -> None:
    needed = {"commands"} if routed("command") else set()
    for method in methods_used():
        needed |= SCOPES[method]
    for event in routed("event", "uninstall"):
        needed |= EVENT_SCOPES[event]
    declared = manifest["oauth_config"]["scopes"]["bot"]
    assert sorted(declared) == sorted(needed)


def test_a_workspace_installs_the_bot_with_the_manifests_scopes(manifest: dict[str, Any]) -> None:
    assert list(SCOPES_ASKED) == manifest["oauth_config"]["scopes"]["bot"]


def test_the_methods_that_need_a_scope_are_all_used() -> None:
    """Else the table says more than it must, and would keep a scope that nothing needs."""
    assert methods_used() == SCOPES.keys()


def test_buttons_and_home_work_as_the_manifest_declares_them(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["interactivity"]["is_enabled"]
    home = manifest["features"]["app_home"]
    assert home["home_tab_enabled"]
    # Nobody answers what is typed there, and without the tab no direct message arrives.
    assert home["messages_tab_enabled"]
    assert home["messages_tab_read_only_enabled"]
    # It cannot be taken back, and the bot renews no token.
    assert not manifest["settings"]["token_rotation_enabled"]


def test_command_text_reaches_the_bot_unescaped(manifest: dict[str, Any]) -> None:
    commands = manifest["features"]["slash_commands"]
    assert [command["command"] for command in commands if command["should_escape"]] == []
    assert all("help" in command["usage_hint"] for command in commands)


def test_the_manifest_keeps_to_slacks_limits(manifest: dict[str, Any]) -> None:
    shown = manifest["display_information"]
    assert manifest["_metadata"]["major_version"] in (1, 2)
    assert len(shown["name"]) <= 35
    assert len(shown["description"]) <= 140
    assert len(shown.get("long_description", "")) <= 4000
    assert len(manifest["features"]["bot_user"]["display_name"]) <= 80
    assert len(manifest["settings"]["event_subscriptions"]["bot_events"]) <= 100
    commands = manifest["features"]["slash_commands"]
    assert len(commands) <= 50
    for command in commands:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000


def test_the_manifest_for_slacks_command_line_says_the_same(manifest: dict[str, Any]) -> None:
    written = MANIFEST_JSON_PATH.read_text(encoding="utf-8")
    assert json.loads(written) == manifest
    assert written == render_manifest_json(), "manifest.json is stale: make manifest"
