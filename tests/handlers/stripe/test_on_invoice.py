"""Orders on invoice over Stripe: subscriptions with `collection_method=send_invoice` (R3, R18, R19)."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.billing.customer_listing import ListedCustomer
from bot.billing.stripe.client import from_timestamp
from bot.use_cases.accounts_import.link import CustomerLink, LinkOptions, LinkReport, store_links
from bot.use_cases.invoice.follow import follow_due_invoices
from models.account import Account
from models.audit.entry import AuditEntry
from models.invoice import Invoice
from models.receipt import Receipt
from models.service_order import ChargeAttempt, OrderStatus, ServiceOrder
from tests.fake_stripe import Fault
from tests.fake_stripe.records import Customer
from tests.fake_stripe.records import Invoice as StripeInvoice
from tests.handlers.steps import (
    find_messages,
    find_newest_message,
    install_hooked_gateway,
    list_buttons,
    make_failing_hook,
    open_modal,
    wait_for_modal_text,
)
from tests.handlers.stripe.stripe_orders import ALICE, get_order_line, place_order, place_unprocessed_order
from tests.stripe_world import StripeWorld, stripe_world
from tests.variants import leave_to_long


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    """Acme's GoTo Meeting is paid by invoice, and its GoTo Webinar by card."""
    async with stripe_world() as world:
        world.records.subscriptions["sub_of_acme_meeting"].sends_invoice = True
        world.records.customers["cus_acme"].metadata["seatbot_pay_by_invoice"] = "true"
        yield world


def get_invoice(world: StripeWorld) -> StripeInvoice:
    [invoice] = world.records.list_updates()
    return invoice


async def told(world: StripeWorld) -> None:
    """Stripe's events arrive, and the jobs run."""
    world.records.apply_due_changes()
    assert set(await world.webhook_sender.send_events(world.webhook_sender.collect_events())) <= {200}
    await world.settle()


async def test_from_the_command_to_the_invoice_paid_outside_stripe(world: StripeWorld) -> None:
    world.records.customers["cus_acme"].default_payment_method = None
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5)
    assert "will get an invoice for €57.64, due within 30 days" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()

    invoice = get_invoice(world)
    assert (invoice.status, invoice.auto_advance) == ("open", True), "Stripe sends it, and reminders"
    assert "payment_behavior" not in world.fake.list_charge_requests()[0].params
    order, stored = await world.load_row(ServiceOrder), await world.load_row(Invoice)
    assert order.status is OrderStatus.COMPLETED
    assert await world.load_seats("acme_meeting") == (30, 30)
    number = stored.number
    assert (stored.status, stored.amount, number) == ("due", invoice.amount_due, f"FAKE-{invoice.id[-4:]}")
    sent = find_newest_message(alice.dms, f"Invoice {number} for service order SO-1001")
    assert f"Invoice {number}: €57.64, due on 10 Dec 2026" in sent.text
    [mail] = world.slack.mail.messages
    assert [file.name for file in mail.attachments] == [f"{number}.pdf", "SO-1001.pdf"]
    assert "harged" not in mail.text
    receipt = await world.load_row(Receipt)
    assert (receipt.charged_methods, receipt.invoice_numbers) == ([], [number])

    await alice.press_in(sent, "invoice.open")
    page = await alice.wait_for_modal("invoice.open")
    assert f"https://invoice.stripe.example/i/{invoice.id}" in str(page.blocks)
    assert not any(
        "invoice.stripe.example" in str(row.model_dump()) for row in await world.load_rows(Invoice)
    )

    world.records.pay_in_part(invoice, 2000)
    await told(world)
    stored = await world.load_row(Invoice)
    assert (stored.status, stored.amount_remaining) == ("due", invoice.amount_due - 2000)

    world.records.pay_invoice(invoice)
    await told(world)
    stored = await world.load_row(Invoice)
    assert (stored.status, stored.amount_remaining) == ("paid", 0)
    assert find_newest_message(alice.dms, f"Invoice {number} for service order SO-1001 is paid")
    assert (await world.load_row(ServiceOrder)).model_dump() == order.model_dump()
    assert world.slack.refusals == []


async def test_r28_the_purchase_order_number_is_printed_on_stripes_invoice(world: StripeWorld) -> None:
    """Beside what the draft has from the customer; named in the account's language."""
    own = [{"name": "Cost centre", "value": "42"}]
    world.records.default_custom_fields = own
    await place_order(world, ALICE, "acme_meeting", po_number="PO-7")
    label = (
        "Purchase order" if (await world.load_row(Account, id="acme")).locale == "en" else "Bon de commande"
    )
    assert get_invoice(world).custom_fields == [*own, {"name": label, "value": "PO-7"}]
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED


