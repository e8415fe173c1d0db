"""From the cart to the service order and back, or after a crash: nothing typed is lost (R10)."""

from typing import Any

import pytest

from models.checkout import Checkout
from models.quote import Quote
from models.service_order import ServiceOrder
from tests.handlers.carts import MEETING, WEBINAR, follow_steps, list_pending_quotes, load_cart_seats
from tests.handlers.steps import import_quote, open_modal, wait_for_modal_text
from tests.world import World


async def test_back_at_every_step_keeps_what_was_typed(world: World) -> None:
    """R10: from the placement to the cart, and forward again without typing anything twice."""
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=5, acme_webinar=2)
    await world.open_address(alice)
    checkout = await world.choose_new_administrator(alice)
    checkout.fill("admin_name", "Zoé Neuve")
    checkout.fill("admin_email", "zoe@acme.example").fill("payment_method", "pm_acme_2")
    checkout.fill("line1", "8 rue Neuve").fill("line2", "Bâtiment B")
    await follow_steps(alice, ("", "service_order.place"), ("checkout.edit", "checkout.save"))

    async def typed() -> list[Any]:
        form = await world.open_address(alice)
        parts = ("administrator", "admin_name", "admin_email", "payment_method", "line1", "line2", "city")
        return [form.get_value(part) for part in parts]

    kept = ["new", "Zoé Neuve", "zoe@acme.example", "pm_acme_2", "8 rue Neuve", "Bâtiment B", "Paris"]
    assert await typed() == kept
    await follow_steps(alice, ("checkout.back", "quote.review"), ("cart.edit", "cart.save"))
    assert alice.modal
    assert (alice.modal.get_value(MEETING), alice.modal.get_value(WEBINAR)) == ("5", "2")
    await follow_steps(alice, ("", "quote.review"), ("", "checkout.save"))
    assert await typed() == kept
    await follow_steps(alice, ("", "service_order.place"))
    assert len(await world.load_rows(Quote)) == 1, "nothing changed, so it is the same quote"


async def test_r10_back_from_the_checkout_keeps_even_invalid_input(world: World) -> None:
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=5)
    await world.open_address(alice)
    checkout = await world.choose_new_administrator(alice)
    checkout.fill("admin_email", "no address").fill("city", "")
    await follow_steps(alice, ("checkout.back", "quote.review"), ("", "checkout.save"))
    assert alice.modal
    assert alice.modal.get_value("admin_email") == "no address"
    assert alice.modal.get_value("city") in (None, "")
    assert not (await world.load_row(Checkout)).is_saved
    reply = await alice.submit()
    assert sorted(reply.errors) == ["admin_email", "admin_name", "city"]


async def test_checkout_input_survives_a_change_of_the_cart(world: World) -> None:
    """R10: back to the cart and on with other numbers is another quote, not another form to fill in."""
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=5)
    checkout = await world.choose_new_administrator(alice)
    checkout.fill("admin_name", "Zoé Neuve").fill("payment_method", "pm_acme_2")
    await follow_steps(alice, ("checkout.back", "quote.review"), ("cart.edit", "cart.save"))
    assert alice.modal
    alice.modal.fill(MEETING, 6)
    await follow_steps(alice, ("", "quote.review"), ("", "checkout.save"))
    form = alice.modal
    typed = [form.get_value(part) for part in ("administrator", "admin_name", "payment_method")]
    assert typed == ["new", "Zoé Neuve", "pm_acme_2"]
    assert await list_pending_quotes(world) == ["SQ-1002"]
    assert not any(c.is_saved for c in await world.load_rows(Checkout)), "nothing of it has been checked"


async def test_back_from_the_cart_keeps_numbers_not_saved_yet(world: World) -> None:
    """R10: to the account, if there is no warning and no choice; going forward shows them again."""
    alice = world.get_person("alice")
    form = await world.fill_cart(alice)
    form.fill(MEETING, 6)
    await follow_steps(alice, ("cart.back", "account.overview"), ("cart.open", "cart.save"))
    assert alice.modal
    assert alice.modal.get_value(MEETING) == "6"
    assert await world.load_rows(Quote) == []


