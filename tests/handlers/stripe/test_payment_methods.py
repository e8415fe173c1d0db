"""Which payment method Stripe charges: shown, checked and charged as Stripe would (R3, R23, R26)."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.billing.stripe.payment_methods import read_payment_method
from bot.i18n import Localizer
from bot.presenters.payment_method import format_method_name
from bot.use_cases.billing_webhook import refresh_due_accounts
from bot.use_cases.service_order.retry import retry_service_order
from models.payment_method import PaymentMethodNotAccepted
from models.quote import Quote
from models.receipt import Receipt
from models.service_order import OrderLine
from sandbox.person import Person
from tests.fake_stripe import Card, Fault
from tests.fake_stripe.records import Customer, Invoice, Subscription
from tests.handlers.steps import find_newest_message, open_modal
from tests.handlers.stripe.stripe_orders import ALICE
from tests.stripe_world import StripeWorld, stripe_world

SEPA = {"type": "sepa_debit", "last4": "3000"}


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


@pytest.fixture
def alice(world: StripeWorld) -> Person:
    return world.get_person("alice")


def customer(world: StripeWorld) -> Customer:
    return world.records.customers["cus_acme"]


def subscription(world: StripeWorld, name: str = "acme_meeting") -> Subscription:
    return world.records.subscriptions[f"sub_of_{name}"]


def set_only_method(world: StripeWorld, method_id: str, **values: str | None) -> str:
    """The customer's only method, and nobody's default."""
    for card in [card for card in world.records.cards.values() if card.customer == "cus_acme"]:
        world.records.detach_card(card.id)
    world.records.cards[method_id] = Card(method_id, "cus_acme", **values)  # type: ignore[arg-type]
    return method_id


async def refused_text(world: StripeWorld, person: Person) -> str:
    await person.command("/add-seats")
    return (await person.wait_for_modal("cart.blocked")).text


def test_r26_a_card_is_shown_without_digits_if_stripe_does_not_show_them() -> None:
    card = {"brand": "visa", "exp_month": 4, "exp_year": 2030}
    method = read_payment_method({"id": "pm_1", "type": "card", "card": card})
    assert format_method_name(Localizer(), method) == "Visa"


async def test_a_card_saved_by_checkout_on_the_subscription_only_is_charged(
    world: StripeWorld, alice: Person
) -> None:
    subscription(world).default_payment_method = set_only_method(world, "pm_checkout", last4="1881")
    placement = await world.reach_placement(alice, acme_meeting=2)
    assert "Visa •••• 1881, expires 04/2030" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert len(world.list_paid_totals()) == 1
    assert subscription(world).default_payment_method == "pm_checkout"
    assert "Charged to Visa ending in 1881" in find_newest_message(alice.dms, "for service order").text
    overview = await open_modal(alice, "/billing", "", "account.overview")
    assert "Visa •••• 1881, expires 04/2030, for GoTo Meeting" in overview.text


async def test_a_card_of_one_subscription_does_not_pay_for_one_without_a_payment_method(
    world: StripeWorld, alice: Person
) -> None:
    subscription(world).default_payment_method = set_only_method(world, "pm_checkout")
    await world.fill_cart(alice, "", acme_webinar=2)
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "To order seats, the account needs a valid payment method" in refused.text


async def test_r3_a_bank_debit_is_refused_by_its_name(world: StripeWorld, alice: Person) -> None:
    customer(world).default_payment_method = set_only_method(world, "pm_sepa", **SEPA)
    text = await refused_text(world, alice)
    assert "Seats ordered here can’t be charged to SEPA Direct Debit •••• 3000, which is the default." in text
    assert "make a credit or debit card the default" in text
    overview = await open_modal(alice, "/billing", "", "account.overview")
    assert "SEPA Direct Debit •••• 3000, can’t be charged for seats ordered here, default" in overview.text
    assert world.fake.list_charge_requests() == []


async def test_r3_a_card_can_be_chosen_for_a_subscription_that_is_paid_by_bank_debit(
    world: StripeWorld, alice: Person
) -> None:
    """The account's default is a card: it is charged for this order only."""
    world.records.cards["pm_sepa"] = Card("pm_sepa", "cus_acme", **SEPA)  # type: ignore[arg-type]
    subscription(world).default_payment_method = "pm_sepa"
    await world.place_order(alice, acme_meeting=2)
    await world.settle()
    assert len(world.list_paid_totals()) == 1
    assert "Charged to Visa ending in 4242" in find_newest_message(alice.dms, "for service order").text
    assert subscription(world).default_payment_method == "pm_sepa"


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"type": "link", "email": "alice@acme.example"}, "Link (alice@acme.example)"),
        ({"type": "paypal", "email": "alice@acme.example"}, "PayPal (alice@acme.example)"),
    ],
)
async def test_a_wallet_that_pending_updates_support_is_charged(
    world: StripeWorld, alice: Person, values: dict[str, str], name: str
) -> None:
    customer(world).default_payment_method = set_only_method(world, "pm_wallet", **values)
    placement = await world.reach_placement(alice, acme_meeting=2)
    assert f"{name}, default" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert len(world.list_paid_totals()) == 1
    assert f"Charged to {name}" in find_newest_message(alice.dms, "for service order").text
    [method] = (await world.load_row(Receipt)).charged_methods
    assert (method.type, method.email) == (values["type"], "alice@acme.example")


