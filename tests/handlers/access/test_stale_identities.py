"""What Slack says of a person is an hour old at most for any change (R5), and Slack may be silent."""

import pytest

from models.account import Account
from models.quote import Quote
from models.slack_user import SlackUser
from tests.handlers.all_screens import (
    NEUTRAL_REFUSAL,
    create_order_and_quote,
    is_free_of_acme,
    press_everything,
    type_every_command,
)
from tests.handlers.db_snapshot import get_answer, load_all_rows
from tests.handlers.steps import open_modal
from tests.world import World


async def test_an_unknown_person_may_do_nothing_while_slack_is_unavailable(world: World) -> None:
    """R5: not even read; they are asked to try again, and then it works."""
    metadata = await create_order_and_quote(world)
    benoit = world.get_person("benoit")
    async with world.dependencies.write() as session:
        user = await session.get(SlackUser, ("T01ACME", benoit.id))
        if user is not None:
            await session.delete(user)
    world.slack.inject_fault("error_500", "users.info")
    before = await load_all_rows(world)
    answers = await type_every_command(world, benoit, "C01BILLING")
    answers |= await press_everything(world, benoit, metadata)
    for where, said in answers.items():
        assert "Try again in a moment" in said, (where, said)
        assert is_free_of_acme(said), (where, said)
    assert await load_all_rows(world) == before
    world.slack.slack.faults.reset()
    await benoit.command("/quotes")
    benoit.client.stack.clear()
    assert "Acme SA" in (await benoit.wait_for_modal("quote.list")).text


async def test_reading_works_with_a_stale_identity_while_slack_is_unavailable(world: World) -> None:
    """R5: no state changes; what was typed stays in the form."""
    alice = world.get_person("alice")
    cart = await world.fill_cart(alice, acme_meeting=5)
    world.clock.move(hours=1, seconds=1)
    world.slack.inject_fault("error_500", "users.info")
    before = await load_all_rows(world)

    await alice.submit()
    [said] = cart.errors.values()
    assert "Try again in a moment." in said
    assert cart.get_value("seats:acme_meeting") == "5"
    await alice.press("cart.back")
    await world.dependencies.tasks.wait_until_idle()
    form = await alice.wait_for_modal("cart.save")
    assert "Try again in a moment." in form.text
    assert form.get_value("seats:acme_meeting") == "5", "what was typed is still there"

    await alice.close_modal()
    for command, view in (
        ("/quotes", "quote.list"),
        ("/service-orders", "service_order.list"),
        ("/billing", "account.overview"),
    ):
        await alice.command(command)
        assert "Acme SA" in (await alice.wait_for_modal(view)).text
        await alice.close_modal()
    assert await load_all_rows(world) == before

    world.clock.move(hours=23)
    seen = len(alice.ephemerals)
    await alice.command("/quotes")
    said = await get_answer(world, alice, seen)
    assert "Try again in a moment" in said
    assert is_free_of_acme(said), "after a day without Slack’s answer"

    world.slack.slack.faults.reset()
    await world.save_cart(alice, acme_meeting=5)
    assert (await world.load_row(Quote)).status == "pending"


async def test_every_later_step_needs_a_fresh_identity_too(world: World) -> None:
    """R5: placing and deciding, which have no field to show an error at."""
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5)
    world.clock.move(minutes=61)
    world.slack.inject_fault("error_500", "users.info")
    before = await load_all_rows(world)
    await placement.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "nothing was changed" in refused.text
    assert await load_all_rows(world) == before
    world.slack.slack.faults.reset()
    await alice.press("quote.open")
    await alice.wait_for_modal("quote.review")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")


@pytest.mark.parametrize("action_id", ["service_order.retry", "service_order.give_up"])
async def test_retrying_and_cancelling_declined_seats_need_a_fresh_identity(
    world: World, action_id: str
) -> None:
    """R5: whether it is tried again, or given up."""
    dora = world.get_person("dora")
    await world.place_order(dora, declined_meeting=1)
    await world.settle()
    await open_modal(dora, "/service-orders", "SO-1001", "service_order.show")
    if action_id == "service_order.retry":
        await dora.press(action_id)
        (await dora.wait_for_modal(action_id)).fill("payment_method", "pm_good_1")
    world.clock.move(minutes=61)
    world.slack.inject_fault("error_500", "users.info")
    before = await load_all_rows(world)
    await (dora.submit() if action_id == "service_order.retry" else dora.press(action_id))
    assert "Try again in a moment." in await get_answer(world, dora, len(dora.ephemerals))
    assert await load_all_rows(world) == before


async def test_a_link_to_the_payment_methods_needs_a_fresh_identity(world: World) -> None:
    """R5: the link changes cards, and works for anyone who has it."""
    alice = world.get_person("alice")
    await open_modal(alice, "/billing", "", "account.overview")
    await alice.press("account.manage_methods")
    await alice.wait_for_modal("account.portal")
    await alice.press("account.switch_portal")
    await world.dependencies.tasks.wait_until_idle()
    assert (await world.load_row(Account, id="acme")).default_portal == "admin"
    await open_modal(alice, "/billing", "", "account.overview")
    world.clock.move(minutes=61)
    world.slack.inject_fault("error_500", "users.info")
    await alice.press("account.manage_methods")
    refused = await alice.wait_for_modal("refusal.show")
    assert "nothing was changed" in refused.text
    assert "account.open_portal" not in refused.action_ids
    world.slack.slack.faults.reset()


async def test_a_deactivation_is_noticed_within_the_hour(world: World) -> None:
    """R5: what Slack said is believed for half an hour of a clock that may run at half speed."""
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    world.slack.set_user(alice.id, deleted=True)
    world.clock.move(minutes=29)
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    world.clock.move(minutes=2)
    before = await load_all_rows(world)
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert refused.text.split("\n")[0] == NEUTRAL_REFUSAL
    assert is_free_of_acme(refused.text)
    assert await load_all_rows(world) == before
