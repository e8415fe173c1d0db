"""R26: what is promised, compared and shown is what the card is charged, whatever the customer's balance."""

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from functools import partial

import pytest
from structlog.testing import capture_logs

from bot.billing.gateway import UnrelatedChargesPending
from bot.use_cases.cart.save import save_cart
from bot.use_cases.service_order.place import place_service_order
from models.money import Money
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import ServiceOrder
from tests.fake_stripe.prices import Tier
from tests.fake_stripe.records import Customer, InvoiceLine
from tests.fake_stripe.subscription_settings import Coupon
from tests.handlers.steps import find_newest_message, open_modal
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    get_order_line,
    place_order,
    place_unprocessed_order,
    prepare_order,
    read_pdf,
    refresh_and_open_cart,
)
from tests.stripe_world import StripeWorld, stripe_world


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def get_customer(world: StripeWorld) -> Customer:
    return world.records.customers["cus_acme"]


def add_pending_item(world: StripeWorld, amount: int) -> None:
    item = world.records.get_item("acme_meeting")
    start, end = item.current_period_start, item.current_period_end
    pending = InvoiceLine(item.id, "sub_of_acme_meeting", item.price, 1, amount, 0, start, end, True)
    world.records.pending_invoice_items.append(pending)


async def order_in_slack(world: StripeWorld, seats: int) -> str:
    """The text of the last screen before the order is placed."""
    alice = world.get_person("alice")
    await alice.command("/add-seats", f"meeting {seats}")
    form = await alice.wait_for_modal("cart.save")
    await form.submit()
    review = await alice.wait_for_modal("quote.review")
    await review.submit()
    placement = await alice.wait_for_modal("service_order.place")
    shown = placement.text
    await placement.submit()
    await world.settle()
    return shown


async def test_r26_a_credit_is_promised_used_and_shown(world: StripeWorld) -> None:
    get_customer(world).balance = -2000
    promised = await order_in_slack(world, 5)
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert (quote.starting_balance, quote.amount_due) == (-2000, quote.total - 2000)
    assert "Account credit\n−€20.00" in promised
    [paid] = world.records.list_paid_updates()
    assert (paid.total, paid.amount_due) == (quote.total, quote.total - 2000)
    assert [card.amount for card in receipt.charged_methods] == [quote.total - 2000]
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    assert "Account credit: −€20.00" in order.text
    assert get_customer(world).balance == 0


async def test_r26_a_credit_that_covers_everything_charges_no_card(world: StripeWorld) -> None:
    get_customer(world).balance = -1_000_000
    await place_order(world, ALICE, "acme_meeting", 5)
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert quote.due_now == 0
    assert receipt.charged_methods == []
    assert get_customer(world).balance == quote.total - 1_000_000
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    assert "There’s nothing to pay now." in order.text


async def test_r26_what_is_owed_is_promised_and_charged_with_the_order(world: StripeWorld) -> None:
    get_customer(world).balance = 500
    promised = await order_in_slack(world, 5)
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert quote.due_now == quote.total + 500
    assert "Earlier balance\n€5.00" in promised
    assert [card.amount for card in receipt.charged_methods] == [quote.total + 500]
    assert receipt.total == quote.total


async def test_r26_an_unquoted_debit_stops_the_order_and_shows_both_amounts(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    get_customer(world).balance = 500
    await world.settle()
    assert (await get_order_line(world)).reason == "balance_due"
    assert world.list_paid_totals() == []
    quote = await world.load_row(Quote)
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    promised, offered = f"€{quote.total / 100:.2f}", f"€{(quote.total + 500) / 100:.2f}"
    assert f"{offered} would be billed instead of {promised}" in order.text


async def test_r26_a_promised_credit_that_somebody_else_used_stops_the_order(world: StripeWorld) -> None:
    get_customer(world).balance = -2000
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    get_customer(world).balance = 0
    await world.settle()
    assert (await get_order_line(world)).reason == "balance_due"
    assert world.list_paid_totals() == []


async def test_r26_a_credit_that_came_later_is_used(world: StripeWorld) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    get_customer(world).balance = -300
    await world.settle()
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert [card.amount for card in receipt.charged_methods] == [quote.total - 300]


async def test_r26_less_than_the_smallest_charge_is_carried_over(world: StripeWorld) -> None:
    world.records.use_other_price("acme_meeting", unit_amount=30)
    promised = await order_in_slack(world, 1)
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert 0 < quote.total < 50
    assert quote.due_now == 0
    assert "Added to your next invoice" in promised
    assert receipt.charged_methods == []
    assert receipt.sum_balance("carried_over") == get_customer(world).balance == quote.total


async def test_r17_small_lines_of_one_order_are_promised_as_they_are_charged(world: StripeWorld) -> None:
    """The first line's invoice is too small to be charged, and the next one takes up what it left."""
    world.records.use_other_price("acme_meeting", unit_amount=30)
    world.records.use_other_price("acme_webinar", unit_amount=100)
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=1, acme_webinar=1)
    quote = await world.load_row(Quote)
    lines = await world.load_rows(QuoteLine)
    assert all(0 < each.amount + each.tax < 50 for each in lines)
    assert quote.due_now == quote.total >= 50
    assert f"will be charged €{quote.total / 100:.2f}" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    await world.pass_time(seconds=20)
    assert [each.status for each in await world.load_lines()] == ["settled", "settled"]
    first, second = world.records.list_paid_updates()
    assert (first.amount_due, second.amount_due) == (0, quote.due_now)
    assert get_customer(world).balance == 0
    receipt = await world.load_row(Receipt)
    assert [card.amount for card in receipt.charged_methods] == [quote.due_now]
    assert receipt.sum_balance("carried_over") == receipt.sum_balance("earlier_balance") == first.total
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert "Earlier balance" not in order.text, "it was the order's own"
    assert f"Charged to Visa ending in 4242: €{quote.due_now / 100:.2f}" in order.text


