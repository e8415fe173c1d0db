"""HTTP and Socket Mode read payloads by the same code."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.db import Session
from models.quote import Quote, QuoteStatus
from sandbox.errors import Json
from sandbox.traffic import AppRequest
from tests.handlers.steps import import_quote, logged, opened
from tests.time_limits import HANG_SECONDS
from tests.world import World
from tests.world import world as open_world

SECRET = "xyzzyplugh"


@pytest.fixture(params=["http", "socket"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with open_world(transport=request.param) as world:
        yield world


async def submitted_rejection(world: World) -> AppRequest:
    """Of a quote that the account still has, as a person submitted it."""
    quote = await import_quote(world)
    alice = world.person("alice")
    await opened(alice, "/quotes", quote.number, "quote.review")
    await alice.press("quote.reject")
    form = await alice.wait_for_modal("quote.reject")
    # Once with a reason that is too long, so that nothing changes.
    await form.fill("reason", "x" * 501).submit()
    return world.slack.requests[-1]


async def test_fields_that_nobody_reads_may_be_missing_or_new(world: World) -> None:
    def change_unread_fields(payload: Json) -> None:
        for name in ("token", "api_app_id", "trigger_id", "is_enterprise_install"):
            payload.pop(name, None)
        payload["view"].pop("hash", None)
        payload["view"]["title"] = 5
        payload |= {"new": {"nested": [1, None]}, "enterprise": None}
        payload["view"]["state"]["values"]["reason"]["reason"]["value"] = "Too dear"

    reply = await world.slack.forge(await submitted_rejection(world), change_unread_fields)
    assert reply.ok
    [quote] = await world.rows(Quote)
    assert (quote.status, quote.reason) == (QuoteStatus.REJECTED, "Too dear")


async def test_a_command_that_cannot_open_a_view_is_answered_in_private(world: World) -> None:
    alice = world.person("alice")
    await opened(alice, "/quotes", "", "quote.list")
    await world.slack.forge(world.slack.requests[-1], lambda payload: payload.update(trigger_id=""))
    assert "took too long" in (await alice.wait_for_ephemeral()).text
    assert world.slack.refusals == []


@pytest.mark.parametrize("field", ["team", "user", "value", "element"])
async def test_an_unreadable_payload_is_rejected_and_logged_without_its_content(
    world: World, field: str
) -> None:
    """Slack tells the person that it failed."""

    def break_field(payload: Json) -> None:
        payload["view"]["private_metadata"] = SECRET
        match field:
            case "team":
                payload["team"] = 5
            case "user":
                payload["user"] = {"id": SECRET * 100}
            case "value":
                payload["view"]["state"]["values"] = {SECRET: {SECRET: {"value": {SECRET: SECRET}}}}
            case _:
                del next(b for b in payload["view"]["blocks"] if b["type"] == "input")["element"]

    request = await submitted_rejection(world)
    if world.services.settings.slack_app_token:  # There is no ack, and it is waited for to the end.
        world.slack.slack.delivery.ack_seconds = 1
    with logged(world) as stream:
        reply = await world.slack.forge(request, break_field)
        await world.slack.wait_until(stream.getvalue, timeout=HANG_SECONDS)
    assert not reply.ok
    assert reply.status in (400, None), "over a socket there is no ack"
    [line] = map(json.loads, stream.getvalue().splitlines())
    assert line["event"] in ("payload.unreadable", "request.unreadable")
    assert line["level"] == "warning"
    assert SECRET not in stream.getvalue()
    [quote] = await world.rows(Quote)
    assert quote.status is QuoteStatus.PENDING


async def test_the_word_payload_may_be_typed_after_a_command(world: World) -> None:
    """Bolt reads a form in which it appears as an empty one."""
    alice = world.person("alice")
    await alice.command("/quotes", "payload & payload=5")
    assert "payload &amp; payload=5" in (await alice.wait_for_ephemeral()).text


async def test_a_form_is_acknowledged_in_time_though_the_person_cannot_be_looked_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The waiting view comes in English: their language is not known yet."""
    request, answers = await submitted_rejection(world), asyncio.Event()
    read = world.services.database.read

    @asynccontextmanager
    async def read_late() -> AsyncIterator[Session]:
        await answers.wait()
        async with read() as session:
            yield session

    monkeypatch.setattr(world.services.database, "read", read_late)
    world.services.timeouts.ack_seconds = world.services.timeouts.min_work_seconds = 0.1

    def shorten_reason(payload: Json) -> None:
        payload["view"]["state"]["values"]["reason"]["reason"]["value"] = "Too dear"

    await world.slack.forge(request, shorten_reason)
    assert (await world.person("alice").wait_for_modal("waiting.show")).submit_label is None
    answers.set()
    await world.person("alice").wait_for_modal("quote.list")
    [quote] = await world.rows(Quote)
    assert quote.reason == "Too dear"
