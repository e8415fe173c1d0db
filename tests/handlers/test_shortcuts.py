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
    alice = world.get_person("alice")
    for words, meeting, webinar in (
        ("webinar 5 meeting 2", "2", "5"),
        ("3 meeting, 4 webinar", "3", "4"),
        ("webinar 6, and meeting 7", "7", "6"),
        ("5 seats of webinar and 2 of meeting please", "2", "5"),
        ("webinar 5 postes, meeting 2 postes", "2", "5"),
    ):
        await alice.command("/add-seats", words)
        cart = await alice.wait_for_modal("cart.save")
        assert (cart.get_value("seats:acme_meeting"), cart.get_value("seats:acme_webinar")) == (
            meeting,
            webinar,
        ), words
        await alice.close_modal()


async def test_a_product_named_twice_with_numbers_is_left_open_and_the_rest_filled_in(world: World) -> None:
    alice = world.get_person("alice")
    for words, numbers in (
        ("webinar 5 meeting 2 webinar 3", "5 and 3"),
        ("5 webinar, 5 webinar, 2 meeting", "5 and 5"),
    ):
        await alice.command("/add-seats", words)
        cart = await alice.wait_for_modal("cart.save")
        assert (cart.get_value("seats:acme_meeting"), cart.get_value("seats:acme_webinar")) == ("2", None), (
            words
        )
        assert f"You named GoTo Webinar more than once, with {numbers} seats." in cart.text
        await alice.close_modal()


NOT_GIVEN = "You named GoTo {} without a number of seats."
NO_NUMBER = "“{}” isn’t a number of seats of GoTo {}."
NOT_GIVEN_IN_FRENCH = "Vous avez cité GoTo {} sans nombre de postes."
NO_NUMBER_IN_FRENCH = "«\u00a0{}\u00a0» n’est pas un nombre de postes de GoTo {}."
RESCUE = "Rescue is sold by contract only."


async def test_what_is_understood_is_filled_in_and_the_rest_named(world: World) -> None:
    alice, words = world.get_person("alice"), dict[str, tuple[str | None, str | None, list[str]]]()
    words["webinar five meeting 2"] = "2", None, [NO_NUMBER.format("five", "Webinar")]
    words["five webinar, 2 meeting"] = "2", None, [NO_NUMBER.format("five", "Webinar")]
    words["webinar many many seats and meeting 2 seats"] = "2", None, ["“many many” isn’t a number of seats"]
    words["webinar meeting 2"] = "2", None, [NOT_GIVEN.format("Webinar")]
    words["webinar, 2 meeting"] = "2", None, [NOT_GIVEN.format("Webinar")]
    words["webinar, 5, meeting, 2"] = "2", "5", []
    words["2 webinar meeting"] = None, "2", [NOT_GIVEN.format("Meeting")]
    words["meeting 2 rescue"] = "2", None, [RESCUE]
    words["rescue meeting 2"] = "2", None, [RESCUE]
    words["webinar 5 meeting"] = None, "5", [NOT_GIVEN.format("Meeting")]
    words["webinar 5 training"] = None, "5", ["You don’t have a subscription to “training” here."]
    words["nonsense webinar 5 meeting 2"] = "2", "5", ["You don’t have a subscription to “nonsense” here."]
    words["2 webinar meeting 3"] = "3", None, ["Which product is “2” for?", NOT_GIVEN.format("Webinar")]
    words["webinar five"] = None, None, [NO_NUMBER.format("five", "Webinar")]
    words["webinar"] = None, None, []
    await check_filled_in(alice, words)
    world.slack.set_user("U01ALICE", locale="fr-FR")
    world.clock.move(hours=2)
    words.clear()
    words["webinar cinq meeting 2"] = "2", None, [NO_NUMBER_IN_FRENCH.format("cinq", "Webinar")]
    words["webinar et 2 meeting"] = "2", None, [NOT_GIVEN_IN_FRENCH.format("Webinar")]
    words["webinar 5 postes et meeting"] = None, "5", [NOT_GIVEN_IN_FRENCH.format("Meeting")]
    await check_filled_in(alice, words)


async def check_filled_in(person: Person, words: dict[str, tuple[str | None, str | None, list[str]]]) -> None:
    for typed, (meeting, webinar, named) in words.items():
        cart = await open_modal(person, "/add-seats", typed, "cart.save")
        filled_in = cart.get_value("seats:acme_meeting"), cart.get_value("seats:acme_webinar")
        assert filled_in == (meeting, webinar), typed
        assert [sentence for sentence in named if sentence not in cart.text] == [], (typed, cart.text)
        if not named:
            assert "number of seats of" not in cart.text


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_the_shortcut_opens_the_cart_and_a_guest_is_refused_in_a_modal(transport: Transport) -> None:
    async with open_world(transport=transport) as world:
        alice = world.get_person("alice")
        reply = await alice.shortcut("cart.add_seats")
        assert reply.ok
        await alice.wait_for_modal("cart.save")
        assert (await alice.shortcut("of.another_version")).ok
        guest = world.get_person("guest")
        await guest.shortcut("cart.add_seats")
        await guest.wait_for_modal("refusal.show")
        assert world.slack.refusals == []


async def test_a_completed_order_is_ordered_again_from_its_screen(world: World) -> None:
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=2, acme_webinar=3)
    await world.settle()
    await alice.press("cart.repeat")
    cart = await alice.wait_for_modal("cart.save")
    assert (cart.get_value("seats:acme_meeting"), cart.get_value("seats:acme_webinar")) == ("2", "3")
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert world.slack.refusals == []


class WithoutWebinar(HookedGateway):
    """A provider at which that subscription has ended."""

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        states = await super().list_subscriptions(account_id)
        return [state for state in states if state.id != "acme_webinar"]


async def test_ordering_again_says_what_is_left_out_and_what_was_in_the_cart(world: World) -> None:
    """Also behind the warning about pending quotes."""
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=2, acme_webinar=3)
    await world.settle()
    provider, world.dependencies.billing = (
        world.dependencies.billing,
        WithoutWebinar(world.dependencies.billing),
    )
    cart = await _order_again(alice)
    assert cart.get_value("seats:acme_meeting") == "2"
    assert "These are the seats from service order SO-1001." in cart.text
    assert "GoTo Webinar, 3 seats: not filled in. Your subscription to GoTo Webinar has ended" in cart.text
    assert "in your cart" not in cart.text

    world.dependencies.billing = provider
    await change(world, Cart, 1, seats={"acme_meeting": 5, "acme_webinar": 3})
    cart = await _order_again(alice)
    assert "These numbers replace the ones that were in your cart: 5 × GoTo Meeting." in cart.text
    assert "Still in your cart" not in cart.text

    await world.place_order(alice, acme_meeting=1, acme_webinar="")
    await world.settle()
    await import_quote(world)
    await change(world, Product, "goto-meeting", additional_seats=False)
    await change(world, Cart, 1, seats={"acme_webinar": 4})
    await open_modal(alice, "/service-orders", "SO-1002", "service_order.show")
    await follow_steps(alice, ("cart.repeat", "cart.warning"), ("cart.continue", "cart.save"))
    assert alice.modal
    assert alice.modal.get_value("seats:acme_webinar") == "4"
    for words in (
        "Nothing from service order SO-1002 can be ordered again.",
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
