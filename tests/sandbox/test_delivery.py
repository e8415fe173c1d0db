import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp

from sandbox import Person, Sandbox
from tests.sandbox.tiny_app import HELLO_MODAL, build_modal, connect_over_socket_mode, create_tiny_app

CHANNEL = "C01GENERAL"
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serve_app(slack: Sandbox, answer: Answer) -> AsyncIterator[None]:
    """Serves an app that consists of one function."""
    app = web.Application()
    app.router.add_post("/", answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    try:
        yield
    finally:
        await runner.cleanup()


def build_answer(**body: object) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body)

    return answer


async def test_a_request_is_signed_and_formed_as_slack_does(slack: Sandbox, alice: Person) -> None:
    seen: list[tuple[bytes, dict[str, str]]] = []

    async def answer(request: web.Request) -> web.Response:
        seen.append((await request.read(), dict(request.headers)))
        return web.Response()

    async with serve_app(slack, answer):
        await alice.command("/hello", "a & b", channel=CHANNEL)
    body, headers = seen[0]
    base = b"v0:" + headers["X-Slack-Request-Timestamp"].encode() + b":" + body
    expected = "v0=" + hmac.new(slack.signing_secret.encode(), base, hashlib.sha256).hexdigest()
    assert headers["X-Slack-Signature"] == expected
    form = parse_qs(body.decode())
    assert (form["text"], form["channel_name"], form["is_enterprise_install"]) == (
        ["a & b"],
        ["general"],
        ["false"],
    )


async def test_an_ack_past_its_time_is_an_operation_timeout(slack: Sandbox, alice: Person) -> None:
    slack.slack.delivery.ack_seconds = 0.05

    replied = asyncio.Event()

    async def wait(_: web.Request) -> web.Response:
        await replied.wait()
        return web.Response()

    async with serve_app(slack, wait):
        reply = await alice.command("/hello", channel=CHANNEL)
        replied.set()
    assert reply.error == "operation_timeout"
    assert reply.text == '/hello failed with the error "operation_timeout"'


async def test_a_failed_press_leaves_a_mark(app: AsyncApp, slack: Sandbox, alice: Person) -> None:
    await alice.command("/hello", "modal", channel=CHANNEL)
    shown = await alice.wait_for_modal()
    slack.slack.delivery.ack_seconds = 0
    reply = await alice.press("more")
    assert reply.error == "operation_timeout"
    assert shown.error == "We had some trouble connecting. Try again?"


async def test_events_are_retried_three_times_with_a_reason(slack: Sandbox, alice: Person) -> None:
    slack.slack.delivery.event_retry_seconds = (0, 0, 0)
    numbers: list[str] = []

    async def fail(request: web.Request) -> web.Response:
        numbers.append(request.headers.get("X-Slack-Retry-Num", "0"))
        assert request.headers.get("X-Slack-Retry-Reason", "http_error") == "http_error"
        return web.Response(status=500)

    async with serve_app(slack, fail):
        await alice.open_home()
        await slack.wait_until(lambda: len(numbers) == 4)
        await asyncio.sleep(0.02)
    assert numbers == ["0", "1", "2", "3"]
    assert len({request.payload["event_id"] for request in slack.requests}) == 1


