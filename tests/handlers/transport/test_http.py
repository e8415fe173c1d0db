"""Requests over HTTP: unsigned ones are rejected without a message, odd ones get a message."""

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.routing import Router

from handlers.http import open_listener, serve_http
from models.quote import Quote
from sandbox.config import SIGNING_SECRET
from tests.world import World
from tests.world import world as open_world


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Over HTTP, whichever transport the other tests use."""
    async with open_world(transport="http") as world:
        yield world


def signed(world: World, body: str, *, at: float | None = None) -> dict[str, str]:
    timestamp = str(int(at if at is not None else time.time()))
    digest = hmac.new(world.slack.signing_secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    kind = "application/json" if body[:1] in "[{" else "application/x-www-form-urlencoded"
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
        "Content-Type": kind,
    }


async def post(world: World, body: str, headers: dict[str, str]) -> httpx.Response:
    url = world.slack.slack.delivery.request_url
    assert url is not None
    async with httpx.AsyncClient() as client:
        return await client.post(url, content=body.encode(), headers=headers)


async def test_a_signing_secret_that_was_pasted_with_blanks_is_the_same_secret() -> None:
    async with open_world(transport="http", slack_signing_secret=f" {SIGNING_SECRET}\n") as world:
        alice = world.get_person("alice")
        await alice.command("/quotes")
        await alice.wait_for_modal("quote.list")


async def test_a_body_that_is_not_an_object_is_malformed_or_unsigned(world: World) -> None:
    for body in ("[]", "payload=123", "payload=%5B1%5D", "{", "payload=nonsense"):
        assert (await post(world, body, signed(world, body))).status_code == 400, body
        assert (await post(world, body, {})).status_code == 401, body


async def test_wrong_old_and_malformed_signatures_are_rejected(world: World) -> None:
    body = urlencode({"command": "/quotes", "team_id": "T01ACME", "user_id": "U01ALICE", "text": ""})
    right = signed(world, body)
    for wrong in (
        {**right, "X-Slack-Signature": "v0=" + "0" * 64},
        {**right, "X-Slack-Request-Timestamp": "soon"},
        signed(world, body, at=time.time() - 600),
    ):
        assert (await post(world, body, wrong)).status_code == 401


async def test_an_oversized_body_is_not_read(world: World) -> None:
    for size in (1024 * 1024 + 1, 10 * 1024 * 1024):
        body = "x" * size
        assert (await post(world, body, signed(world, body))).status_code == 413


async def test_a_client_that_disconnects_leaves_no_traceback(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    url = httpx.URL(world.slack.slack.delivery.request_url or "")
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nContent-Length: 100\r\n\r\nhalf of it")
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.close()
    await writer.wait_closed()
    assert (await post(world, "{", {})).status_code == 401, "it still answers"
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def submission(typed: dict[str, str]) -> str:
    """A form as a sparing client sends it: no blocks, no title, nothing but what was typed."""
    values = {f"seats:{s}": {"seats": {"type": "number_input", "value": n}} for s, n in typed.items()}
    view: dict[str, Any] = {
        "id": "V1",
        "type": "modal",
        "callback_id": "cart.save",
        "private_metadata": '{"account":"acme"}',
        "state": {"values": values},
    }
    payload = {
        "type": "view_submission",
        "team": {"id": "T01ACME"},
        "user": {"id": "U01ALICE", "team_id": "T01ACME"},
        "trigger_id": "1.2",
        "view": view,
    }
    return urlencode({"payload": json.dumps(payload)})


async def test_a_form_submitted_without_its_blocks_is_refused_at_its_field(world: World) -> None:
    for wrong in ("five", "-1", "2.5", "1000000", "0"):
        body = submission({"acme_meeting": wrong})
        answer = (await post(world, body, signed(world, body))).json()
        assert answer["response_action"] == "errors", wrong
        assert list(answer["errors"]) == ["seats:acme_meeting"], wrong
    assert await world.load_rows(Quote) == []


async def test_no_response_waits_for_its_head_to_be_acknowledged() -> None:
    """What is accepted inherits this of the listener; by itself its body would come 40 ms after its head."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with serve_http(Router(), listener):
            assert listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
async def test_all_addresses_of_both_families_can_be_listened_on() -> None:
    with open_listener("::", 0) as listener:
        async with serve_http(Router(), listener), httpx.AsyncClient(trust_env=False) as client:
            for host in ("127.0.0.1", "[::1]"):
                answer = await client.get(f"http://{host}:{listener.getsockname()[1]}/")
                assert answer.status_code == 404, host
