"""One account is closed to the contacts of another (R5), whatever ids their requests carry."""

import json
from typing import Any

from models.account.billing_contact import BillingContact
from tests.handlers.all_screens import (
    BUTTONS,
    create_order_and_quote,
    get_button_value,
    is_free_of_acme,
    press_everything,
)
from tests.handlers.db_snapshot import add, get_answer, load_all_rows, show_button
from tests.world import World


async def test_a_contact_of_another_account_is_refused_forged_ids(world: World) -> None:
    """R5: Dora's buttons and forms carry Acme's ids; nothing is shown, nothing is changed."""
    metadata = await create_order_and_quote(world)
    dora = world.get_person("dora")
    await world.fill_cart(dora)
    await dora.close_modal(everything=True)
    before = await load_all_rows(world)
    # Which notices she gets is her own to choose, and of no account.
    own = ("notification_preferences.open", "notification_preferences.save")
    answers = await press_everything(world, dora, metadata, leave_out=own)
    for where, said in answers.items():
        assert "We can’t find that" in said, (where, said)
        assert is_free_of_acme(said), (where, said)
    assert await load_all_rows(world) == before
    assert world.slack.refusals == []


async def test_another_accounts_subscription_cannot_be_added_to_a_cart(world: World) -> None:
    """R5: a forged field, alone and beside a true one; the same in a page turned and in Back."""
    dora = world.get_person("dora")
    cart = await world.fill_cart(dora, declined_meeting=1)
    await dora.submit()
    await dora.wait_for_modal("quote.review")
    saved = world.slack.requests[-1]
    await dora.close_modal()
    cart = await world.fill_cart(dora)
    await cart.press("cart.back")
    await world.dependencies.tasks.wait_until_idle()
    went_back = world.slack.requests[-1]
    before = await load_all_rows(world)

    def slip_in(payload: dict[str, Any]) -> None:
        # The view has moved on; without this the answer would not be shown.
        payload["view"]["external_id"] = ""
        values = payload["view"]["state"]["values"]
        values["seats:acme_webinar"] = {"seats": {"type": "number_input", "value": "7"}}

    def only(payload: dict[str, Any]) -> None:
        values = payload["view"]["state"]["values"]
        values.clear()
        slip_in(payload)

    for edit in (slip_in, only):
        for request in (saved, went_back):
            reply = await world.slack.forge(request, edit)
            await world.dependencies.tasks.wait_until_idle()
            said = json.dumps(reply.body, ensure_ascii=False) + (dora.modal.text if dora.modal else "")
            assert "We can’t find that subscription." in said
            assert "GoTo Webinar" not in said, said
            assert await load_all_rows(world) == before


async def test_an_account_of_another_workspace_is_never_seen_from_this_one(world: World) -> None:
    """R5: even if the other workspace's account lists a contact with Alice's user id and email."""
    await add(
        world,
        BillingContact(account_id="other", email="alice@acme.example", name="A", slack_user="U01ALICE"),
        BillingContact(account_id="other", email="benoit@acme.example", name="B"),
    )
    await world.fill_cart(world.get_person("alice"))  # the provider is asked of Acme's subscriptions
    await world.get_person("alice").close_modal()
    before = await load_all_rows(world)
    for name in ("alice", "benoit"):
        person = world.get_person(name)
        await person.command("/billing")
        assert "Acme SA" in (await person.wait_for_modal("account.overview")).text
        await person.open_home()
        await world.dependencies.tasks.wait_until_idle()
        assert person.home is not None
        assert "Other Corp" not in person.home.text
        for route in BUTTONS:
            place = json.dumps({"account": "other", "quote": 0, "order": 0})
            if get_button_value(route, place) == "other":
                modal = show_button(person, route.id, "other", place)
                await modal.press(route.id)
                said = await get_answer(world, person, len(person.ephemerals))
                assert "Other Corp" not in said, (route.id, said)
        person.client.stack.clear()
    assert await load_all_rows(world) == before
