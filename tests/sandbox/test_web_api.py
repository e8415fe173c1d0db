from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from freezegun import freeze_time
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Person, Sandbox
from sandbox.records import File
from sandbox.workspace import TRIGGER_SECONDS
from tests.sandbox import gallery
from tests.sandbox.tiny_app import HELLO_HOME, HELLO_MODAL, build_greeting

CHANNEL = "C01GENERAL"
VIDEO = next(block for block in gallery.MESSAGE if block["type"] == "video")


@pytest.fixture
async def client(slack: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)


async def get_error(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_bot_learns_who_it_is(client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert (answer["team_id"], answer["user_id"]) == ("T01SANDBOX", "UBOT01SANDBOX")
    assert "chat:write" in answer.headers["x-oauth-scopes"]


@pytest.mark.parametrize(
    ("token", "error"),
    [("xoxb-wrong", "invalid_auth"), ("", "not_authed"), ("xapp-sandbox", "not_allowed_token_type")],
)
async def test_a_wrong_token_is_refused(slack: Sandbox, token: str, error: str) -> None:
    assert await get_error(AsyncWebClient(token=token, base_url=slack.api_url).auth_test()) == error


async def test_an_unknown_method_is_refused(client: AsyncWebClient) -> None:
    assert await get_error(client.api_call("chat.shout")) == "unknown_method"


async def test_people_are_found_by_id_and_address(client: AsyncWebClient) -> None:
    user = (await client.users_info(user="U02BRUNO", include_locale=True))["user"]
    assert (user["locale"], user["tz"], user["profile"]["email"]) == (
        "fr-FR",
        "Europe/Paris",
        "bruno@sandbox.example",
    )
    found = await client.users_lookupByEmail(email="ALICE@sandbox.example")
    assert found["user"]["id"] == "U01ALICE"
    assert await get_error(client.users_lookupByEmail(email="none@sandbox.example")) == "users_not_found"
    assert await get_error(client.users_info(user="U99")) == "user_not_found"


async def test_messages_are_posted_updated_and_deleted(slack: Sandbox, client: AsyncWebClient) -> None:
    posted = await client.chat_postMessage(channel=CHANNEL, text="one", blocks=build_greeting("one"))
    await client.chat_postMessage(channel=CHANNEL, text="reply", thread_ts=posted["ts"])
    await client.chat_update(channel=CHANNEL, ts=posted["ts"], text="two")
    message = slack.get_channel(CHANNEL).messages[0]
    assert (message.text, message.blocks) == ("two", [])
    assert [edit.text for edit in message.edits] == ["one"]
    assert [reply.text for reply in message.thread] == ["reply"]
    await client.chat_delete(channel=CHANNEL, ts=posted["ts"])
    assert (
        await get_error(client.chat_update(channel=CHANNEL, ts=posted["ts"], text="x")) == "message_not_found"
    )


async def test_a_direct_message_opens_at_the_first_post(client: AsyncWebClient, alice: Person) -> None:
    answer = await client.chat_postMessage(channel="U01ALICE", text="hello")
    assert answer["channel"].startswith("D")
    await client.chat_update(channel=answer["channel"], ts=answer["ts"], text="hello again")
    assert [message.text for message in alice.dms] == ["hello again"]


@pytest.mark.parametrize(
    ("channel", "error"),
    [("C02RANDOM", "not_in_channel"), ("C99", "channel_not_found"), ("U99", "channel_not_found")],
)
async def test_posting_where_one_may_not_is_refused(client: AsyncWebClient, channel: str, error: str) -> None:
    assert await get_error(client.chat_postMessage(channel=channel, text="x")) == error


async def test_an_update_has_its_own_refusals(slack: Sandbox, client: AsyncWebClient, alice: Person) -> None:
    hers = await alice.write("mine", channel=CHANNEL)
    assert await get_error(client.chat_update(channel=CHANNEL, ts=hers.ts, text="x")) == "cant_update_message"
    assert await get_error(client.chat_delete(channel=CHANNEL, ts=hers.ts)) == "cant_delete_message"
    own = await client.chat_postMessage(channel=CHANNEL, text="own")
    assert (
        await get_error(client.chat_update(channel=CHANNEL, ts=own["ts"], text="x" * 4001)) == "msg_too_long"
    )
    seen = await client.chat_postEphemeral(channel=CHANNEL, user="U01ALICE", text="for you")
    late = client.chat_update(channel=CHANNEL, ts=seen["message_ts"], text="x")
    assert await get_error(late) == "message_not_found"


async def test_an_ephemeral_message_is_for_members(client: AsyncWebClient) -> None:
    stranger = client.chat_postEphemeral(channel="C01GENERAL", user="U99", text="x")
    assert await get_error(stranger) == "user_not_in_channel"


async def test_an_endless_text_is_cut_with_a_warning(slack: Sandbox, client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=CHANNEL, text="x" * 40_001)
    assert len(slack.get_channel(CHANNEL).messages[0].text) == 40_000
    assert slack.warnings == ["chat.postMessage: message_truncated"]


async def test_an_archived_channel_takes_no_posts(slack: Sandbox, client: AsyncWebClient) -> None:
    slack.get_channel(CHANNEL).archive()
    assert await get_error(client.chat_postMessage(channel=CHANNEL, text="x")) == "is_archived"


async def test_a_missing_scope_is_named(slack: Sandbox, client: AsyncWebClient) -> None:
    slack.slack.workspace.installations[0].scopes = ["chat:write"]
    with pytest.raises(SlackApiError) as caught:
        await client.users_info(user="U01ALICE")
    assert caught.value.response["needed"] == "users:read"
    assert caught.value.response["provided"] == "chat:write"


@pytest.mark.parametrize(
    ("method", "arguments", "needed"),
    [
        ("conversations.info", {"channel": "C01GENERAL"}, "channels:read"),
        ("conversations.list", {"types": "public_channel"}, "channels:read"),
        ("chat.postMessage", {"channel": "C01GENERAL", "text": "x", "blocks": [VIDEO]}, "links.embed:write"),
        (
            "views.publish",
            {"user_id": "U01ALICE", "view": {"type": "home", "blocks": [VIDEO]}},
            "links.embed:write",
        ),
    ],
)
async def test_some_fields_need_a_scope_of_their_own(
    slack: Sandbox, client: AsyncWebClient, method: str, arguments: dict[str, Any], needed: str
) -> None:
    slack.slack.workspace.installations[0].scopes = ["chat:write", "im:read"]
    with pytest.raises(SlackApiError) as caught:
        await client.api_call(method, json=arguments)
    assert caught.value.response["error"] == "missing_scope"
    assert needed in caught.value.response["needed"].split(",")


@pytest.mark.parametrize(("body", "error"), [("{oops", "invalid_json"), ("[1]", "json_not_object")])
async def test_a_body_that_is_not_an_object_is_refused(slack: Sandbox, body: str, error: str) -> None:
    headers = {"Authorization": f"Bearer {slack.bot_token}", "Content-Type": "application/json"}
    async with aiohttp.ClientSession(headers=headers) as session:
        answer = await session.post(f"{slack.api_url}chat.postMessage", data=body)
        assert (await answer.json())["error"] == error


@pytest.mark.parametrize(
    ("method", "arguments", "error"),
    [
        ("users.info", {"user": ["U01ALICE"]}, "user_not_found"),
        ("chat.postMessage", {"channel": CHANNEL, "attachments": ["x"]}, "invalid_attachments"),
        ("files.getUploadURLExternal", {"filename": "a", "length": "many"}, "invalid_arguments"),
        ("files.completeUploadExternal", {"files": ["F1"]}, "invalid_arguments"),
    ],
)
async def test_arguments_of_a_wrong_kind_are_refused(
    client: AsyncWebClient, method: str, arguments: dict[str, Any], error: str
) -> None:
    assert await get_error(client.api_call(method, json=arguments)) == error


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel_id": "C02RANDOM"}, "not_in_channel"),
        ({"channel_id": CHANNEL, "thread_ts": "1.2"}, "thread_not_found"),
        ({"channel_id": CHANNEL, "blocks": [{"type": "sparkle"}]}, "invalid_blocks"),
    ],
)
async def test_a_file_is_shared_only_where_a_message_could_be(
    slack: Sandbox, client: AsyncWebClient, arguments: dict[str, Any], error: str
) -> None:
    file = File("F1", "a.txt", "T01SANDBOX", content=b"x")
    slack.slack.workspace.files["F1"] = file
    share = client.api_call("files.completeUploadExternal", json={"files": [{"id": "F1"}], **arguments})
    assert await get_error(share) == error
    assert (file.channels, slack.get_channel(CHANNEL).messages) == ([], [])


