"""HTTP and Socket Mode read payloads by the same code."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.db import Session
from models.quote import Quote, QuoteStatus
from sandbox.errors import Json
from sandbox.traffic import AppRequest
from tests.handlers.steps import capture_log, import_quote, open_modal
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
    alice = world.get_person("alice")
    await open_modal(alice, "/quotes", quote.number, "quote.review")
    await alice.press("quote.reject")
    form = await alice.wait_for_modal("quote.reject")
    # Once with a reason that is too long, so that nothing changes.
    await form.fill("reason", "x" * 501).submit()
    return world.slack.requests[-1]


async def status(world: World, kind: str, payload: Json) -> int | None:
    ack = (await world.slack.slack.delivery.send(kind, payload)).ack
    return ack.status if ack else None


async def test_unused_fields_may_be_missing_or_new(world: World) -> None:
    def change_unread_fields(payload: Json) -> None:
        for name in ("token", "api_app_id", "trigger_id", "is_enterprise_install"):
            payload.pop(name, None)
        payload["view"].pop("hash", None)
        payload["view"]["title"] = 5
        payload |= {"new": {"nested": [1, None]}, "enterprise": None}
        payload["view"]["state"]["values"]["reason"]["reason"]["value"] = "Too dear"

    reply = await world.slack.forge(await submitted_rejection(world), change_unread_fields)
    assert reply.ok
    [quote] = await world.load_rows(Quote)
    assert (quote.status, quote.reason) == (QuoteStatus.REJECTED, "Too dear")


async def test_a_command_that_cannot_open_a_view_is_answered_in_private(world: World) -> None:
    alice = world.get_person("alice")
    await open_modal(alice, "/quotes", "", "quote.list")
    await world.slack.forge(world.slack.requests[-1], lambda payload: payload.update(trigger_id=""))
    assert "took too long" in (await alice.wait_for_ephemeral()).text
    assert world.slack.refusals == []


async def test_an_unreadable_payload_is_logged_without_its_content_and_the_person_sees_an_error(
    world: World,
) -> None:
    """A form in its ack, a command and a button in private or in a modal."""
    request = await submitted_rejection(world)
    alice = world.get_person("alice")
    benoit = world.get_person("benoit")
    await alice.command("/quotes", "help")
    command = world.slack.requests[-1]

    def break_form(payload: Json) -> None:
        payload["view"]["private_metadata"] = SECRET
        payload["view"]["state"]["values"] = {"reason": {SECRET: {"value": {SECRET: SECRET}}}}

    with capture_log(world) as stream:
        reply = await world.slack.forge(request, break_form)
        modal = await alice.wait_for_modal("refusal.show")
        told = re.search(r"reference: (\w+)", modal.text)
        await alice.close_modal(everything=True)
        assert (await world.slack.forge(command, lambda payload: payload.update(command=SECRET))).ok
        private = await alice.wait_for_ephemeral(2)
        by_benoit = {"user": {"id": benoit.id, "team_id": "T01ACME"}, "actions": [{"value": SECRET}]}
        button = {"type": "block_actions", "team": {"id": "T01ACME"}, **by_benoit}
        assert await status(world, "interactive", button) == 200
        direct = await benoit.wait_until(lambda: benoit.dms)
        event = {"type": "event_callback", "team_id": "T01ACME", "event": {"type": [SECRET]}}
        assert await status(world, "event", event) == 200
    assert reply.ok
    assert told
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    unreadable = [line for line in lines if line["event"] == "payload.unreadable"]
    assert [(line["payload_type"], line["location"], line["level"]) for line in unreadable] == [
        ("ViewSubmission", "view.state.values.*.*.value", "warning"),
        ("SlashCommand", "command", "warning"),
        ("BlockActions", "actions.*.action_id", "warning"),
        ("EventCallback", "event.type", "warning"),
    ]
    assert told[1] == unreadable[0]["request_id"]
    assert unreadable[1]["request_id"] in private.text
    assert unreadable[2]["request_id"] in direct[-1].text
    assert "référence" in direct[-1].text, "in their language"
    assert SECRET not in stream.getvalue()
    [quote] = await world.load_rows(Quote)
    assert quote.status is QuoteStatus.PENDING


async def test_an_error_that_cannot_be_reported_to_a_person_is_left_to_slack(world: World) -> None:
    """Slack then shows its own error: over HTTP because of the status, over a socket for want of an ack."""
    world.slack.slack.delivery.ack_seconds = 1
    assert await status(world, "interactive", {"type": ["block_actions"]}) in (400, None)


async def test_a_form_without_block_ids_or_state_is_parsed(world: World) -> None:
    """A reason is optional; nothing else of the view is needed to reject the quote."""

    def strip(payload: Json) -> None:
        payload["view"]["state"] = {"values": []}
        payload["view"]["blocks"] = [
            {key: value for key, value in block.items() if key != "block_id"}
            for block in payload["view"]["blocks"]
        ]
        payload["team"], payload["channel"] = None, {"id": ""}
        payload["user"]["team_id"] = "T01ACME"

    reply = await world.slack.forge(await submitted_rejection(world), strip)
    assert reply.ok
    [quote] = await world.load_rows(Quote)
    assert (quote.status, quote.reason) == (QuoteStatus.REJECTED, None)


async def test_a_command_of_another_version_is_explained(world: World) -> None:
    alice = world.get_person("alice")
    await alice.command("/quotes", "help")
    await world.slack.forge(world.slack.requests[-1], lambda payload: payload.update(command="/seats"))
    assert (await alice.wait_for_ephemeral(2)).text.startswith("/seats is no longer available.")


async def test_the_word_payload_may_be_typed_after_a_command(world: World) -> None:
    """Bolt reads a form in which it appears as an empty one."""
    alice = world.get_person("alice")
    await alice.command("/quotes", "payload & payload=5")
    assert "payload &amp; payload=5" in (await alice.wait_for_ephemeral()).text


async def test_a_form_is_acknowledged_in_time_though_the_person_cannot_be_looked_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The waiting view comes in English: their language is not known yet."""
    request, answers = await submitted_rejection(world), asyncio.Event()
    read = world.dependencies.database.read

    @asynccontextmanager
    async def read_late() -> AsyncIterator[Session]:
        await answers.wait()
        async with read() as session:
            yield session

    monkeypatch.setattr(world.dependencies.database, "read", read_late)
    world.dependencies.timeouts.ack_seconds = world.dependencies.timeouts.min_work_seconds = 0.1

    def shorten_reason(payload: Json) -> None:
        payload["view"]["state"]["values"]["reason"]["reason"]["value"] = "Too dear"

    await world.slack.forge(request, shorten_reason)
    assert (await world.get_person("alice").wait_for_modal("waiting.show")).submit_label is None
    answers.set()
    await world.get_person("alice").wait_for_modal("quote.list")
    [quote] = await world.load_rows(Quote)
    assert quote.reason == "Too dear"