async def test_r17_a_small_line_after_a_large_one_is_promised_for_the_next_invoice(
    world: StripeWorld,
) -> None:
    world.records.use_other_price("acme_webinar", unit_amount=60)
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=2, acme_webinar=1)
    quote = await world.load_row(Quote)
    [large, small] = sorted(await world.load_rows(QuoteLine), key=lambda each: -each.amount)
    left = small.amount + small.tax
    assert quote.due_now == quote.total - left == large.amount + large.tax
    assert f"Added to your next invoice\n−€{left / 100:.2f}" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    await world.pass_time(seconds=20)
    assert sum(invoice.amount_due for invoice in world.records.list_paid_updates()) == quote.due_now
    assert get_customer(world).balance == left


async def test_r26_what_was_taken_is_shown_everywhere_if_the_price_changed_in_the_same_second(
    world: StripeWorld,
) -> None:
    def raise_price() -> None:
        world.records.use_other_price("acme_meeting", unit_amount=1700)

    world.fake.before_charge = raise_price
    with capture_logs() as logs:
        await order_in_slack(world, 5)
    quote, receipt, alice = (
        await world.load_row(Quote),
        await world.load_row(Receipt),
        world.get_person("alice"),
    )
    [invoice] = world.records.list_paid_updates()
    assert invoice.total != quote.total
    assert (receipt.subtotal, receipt.tax, receipt.total) == (invoice.subtotal, invoice.tax, invoice.total)
    assert [card.amount for card in receipt.charged_methods] == [invoice.amount_due]
    assert sum(tax.amount for tax in receipt.taxes) == invoice.tax
    taken, promised = f"€{invoice.total / 100:.2f}", f"€{quote.total / 100:.2f}"
    words = f"{taken} was billed instead of the {promised} that was promised"
    [mismatch] = [entry for entry in logs if entry["event"] == "charge.amount_mismatch"]
    assert (mismatch["log_level"], mismatch["receipt"]) == ("error", invoice.id)
    assert mismatch["promised"] == [quote.subtotal, quote.tax, quote.total]
    assert mismatch["charged"] == [invoice.subtotal, invoice.tax, invoice.total]
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert f"Charged and seats added on 10 Nov 2026, 10:00 (CET). {words}" in order.text
    assert f"*Total*\n*{taken}*" in order.text
    assert words in find_newest_message(alice.dms, "for service order").text
    [mail] = world.slack.mail.messages
    assert words in mail.text
    confirmation = read_pdf(mail.attachments[-1].content)
    assert words in confirmation
    assert taken in confirmation


async def test_pending_items_made_elsewhere_are_named_with_their_amount(world: StripeWorld) -> None:
    add_pending_item(world, 3500)
    await refresh_and_open_cart(world, ALICE, "acme")
    with pytest.raises(UnrelatedChargesPending) as raised:
        await save_cart(
            world.dependencies, person=ALICE, account_id="acme", seat_inputs={"acme_meeting": "2"}
        )
    assert raised.value.variables["amount"] == Money(3500, "EUR")
    alice = world.get_person("alice")
    await alice.command("/add-seats", "meeting 2")
    form = await alice.wait_for_modal("cart.save")
    await form.submit()
    assert "€35.00 of other items" in (await alice.wait_for_modal("refusal.show")).text