async def test_a_file_is_uploaded_shared_and_read(
    slack: Sandbox, client: AsyncWebClient, alice: Person
) -> None:
    dm = await client.chat_postMessage(channel="U01ALICE", text="your receipt")
    await client.files_upload_v2(
        channel=dm["channel"],
        filename="receipt.pdf",
        content=b"%PDF-1.7 none",
        title="Receipt",
        thread_ts=dm["ts"],
    )
    assert slack.files[0].content == b"%PDF-1.7 none"
    assert alice.dms[0].thread[0].files[0].title == "Receipt"


async def test_a_trigger_lives_three_seconds_and_serves_once(
    slack: Sandbox, client: AsyncWebClient, alice: Person
) -> None:
    workspace = slack.slack.workspace
    workspace.trigger_seconds = TRIGGER_SECONDS
    with freeze_time("2026-11-22 10:00:00", real_asyncio=True) as now:
        trigger = workspace.create_trigger(alice.client, "T01SANDBOX")
        now.tick(3.1)
        assert (
            await get_error(client.views_open(trigger_id=trigger.id, view=HELLO_MODAL))
            == "expired_trigger_id"
        )
        trigger = workspace.create_trigger(alice.client, "T01SANDBOX")
        await client.views_open(trigger_id=trigger.id, view=HELLO_MODAL)
        assert (
            await get_error(client.views_open(trigger_id=trigger.id, view=HELLO_MODAL))
            == "exchanged_trigger_id"
        )
        assert await get_error(client.views_open(trigger_id="1.2", view=HELLO_MODAL)) == "invalid_trigger_id"


