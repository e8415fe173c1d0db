"""Checkout: skipped if everything is known, and with fields only for what is asked (R10)."""

from typing import Any

from models.account import Account
from models.checkout import Checkout
from models.payment_method import PaymentMethod
from models.quote import Quote
from models.service_order import ServiceOrder
from sandbox.driver import Modal
from tests.handlers.carts import follow_steps
from tests.handlers.db_snapshot import change
from tests.handlers.steps import import_account, import_quote, open_modal
from tests.world import World, choose


def list_fields(form: Modal) -> list[str]:
    return [block["block_id"] for block in form.blocks if block["type"] == "input"]


KNOWN = ["administrator", "payment_method", "po_number"]


async def test_r10_with_everything_known_the_quote_leads_to_the_order_which_is_stored_before_it_is_placed(
    world: World,
) -> None:
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await follow_steps(alice, ("", "service_order.place"))
    assert alice.modal
    for words in ("Hugo Petit", "Visa •••• 4242", "1 rue de la Paix", "will be charged €57.64"):
        assert words in alice.modal.text
    stored = await world.load_row(Checkout)
    assert (stored.is_saved, stored.form_values["payment_method"]) == (True, "pm_acme")
    assert (await world.load_row(Quote)).status == "pending"
    await follow_steps(
        alice, ("quote.open", "quote.review"), ("", "service_order.place"), ("", "service_order.show")
    )
    assert (await world.load_row(ServiceOrder)).payment_method_id == "pm_acme"


async def test_r26_what_the_screen_shows_is_placed_though_another_card_has_become_the_default(
    world: World,
) -> None:
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5)
    await change(world, PaymentMethod, "pm_acme", is_default=False)
    await change(world, PaymentMethod, "pm_acme_2", is_default=True)
    await placement.submit()
    assert (await world.load_row(ServiceOrder)).payment_method_id == "pm_acme"


async def test_r10_the_order_is_checked_again_when_it_is_placed(world: World) -> None:
    """The card of the screen has gone; the account now asks for a purchase-order number."""
    changes: tuple[tuple[str, str, Any, str, dict[str, bool]], ...] = (
        ("alice", "pm_acme_2", PaymentMethod, "pm_acme_2", {"active": False}),
        ("dora", "pm_good_1", Account, "declined", {"po_number_required": True}),
    )
    for name, method, table, key, values in changes:
        person = world.get_person(name)
        await open_modal(person, "/add-seats", "meeting 1", "cart.save")
        await follow_steps(
            person, ("", "quote.review"), ("", "service_order.place"), ("checkout.edit", "checkout.save")
        )
        person.fill("payment_method", method)
        await follow_steps(person, ("", "service_order.place"))
        await change(world, table, key, **values)
        await follow_steps(person, ("", "refusal.show"), ("checkout.edit", "checkout.save"))
    assert await world.load_rows(ServiceOrder) == []


async def test_r10_checkout_asks_for_unknown_details(world: World) -> None:
    """A purchase-order number that the account wants with every order; an address that was changed and not
    saved; an administrator, if there is none."""
    alice = world.get_person("alice")
    await change(world, Account, "acme", po_number_required=True)
    await world.save_cart(alice, acme_meeting=1)
    await follow_steps(alice, ("", "checkout.save"))
    await change(world, Account, "acme", po_number_required=False)
    (await world.open_address(alice)).fill("line1", "8 rue Neuve")
    await follow_steps(
        alice, ("checkout.back", "quote.review"), ("", "checkout.save"), ("", "service_order.place")
    )
    assert alice.modal
    assert "8 rue Neuve" in alice.modal.text
    await follow_steps(alice, ("", "service_order.show"))
    await world.settle()
    await alice.close_modal(everything=True)
    await import_account(world, "acme", administrators=[])
    await world.save_cart(alice, acme_webinar=1)
    await follow_steps(alice, ("", "checkout.save"))
    assert list_fields(alice.modal) == [
        "administrator",
        "admin_name",
        "admin_email",
        "payment_method",
        "po_number",
    ]


async def test_r8_approving_leads_to_the_order_and_decides_nothing(world: World) -> None:
    alice = world.get_person("alice")
    await import_quote(world)
    await open_modal(alice, "/quotes", "", "quote.list")
    await follow_steps(alice, ("quote.approve", "service_order.place"))
    assert (await world.load_row(Quote)).status == "pending"


async def test_fields_of_the_chosen_options_appear_and_keep_their_input(world: World) -> None:
    alice = world.get_person("alice")
    form = await world.reach_checkout(alice, acme_meeting=1)
    assert list_fields(form) == KNOWN
    form.fill("po_number", "PO-7")
    form = await world.choose_new_administrator(alice)
    assert list_fields(form) == ["administrator", "admin_name", "admin_email", "payment_method", "po_number"]
    assert form.get_value("po_number") == "PO-7"
    form.fill("admin_name", "Zoé Neuve")
    form = await choose(alice, "checkout.choose_administrator", "1")
    assert list_fields(form) == KNOWN
    form = await world.choose_new_administrator(alice)
    assert (form.get_value("admin_name"), form.get_value("po_number")) == ("Zoé Neuve", "PO-7")
    assert world.slack.refusals == []


async def test_address_fields_follow_the_country_and_others_are_dropped(
    world: World,
) -> None:
    alice = world.get_person("alice")
    await world.reach_checkout(alice, acme_meeting=1)
    form = await world.choose_country(alice, "US")
    assert list_fields(form)[3:] == ["country", "line1", "line2", "city", "state", "postal_code"]
    assert form.get_value("line1") == "1 rue de la Paix"
    form.fill("line1", "1 Main St").fill("state", "ME")
    assert (await form.fill("state", "").submit()).errors == {"state": "Fill in this field."}
    form.fill("state", "ME")
    form = await choose(alice, "checkout.choose_country", "FR")
    assert list_fields(form)[3:] == ["country", "line1", "line2", "postal_code", "city"]
    assert form.get_value("line1") == "1 Main St"
    await follow_steps(alice, ("", "service_order.place"))
    address = (await world.load_row(Checkout)).form_values
    assert (address["country"], address["state"], address["line1"]) == ("FR", "", "1 Main St")


async def test_a_form_submitted_before_its_fields_appeared_asks_for_them(world: World) -> None:
    alice = world.get_person("alice")
    form = await world.reach_checkout(alice, acme_meeting=1)
    form.fill("administrator", "new")
    await form.submit()
    form = await alice.wait_for_modal("checkout.save")
    assert list_fields(form)[:3] == ["administrator", "admin_name", "admin_email"]
    assert "Fill in this field." in form.text
    form.fill("admin_name", "Zoé Neuve").fill("admin_email", "zoe@acme.example")
    await follow_steps(alice, ("", "service_order.place"))
