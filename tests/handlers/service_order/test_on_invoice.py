"""Orders of subscriptions that are paid by invoice, with the embedded provider (R3, R18, R25)."""

import io

import pytest
from pypdf import PdfReader
from structlog.testing import capture_logs

from bot.billing.gateway import Charge, ChargeOutcome, Settled
from bot.permissions import SlackIdentity
from bot.use_cases.invoice.follow import follow_due_invoices
from bot.use_cases.invoice.read import open_invoice
from bot.use_cases.slack_user import refresh_slack_user
from models.account.billing_contact import BillingContact
from models.audit.entry import AuditEntry
from models.invoice import Invoice, InvoiceNotFound
from models.notice import Notice, NoticeKind, OrderMessage
from models.payment_method import PaymentMethod
from models.quote import Quote
from models.receipt import ChargedMethod, Receipt
from models.service_order import OrderStatus, ServiceOrder
from models.service_order.order_screen import OrderScreen
from sandbox.driver import Person
from tests.handlers.db_snapshot import change
from tests.handlers.service_order.invoices import (
    PartlyPaidGateway,
    place_invoiced_order,
    prepare_invoiced_account,
)
from tests.handlers.steps import (
    HookedGateway,
    find_messages,
    find_newest_message,
    list_buttons,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World


def list_words(world: World, person: Person) -> list[str]:
    messages = [*person.dms, *world.list_messages("C04CUSTOMER")]
    threads = [reply.text for message in messages for reply in message.thread]
    mails = [f"{mail.subject} {mail.text}" for mail in world.slack.mail.messages]
    return [*(message.text for message in messages), *threads, *mails]


async def test_from_the_command_to_the_paid_invoice(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_86400")
    checkout = await world.reach_checkout(carla, sub_paid_86400=2)
    assert "*Paid by invoice:* GoTo Meeting. You’ll get an invoice, due within 30 days." in checkout.text
    assert "payment_method" not in str(checkout.blocks)
    await carla.submit()
    placement = await carla.wait_for_modal("service_order.place")
    assert "will get an invoice for €22.86, due within 30 days" in placement.text
    assert "harged" not in placement.text
    await carla.submit()
    await carla.wait_for_modal("service_order.show")
    await world.settle()
    assert await world.load_rows(Invoice) == [], "a draft is nobody's invoice yet"
    assert await world.load_seats("sub_paid_86400") == (10, 10)
    await world.pass_time(seconds=15)

    order, invoice = await world.load_row(ServiceOrder), await world.load_row(Invoice)
    assert order.status is OrderStatus.COMPLETED
    assert await world.load_seats("sub_paid_86400") == (12, 12)
    assert (invoice.status, invoice.amount, invoice.currency) == ("due", 2286, "EUR")
    sent = find_newest_message(carla.dms, f"Invoice {invoice.number} for service order SO-1001")
    assert f"Invoice {invoice.number}: €22.86, due on Dec 10, 2026" in sent.text
    assert "invoice.open" in list_buttons(sent)
    [mail] = world.slack.mail.messages
    assert [file.name for file in mail.attachments] == [f"{invoice.number}.pdf", "SO-1001.pdf"]
    assert not any("22.86" in message.words for message in world.list_messages("C04CUSTOMER")), "R25"

    await carla.press_in(sent, "invoice.open")
    page = await carla.wait_for_modal("invoice.open")
    assert f"Invoice {invoice.number} for €22.86 is due on Dec 10, 2026." in page.text
    assert world.dependencies.settings.admin_portal_url in str(page.blocks)
    billing = await open_modal(carla, "/billing", "", "account.overview")
    assert f"Invoice {invoice.number} for €22.86 is due on Dec 10, 2026." in billing.text
    assert world.slack.refusals == []
    await carla.open_home()
    await world.settle()
    assert f"Invoice {invoice.number} for €22.86" in str(carla.home and carla.home.text)

    await world.pass_time(days=1)
    assert (await world.load_row(Invoice)).status == "paid"
    paid = find_newest_message(carla.dms, f"Invoice {invoice.number} for service order SO-1001 is paid")
    assert "invoice.open" not in list_buttons(paid)
    assert "invoice.open" not in list_buttons(sent), "nothing is left to pay"
    assert f"Invoice {invoice.number} for €22.86 is paid." in sent.text
    assert "due on" not in sent.text
    screen = await open_modal(carla, "/service-orders", "SO-1001", "service_order.show")
    assert f"Invoice {invoice.number} for €22.86 is paid." in screen.text
    assert "due on" not in screen.text
    assert await world.load_rows(OrderMessage) == []
    assert (await world.load_row(ServiceOrder)).model_dump() == order.model_dump(), "its status is its own"
    entries = [(e.from_status, e.to_status) for e in await world.load_rows(AuditEntry, action="invoice")]
    assert entries == [(None, "due"), ("due", "paid")]
    assert f"invoice {invoice.number} paid" in world.list_messages("C04CUSTOMER")[0].text
    billing = await open_modal(carla, "/billing", "", "account.overview")
    assert "Invoices to pay" not in billing.text
    assert [words for words in list_words(world, carla) if "harged" in words] == []
    assert await world.load_rows(PaymentMethod, account_id="customer", active=True) == []


async def test_an_overdue_invoice_is_announced_once_to_the_channel_and_the_contact(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_late_7200")
    await place_invoiced_order(world, carla, sub_late_7200=2)
    await world.pass_time(hours=2)
    invoice = await world.load_row(Invoice)
    assert invoice.status == "overdue"
    title = f"Invoice {invoice.number} for service order SO-1001 is overdue"
    for messages in (carla.dms, world.list_messages("C04CUSTOMER")):
        assert len(find_messages(messages, title)) == 1
    assert "€22.86" in find_newest_message(carla.dms, title).text
    assert "€22.86" not in find_newest_message(world.list_messages("C04CUSTOMER"), title).text
    await world.pass_time(minutes=30)
    assert len(await world.load_rows(Notice, kind=NoticeKind.INVOICE_OVERDUE)) == 2
    order = await open_modal(carla, "/service-orders", "SO-1001", "service_order.show")
    assert f"Invoice {invoice.number} for €22.86 is overdue: it was due on Nov 10, 2026." in order.text
    overdue = [
        find_newest_message(messages, title) for messages in (carla.dms, world.list_messages("C04CUSTOMER"))
    ]
    assert "invoice.open" in list_buttons(overdue[0])
    await world.pass_time(hours=2)
    assert (await world.load_row(Invoice)).status == "paid"
    title = f"{invoice.number} for service order SO-1001 is paid"
    assert find_newest_message(carla.dms, title) is not overdue[0]
    for message in overdue:
        assert title in message.text
        assert "overdue" not in message.text
        assert list_buttons(message) == ["service_order.open"]
    assert await world.load_rows(OrderMessage) == []


async def test_the_overdue_invoice_of_a_former_contact_is_announced_to_a_colleague(world: World) -> None:
    """R13: after it was announced, and before it was delivered."""
    contacts = [
        {"email": "carla@acme.example", "name": "Carla Kern", "slack_user": "U06CARLA"},
        {"email": "sue@acme.example", "name": "Sue Stone"},
    ]
    carla = await prepare_invoiced_account(world, "sub_unpaid_60", billing_contacts=contacts)
    sue = world.get_person("sue")
    await place_invoiced_order(world, carla, sub_unpaid_60=1)
    world.clock.move(minutes=5)
    await follow_due_invoices(world.dependencies)
    [notice] = [
        notice
        for notice in await world.load_rows(Notice, kind=NoticeKind.INVOICE_OVERDUE)
        if notice.parsed_destination.contact_id is not None
    ]
    await change(world, BillingContact, notice.parsed_destination.contact_id, active=False)
    await world.settle()
    assert "invoice.open" in list_buttons(find_newest_message(sue.dms, "is overdue"))
    assert find_messages(carla.dms, "is overdue") == []


async def test_an_invoice_that_is_never_paid_is_checked_less_and_less_often(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_unpaid_60")
    await place_invoiced_order(world, carla, sub_unpaid_60=1)
    await world.pass_time(days=10)
    invoice = await world.load_row(Invoice)
    assert invoice.status == "overdue"
    assert invoice.check_at is not None
    assert (invoice.check_at - world.clock.at).days >= 0
    assert (invoice.check_at - world.clock.at).total_seconds() > 80_000
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED
    assert await world.load_seats("sub_unpaid_60") == (11, 11)


async def test_a_cancelled_invoice_leaves_the_order_and_the_seats(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_void_600")
    await place_invoiced_order(world, carla, sub_void_600=2)
    await world.pass_time(minutes=11)
    invoice = await world.load_row(Invoice)
    assert (invoice.status, invoice.check_at) == ("void", None)
    assert find_newest_message(carla.dms, f"Invoice {invoice.number} for service order SO-1001 was cancelled")
    sent = find_newest_message(carla.dms, "Subtotal")
    assert f"Invoice {invoice.number} for €22.86 was cancelled: there’s nothing to pay." in sent.text
    screen = await open_modal(carla, "/service-orders", "SO-1001", "service_order.show")
    assert f"Invoice {invoice.number} for €22.86 was cancelled: there’s nothing to pay." in screen.text
    billing = await open_modal(carla, "/billing", "", "account.overview")
    assert "Ordered here" not in billing.text, "nothing was spent"
    assert "due on" not in screen.text
    assert "invoice.open" not in list_buttons(sent)
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED
    assert await follow_due_invoices(world.dependencies) == 0


async def test_an_order_by_card_and_on_invoice_pays_each_line_its_own_way(world: World) -> None:
    carla = await prepare_invoiced_account(
        world,
        "sub_paid_3600",
        payment_methods=[
            {"id": "pm_good", "brand": "visa", "last4": "4242", "expires": "2028-04", "default": True}
        ],
    )
    placement = await world.reach_placement(carla, customer_assist=1, sub_paid_3600=2)
    assert "will be charged €" in placement.text
    assert "and get an invoice for €22.86" in placement.text
    await carla.submit()
    await carla.wait_for_modal("service_order.show")
    await world.settle()
    await world.pass_time(seconds=15)
    receipt = await world.load_row(Receipt)
    [method] = receipt.charged_methods
    assert (method.last4, method.amount) == ("4242", receipt.total - 2286)
    assert [line.invoiced for line in receipt.receipt_lines if line.invoiced] == [2286]
    text = find_newest_message(carla.dms, "for service order SO-1001").text
    assert receipt.number == "R-1001", "the card payment needs a receipt"
    [mail] = world.slack.mail.messages
    assert "R-1001.pdf" in [file.name for file in mail.attachments]
    assert "Charged to Visa" in text
    assert "€22.86, due on Dec 10, 2026" in text
    [invoice] = await world.load_rows(Invoice)
    pdf = next(file.content for file in mail.attachments if file.name == "R-1001.pdf")
    printed = " ".join(PdfReader(io.BytesIO(pdf)).pages[0].extract_text().split())
    assert f"The seats on invoice {invoice.number} are listed here too. For them, the invoice is" in printed


async def test_screens_and_messages_say_what_is_left_to_pay_of_an_invoice(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_late_7200")
    await place_invoiced_order(world, carla, sub_late_7200=2)
    phone = world.get_person("carla", client="phone")
    await open_modal(phone, "/service-orders", "SO-1001", "service_order.show")
    sent = find_newest_message(carla.dms, "Subtotal")
    gateway = world.dependencies.billing
    world.dependencies.billing = PartlyPaidGateway(gateway)
    await world.pass_time(minutes=70)
    assert (await world.load_row(Invoice)).amount_remaining == 500
    number = (await world.load_row(Invoice)).number
    for shown in (carla.modal, phone.modal, sent):
        assert shown is not None
        assert f"Invoice {number} for €5.00 is due" in shown.text
    assert "invoice.open" in list_buttons(sent)
    world.dependencies.billing = gateway
    await world.pass_time(hours=5)
    assert phone.modal is not None
    assert f"Invoice {number} for €22.86 is paid" in phone.modal.text
    assert await world.load_rows(OrderScreen) == []
    assert world.slack.refusals == []


class ChargingGateway(HookedGateway):
    """Charges a card, whatever was ordered."""

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        method = ChargedMethod(brand="visa", last4="4242", amount=charge.amount + charge.tax)
        return Settled("ch_1", charge.amount, charge.tax, methods=(method,))


async def test_a_line_that_was_charged_instead_of_invoiced_says_so(world: World) -> None:
    """R26: the seller changed it in the second between the provider's check and its charge."""
    carla = await prepare_invoiced_account(world, "sub_paid_3600")
    world.dependencies.billing = ChargingGateway(world.dependencies.billing)
    with capture_logs() as logs:
        await place_invoiced_order(world, carla, sub_paid_3600=2)
    assert [entry["promised"] for entry in logs if entry["event"] == "charge.payment_mismatch"] == ["invoice"]
    assert await world.load_rows(Invoice) == []
    [method] = (await world.load_row(Receipt)).charged_methods
    assert (method.last4, method.amount) == ("4242", 2286)
    order = await open_modal(carla, "/service-orders", "SO-1001", "service_order.show")
    assert "Charged to Visa ending in 4242: €22.86" in order.text


async def test_a_line_by_card_still_needs_a_card(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_3600")
    await world.fill_cart(carla, customer_assist=1, sub_paid_3600=2)
    await carla.submit()
    await wait_for_modal_text(carla, "the account needs a valid payment method")
    assert await world.load_rows(Quote) == []


@pytest.mark.parametrize("allowed", [False, None])
async def test_without_the_accounts_permission_nothing_is_quoted(world: World, allowed: bool | None) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_3600", pay_by_invoice=allowed)
    await carla.command("/add-seats")
    blocked = await wait_for_modal_text(carla, "isn’t set up to order seats that way")
    assert "seats:sub_paid_3600" not in str(blocked.blocks)


async def test_an_invoice_of_another_account_cannot_be_opened(world: World) -> None:
    carla = await prepare_invoiced_account(world, "sub_paid_3600")
    await place_invoiced_order(world, carla, sub_paid_3600=1)
    dora = SlackIdentity("T01ACME", "U03DORA", "test")
    await refresh_slack_user(world.dependencies, dora)
    invoice = await world.load_row(Invoice)
    for invoice_id in (invoice.key, invoice.key + 1):
        with pytest.raises(InvoiceNotFound):
            await open_invoice(world.dependencies, person=dora, invoice_id=invoice_id)