async def test_r23_methods_are_read_from_stripe_and_named_in_both_languages(world: StripeWorld) -> None:
    names = {
        "bacs_debit": ("Bacs Direct Debit •••• 4242", "Prélèvement Bacs •••• 4242", False),
        "au_becs_debit": ("BECS Direct Debit •••• 4242", "Prélèvement BECS •••• 4242", False),
        "cashapp": ("Cash App Pay", "Cash App Pay", True),
    }
    for type_ in names:
        world.records.cards[f"pm_{type_}"] = Card(f"pm_{type_}", "cus_acme", type=type_)
    methods = (await world.dependencies.billing.fetch_customer("acme")).payment_methods
    languages = [Localizer("en-GB"), Localizer("fr-FR")]
    found = {
        method.type: (*(format_method_name(each, method) for each in languages), method.automatic)
        for method in methods or []
        if method.type in names
    }
    assert found == names


async def test_the_legacy_source_is_charged_if_there_is_no_other_default(
    world: StripeWorld, alice: Person
) -> None:
    customer(world).default_source = set_only_method(
        world, "card_old", brand="american_express", last4="0005"
    )
    await world.place_order(alice, acme_meeting=2)
    await world.settle()
    assert len(world.list_paid_totals()) == 1
    assert "ending in 0005" in find_newest_message(alice.dms, "for service order").text
    assert subscription(world).default_payment_method is None, "it was the usual one"


async def test_a_legacy_bank_account_is_refused_by_its_name(world: StripeWorld, alice: Person) -> None:
    values = {"type": "us_bank_account", "bank": "STRIPE TEST BANK", "last4": "6789"}
    customer(world).default_source = set_only_method(world, "ba_old", **values)
    assert "ACH Direct Debit, STRIPE TEST BANK •••• 6789" in await refused_text(world, alice)


async def test_the_subscriptions_legacy_source_goes_before_the_customers_default(
    world: StripeWorld, alice: Person
) -> None:
    world.records.cards["card_old"] = Card("card_old", "cus_acme", last4="0005")
    subscription(world).default_source = "card_old"
    placement = await world.reach_placement(alice, acme_meeting=2)
    assert "Visa •••• 0005" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert "ending in 0005" in find_newest_message(alice.dms, "for service order").text
    assert subscription(world).default_payment_method is None


async def test_a_subscriptions_legacy_bank_account_is_shown_and_refused_by_its_name(
    world: StripeWorld, alice: Person
) -> None:
    """It is not among the customer's payment methods: Stripe shows it as a source only."""
    values = {"type": "us_bank_account", "bank": "STRIPE TEST BANK", "last4": "6789"}
    name = "ACH Direct Debit, STRIPE TEST BANK •••• 6789"
    subscription(world).default_source = set_only_method(world, "ba_old", **values)
    assert name in await refused_text(world, alice)
    overview = await open_modal(alice, "/billing", "", "account.overview")
    assert f"{name}, can’t be charged for seats ordered here, for GoTo Meeting" in overview.text
    world.records.cards["ba_old"].customer = None
    assert (await world.dependencies.billing.fetch_customer("acme")).payment_methods == [], (
        "it was removed meanwhile"
    )