async def test_an_invoice_whose_number_stripe_refuses_is_sent_without_it(world: StripeWorld) -> None:
    """Or which has as many fields as it can have."""
    full = [{"name": f"Name {n}", "value": "v"} for n in range(4)]
    for fields, subscription, error in (
        ([{"name": "Name", "value": "v" * 141}], "acme_meeting", None),
        (full, "acme_meeting", "too_many_custom_fields"),
    ):
        world.records.default_custom_fields = fields
        with capture_logs() as logs:
            await place_order(world, ALICE, subscription, po_number="PO-7")
        rejected = [entry for entry in logs if entry["event"] == "invoice.fields_rejected"]
        assert [entry["error"] for entry in rejected] == [error]
        invoice = world.records.list_updates()[-1]
        assert (invoice.status, invoice.custom_fields) == ("open", fields)


async def test_without_webhooks_an_invoice_becomes_overdue_after_its_day_and_paid_within_an_hour(
    world: StripeWorld,
) -> None:
    """It is due on 10 December, at nine in the morning: the day ends at midnight in Paris."""
    await place_order(world, ALICE, "acme_meeting")
    await world.pass_time(days=30, hours=13, minutes=59)
    assert (await world.load_row(Invoice)).status == "due"
    assert world.clock() > from_timestamp(get_invoice(world).due_date or 0)
    await world.pass_time(minutes=1)
    stored = await world.load_row(Invoice)
    assert stored.status == "overdue"
    assert len(find_messages(world.list_messages("C01BILLING"), stored.number)) >= 1
    alice = world.get_person("alice")
    assert "invoice.open" in list_buttons(
        find_newest_message(alice.dms, f"{stored.number} for service order SO-1001 is overdue")
    )
    await alice.command("/add-seats")
    await wait_for_modal_text(alice, "has an unpaid invoice")
    world.records.pay_invoice(get_invoice(world))
    await world.pass_time(hours=1)
    assert (await world.load_row(Invoice)).status == "paid"
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED


@pytest.mark.parametrize(("status", "words"), [("overdue", "is overdue"), ("void", "was cancelled")])
async def test_an_invoice_that_is_overdue_or_void_when_first_seen_is_announced(
    world: StripeWorld, status: str, words: str
) -> None:
    """Stripe finalizes it while nobody can ask, and time passes."""
    invoice = await leave_draft(world)
    world.records.finalize_invoice(invoice, auto_advance=True)
    if status == "void":
        world.records.void_invoice(invoice)
    else:
        invoice.due_date = int(world.clock().timestamp()) - 86400
    await world.pass_time(seconds=11)
    stored = await world.load_row(Invoice)
    assert stored.status == status
    entries = [(e.from_status, e.to_status) for e in await world.load_rows(AuditEntry, action="invoice")]
    assert entries == [(None, "due"), ("due", status)]
    title = f"Invoice {stored.number} for service order SO-1001 {words}"
    assert find_newest_message(world.get_person("alice").dms, title)
    late = find_messages(
        world.list_messages("C01BILLING"), f"{stored.number} de la commande de Service SO-1001 est en retard"
    )
    assert len(late) == (1 if status == "overdue" else 0)
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED


async def test_an_invoice_that_stripe_no_longer_shows_is_not_called_overdue(world: StripeWorld) -> None:
    await place_order(world, ALICE, "acme_meeting")
    del world.records.invoices[get_invoice(world).id]
    with capture_logs() as logs:
        await world.pass_time(days=32)
    assert (await world.load_row(Invoice)).status == "due"
    assert any(entry["event"] == "invoice.missing_at_provider" for entry in logs)


async def test_an_invoice_is_followed_although_its_account_has_another_customer_now(
    world: StripeWorld,
) -> None:
    """Two customers were made one by hand, and the first was deleted: its invoices stay at Stripe."""
    await place_order(world, ALICE, "acme_meeting")
    invoice, alice = get_invoice(world), world.get_person("alice")
    world.records.delete_customer("cus_acme")
    await world.pass_time(hours=1)
    new = ListedCustomer("cus_new", "Acme SA", None, {}, "EUR", None, "acme", None, {})
    link = CustomerLink(new, "acme", is_stored=True)
    report = LinkReport(LinkOptions(), {"cus_new": link}, {}, {}, {})
    world.records.customers["cus_new"] = Customer("cus_new", {})
    assert await store_links(world.dependencies.database, report, world.clock()) == 1
    await alice.press_in(find_newest_message(alice.dms, "Subtotal"), "invoice.open")
    page = await alice.wait_for_modal("invoice.open")
    assert f"https://invoice.stripe.example/i/{invoice.id}" in str(page.blocks)
    world.records.pay_invoice(invoice)
    await world.pass_time(hours=1)
    assert (await world.load_row(Invoice)).status == "paid"


