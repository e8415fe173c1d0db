"""A modal that shows an invoice follows it while it is open, but not once it shows something else."""

from bot.billing.gateway import BillingUnavailable
from bot.use_cases.account_change import record_account_change
from bot.use_cases.order_screen import MAX_ATTEMPTS
from models.account.billing_contact import BillingContact
from models.invoice import Invoice
from models.service_order.order_screen import OrderScreen
from sandbox.driver import Modal, Person
from tests.handlers.all_screens import NEUTRAL_REFUSAL, NOT_A_CONTACT
from tests.handlers.db_snapshot import change, get_answer, show_button
from tests.handlers.service_order.invoices import (
    PartlyPaidGateway,
    place_invoiced_order,
    prepare_invoiced_account,
)
from tests.handlers.steps import (
    find_newest_message,
    get_contact,
    install_hooked_gateway,
    make_failing_hook,
)
from tests.world import World


async def open_invoice_screen(person: Person) -> Modal:
    """By the button of the message that announced it."""
    await person.close_modal(everything=True) if person.modal else None
    await person.press_in(find_newest_message(person.dms, "Subtotal"), "invoice.open")
    return await person.wait_for_modal("invoice.open")


def list_link_labels(person: Person) -> list[str]:
    assert person.modal is not None
    elements = [e for block in person.modal.blocks for e in block.get("elements", [])]
    return [e["text"]["text"] for e in elements if e.get("action_id") == "invoice.pay"]


def read_screen(person: Person) -> str:
    assert person.modal is not None
    return person.modal.text


async def test_the_invoice_screen_says_what_is_left_to_pay_until_it_is_paid(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_late_7200")
    await place_invoiced_order(world, carla, sub_late_7200=2)
    await open_invoice_screen(carla)
    await world.settle()
    number = (await world.load_row(Invoice)).number
    assert f"Invoice {number} for €22.86 is due on Nov 10, 2026." in read_screen(carla)
    gateway = world.dependencies.billing
    world.dependencies.billing = PartlyPaidGateway(gateway)
    await world.pass_time(minutes=70)
    assert f"Invoice {number} for €5.00 is due on Nov 10, 2026." in read_screen(carla)
    await world.pass_time(hours=1)
    assert f"Invoice {number} for €5.00 is overdue: it was due on Nov 10, 2026." in read_screen(carla)
    assert list_link_labels(carla) == ["Pay invoice"]
    world.dependencies.billing = gateway
    await world.pass_time(hours=5)
    assert f"Invoice {number} for €22.86 is paid." in read_screen(carla)
    assert "please don’t share it" not in read_screen(carla)
    assert list_link_labels(carla) == ["View invoice"]
    assert await world.load_rows(OrderScreen) == []
    assert world.slack.refusals == []


async def test_a_cancelled_invoice_can_no_longer_be_paid_on_its_screen(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_void_600")
    await place_invoiced_order(world, carla, sub_void_600=2)
    await open_invoice_screen(carla)
    await world.pass_time(minutes=11)
    assert "was cancelled: there’s nothing to pay." in read_screen(carla)
    assert "Pay invoice" not in list_link_labels(carla)
    assert await world.load_rows(OrderScreen) == []


async def test_an_invoice_screen_that_has_moved_on_or_is_closed_is_left_alone(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_600")
    await place_invoiced_order(world, carla, sub_paid_600=1)
    phone = world.get_person("carla", client="phone")
    await open_invoice_screen(carla)
    await open_invoice_screen(phone)
    await carla.press("account.overview")
    await carla.wait_for_modal("account.overview")
    await phone.close_modal(everything=True)
    await world.pass_time(minutes=11)
    assert carla.modal is not None
    assert carla.modal.callback_id == "account.overview"
    assert phone.modal is None
    assert await world.load_rows(OrderScreen) == []
    assert world.slack.refusals == []


async def test_an_invoice_screen_is_updated_later_if_the_provider_is_unavailable(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_600")
    await place_invoiced_order(world, carla, sub_paid_600=1)
    await open_invoice_screen(carla)
    await world.pass_time(seconds=5)
    gateway = install_hooked_gateway(world)
    gateway.before["receipt_page"] = make_failing_hook(BillingUnavailable())
    await world.pass_time(minutes=11)
    assert (await world.load_row(Invoice)).status == "paid"
    for _ in range(MAX_ATTEMPTS):
        await world.pass_time(minutes=1)
    assert "is due on" in read_screen(carla)
    gateway.before.clear()
    await world.pass_time(minutes=1)
    assert "is paid." in read_screen(carla)
    assert await world.load_rows(OrderScreen) == []


async def test_an_invoice_screen_asks_the_provider_only_if_the_invoice_has_changed(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_late_7200")
    await place_invoiced_order(world, carla, sub_late_7200=1)
    await open_invoice_screen(carla)
    await change_account(world)  # Then the screen of the order, which is closed, is followed no more.
    gateway = install_hooked_gateway(world)
    await change_account(world)
    assert (await world.load_row(OrderScreen)).invoice_id is not None
    assert "receipt_page" not in gateway.calls


async def change_account(world: World) -> None:
    async with world.dependencies.write() as session:
        await record_account_change(session, "customer")
    await world.pass_time(seconds=5)


async def test_an_old_button_shows_the_invoice_as_it_is_now_and_to_its_contacts_only(world: World) -> None:
    """R1, R5, R20: pressed again once it is paid, by somebody else, and after the role was withdrawn."""
    carla = await prepare_invoiced_account(world, "sub_paid_600")
    await place_invoiced_order(world, carla, sub_paid_600=1)
    await world.pass_time(minutes=11)
    invoice = await world.load_row(Invoice)
    said = await press_open_invoice(world, carla, invoice)
    assert f"Invoice {invoice.number} for €11.44 is paid." in said
    assert list_link_labels(carla) == ["View invoice"]
    assert await world.load_rows(OrderScreen) == [], "nothing can change any more"
    refused = {"dora": "We can’t find that invoice.", "nobody": NOT_A_CONTACT, "guest": NEUTRAL_REFUSAL}
    for name, words in refused.items():
        said = await press_open_invoice(world, world.get_person(name), invoice)
        assert words in said, name
        assert invoice.number not in said, name
    contact = await get_contact(world, "carla@acme.example")
    values = {"active": False, "withdrawn_at": world.clock.at, "withdrawn_by": "Ida Frei"}
    await change(world, BillingContact, contact.key, **values)
    assert "Ida Frei removed you" in await press_open_invoice(world, carla, invoice)


async def press_open_invoice(world: World, person: Person, invoice: Invoice) -> str:
    await show_button(person, "invoice.open", str(invoice.key), "{}").press("invoice.open")
    return await get_answer(world, person, len(person.ephemerals))


async def test_a_former_contact_no_longer_sees_the_invoice(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_600")
    await place_invoiced_order(world, carla, sub_paid_600=1)
    await open_invoice_screen(carla)
    await world.pass_time(seconds=5)
    contact = await get_contact(world, "carla@acme.example")
    await change(world, BillingContact, contact.key, active=False)
    await world.pass_time(minutes=11)
    assert "is due on" in read_screen(carla)
    assert await world.load_rows(OrderScreen) == []
