import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from freezegun import freeze_time
from pydantic import ValidationError
from slack_bolt.app.async_app import AsyncApp

from sandbox import Person, Sandbox
from sandbox.config import load_config

TEAM = {"id": "T01", "name": "One"}
MANIFEST = {
    "display_information": {"name": "From the manifest"},
    "oauth_config": {"scopes": {"bot": ["commands"]}},
    "settings": {"event_subscriptions": {"bot_events": ["app_home_opened"]}},
}


@pytest.mark.parametrize("suffix", ["yml", "json"])
def test_a_manifest_gives_name_scopes_and_events(tmp_path: Path, suffix: str) -> None:
    dump = json.dumps if suffix == "json" else yaml.safe_dump
    (tmp_path / f"manifest.{suffix}").write_text(dump(MANIFEST))
    file = tmp_path / "workspace.yml"
    file.write_text(yaml.safe_dump({"teams": [TEAM], "app": {"manifest": f"manifest.{suffix}"}}))
    app = load_config(file).app
    assert (app.name, app.scopes, app.events) == ("From the manifest", ["commands"], ["app_home_opened"])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"teams": []}, "at least 1 item"),
        ({"users": [{"id": "U1", "name": "x", "team": "T99"}]}, "no team 'T99'"),
        ({"channels": [{"id": "C1", "name": "x", "members": ["U99"]}]}, "no such users: U99"),
        ({"teams": [TEAM, {"id": "T02", "name": "Two"}]}, "needs its own bot_token"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_wrong_workspace_file_is_refused(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        load_config({"teams": [TEAM], **fields})


async def test_only_subscribed_events_are_sent() -> None:
    config = {
        "teams": [TEAM],
        "app": {"manifest": MANIFEST},
        "users": [{"id": "U01", "name": "one"}],
        "channels": [{"id": "C01", "name": "c", "members": ["U01"]}],
    }
    async with Sandbox.start(config) as slack:
        await slack.get_person("U01").write("hello", channel="C01")
        await slack.get_person("U01").open_home()
        assert [request.payload["event"]["type"] for request in slack.requests] == ["app_home_opened"]


async def test_a_command_that_the_manifest_lacks_is_not_sent() -> None:
    manifest = {"features": {"slash_commands": [{"command": "/hello", "description": "x"}]}}
    config = {"teams": [TEAM], "app": {"manifest": manifest}, "users": [{"id": "U01", "name": "one"}]}
    async with Sandbox.start(config) as slack:
        reply = await slack.get_person("U01").command("/goodbye")
        assert (reply.text, slack.requests) == ("/goodbye is not a valid command.", [])


async def test_nothing_hangs_while_time_stands_still(app: AsyncApp, alice: Person) -> None:
    with freeze_time("2028-02-29 23:59:59", real_asyncio=True):
        await alice.command("/hello", "modal", channel="C01GENERAL")
        modal = await alice.wait_for_modal()
        modal.fill("name", "Bruno")
        await alice.submit()
        assert (await alice.wait_for_dm()).ts.startswith("1835481599.")
        with pytest.raises(TimeoutError):
            await alice.wait_for_modal(timeout=0.05)


async def test_it_runs_alone(tmp_path: Path) -> None:
    """`python -m sandbox` prints its URLs, and ends on a signal."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", "sandbox", "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, cwd=root, stdout=asyncio.subprocess.PIPE)
    assert process.stdout
    try:
        greeting = [(await process.stdout.readline()).decode().split() for _ in range(7)]
        words = {line[0]: line[1] for line in greeting}
        assert words["SLACK_BOT_TOKEN"] == "xoxb-sandbox"
        headers = {"Authorization": f"Bearer {words['SLACK_BOT_TOKEN']}"}
        async with aiohttp.ClientSession(headers=headers) as session:
            answer = await session.post(f"{words['SLACK_API_URL']}auth.test")
            assert (await answer.json())["ok"] is True
    finally:
        process.terminate()
        assert await process.wait() == 0