async def test_voided_and_written_off_invoices_are_announced_and_change_no_order(world: StripeWorld) -> None:
    await place_order(world, ALICE, "acme_meeting")
    invoice, alice = get_invoice(world), world.get_person("alice")
    world.records.mark_uncollectible(invoice)
    await told(world)
    assert (await world.load_row(Invoice)).status == "uncollectible"
    assert find_newest_message(alice.dms, "was written off")
    assert await follow_due_invoices(world.dependencies) == 0
    world.records.void_invoice(invoice)
    await told(world)
    assert (await world.load_row(Invoice)).status == "void"
    assert find_newest_message(alice.dms, "was cancelled")
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED
    assert await world.load_seats("acme_meeting") == (27, 27)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("cut_after", charges_only=True),
        Fault("cut_after", path="/finalize$"),
        Fault("down", path="/finalize$", times=3),
        *leave_to_long(
            Fault("save_500_after", charges_only=True),
            Fault("cut_before", path="/finalize$"),
        ),
    ],
    ids=lambda fault: f"{fault.kind} {fault.path}",
)
async def test_seats_are_added_once_wherever_an_answer_is_lost(world: StripeWorld, fault: Fault) -> None:
    """R19: the quantity has changed, and nobody knows yet whether there is an invoice."""
    world.fake.faults.append(fault)
    await place_order(world, ALICE, "acme_meeting")
    for _ in range(8):
        await world.pass_time(seconds=11)
    assert (await get_order_line(world)).status == "settled"
    assert len(await world.load_rows(ChargeAttempt)) == 1
    assert await world.load_seats("acme_meeting") == (27, 27)
    assert get_invoice(world).status == "open"
    assert len(await world.load_rows(Invoice)) == 1


async def test_a_draft_that_no_one_finalized_is_found_by_the_next_process(world: StripeWorld) -> None:
    """The process dies between Stripe's two answers; the next one does not order again."""
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.fake.faults.append(Fault("cut_before", path="/finalize$", times=100))
    await world.pass_time(seconds=1)
    assert (await get_order_line(world)).status == "unknown"
    assert get_invoice(world).status == "draft"
    world.fake.faults.clear()
    await world.pass_time(seconds=11)
    assert (await get_order_line(world)).status == "settled"
    assert len(world.fake.list_charge_requests()) == 1


async def test_an_invoice_that_stripe_cannot_finalize_keeps_the_line_waiting(world: StripeWorld) -> None:
    world.records.finalization_error = "customer_tax_location_invalid"
    with capture_logs() as logs:
        await place_order(world, ALICE, "acme_meeting")
    assert (await get_order_line(world)).status == "charging"
    assert any(entry["event"] == "invoice.finalization_failed" for entry in logs)
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    assert "the invoice is being prepared" in order.text
    world.records.finalization_error = None
    await world.pass_time(minutes=10, seconds=1)
    assert (await get_order_line(world)).status == "settled"


async def leave_draft(world: StripeWorld) -> StripeInvoice:
    """Stripe has added the seats, and nothing has finalized their invoice."""
    fault = Fault("cut_before", path="/finalize$", times=100)
    world.fake.faults.append(fault)
    await place_order(world, ALICE, "acme_meeting")
    world.fake.faults.remove(fault)
    assert get_invoice(world).status == "draft"
    return get_invoice(world)


@pytest.mark.parametrize("is_killed", [False, True])
async def test_a_subscription_that_ended_before_its_invoice_owes_nothing(
    world: StripeWorld, is_killed: bool
) -> None:
    """R19: a fault or a kill between the steps leaves no invoice for somebody to pay."""
    invoice = await leave_draft(world)
    world.records.cancel_subscription(world.records.subscriptions["sub_of_acme_meeting"])
    fault, gateway = Fault("cut_before", path="/void$", times=100), install_hooked_gateway(world)
    world.fake.faults.append(fault)
    if is_killed:
        gateway.after["reconcile"] = make_failing_hook(RuntimeError("the process dies here"))
    await world.pass_time(seconds=11)
    assert (invoice.status, (await get_order_line(world)).status) == ("open", "unknown")
    gateway.after.clear()
    fault.kind, fault.times = "cut_after", 1
    await world.pass_time(minutes=3)
    assert ((await get_order_line(world)).status, (await get_order_line(world)).reason) == (
        "declined",
        "subscription_gone",
    )
    assert invoice.status == "void"
    assert await world.load_rows(Invoice) == []


