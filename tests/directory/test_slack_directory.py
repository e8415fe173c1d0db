"""The directory against a Slack on this machine: who people are, and whom to believe (R5)."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.slack.user_directory import SlackUserDirectory
from bot.directory.user_directory import DirectoryRateLimited, DirectoryUnavailable, UserProfile
from bot.installations.clients import SingleWorkspaceClients
from models.slack_user import SlackUser
from sandbox import Sandbox
from sandbox.faults import Fault

WORKSPACE: dict[str, Any] = {
    "teams": [
        {"id": "T1", "name": "Acme", "enterprise_id": "E1"},
        {"id": "T2", "name": "Acme labs", "enterprise_id": "E1", "installed": False},
        {"id": "T3", "name": "Other", "enterprise_id": "E3", "installed": False},
    ],
    "users": [
        {"id": "U1", "name": "alice", "real_name": "Alice Martin", "email": "Alice@acme.example",
         "locale": "fr-FR", "tz": "Europe/Paris"},
        {"id": "U2", "name": "guest", "is_ultra_restricted": True},
        {"id": "U3", "name": "gone", "email": "gone@acme.example", "deleted": True},
        {"id": "U4", "name": "bot", "is_bot": True},
        {"id": "U5", "name": "colleague", "team": "T2"},
        {"id": "U6", "name": "outsider", "team": "T3"},
        {"id": "U7", "name": "stranger", "team": "T3", "is_stranger": True},
        {"id": "U8", "name": "unseen", "team": "T3"},
    ],
    "channels": [{"id": "C1", "name": "shared", "members": ["U1", "U5", "U6"]}],
}  # fmt: skip


@pytest.fixture
async def slack() -> AsyncIterator[Sandbox]:
    async with Sandbox.start(WORKSPACE) as slack:
        yield slack


@pytest.fixture
async def directory(slack: Sandbox) -> AsyncIterator[SlackUserDirectory]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, session=session, retry_handlers=[])
        yield SlackUserDirectory(SingleWorkspaceClients(client))


def as_stored(profile: UserProfile) -> SlackUser:
    return SlackUser(team_id="T1", refreshed_at=datetime(2026, 1, 1, tzinfo=UTC), **vars(profile))


async def test_a_person_has_name_email_language_and_zone(directory: SlackUserDirectory) -> None:
    assert await directory.fetch_profile("T1", "U1") == UserProfile(
        user_id="U1",
        home_team_id="T1",
        name="Alice Martin",
        email="Alice@acme.example",
        locale="fr-FR",
        time_zone="Europe/Paris",
        enterprise_id="E1",
        enterprise_user_id="U1",
        workspace_ids=["T1"],
    )


@pytest.mark.parametrize(
    ("user_id", "member"),
    [
        ("U1", True),
        ("U2", False),
        ("U3", False),
        ("U4", False),
        ("U6", False),
        ("U7", False),
        ("U8", False),
        ("U99", False),
        ("USLACKBOT", False),
    ],
)
async def test_full_members_are_recognised(user_id: str, member: bool, directory: SlackUserDirectory) -> None:
    assert as_stored(await directory.fetch_profile("T1", user_id)).is_full_member is member


async def test_an_outsiders_organisation_does_not_pass_for_ours(
    slack: Sandbox, directory: SlackUserDirectory
) -> None:
    """Slack may give an outsider's organisation as their workspace: then both ids agree, and are not ours."""
    slack.slack.workspace.users["U6"].team_id = "E3"
    slack.slack.workspace.users["U6"].enterprise_id = "E3"
    profile = await directory.fetch_profile("T1", "U6")
    assert (profile.home_team_id, profile.enterprise_id, profile.workspace_ids) == ("E3", None, [])
    assert not as_stored(profile).is_full_member


async def test_a_colleague_of_the_organisation_has_its_identity(directory: SlackUserDirectory) -> None:
    assert (await directory.fetch_profile("T1", "U5")).enterprise_id == "E1"


@pytest.mark.parametrize(
    ("email", "user_id"),
    [("alice@acme.example", "U1"), ("gone@acme.example", None), ("nobody@acme.example", None)],
)
async def test_people_are_found_by_email(
    email: str, user_id: str | None, directory: SlackUserDirectory
) -> None:
    assert await directory.find_user_by_email("T1", email) == user_id


@pytest.mark.parametrize("fault", ["ratelimited", "error_500", "cut_before"])
async def test_a_slack_that_does_not_answer_is_silent(
    fault: Any, slack: Sandbox, directory: SlackUserDirectory
) -> None:
    slack.slack.faults.add(Fault(fault))
    with pytest.raises(DirectoryUnavailable):
        await directory.fetch_profile("T1", "U1")
    with pytest.raises(DirectoryUnavailable):
        await directory.find_user_by_email("T1", "alice@acme.example")


async def test_a_rate_limit_says_when_to_ask_again(slack: Sandbox, directory: SlackUserDirectory) -> None:
    slack.slack.faults.add(Fault("ratelimited", seconds=17))
    with pytest.raises(DirectoryRateLimited) as by_id:
        await directory.fetch_profile("T1", "U1")
    with pytest.raises(DirectoryRateLimited) as by_email:
        await directory.find_user_by_email("T1", "alice@acme.example")
    assert by_id.value.seconds == by_email.value.seconds == 17


async def test_the_scopes_are_those_of_the_installation(directory: SlackUserDirectory) -> None:
    assert {"chat:write", "users:read.email"} <= (await directory.fetch_granted_scopes("T1") or set())


async def test_control_characters_of_a_name_are_dropped(
    slack: Sandbox, directory: SlackUserDirectory
) -> None:
    """And it is on one line, as an accounts file must have it."""
    slack.set_user("U1", real_name="Al\x00ice \x1b[2J\n Martin\t")
    assert (await directory.fetch_profile("T1", "U1")).name == "Alice [2J Martin"
