"""Guests, bots, outsiders and people whom Slack does not know learn nothing (R5), whatever they press."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sandbox.visible_text import extract_text
from tests.handlers.all_screens import (
    BUTTONS,
    COMMANDS,
    FORMS,
    NEUTRAL_REFUSAL,
    create_order_and_quote,
    get_button_value,
    is_free_of_acme,
    press_everything,
    type_every_command,
)
from tests.handlers.db_snapshot import get_answer, load_all_rows, post_button, show_form
from tests.world import World

OUTSIDE = [
    {"is_restricted": True},
    {"is_ultra_restricted": True},
    {"is_bot": True},
    {"deleted": True},
    {"is_stranger": True},
]


async def test_r5_a_guest_with_a_contacts_e_mail_learns_nothing_from_any_button(world: World) -> None:
    metadata = await create_order_and_quote(world)
    world.slack.set_user("U11GUEST", email="benoit@acme.example")
    guest = world.get_person("guest")
    before = await load_all_rows(world)
    answers = await type_every_command(world, guest, "C01BILLING")
    answers |= await press_everything(world, guest, metadata)
    nothing_has_these_ids = json.dumps({"account": "acme", "quote": 9999, "order": 9999})
    answers |= {
        f"no {k}": v for k, v in (await press_everything(world, guest, nothing_has_these_ids)).items()
    }
    assert {said.split("\n")[0] for said in answers.values()} == {NEUTRAL_REFUSAL}, answers
    assert all(is_free_of_acme(said) for said in answers.values())
    assert await load_all_rows(world) == before


@pytest.mark.parametrize("who", OUTSIDE, ids=lambda who: next(iter(who)))
async def test_guests_bots_and_deactivated_members_learn_nothing(world: World, who: dict[str, bool]) -> None:
    """R5: though their email address is a billing contact's."""
    world.slack.set_user("U11GUEST", **{"is_restricted": False, **who}, email="benoit@acme.example")
    guest = world.get_person("guest")
    before = await load_all_rows(world)
    for route in COMMANDS:
        seen = len(guest.ephemerals)
        await guest.command(route.id, channel="C01BILLING")
        assert await get_answer(world, guest, seen) == NEUTRAL_REFUSAL
    modal = show_form(guest, "cart.save", json.dumps({"account": "acme"}), "seats:acme_webinar")
    await modal.fill("seats:acme_webinar", "3").submit()
    assert (await get_answer(world, guest, len(guest.ephemerals))).split("\n")[0] == NEUTRAL_REFUSAL
    await guest.open_home()
    await world.dependencies.tasks.wait_until_idle()
    assert guest.home is not None
    assert NEUTRAL_REFUSAL in guest.home.text, "being registered would not help them"
    assert is_free_of_acme(guest.home.text)
    assert await load_all_rows(world) == before


async def test_a_stranger_in_a_shared_channel_gets_one_neutral_line(world: World) -> None:
    """R5: Olga of another workspace has Alice's email address, and presses every button there is."""
    metadata = await create_order_and_quote(world)
    olga = world.get_person("olga")
    status = world.list_messages("C01BILLING")[0]
    messages = [
        (route.id, await post_button(world, "C01BILLING", route.id, get_button_value(route, metadata)))
        for route in BUTTONS
    ]
    before = await load_all_rows(world)
    for action_id, message in [("service_order.open", status), *messages]:
        olga.client.stack.clear()
        seen = len(olga.ephemerals)
        await olga.press_in(message, action_id)
        said = await get_answer(world, olga, seen)
        assert said.split("\n")[0] == NEUTRAL_REFUSAL, "R22: not in the language of the channel’s account"
    assert await load_all_rows(world) == before
    public = "".join(m.words for m in world.list_messages("C01BILLING"))
    assert NEUTRAL_REFUSAL not in public, "the reply is private"


async def test_a_strangers_command_or_form_is_refused_even_with_the_workspaces_own_id(world: World) -> None:
    """R5: Slack lets outsiders type no command; a payload that says otherwise is believed no more."""
    metadata = await create_order_and_quote(world)
    alice = world.get_person("alice")
    await alice.command("/quotes", channel="C01BILLING")
    await world.dependencies.tasks.wait_until_idle()
    command = world.slack.requests[-1]
    await alice.close_modal(everything=True)
    before = await load_all_rows(world)

    def by(user_id: str) -> Callable[[dict[str, Any]], None]:
        def edit(payload: dict[str, Any]) -> None:
            if "user" in payload:
                payload["user"] = {"id": user_id, "team_id": "T02OTHER", "name": "x"}
            payload["user_id"] = user_id

        return edit

    seen = len(alice.ephemerals)
    await world.slack.forge(command, by("U20OLGA"))
    assert await get_answer(world, alice, seen) == NEUTRAL_REFUSAL
    for route in FORMS:
        modal = show_form(alice, route.id, metadata, "reason")
        await modal.submit()
        await world.dependencies.tasks.wait_until_idle()
        request = world.slack.requests[-1]
        before = await load_all_rows(world)
        reply = await world.slack.forge(request, by("U20OLGA"))
        said = extract_text(reply.body["view"]["blocks"])
        assert said == NEUTRAL_REFUSAL, (route.id, said)
        assert await load_all_rows(world) == before


async def test_r5_a_person_unknown_to_slack_is_refused(world: World) -> None:
    await create_order_and_quote(world)
    alice = world.get_person("alice")
    await alice.command("/quotes", channel="C01BILLING")
    await world.dependencies.tasks.wait_until_idle()
    await alice.close_modal()
    before = await load_all_rows(world)
    seen = len(alice.ephemerals)
    await world.slack.forge(world.slack.requests[-1], lambda payload: payload.update(user_id="U99GHOST"))
    assert await get_answer(world, alice, seen) == NEUTRAL_REFUSAL
    assert await load_all_rows(world) == before