async def test_an_invoice_paid_by_a_credit_is_settled_although_its_subscription_has_ended(
    world: StripeWorld,
) -> None:
    world.records.customers["cus_acme"].balance = -100_000
    await leave_draft(world)
    world.records.cancel_subscription(world.records.subscriptions["sub_of_acme_meeting"])
    await world.pass_time(seconds=11)
    assert (await get_order_line(world)).status == "settled"
    assert ((await world.load_row(Invoice)).status, get_invoice(world).status) == ("paid", "paid")


async def test_a_renamed_item_still_has_seats_to_pay_for(
    world: StripeWorld,
) -> None:
    invoice = await leave_draft(world)
    [item] = world.records.subscriptions["sub_of_acme_meeting"].items
    item.metadata["seatbot_subscription"] = "acme_conferences"
    await world.pass_time(seconds=11)
    assert ((await get_order_line(world)).status, invoice.status) == ("settled", "open")
    assert (await world.load_row(Invoice)).status == "due"


async def test_a_removed_item_has_no_seats_to_pay_for(world: StripeWorld) -> None:
    invoice = await leave_draft(world)
    subscription = world.records.subscriptions["sub_of_acme_meeting"]
    [item] = subscription.items
    subscription.items = [replace(item, id="si_other", metadata={"seatbot_subscription": "acme_other"})]
    await world.pass_time(seconds=11)
    assert ((await get_order_line(world)).status, invoice.status) == ("declined", "void")


async def test_an_order_by_card_and_on_invoice_pays_each_line_its_own_way(world: StripeWorld) -> None:
    await world.place_order(world.get_person("alice"), acme_meeting=5, acme_webinar=2)
    await world.settle()
    by_subscription = {invoice.subscription: invoice for invoice in world.records.list_updates()}
    card, sent = by_subscription["sub_of_acme_webinar"], by_subscription["sub_of_acme_meeting"]
    assert (card.status, sent.status) == ("paid", "open")
    receipt = await world.load_row(Receipt)
    assert [method.amount for method in receipt.charged_methods] == [card.amount_due]
    assert [each.invoiced for each in receipt.receipt_lines] == [sent.amount_due, 0]


async def test_without_the_metadata_the_subscription_is_refused_before_the_quote(world: StripeWorld) -> None:
    world.records.customers["cus_acme"].metadata.clear()
    alice = world.get_person("alice")
    cart = await world.fill_cart(alice)
    assert "GoTo Meeting subscription is paid by invoice" in cart.text
    assert "seats:acme_meeting" not in str(cart.blocks)


@pytest.mark.parametrize(
    ("subscription", "reason", "words"),
    [
        ("acme_meeting", "not_paid_by_invoice", "the subscription is no longer paid by invoice"),
        ("acme_webinar", "paid_by_invoice", "the subscription is paid by invoice now"),
    ],
)
async def test_a_line_is_paid_as_it_was_agreed_or_not_at_all(
    world: StripeWorld, subscription: str, reason: str, words: str
) -> None:
    """Between placing and charging, the seller changes how the subscription is paid."""
    await place_unprocessed_order(world, ALICE, subscription)
    held = world.records.subscriptions[f"sub_of_{subscription}"]
    held.sends_invoice = not held.sends_invoice
    await world.pass_time(seconds=1)
    assert ((await get_order_line(world)).status, (await get_order_line(world)).reason) == (
        "declined",
        reason,
    )
    assert world.records.list_updates() == []
    assert words in find_newest_message(world.get_person("alice").dms, "declined").text


async def test_a_permission_that_is_withdrawn_after_placing_declines_the_line(world: StripeWorld) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.records.customers["cus_acme"].metadata.clear()
    await world.pass_time(seconds=1)
    assert ((await get_order_line(world)).status, (await get_order_line(world)).reason) == (
        "declined",
        "invoice_not_allowed",
    )
    declined = find_newest_message(world.get_person("alice").dms, "seats declined for GoTo Meeting")
    assert "the account may no longer order on invoice" in declined.text
    assert "or cancel these seats" in declined.text
    assert world.records.list_updates() == []


async def test_an_invoice_with_nothing_to_pay_is_paid_immediately(world: StripeWorld) -> None:
    world.records.customers["cus_acme"].balance = -100_000
    await place_order(world, ALICE, "acme_meeting")
    assert ((await world.load_row(Invoice)).status, (await world.load_row(Invoice)).check_at) == (
        "paid",
        None,
    )
    assert find_newest_message(world.get_person("alice").dms, "Account credit")
    [line] = (await world.load_row(Receipt)).receipt_lines
    assert line.invoiced == 0
