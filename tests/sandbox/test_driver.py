import asyncio
from typing import Any

import pytest
from slack_bolt.app.async_app import AsyncApp

from sandbox import Person, Sandbox
from sandbox.errors import NotShown
from tests.sandbox.tiny_app import TIMES, build_modal

CHANNEL = "C01GENERAL"


async def test_a_command_is_answered_to_its_author_alone(
    app: AsyncApp, slack: Sandbox, alice: Person
) -> None:
    reply = await alice.command("/hello", "world", channel=CHANNEL)
    assert (reply.text, reply.status, reply.error) == ("Hello world", 200, None)
    assert [message.text for message in alice.ephemerals] == ["Hello world"]
    assert slack.get_person("U02BRUNO").ephemerals == []
    assert slack.get_channel(CHANNEL).messages == []


async def test_a_modal_is_filled_and_submitted(app: AsyncApp, slack: Sandbox, alice: Person) -> None:
    await alice.command("/hello", "modal", channel=CHANNEL)
    modal = await alice.wait_for_modal("hello")
    assert (modal.title, modal.private_metadata) == ("Greeting", "kept")
    assert modal.get_value("times") == "1"
    modal.fill("name", "Bruno")
    await alice.submit()
    assert alice.modal is None
    assert (await alice.wait_for_dm()).text == "Greeted Bruno"
    assert slack.refusals == []


async def test_errors_stand_at_their_fields(app: AsyncApp, alice: Person) -> None:
    await alice.command("/hello", "modal", channel=CHANNEL)
    modal = await alice.wait_for_modal()
    modal.fill("name", "nobody")
    reply = await alice.submit()
    assert reply.errors == modal.errors == {"name": "Nobody can be greeted."}
    assert modal.is_open


@pytest.mark.parametrize("typed", ["NaN", "Infinity", "1e", "five"])
async def test_an_invalid_number_is_reported_at_its_field(slack: Sandbox, alice: Person, typed: str) -> None:
    number = {"type": "number_input", "action_id": "times", "is_decimal_allowed": True}
    slack.slack.people.open_modal_for(alice.client, build_modal("m", [{**TIMES, "element": number}]))
    alice.fill("times", typed)
    assert (await alice.submit(strict=True)).errors == {"times": "Please enter a valid number."}


async def test_an_update_keeps_what_was_typed(app: AsyncApp, alice: Person) -> None:
    await alice.command("/hello", "modal", channel=CHANNEL)
    modal = await alice.wait_for_modal()
    modal.fill("name", "Bruno")
    await alice.press("more")
    await alice.wait_until(lambda: "More was asked" in modal.text)
    assert modal.get_value("name") == "Bruno"


async def test_closing_notifies_an_app_that_asked_for_it(app: AsyncApp, alice: Person) -> None:
    await alice.command("/hello", "modal", channel=CHANNEL)
    await alice.wait_for_modal()
    await alice.close_modal()
    seen: list[str] = app.seen  # type: ignore[attr-defined]
    assert (alice.modal, seen) == (None, ["closed False"])


async def test_buttons_of_messages_and_home_are_pressed(app: AsyncApp, slack: Sandbox, alice: Person) -> None:
    await alice.command("/hello", "post", channel=CHANNEL)
    await slack.wait_until(lambda: slack.get_channel(CHANNEL).messages)
    message = slack.get_channel(CHANNEL).messages[0]
    assert "Hello *all*" in message.words
    await alice.press_in(message, "wave")
    assert (await alice.wait_for_ephemeral()).text == "You waved"
    await alice.open_home()
    await alice.wait_until(lambda: alice.home)
    await alice.press("greet")
    assert app.seen == ["greet all"]  # type: ignore[attr-defined]


async def test_only_what_is_shown_can_be_pressed(app: AsyncApp, alice: Person) -> None:
    with pytest.raises(NotShown):
        await alice.press("nothing")
    await alice.command("/hello", "modal", channel=CHANNEL)
    modal = await alice.wait_for_modal()
    with pytest.raises(NotShown, match="waits for the submit"):
        await alice.press("name")
    with pytest.raises(NotShown):
        modal.fill("more", "text")


async def test_a_stale_copy_is_submitted_as_it_was(app: AsyncApp, slack: Sandbox, alice: Person) -> None:
    await alice.command("/hello", "modal", channel=CHANNEL)
    modal = await alice.wait_for_modal()
    stale = modal.fill("name", "nobody").copy()
    modal.fill("name", "Bruno")
    await modal.submit()
    reply = await stale.submit()
    assert reply.errors
    assert slack.requests[-1].payload["view"]["state"]["values"]["name"]["name"]["value"] == "nobody"


async def test_two_presses_at_the_same_moment_both_arrive(
    app: AsyncApp, slack: Sandbox, alice: Person
) -> None:
    await alice.open_home()
    await alice.wait_until(lambda: alice.home)
    await asyncio.gather(alice.press("greet"), alice.press("greet"))
    assert app.seen == ["greet all", "greet all"]  # type: ignore[attr-defined]


async def test_the_same_request_arrives_twice_and_a_forged_one_is_signed(
    app: AsyncApp, slack: Sandbox, alice: Person
) -> None:
    await alice.command("/hello", "world", channel=CHANNEL)
    again = await slack.redeliver()
    assert again.request
    assert slack.requests[-1].body == slack.requests[-2].body
    assert again.text == "Hello world"

    def as_someone_else(payload: dict[str, Any]) -> None:
        payload["text"] = "forger"

    assert (await slack.forge(slack.requests[0], as_someone_else)).text == "Hello forger"


async def test_a_command_fails_if_the_app_is_unavailable(slack: Sandbox, alice: Person) -> None:
    reply = await alice.command("/hello", channel=CHANNEL)
    assert reply.error == "dispatch_failed"
    assert reply.text == '/hello failed with the error "dispatch_failed"'