async def test_a_failure_that_forbids_retries_is_not_retried(slack: Sandbox, alice: Person) -> None:
    slack.slack.delivery.event_retry_seconds = (0, 0, 0)

    async def fail(_: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with serve_app(slack, fail):
        await alice.open_home()
        await asyncio.sleep(0.05)
    assert len(slack.requests) == 1


@pytest.mark.parametrize(
    ("ack", "error"),
    [
        ({"response_action": "errors", "errors": {"nowhere": "x"}}, "invalid_errors"),
        ({"response_action": "errors", "errors": {}}, "invalid_errors"),
        ({"response_action": "explode"}, "invalid_response_action"),
        ({"response_action": "update", "view": {"type": "modal"}}, "invalid_arguments"),
        ({"response_action": "push"}, "invalid_arguments"),
    ],
)
async def test_an_ack_that_slack_cannot_use_is_refused_loudly(
    slack: Sandbox, alice: Person, ack: dict[str, object], error: str
) -> None:
    slack.slack.people.open_modal_for(alice.client, HELLO_MODAL)
    async with serve_app(slack, build_answer(**ack)):
        await alice.submit()
    assert alice.modal
    assert alice.modal.error == "We had some trouble connecting. Try again?"
    assert [refusal.error for refusal in slack.refusals] == [error]


async def test_an_ack_updates_pushes_and_clears(slack: Sandbox, alice: Person) -> None:
    slack.slack.people.open_modal_for(alice.client, HELLO_MODAL)
    async with serve_app(
        slack, build_answer(response_action="update", view=build_modal("second", HELLO_MODAL["blocks"]))
    ):
        await alice.submit()
    assert [m.callback_id for m in alice.modals] == ["second"]
    async with serve_app(
        slack, build_answer(response_action="push", view=build_modal("third", HELLO_MODAL["blocks"]))
    ):
        await alice.submit()
    assert [m.callback_id for m in alice.modals] == ["second", "third"]
    async with serve_app(slack, build_answer(response_action="clear")):
        await alice.submit()
    assert alice.modals == []


async def test_a_command_that_answers_bad_blocks_is_refused(slack: Sandbox, alice: Person) -> None:
    async with serve_app(slack, build_answer(text="x", blocks=[{"type": "sparkle"}])):
        reply = await alice.command("/hello", channel=CHANNEL)
    assert reply.text == '/hello failed with the error "invalid_blocks"'
    assert [refusal.what for refusal in slack.refusals] == ["ack of /hello"]


async def test_a_reply_in_channel_is_for_all(slack: Sandbox, alice: Person) -> None:
    async with serve_app(slack, build_answer(text="for all", response_type="in_channel")):
        await alice.command("/hello", channel=CHANNEL)
    assert [message.text for message in slack.get_channel(CHANNEL).messages] == ["for all"]


async def test_an_event_comes_twice_on_demand(app: AsyncApp, slack: Sandbox, alice: Person) -> None:
    slack.inject_fault("duplicate", "event", times=1)
    await alice.open_home()
    first, second = slack.requests
    assert first.body == second.body


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_socket_mode_reconnects_when_told(slack: Sandbox, alice: Person, reason: str) -> None:
    app = create_tiny_app(slack)
    async with connect_over_socket_mode(slack, app), aiohttp.ClientSession() as session:
        await session.post(f"{slack.page_url}control/sockets/{reason}", json={})
        await slack.wait_until(lambda: slack.slack.sockets.is_open)
        assert (await alice.command("/hello", "world", channel=CHANNEL)).text == "Hello world"
        assert len(slack.list_calls("apps.connections.open")) == 2


async def test_a_dropped_socket_is_noticed(slack: Sandbox, alice: Person) -> None:
    async with connect_over_socket_mode(slack, create_tiny_app(slack)):
        await slack.drop_sockets()
        reply = await alice.command("/hello", "world", channel=CHANNEL)
        assert reply.error == "dispatch_failed"


async def test_a_client_that_stays_is_shut_out(slack: Sandbox) -> None:
    """Told to go, it gets nothing more, and is cut off after a while; it has been told why."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.app_token}"}) as session:
        opened = await (await session.post(f"{slack.api_url}apps.connections.open")).json()
        async with session.ws_connect(opened["url"]) as socket:
            assert (await socket.receive_json())["type"] == "hello"
            await slack.disconnect("warning", grace=0.05)
            notice = await socket.receive_json()
            assert (notice["type"], notice["reason"]) == ("disconnect", "warning")
            assert (await socket.receive()).type is aiohttp.WSMsgType.CLOSE
        again = await session.get(opened["url"].replace("ws", "http", 1))
        assert again.status == 404


async def test_an_envelope_without_an_ack_is_a_timeout(slack: Sandbox, alice: Person) -> None:
    slack.slack.delivery.ack_seconds = 0.05
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {slack.app_token}"}) as session:
        opened = await (await session.post(f"{slack.api_url}apps.connections.open")).json()
        async with session.ws_connect(opened["url"]) as socket:
            await socket.receive_json()
            reply = await alice.command("/hello", channel=CHANNEL)
            envelope = await socket.receive_json()
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert reply.text == '/hello failed with the error "operation_timeout"'
