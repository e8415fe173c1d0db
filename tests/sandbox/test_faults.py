import asyncio

import aiohttp
import pytest
from freezegun import freeze_time
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox import Sandbox
from sandbox.faults import FaultKind
from sandbox.rate_limits import BURST_MESSAGES
from tests.time_limits import HANG_SECONDS

CHANNEL = "C01GENERAL"


@pytest.fixture
async def client(slack: Sandbox) -> AsyncWebClient:
    return AsyncWebClient(
        token=slack.bot_token, base_url=slack.api_url, timeout=round(HANG_SECONDS), retry_handlers=[]
    )


async def post_message(client: AsyncWebClient) -> None:
    await client.chat_postMessage(channel=CHANNEL, text="x")


def count_posted(slack: Sandbox) -> int:
    return len(slack.get_channel(CHANNEL).messages)


async def test_a_method_is_rate_limited_once(slack: Sandbox, client: AsyncWebClient) -> None:
    slack.inject_fault("ratelimited", "chat.postMessage", times=1, seconds=7)
    with pytest.raises(SlackApiError) as caught:
        await post_message(client)
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "7"
    await client.auth_test()
    await post_message(client)
    assert count_posted(slack) == 1


@pytest.mark.parametrize(("kind", "status"), [("error_500", 500), ("error_503", 503)])
async def test_a_server_error_has_no_effect(
    slack: Sandbox, client: AsyncWebClient, kind: FaultKind, status: int
) -> None:
    slack.inject_fault(kind)
    with pytest.raises(SlackApiError) as caught:
        await post_message(client)
    assert caught.value.response.status_code == status
    assert count_posted(slack) == 0


@pytest.mark.parametrize(("kind", "messages"), [("cut_before", 0), ("cut_after", 1), ("timeout", 0)])
async def test_a_cut_connection_leaves_its_effect_or_none(
    slack: Sandbox, client: AsyncWebClient, kind: FaultKind, messages: int
) -> None:
    slack.inject_fault(kind, "chat.postMessage", seconds=0.02)
    with pytest.raises(aiohttp.ClientError):
        await post_message(client)
    assert count_posted(slack) == messages


async def test_a_slow_answer_is_an_answer(slack: Sandbox, client: AsyncWebClient) -> None:
    slack.inject_fault("slow", seconds=0.05)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await post_message(client)
    assert loop.time() - started >= 0.05


async def test_a_fault_strikes_with_its_probability(slack: Sandbox, client: AsyncWebClient) -> None:
    slack.inject_fault("error_500", probability=0.5)
    failed = 0
    for _ in range(40):
        try:
            await client.auth_test()
        except SlackApiError:
            failed += 1
    assert 8 <= failed <= 32


async def test_a_short_burst_and_then_one_message_a_second_a_channel() -> None:
    with freeze_time("2026-11-22 10:00:00", real_asyncio=True) as now:
        async with Sandbox.start(rate_limits=True) as slack:
            client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url, retry_handlers=[])
            for _ in range(BURST_MESSAGES):
                await post_message(client)
            with pytest.raises(SlackApiError, match="ratelimited") as caught:
                await post_message(client)
            assert caught.value.response.headers["Retry-After"] == "1"
            await client.chat_postMessage(channel="U01ALICE", text="elsewhere")
            now.tick(1)
            await post_message(client)
            with pytest.raises(SlackApiError, match="ratelimited"):
                await post_message(client)
            assert count_posted(slack) == BURST_MESSAGES + 1
