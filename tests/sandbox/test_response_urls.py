import aiohttp
import pytest
from freezegun import freeze_time
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox import Person, Sandbox
from sandbox.faults import FaultKind

CHANNEL = "C01GENERAL"


async def response_url(slack: Sandbox, alice: Person) -> AsyncWebhookClient:
    await alice.command("/hello", channel=CHANNEL)
    slack.slack.traffic.reset()
    for message in alice.ephemerals:
        message.record.deleted = True
    url = next(reversed(slack.slack.workspace.response_urls.values()))
    return AsyncWebhookClient(f"{slack.slack.base_url}/response/T01SANDBOX/{url.id}")


async def test_five_messages_and_no_more(slack: Sandbox, alice: Person) -> None:
    webhook = await response_url(slack, alice)
    for number in range(5):
        assert (await webhook.send(text=str(number))).body == "ok"
    late = await webhook.send(text="6")
    assert (late.status_code, "used_url" in late.body) == (404, True)
    assert [message.text for message in alice.ephemerals] == ["0", "1", "2", "3", "4"]
    assert [refusal.error for refusal in slack.refusals] == ["used_url"]


async def test_half_an_hour_and_no_longer(slack: Sandbox, alice: Person) -> None:
    with freeze_time("2026-11-22 10:00:00", real_asyncio=True) as now:
        webhook = await response_url(slack, alice)
        now.tick(30 * 60)
        assert (await webhook.send(text="in time")).status_code == 200
        now.tick(1)
        assert "expired_url" in (await webhook.send(text="late")).body


async def test_a_reply_is_replaced_and_deleted(slack: Sandbox, alice: Person) -> None:
    webhook = await response_url(slack, alice)
    await webhook.send(text="one")
    await webhook.send(text="two", replace_original=True)
    assert [message.text for message in alice.ephemerals] == ["two"]
    assert [edit.text for edit in alice.ephemerals[0].edits] == ["one"]
    await webhook.send(delete_original=True)
    assert alice.ephemerals == []


async def test_bad_blocks_are_refused_here_too(slack: Sandbox, alice: Person) -> None:
    webhook = await response_url(slack, alice)
    answer = await webhook.send(text="x", blocks=[{"type": "sparkle"}])
    assert "invalid_blocks" in answer.body


@pytest.mark.parametrize("kind", ["in_channel", "ephemeral"])
async def test_the_response_says_who_sees_it(slack: Sandbox, alice: Person, kind: str) -> None:
    webhook = await response_url(slack, alice)
    await webhook.send(text="x", response_type=kind)
    assert len(slack.get_channel(CHANNEL).messages) == (kind == "in_channel")


async def test_a_form_with_a_payload_is_read_as_json_is(slack: Sandbox, alice: Person) -> None:
    webhook = await response_url(slack, alice)
    async with aiohttp.ClientSession() as session:
        await session.post(webhook.url, data={"payload": '{"text": "in a form"}'})
        assert [message.text for message in alice.ephemerals] == ["in a form"]
        answer = await session.post(webhook.url, data={"payload": "{oops"})
        assert "invalid_payload" in await answer.text()


async def test_blocks_without_a_text_are_warned_of_here_too(slack: Sandbox, alice: Person) -> None:
    webhook = await response_url(slack, alice)
    await webhook.send(blocks=[{"type": "divider"}])
    assert slack.warnings == ["response_url: missing_text_in_message"]


@pytest.mark.parametrize(("kind", "messages"), [("cut_before", 0), ("cut_after", 1)])
async def test_faults_strike_here_too(slack: Sandbox, alice: Person, kind: FaultKind, messages: int) -> None:
    webhook = await response_url(slack, alice)
    webhook.retry_handlers = []
    slack.inject_fault(kind, "response_url", times=1)
    with pytest.raises(aiohttp.ClientError):
        await webhook.send(text="x")
    assert len(alice.ephemerals) == messages
