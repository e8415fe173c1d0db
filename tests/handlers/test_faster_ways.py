"""Shorter ways to a cart: several products in one command, and a shortcut (R10)."""

import pytest

from models.subscription import Subscription
from tests.handlers.db_snapshot import change
from tests.world import World
from tests.world import world as open_world


async def test_one_command_fills_in_several_products(world: World) -> None:
    alice = world.person("alice")
    for words, meeting, webinar in (
        ("webinar 5 meeting 2", "2", "5"),
        ("3 meeting, 4 webinar", "3", "4"),
        ("webinar 6, and meeting 7", "7", "6"),
        ("5 seats of webinar and 2 of meeting please", "2", "5"),
        ("webinar 5 postes, meeting 2 postes", "2", "5"),
    ):
        await alice.command("/add-seats", words)
        cart = await alice.wait_for_modal("cart.save")
        assert (cart.value("seats:acme_meeting"), cart.value("seats:acme_webinar")) == (meeting, webinar), (
            words
        )
        await alice.close_modal()


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_the_shortcut_opens_the_cart_and_a_guest_is_refused_in_a_modal(transport: str) -> None:
    async with open_world(transport=transport) as world:
        alice = world.person("alice")
        reply = await alice.shortcut("cart.add_seats")
        assert reply.ok
        await alice.wait_for_modal("cart.save")
        assert (await alice.shortcut("of.another_version")).ok
        guest = world.person("guest")
        await guest.shortcut("cart.add_seats")
        await guest.wait_for_modal("refusal.show")
        assert world.slack.refusals == []


async def test_a_completed_order_is_ordered_again_from_its_screen(world: World) -> None:
    alice = world.person("alice")
    await world.order(alice, acme_meeting=2, acme_webinar=3)
    await world.settle()
    await alice.press("cart.repeat")
    cart = await alice.wait_for_modal("cart.save")
    assert (cart.value("seats:acme_meeting"), cart.value("seats:acme_webinar")) == ("2", "3")
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert world.slack.refusals == []


async def test_an_order_of_a_subscription_that_is_gone_is_repeated_with_an_empty_form(world: World) -> None:
    """Nobody typed its id: nothing is said about it."""
    alice = world.person("alice")
    await world.order(alice, acme_webinar=3)
    await world.settle()
    await change(world, Subscription, "acme_webinar", active=False)
    await alice.press("cart.repeat")
    cart = await alice.wait_for_modal("cart.save")
    assert "acme_webinar" not in cart.text
    assert cart.value("seats:acme_meeting") in (None, "")