async def test_three_modals_are_all_a_stack_takes(
    slack: Sandbox, client: AsyncWebClient, alice: Person
) -> None:
    workspace = slack.slack.workspace

    def trigger() -> str:
        return workspace.create_trigger(alice.client, "T01SANDBOX").id

    await client.views_open(trigger_id=trigger(), view=HELLO_MODAL)
    for _ in range(2):
        await client.views_push(trigger_id=trigger(), view=HELLO_MODAL)
    assert await get_error(client.views_push(trigger_id=trigger(), view=HELLO_MODAL)) == "push_limit_reached"
    assert len(alice.modals) == 3


async def test_a_stale_hash_is_refused(client: AsyncWebClient, alice: Person) -> None:
    first = await client.views_publish(user_id="U01ALICE", view=HELLO_HOME)
    await client.views_publish(user_id="U01ALICE", view=HELLO_HOME, hash=first["view"]["hash"])
    stale = client.views_publish(user_id="U01ALICE", view=HELLO_HOME, hash=first["view"]["hash"])
    assert await get_error(stale) == "hash_conflict"


TWO_TEAMS = {
    "teams": [
        {"id": "T01", "name": "One"},
        {"id": "T02", "name": "Two", "bot_token": "xoxb-two"},
        {"id": "T03", "name": "Three", "installed": False},
    ],
    "users": [
        {"id": "U01", "name": "one"},
        {"id": "U02", "name": "two", "team": "T02"},
        {"id": "U03", "name": "three", "team": "T03", "locale": "fr-FR"},
        {"id": "U04", "name": "four", "team": "T03"},
        {"id": "U05", "name": "five", "team": "T03", "is_stranger": True},
    ],
    "channels": [{"id": "C01", "name": "shared", "members": ["U01", "U03"]}],
}


@pytest.fixture
async def two_teams() -> AsyncIterator[Sandbox]:
    async with Sandbox.start(TWO_TEAMS) as sandbox:
        yield sandbox


async def test_each_team_has_its_token_and_its_people(two_teams: Sandbox) -> None:
    second = AsyncWebClient(token="xoxb-two", base_url=two_teams.api_url)
    assert (await second.auth_test())["team_id"] == "T02"
    assert (await second.users_info(user="U02"))["user"]["name"] == "two"
    assert await get_error(second.users_info(user="U01")) == "user_not_visible"


async def test_an_outsider_is_seen_in_a_shared_channel_without_a_locale(two_teams: Sandbox) -> None:
    first = AsyncWebClient(token=two_teams.bot_token, base_url=two_teams.api_url)
    outsider = (await first.users_info(user="U03", include_locale=True))["user"]
    assert outsider["team_id"] == "T03"
    assert "locale" not in outsider
    assert "is_stranger" not in outsider
    assert (await first.users_info(user="U05"))["user"]["is_stranger"] is True
    assert await get_error(first.users_info(user="U04")) == "user_not_visible"
    assert (await first.conversations_info(channel="C01"))["channel"]["is_ext_shared"] is True