@pytest.mark.parametrize("wallet", ["apple_pay", "google_pay", "link"])
async def test_a_card_in_a_wallet_is_shown_with_its_name_and_charged(
    world: StripeWorld, alice: Person, wallet: str
) -> None:
    name = wallet.replace("_", " ").title()
    customer(world).default_payment_method = set_only_method(world, "pm_wallet", wallet=wallet)
    placement = await world.reach_placement(alice, acme_meeting=2)
    assert f"Visa •••• 4242 ({name}), expires 04/2030, default" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert (
        f"Charged to Visa ending in 4242 ({name})" in find_newest_message(alice.dms, "for service order").text
    )
    [method] = (await world.load_row(Receipt)).charged_methods
    assert (method.brand, method.wallet) == ("visa", wallet)


async def wait_for_confirmation(world: StripeWorld, alice: Person) -> Invoice:
    world.records.cards["pm_acme"].behaviour = "customer_never"
    await world.place_order(alice, acme_meeting=2)
    await world.settle()
    [invoice] = world.records.list_updates()
    assert (await world.load_row(OrderLine)).status == "needs_customer"
    return invoice


async def test_r26_a_card_used_on_stripes_page_is_the_one_that_is_shown(
    world: StripeWorld, alice: Person
) -> None:
    invoice = await wait_for_confirmation(world, alice)
    world.records.cards["pm_colleague"] = Card("pm_colleague", None, brand="mastercard", last4="5100")
    world.records.pay_on_hosted_page(invoice, "pm_colleague")
    paid_on = world.clock.at.date()
    # Its bot was down until the next day.
    world.clock.at += timedelta(hours=18)
    await world.settle()
    receipt = await world.load_row(Receipt)
    [method] = receipt.payments
    assert (method.last4, method.amount) == ("5100", invoice.amount_due)
    assert (method.paid_on, receipt.issued_on) == (paid_on, paid_on + timedelta(days=1))
    assert "Charged to Mastercard ending in 5100" in find_newest_message(alice.dms, "for service order").text
    await alice.close_modal(everything=True)
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert "Mastercard •••• 5100" in order.text
    assert "4242" not in order.text


async def test_r26_an_invoice_paid_outside_stripe_names_no_card(world: StripeWorld, alice: Person) -> None:
    invoice = await wait_for_confirmation(world, alice)
    world.records.pay_out_of_band(invoice)
    await world.pass_time(minutes=11)
    assert (await world.load_row(OrderLine)).status == "settled"
    paid = f"Paid outside the payment provider: €{invoice.amount_due / 100:.2f}"
    assert paid in find_newest_message(alice.dms, "for service order").text
    await alice.close_modal(everything=True)
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert paid in order.text
    assert "4242" not in order.text


async def test_r26_a_card_that_is_replaced_right_after_its_charge_is_shown_as_it_was_charged(
    world: StripeWorld, alice: Person
) -> None:
    def replace_card() -> None:
        world.records.cards["pm_acme"].last4 = "9999"

    world.fake.after_charge = replace_card
    await world.place_order(alice, acme_meeting=2)
    await world.settle()
    assert "Charged to Visa ending in 4242" in find_newest_message(alice.dms, "for service order").text


async def test_a_charge_settles_even_if_the_key_may_not_read_what_it_was_paid_with(
    world: StripeWorld, alice: Person
) -> None:
    world.fake.faults.append(Fault("reject", path="/payment_intents/", code="resource_missing"))
    with capture_logs() as logs:
        await world.place_order(alice, acme_meeting=2)
        await world.settle()
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert (entry["event"], entry["action_taken"]) == ("stripe.request_rejected", "method_not_shown")
    shown = find_newest_message(alice.dms, "for service order").text
    assert "Charged to a payment method that the payment provider doesn’t disclose" in shown


