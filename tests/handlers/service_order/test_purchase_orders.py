"""The customer's own purchase-order number, from checkout to the receipt (R28)."""

from models.account import Account
from models.audit.entry import AuditEntry
from models.checkout import Checkout
from models.receipt import Receipt
from models.service_order import ServiceOrder
from sandbox.driver import Person
from tests.handlers.db_snapshot import change
from tests.handlers.steps import find_newest_message, open_modal
from tests.handlers.test_receipts import extract_pdf_text
from tests.world import World

NUMBER = "PO-4711/b"


async def place_with_number(world: World, person: Person, number: str, **seats: int) -> None:
    await world.save_cart(person, **seats)
    await person.submit()
    form = await world.open_checkout(person)
    form.fill("po_number", number)
    await person.submit()
    await person.wait_for_modal("service_order.place")
    await person.submit()
    await world.settle()


async def test_r28_a_purchase_order_number_follows_its_order_everywhere(world: World) -> None:
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await alice.submit()
    form = await world.open_checkout(alice)
    form.fill("po_number", f"  {NUMBER} ")
    await alice.submit()
    assert NUMBER in (await alice.wait_for_modal("service_order.place")).text
    await alice.submit()
    await world.settle()
    assert (
        (await world.load_row(ServiceOrder)).po_number == (await world.load_row(Receipt)).po_number == NUMBER
    )
    assert NUMBER in (await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")).text
    assert find_newest_message(world.list_messages("C01BILLING"), f"Bon de commande\u00a0: {NUMBER}")
    [mail] = world.slack.mail.messages
    assert f"Purchase order: {NUMBER}" in mail.text
    assert NUMBER in mail.html
    assert NUMBER in extract_pdf_text(mail.attachments[0].content)
    entries = await world.load_rows(AuditEntry, action="placed")
    assert [entry.details["po_number"] for entry in entries] == [NUMBER]


async def test_r28_an_account_can_require_a_purchase_order_number(world: World) -> None:
    await change(world, Account, "acme", po_number_required=True)
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await alice.submit()
    await alice.wait_for_modal("checkout.save")
    reply = await alice.submit()
    assert reply.errors == {"po_number": "Your account needs a purchase-order number with every order."}
    form = await alice.wait_for_modal("checkout.save")
    form.fill("po_number", "N" * 51)
    assert "po_number" in (await alice.submit()).errors
    form.fill("po_number", "4242  4242\N{NO-BREAK SPACE}4242 4242")
    assert "looks like a card number" in (await alice.submit()).errors["po_number"]
    await alice.press("checkout.back")
    await alice.wait_for_modal("quote.review")
    assert "4242" not in str([row.form_values for row in await world.load_rows(Checkout)]), "R23"
    await alice.submit()
    form = await world.open_checkout(alice)
    form.fill("po_number", "PO4242424242424242")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")


async def test_r28_orders_are_found_by_the_purchase_order_number_as_typed(world: World) -> None:
    """An order's own number wins; several orders with the same number are listed."""
    alice = world.get_person("alice")
    await place_with_number(world, alice, NUMBER, acme_meeting=5)
    found = await open_modal(alice, "/service-orders", NUMBER.lower(), "service_order.show")
    assert "SO-1001" in found.text
    await alice.close_modal(everything=True)
    await place_with_number(world, alice, NUMBER, acme_webinar=1)
    listed = await open_modal(alice, "/service-orders", NUMBER, "service_order.list")
    assert f"purchase-order number {NUMBER}" in listed.text.replace("*", "")
    assert "SO-1001" in listed.text
    assert "SO-1002" in listed.text
    await alice.close_modal(everything=True)
    await place_with_number(world, alice, "SO-1001", acme_meeting=1)
    own = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert "Service order SO-1001" in own.text
