"""Shorter ways to a cart: several products in one command, and a shortcut (R10)."""

import pytest

from bot.billing.gateway import SubscriptionState
from models.cart import Cart
from models.product import Product
from sandbox.driver import Modal, Person
from tests.handlers.carts import follow_steps
from tests.handlers.db_snapshot import change
from tests.handlers.steps import HookedGateway, import_quote, open_modal
from tests.variants import Transport
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


async def test_a_product_named_twice_with_numbers_is_left_open_and_the_rest_filled_in(world: World) -> None:
    alice = world.person("alice")
    for words, numbers in (
        ("webinar 5 meeting 2 webinar 3", "5 and 3"),
        ("5 webinar, 5 webinar, 2 meeting", "5 and 5"),
    ):
        await alice.command("/add-seats", words)
        cart = await alice.wait_for_modal("cart.save")
        assert (cart.value("seats:acme_meeting"), cart.value("seats:acme_webinar")) == ("2", None), words
        assert f"You named GoTo Webinar more than once, with {numbers} seats." in cart.text
        await alice.close_modal()


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_the_shortcut_opens_the_cart_and_a_guest_is_refused_in_a_modal(transport: Transport) -> None:
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


class WithoutWebinar(HookedGateway):
    """A provider at which that subscription has ended."""

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        states = await super().list_subscriptions(account_id)
        return [state for state in states if state.id != "acme_webinar"]


async def test_what_is_ordered_again_says_what_is_left_out_and_what_was_in_the_cart(world: World) -> None:
    """Also behind the warning about pending quotes."""
    alice = world.person("alice")
    await world.order(alice, acme_meeting=2, acme_webinar=3)
    await world.settle()
    provider, world.dependencies.billing = (
        world.dependencies.billing,
        WithoutWebinar(world.dependencies.billing),
    )
    cart = await _order_again(alice)
    assert cart.value("seats:acme_meeting") == "2"
    assert "These are the seats of service order SO-1001." in cart.text
    assert "GoTo Webinar, 3 seats: not filled in. Your subscription to GoTo Webinar has ended" in cart.text
    assert "in your cart" not in cart.text

    world.dependencies.billing = provider
    await change(world, Cart, 1, seats={"acme_meeting": 5, "acme_webinar": 3})
    cart = await _order_again(alice)
    assert "These numbers replace the ones that were in your cart: 5 × GoTo Meeting." in cart.text
    assert "Still in your cart" not in cart.text

    await world.order(alice, acme_meeting=1, acme_webinar="")
    await world.settle()
    await import_quote(world)
    await change(world, Product, "goto-meeting", additional_seats=False)
    await change(world, Cart, 1, seats={"acme_webinar": 4})
    await open_modal(alice, "/service-orders", "SO-1002", "service_order.show")
    await follow_steps(alice, ("cart.repeat", "cart.warning"), ("cart.continue", "cart.save"))
    assert alice.modal
    assert alice.modal.value("seats:acme_webinar") == "4"
    for words in (
        "Nothing of service order SO-1002 can be ordered again.",
        "GoTo Meeting, 1 seat: not filled in. You can’t order additional seats of GoTo Meeting here.",
        "Still in your cart from before: 4 × GoTo Webinar.",
    ):
        assert words in alice.modal.text
    assert world.slack.refusals == []


async def _order_again(person: Person) -> Modal:
    await open_modal(person, "/service-orders", "SO-1001", "service_order.show")
    await person.press("cart.repeat")
    cart = await person.wait_for_modal("cart.save")
    await person.close_modal(everything=True)
    return cart