async def test_r26_a_balance_that_changed_after_the_quote_stops_placing_with_both_amounts(
    world: StripeWorld,
) -> None:
    """Before the order is placed: nobody has to wait for a declined line."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=2)
    quote = await world.load_row(Quote)
    get_customer(world).balance = 500
    await alice.submit()
    refused = (await alice.wait_for_modal("refusal.show")).text
    promised, offered = f"€{quote.total / 100:.2f}", f"€{(quote.total + 500) / 100:.2f}"
    assert f"it promised {promised}, and you’d now pay {offered}" in refused
    assert await world.load_rows(ServiceOrder) == []
    get_customer(world).balance = -500
    await place_service_order(world.dependencies, person=ALICE, quote_id=quote.key)
    await world.settle()
    receipt = await world.load_row(Receipt)
    assert [card.amount for card in receipt.charged_methods] == [quote.total - 500], "a credit is welcome"


def add_one_off_item(world: StripeWorld, amount: int, tax: int) -> None:
    """docs.stripe.com/invoicing/invoice-items: of no item of the subscription, for its next invoice."""
    item, now = world.records.get_item("acme_meeting"), world.records.now
    one_off = InvoiceLine(
        "", "sub_of_acme_meeting", item.price, 1, amount, tax, now, now, False, invoice_item="ii_1"
    )
    world.records.pending_invoice_items.append(one_off)


async def test_a_one_off_item_is_named_with_its_tax_and_once_invoiced_seats_are_sold(
    world: StripeWorld,
) -> None:
    add_one_off_item(world, 5000, 1000)
    alice = world.get_person("alice")
    await alice.command("/add-seats", "meeting 2")
    await (await alice.wait_for_modal("cart.save")).submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "€60.00 of other items, including tax, is waiting to be invoiced" in refused.text
    assert await world.load_rows(Quote) == []
    world.records.pending_invoice_items.clear()
    await alice.close_modal(everything=True)
    await order_in_slack(world, 2)
    quote = await world.load_row(Quote)
    assert world.list_paid_totals() == [quote.total]


async def test_a_one_off_item_that_appears_before_the_charge_stops_it_with_its_tax(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    add_one_off_item(world, 5000, 1000)
    await world.settle()
    assert (await get_order_line(world)).reason == "unrelated_charges"
    assert world.list_paid_totals() == []
    quote = await world.load_row(Quote)
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    promised, offered = f"€{quote.total / 100:.2f}", f"€{(quote.total + 6000) / 100:.2f}"
    assert f"{offered} would be billed instead of {promised}" in order.text


async def test_pending_items_that_appear_before_the_charge_stop_it(world: StripeWorld) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    add_pending_item(world, 3500)
    await world.settle()
    assert (await get_order_line(world)).reason == "unrelated_charges"
    assert world.list_paid_totals() == []


async def refuse_one_seat(world: StripeWorld) -> tuple[float, float]:
    """What would be billed, and what the seat costs."""
    alice = world.get_person("alice")
    await alice.command("/add-seats", "meeting 1")
    await (await alice.wait_for_modal("cart.save")).submit()
    shown = (await alice.wait_for_modal("refusal.show")).text
    await alice.close_modal(everything=True)
    assert "Ask Account Services to settle that first, or order after the next renewal" in shown
    billed, expected = re.findall(r"would bill €([\d.]+) for these seats, .* they cost €([\d.]+):", shown)[0]
    return float(billed), float(expected)


async def quote_one_seat(world: StripeWorld) -> float:
    await prepare_order(world, ALICE, "acme_meeting", 1)
    return (await world.load_rows(Quote))[-1].total / 100


async def test_r26_seats_and_discounts_that_an_order_did_not_add_are_not_charged_with_it(
    world: StripeWorld,
) -> None:
    """Stripe would bill what others left: docs.stripe.com/billing/subscriptions/billing-mode/compare"""
    subscription, item = world.records.get_subscription_and_item("acme_meeting")
    usual = item.quantity
    world.records.set_quantity("acme_meeting", usual + 15, is_billed=False)
    billed, expected = await refuse_one_seat(world)
    assert billed == pytest.approx(16 * expected, abs=0.1)
    for mode in ("classic", "flexible"):
        subscription.settings.billing_mode, item.unbilled_seats = mode, 0
        item.used_coupons = [Coupon("WELCOME", "Welcome", 50, duration="once")]
        billed, seat = await refuse_one_seat(world)
        assert seat == pytest.approx(expected, abs=0.02), mode
        assert billed > 2 * seat, mode
    # An amount off, and an early end, which is another part of the period.
    subscription.settings.coupons = [Coupon("LOYAL", "Loyal", amount_off=100, currency="eur")]
    subscription.settings.cancel_at = world.records.now + 4 * 86400
    item.unbilled_seats, item.used_coupons = 1, []
    billed, seat = await refuse_one_seat(world)
    assert billed > 1.5 * seat
    subscription.settings.coupons, subscription.settings.cancel_at = [], None
    item.unbilled_seats = 15
    subscription.settings.billing_mode = "classic"
    assert await quote_one_seat(world) == pytest.approx(expected, abs=0.02), "it credits what there is"


@pytest.mark.parametrize("tiers_mode", ["graduated", "volume"])
async def test_r26_a_discount_that_ended_is_not_charged_with_seats_of_a_tiered_price_that_will_not_renew(
    world: StripeWorld, tiers_mode: str
) -> None:
    tiers = [Tier(10, 1500), Tier(None, Decimal("1400.5"), flat_amount=100)]
    world.records.use_other_price("acme_meeting", tiers=tiers, tiers_mode=tiers_mode)
    subscription, item = world.records.get_subscription_and_item("acme_meeting")
    subscription.settings.cancel_at_period_end = True
    subscription.settings.billing_mode = "classic"
    item.used_coupons = [Coupon("WELCOME", "Welcome", 50, duration="once")]
    billed, expected = await refuse_one_seat(world)
    assert billed > 2 * expected
    item.used_coupons = []
    assert await quote_one_seat(world) == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("rounding", [-1, 2])
async def test_r17_the_tax_of_the_invoice_counts_if_its_lines_are_rounded(
    world: StripeWorld, rounding: int
) -> None:
    world.records.tax_rounding = rounding
    with capture_logs() as logs:
        await place_order(world, ALICE, "acme_meeting", 5)
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    [invoice] = world.records.list_paid_updates()
    assert quote.tax == sum(line.tax for line in invoice.lines) + rounding
    assert world.list_paid_totals() == [quote.total] == [receipt.total]
    assert sum(tax.amount for tax in receipt.taxes) == quote.tax
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_r26_an_amount_due_that_no_line_explains_is_refused_stopped_or_shown(
    world: StripeWorld,
) -> None:
    """Before the quote, before the charge, and if it is added in the same second."""
    world.records.amount_shipping = 500
    billed, expected = await refuse_one_seat(world)
    assert billed == pytest.approx(expected + 5, abs=0.001)
    assert await world.load_rows(Quote) == []

    world.records.amount_shipping = 0
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    quote = await world.load_row(Quote)
    world.records.amount_shipping = 500
    await world.settle()
    assert (await get_order_line(world)).reason == "unrelated_charges"
    assert world.list_paid_totals() == []
    alice = world.get_person("alice")
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    promised, offered = f"€{quote.total / 100:.2f}", f"€{(quote.total + 500) / 100:.2f}"
    assert f"{offered} would be billed instead of {promised}" in order.text
    await alice.close_modal(everything=True)

    world.records.amount_shipping = 0
    world.fake.before_charge = partial(setattr, world.records, "amount_shipping", 500)
    with capture_logs() as logs:
        await place_order(world, ALICE, "acme_meeting")
    quote, receipt = (await world.load_rows(Quote))[-1], await world.load_row(Receipt)
    [invoice] = world.records.list_paid_updates()
    assert invoice.amount_due == quote.total + 500
    assert [card.amount for card in receipt.charged_methods] == [invoice.amount_due]
    assert receipt.total == invoice.total
    [mismatch] = [entry for entry in logs if entry["event"] == "charge.amount_mismatch"]
    assert mismatch["log_level"] == "error"
    order = await open_modal(alice, "/service-orders", "SO-1002", "service_order.show")
    taken, promised = f"€{invoice.total / 100:.2f}", f"€{quote.total / 100:.2f}"
    assert f"{taken} was billed instead of the {promised} that was promised" in order.text


async def test_r26_a_period_billed_in_advance_is_not_charged_with_an_order(world: StripeWorld) -> None:
    """Its line begins after the current period:
    docs.stripe.com/api/subscription_items/object, billed_until"""
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    item = world.records.get_item("acme_meeting")
    start, end = item.current_period_end, item.find_next_period_end()
    ahead = InvoiceLine(item.id, "sub_of_acme_meeting", item.price, 1, 3360, 0, start, end, True)
    world.records.pending_invoice_items.append(ahead)
    await world.settle()
    assert (await get_order_line(world)).reason == "unrelated_charges"
    assert world.list_paid_totals() == []
    with pytest.raises(UnrelatedChargesPending):
        await prepare_order(world, ALICE, "acme_meeting", 1)