async def test_back_from_a_cart_with_a_wrong_number_says_so_and_keeps_it_on_the_screen(world: World) -> None:
    """R10: what is no number cannot be stored in a cart, and is not thrown away either."""
    alice = world.get_person("alice")
    form = await world.fill_cart(alice, acme_meeting="lots", acme_webinar=2)
    await form.press("cart.back")
    form = await wait_for_modal_text(alice, "“lots” isn’t a number of seats.")
    assert form.callback_id == "cart.save"
    assert (form.get_value(MEETING), form.get_value(WEBINAR)) == ("lots", "2")
    assert await load_cart_seats(world) == {}
    form.fill(MEETING, 3)
    await follow_steps(alice, ("", "quote.review"))
    assert await load_cart_seats(world) == {"acme_meeting": 3, "acme_webinar": 2}
    assert world.slack.refusals == []


async def test_r10_managing_payment_methods_and_coming_back_keeps_the_checkout(world: World) -> None:
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=5)
    (await world.open_address(alice)).fill("line1", "8 rue Neuve")
    await follow_steps(
        alice, ("account.manage_methods", "account.portal"), ("account.switch_portal", "account.portal")
    )
    await wait_for_modal_text(alice, "The link to the payment methods is just for you")
    await follow_steps(alice, ("checkout.edit", "checkout.save"))
    assert (await world.open_address(alice)).get_value("line1") == "8 rue Neuve"


async def test_r6_back_from_the_warning_and_its_screens_leads_to_the_previous_screen(world: World) -> None:
    await import_quote(world)
    alice = world.get_person("alice")
    await open_modal(alice, "/add-seats", "webinar 3", "cart.warning")
    await follow_steps(
        alice,
        ("quote.open", "quote.review"),
        ("cart.warn", "cart.warning"),
        ("quote.reject", "quote.reject"),
        ("quote.open", "quote.review"),
        ("cart.warn", "cart.warning"),
        ("quote.approve", "service_order.place"),
        ("checkout.edit", "checkout.save"),
        ("checkout.back", "quote.review"),
        ("cart.warn", "cart.warning"),
        ("cart.continue", "cart.save"),
    )
    assert alice.modal
    assert alice.modal.get_value(WEBINAR) == "3", "the words after the command are still there"
    await follow_steps(alice, ("cart.back", "cart.warning"), ("cart.continue", "cart.save"))
    assert alice.modal.get_value(WEBINAR) == "3"


@pytest.mark.parametrize("step", ["quote.review", "checkout.save", "service_order.place"])
async def test_an_order_continues_where_it_was_after_a_crash(world: World, step: str) -> None:
    """R10: the modal is gone; `/add-seats` has the cart, and its quote to go on with."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    if step != "quote.review":
        await follow_steps(alice, ("", "service_order.place"))
        (await world.open_address(alice)).fill("line1", "8 rue Neuve")
    if step == "service_order.place":
        await follow_steps(alice, ("", "service_order.place"))
    alice.client.stack.clear()

    form = await open_modal(alice, "/add-seats", "", "cart.save")
    assert form.get_value(MEETING) == "5"
    assert "SQ-1001" in form.text
    assert await list_pending_quotes(world) == ["SQ-1001"]
    await follow_steps(alice, ("cart.go_on", "quote.review"), ("", "service_order.place"))
    assert alice.modal
    kept = "8 rue Neuve" if step == "service_order.place" else "1 rue de la Paix"
    assert kept in alice.modal.text
    await follow_steps(alice, ("", "service_order.show"))
    assert (await world.load_row(ServiceOrder)).quote_id == (await world.load_row(Quote)).key


async def test_numbers_typed_before_continuing_with_ones_own_quote_are_kept(world: World) -> None:
    """R10: they are in the cart when one comes back to it; the quote is what it was."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    form = await open_modal(alice, "/add-seats", "", "cart.save")
    form.fill(WEBINAR, 2)
    await follow_steps(alice, ("cart.go_on", "quote.review"))
    assert alice.modal
    assert "Webinar" not in alice.modal.text
    await follow_steps(alice, ("cart.edit", "cart.save"))
    assert (alice.modal.get_value(MEETING), alice.modal.get_value(WEBINAR)) == ("5", "2")