async def test_r26_two_subscriptions_with_different_cards_are_each_charged_to_their_own(
    world: StripeWorld, alice: Person
) -> None:
    world.records.cards["pm_checkout"] = Card("pm_checkout", "cus_acme", brand="mastercard", last4="4444")
    subscription(world, "acme_webinar").default_payment_method = "pm_checkout"
    checkout = await world.reach_checkout(alice, acme_meeting=2, acme_webinar=1)
    assert "Your subscriptions are paid with different payment methods." in checkout.text
    await alice.submit()
    placement = await alice.wait_for_modal("service_order.place")
    assert "GoTo Meeting: Visa •••• 4242" in placement.text
    assert "GoTo Webinar: Mastercard •••• 4444" in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    await world.pass_time(seconds=20)
    lines = await world.load_rows(OrderLine)
    assert [line.status for line in lines] == ["settled", "settled"]
    charged = {method.last4: method.amount for method in (await world.load_row(Receipt)).charged_methods}
    assert charged == {"4242": _total(lines[0]), "4444": _total(lines[1])}
    assert subscription(world).default_payment_method is None
    assert subscription(world, "acme_webinar").default_payment_method == "pm_checkout"
    assert not any("seatbot_swapped_card" in s.metadata for s in world.records.subscriptions.values())


def _total(line: OrderLine) -> int:
    return line.amount + line.tax


async def test_r3_a_type_that_the_subscription_does_not_accept_is_refused_by_name_or_not_offered(
    world: StripeWorld, alice: Person
) -> None:
    """docs.stripe.com/billing/subscriptions/payment-methods-setting"""
    link = set_only_method(world, "pm_link", type="link", email="ap@acme.example")
    customer(world).default_payment_method = link
    subscription(world).settings.payment_method_types = ["card"]
    await alice.command("/add-seats", "meeting 2")
    await (await alice.wait_for_modal("cart.save")).submit()
    refused = (await alice.wait_for_modal("refusal.show")).text
    assert "GoTo Meeting can’t be paid with Link" in refused
    assert await world.load_rows(Quote) == []
    await alice.close_modal(everything=True)

    # Of the two, only the card pays for both subscriptions.
    world.records.cards["pm_card"] = Card("pm_card", "cus_acme", last4="1881")
    customer(world).default_payment_method = "pm_card"
    subscription(world).default_payment_method = link
    subscription(world, "acme_webinar").default_payment_method = link
    placement = await world.reach_placement(alice, acme_meeting=2, acme_webinar=1)
    assert "Visa •••• 1881" in placement.text
    assert "Link" not in placement.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    # The lines of one customer are charged one after the other.
    await world.pass_time(seconds=11)
    receipt = await world.load_row(Receipt)
    assert [method.last4 for method in receipt.charged_methods] == ["1881"]


async def test_r3_a_retry_offers_only_methods_that_the_subscription_accepts(
    world: StripeWorld, alice: Person
) -> None:
    set_only_method(world, "pm_link", type="link", email="ap@acme.example")
    world.records.cards["pm_card"] = Card("pm_card", "cus_acme", last4="1881")
    customer(world).default_payment_method = "pm_card"
    await world.reach_placement(alice, acme_meeting=2)
    await alice.submit()
    subscription(world).settings.payment_method_types = ["link"]
    await world.settle()
    line = await world.load_row(OrderLine)
    assert (line.status, line.reason) == ("declined", "method_not_accepted")
    world.records.emit_event("customer.subscription.updated", "subscription", subscription(world).id)
    await world.webhook_sender.send_events(world.webhook_sender.collect_events())
    assert await refresh_due_accounts(world.dependencies) == 1
    await alice.close_modal(everything=True)
    await alice.press_in(find_newest_message(alice.dms, "declined"), "service_order.retry")
    retry = await alice.wait_for_modal("service_order.retry")
    assert "Link" in retry.text
    assert "1881" not in retry.text
    with pytest.raises(PaymentMethodNotAccepted):
        await retry_service_order(
            world.dependencies, person=ALICE, order_id=line.order_id, payment_method_id="pm_card"
        )
