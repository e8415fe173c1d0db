"""Installing an app by OAuth."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from sandbox.config import ORGANISATION_ID, SECOND_TEAM_ID
from sandbox.errors import NotShown

WORKSPACE: dict[str, Any] = {
    "teams": [{"id": "T1", "name": "One", "installed": False}],
    "app": {"redirect_url": "http://127.0.0.1:9/back"},
    "users": [{"id": "U1", "name": "alice"}],
}


async def authorize(slack: Sandbox, client_id: str = "1000.2000") -> httpx.Response:
    query = {"client_id": client_id, "scope": "commands,chat:write", "state": "s", "allow": "T1"}
    async with httpx.AsyncClient() as browser:
        return await browser.get(f"{slack.page_url}oauth/v2/authorize", params=query)


async def exchange_code(slack: Sandbox, code: str, secret: str = "sandbox-client-secret") -> dict[str, Any]:
    async with httpx.AsyncClient() as app:
        answer = await app.post(
            f"{slack.api_url}oauth.v2.access", data={"code": code}, auth=("1000.2000", secret)
        )
    found: dict[str, Any] = answer.json()
    return found


async def test_a_code_becomes_a_token_once_and_the_token_opens_the_workspace() -> None:
    async with Sandbox.start(WORKSPACE) as slack:
        back = urlsplit((await authorize(slack)).headers["location"])
        [code], state = parse_qs(back.query)["code"], parse_qs(back.query)["state"]
        assert (back.path, state) == ("/back", ["s"])
        answer = await exchange_code(slack, code)
        assert (answer["team"]["id"], answer["scope"]) == ("T1", "commands,chat:write")
        client = AsyncWebClient(answer["access_token"], base_url=slack.api_url)
        assert (await client.auth_test())["team_id"] == "T1"
        assert (await exchange_code(slack, code))["error"] == "invalid_code"

        await slack.uninstall("T1")
        with pytest.raises(SlackApiError, match="invalid_auth"):
            await client.auth_test()


async def test_another_apps_id_or_secret_is_refused() -> None:
    async with Sandbox.start(WORKSPACE) as slack:
        assert (await authorize(slack, "another")).status_code == 400
        assert (await exchange_code(slack, "any", "another"))["error"] == "bad_client_secret"


async def test_an_organisation_has_one_token_for_the_workspaces_it_was_added_to() -> None:
    async with Sandbox.start(WORKSPACE, organisation=True) as slack:
        workspace = slack.slack.workspace
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        about = await client.auth_test()
        assert (about["enterprise_id"], about["is_enterprise_install"]) == (ORGANISATION_ID, True)
        await slack.set_access("T1", granted=False)
        assert [team["id"] for team in (await client.auth_teams_list())["teams"]] == [SECOND_TEAM_ID]
        await slack.set_access("T1", granted=True)
        # No app answers, so they are sent again.
        events = {r.payload["event"]["type"] for r in slack.requests if r.kind == "event"}
        assert events == {"team_access_revoked", "team_access_granted"}

        alice = slack.get_person("U1").switch_workspace(SECOND_TEAM_ID)
        await alice.command("/any")
        assert slack.requests[-1].payload["team_id"] == SECOND_TEAM_ID
        assert slack.requests[-1].payload["is_enterprise_install"] == "true"
        user = (await client.users_info(user="U1"))["user"]
        assert user["enterprise_user"]["teams"] == ["T1", SECOND_TEAM_ID]

        await slack.uninstall(ORGANISATION_ID)
        assert workspace.installations == []
        with pytest.raises(NotShown):
            await alice.command("/any")
