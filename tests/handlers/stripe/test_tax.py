"""Tax over Stripe: who pays none, whose address decides, and what cannot be placed (R26, R28)."""

from collections.abc import AsyncIterator
from decimal import Decimal
from fractions import Fraction

import pytest
from structlog.testing import capture_logs

from models.account import Account
from models.quote import Quote
from models.receipt import Receipt
from models.tax import TaxTreatment
from tests.fake_stripe import Fault
from tests.fake_stripe.taxes import CustomerTax, ExemptLines, ManualTaxRate
from tests.handlers.db_snapshot import change
from tests.handlers.steps import open_modal, wait_for_modal_text
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    get_order_line,
    place_unprocessed_order,
    read_pdf,
    refresh_and_open_cart,
)
from tests.stripe_world import StripeWorld, stripe_world

REVERSE_CHARGE = "Reverse charge: no tax is charged. You account for the tax yourself."
BERLIN = {"line1": "Lager 7", "postal_code": "10115", "city": "Berlin", "country": "DE"}


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def get_tax(world: StripeWorld) -> CustomerTax:
    return world.records.customers["cus_acme"].tax


async def order_in_slack(world: StripeWorld, seats: int = 5) -> list[str]:
    """The texts of the quote, the checkout, the last screen before placing, and the order."""
    alice = world.get_person("alice")
    await alice.command("/add-seats", f"meeting {seats}")
    await (await alice.wait_for_modal("cart.save")).submit()
    review = await alice.wait_for_modal("quote.review")
    texts = [review.text]
    await review.submit()
    checkout = await world.open_checkout(alice)
    texts.append(checkout.text)
    await checkout.submit()
    placement = await alice.wait_for_modal("service_order.place")
    texts.append(placement.text)
    await placement.submit()
    await world.settle()
    return [*texts, (await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")).text]


async def get_cart_refusal(world: StripeWorld) -> str:
    alice = world.get_person("alice")
    await alice.command("/add-seats", "meeting 2")
    await (await alice.wait_for_modal("cart.save")).submit()
    return (await alice.wait_for_modal("refusal.show")).text


@pytest.mark.parametrize(
    ("tax", "treatment", "note"),
    [
        (CustomerTax(exempt="exempt"), TaxTreatment.CUSTOMER_EXEMPT, "No tax: the account is exempt."),
        (CustomerTax(exempt="reverse"), TaxTreatment.REVERSE_CHARGE, REVERSE_CHARGE),
        (CustomerTax(ids=[("eu_vat", "FR40303265045")]), TaxTreatment.REVERSE_CHARGE, REVERSE_CHARGE),
    ],
    ids=["exempt", "reverse", "a tax ID of another country"],
)
async def test_r28_why_no_tax_is_charged_is_shown_before_placing_and_frozen_in_the_receipt(
    world: StripeWorld, tax: CustomerTax, treatment: TaxTreatment, note: str
) -> None:
    world.records.seller_country = "IE"
    world.records.customers["cus_acme"].tax = tax
    texts = await order_in_slack(world)
    assert [note in text for text in texts] == [True] * 4
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert quote.tax == receipt.tax == 0
    assert world.list_paid_totals() == [receipt.total]
    [item] = receipt.taxes
    assert (item.treatment, item.taxable_amount, item.amount) == (treatment, receipt.subtotal, 0)
    ids = tuple(value for _, value in tax.ids)
    assert receipt.tax_facts.buyer_tax_ids == ids
    if ids:
        assert ["VAT number: FR40303265045" in text for text in texts] == [True] * 4


async def test_r28_a_tax_id_of_the_sellers_own_country_changes_no_tax(world: StripeWorld) -> None:
    world.records.seller_country = "FR"
    get_tax(world).ids = [("eu_vat", "FR40303265045")]
    texts = await order_in_slack(world)
    assert "VAT number: FR40303265045" in texts[0]
    receipt = await world.load_row(Receipt)
    [item] = receipt.taxes
    assert (item.name, item.percent) == ("VAT", Decimal(20))
    assert (item.taxable_amount, item.amount) == (receipt.subtotal, receipt.tax)


@pytest.mark.parametrize("quoted", [[], [("eu_vat", "FR11111111111")]])
async def test_r28_the_tax_id_at_the_time_of_the_charge_is_on_the_receipt(
    world: StripeWorld, quoted: list[tuple[str, str]]
) -> None:
    get_tax(world).ids = quoted
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    get_tax(world).ids = [("eu_vat", "FR40303265045")]
    await world.pass_time(seconds=60)
    receipt = await world.load_row(Receipt)
    assert receipt.tax > 0
    assert receipt.tax_facts.buyer_tax_ids == ("FR40303265045",)


async def test_r28_each_of_two_rates_is_shown_with_its_taxable_amount(world: StripeWorld) -> None:
    world.records.tax_rates["FR"] = "0.05+0.09975"
    texts = await order_in_slack(world)
    receipt = await world.load_row(Receipt)
    assert [item.percent for item in receipt.taxes] == [Decimal(5), Decimal("9.975")]
    assert (
        sum(item.amount for item in receipt.taxes) == receipt.tax == world.records.list_paid_updates()[0].tax
    )
    for item in receipt.taxes:
        words = f"VAT {item.percent}% on €{item.taxable_amount / 100:.2f}\n€{item.amount / 100:.2f}"
        assert [words in text for text in texts] == [True, False, True, True]


async def test_r28_the_shipping_address_decides_and_is_shown_with_the_tax(world: StripeWorld) -> None:
    get_tax(world).shipping = BERLIN
    texts = await order_in_slack(world)
    words = "not on the billing address: Lager 7, 10115 Berlin, Germany"
    assert [words in text for text in texts] == [True] * 4
    receipt = await world.load_row(Receipt)
    assert [item.percent for item in receipt.taxes] == [Decimal(19)]
    assert world.list_paid_totals() == [receipt.total]


async def test_another_billing_address_changes_no_tax_beside_a_shipping_address(world: StripeWorld) -> None:
    get_tax(world).shipping = BERLIN
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await alice.submit()
    await world.choose_country(alice, "GB")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    assert len(await world.load_rows(Quote)) == 1


async def test_a_billing_address_that_stripe_tax_cannot_locate_is_refused_and_can_be_corrected(
    world: StripeWorld,
) -> None:
    """Stripe previews it, without tax: the status of the tax says so."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await alice.submit()
    world.records.tax_rates["US"] = "0.08"
    form = await world.choose_country(alice, "US")
    form.fill("state", "ME").fill("postal_code", "unknown")
    with capture_logs() as logs:
        await alice.submit()
    assert (
        "We can’t calculate the tax for this billing address"
        in (await wait_for_modal_text(alice, "tax")).text
    )
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    await alice.press("checkout.edit")
    form = await world.open_address(alice)
    form.fill("postal_code", "97712")
    await alice.submit()
    placement = await alice.wait_for_modal("service_order.place")
    assert "Your billing address changes the tax" in placement.text
    quote = (await world.load_rows(Quote))[-1]
    assert abs(quote.tax - quote.subtotal * 0.08) < 1


@pytest.mark.parametrize("is_error", [False, True])
async def test_a_shipping_address_that_stripe_tax_cannot_locate_is_named_as_such(
    world: StripeWorld, is_error: bool
) -> None:
    await refresh_and_open_cart(world, ALICE, "acme")
    get_tax(world).shipping = {"country": "US", "line1": "1 Main St"}
    if is_error:
        fault = Fault("reject", "/v1/invoices/create_preview", code="customer_tax_location_invalid", times=9)
        world.fake.faults.append(fault)
    assert "uses the account’s shipping address for it" in await get_cart_refusal(world)
    assert await world.load_rows(Quote) == []


async def test_an_address_that_becomes_unknown_before_the_charge_declines_the_line(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    get_tax(world).shipping = {"country": "US"}
    await world.settle()
    assert (await get_order_line(world)).reason == "tax_location_invalid"
    assert world.list_paid_totals() == []


async def test_an_address_that_stripe_takes_for_no_other_subscription_declines_the_line(
    world: StripeWorld,
) -> None:
    """Its own has no automatic tax, so the preview does not need a location."""
    world.records.subscriptions["sub_of_acme_meeting"].tax_disabled_reason = "requires_location_inputs"
    unlocated = {"line1": "1 Main St", "city": "Brothers", "state": "OR", "postal_code": "x", "country": "US"}
    await place_unprocessed_order(world, ALICE, "acme_meeting", **unlocated)
    with capture_logs() as logs:
        await world.settle()
    assert (await get_order_line(world)).reason == "tax_location_invalid"
    assert world.list_paid_totals() == []
    assert world.records.customers["cus_acme"].address["city"] == "Paris"
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_an_exemption_given_after_the_quote_stops_the_order_with_both_prices(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    get_tax(world).exempt = "exempt"
    await world.settle()
    stopped = await get_order_line(world)
    assert (stopped.reason, stopped.offered_tax) == ("price_changed", 0)
    assert world.list_paid_totals() == []


async def test_r28_the_receipt_shows_the_tax_reason_at_the_time_of_the_charge(world: StripeWorld) -> None:
    """Nothing is taxed either way, but a receipt must say why: as Stripe's invoice does."""
    world.records.seller_country = "IE"
    get_tax(world).exempt = "exempt"
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.records.customers["cus_acme"].tax = CustomerTax(ids=[("eu_vat", "FR40303265045")])
    await world.settle()
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert [item.treatment for item in receipt.taxes] == [TaxTreatment.REVERSE_CHARGE]
    assert receipt.tax_facts.buyer_tax_ids == ("FR40303265045",)
    assert quote.tax_facts.buyer_tax_ids == ()
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    assert REVERSE_CHARGE in order.text
    assert "the account is exempt" not in order.text


async def test_tax_that_stripe_has_stopped_calculating_is_named(world: StripeWorld) -> None:
    subscription = world.records.subscriptions["sub_of_acme_meeting"]
    subscription.tax_disabled_reason = "requires_location_inputs"
    review = await world.save_cart(world.get_person("alice"), acme_meeting=5)
    assert "No tax has been calculated, because the payment provider’s address" in review.text
    assert (await world.load_row(Quote)).tax == 0


async def test_r28_a_tax_that_was_promised_and_not_charged_is_not_on_the_receipt(world: StripeWorld) -> None:
    """Stripe stops collecting in that country in the same second; its invoice gives no reason."""
    world.fake.before_charge = world.records.tax_rates.clear
    await world.place_order(world.get_person("alice"), acme_meeting=5)
    await change(world, Account, "acme", tax_id="FR40303265045")
    await world.settle()
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert quote.tax > 0 == receipt.tax
    assert receipt.tax_facts.buyer_tax_ids == ("FR40303265045",), "the file's, because Stripe has none"
    assert [(item.treatment, item.amount) for item in receipt.taxes] == [(TaxTreatment.NOT_COLLECTED, 0)]


async def test_amounts_are_right_even_if_the_key_may_not_read_the_tax_rate(world: StripeWorld) -> None:
    world.fake.faults.append(Fault("reject", "/v1/tax_rates/", code="secret_key_required", times=9))
    await world.save_cart(world.get_person("alice"), acme_meeting=5)
    [quote] = await world.load_rows(Quote)
    assert quote.tax > 0


async def test_a_renewal_is_taxed_by_the_corrected_address_at_once(world: StripeWorld) -> None:
    """Previewed renewals are kept for some minutes."""
    taxes = []
    for address in ({}, BERLIN):
        world.records.change_address("cus_acme", address)
        states = {each.id: each for each in await world.dependencies.billing.list_subscriptions("acme")}
        renewal = states["acme_meeting"].outlook.renewal
        assert renewal is not None
        taxes.append(Decimal(renewal.tax) / renewal.net)
    assert [round(tax, 2) for tax in taxes] == [Decimal("0.20"), Decimal("0.19")]


@pytest.mark.parametrize(
    ("exempt", "lines", "treatment", "note"),
    [
        ("exempt", "untaxed", TaxTreatment.CUSTOMER_EXEMPT, "No tax: the account is exempt."),
        ("reverse", "taxed at 0", TaxTreatment.REVERSE_CHARGE, REVERSE_CHARGE),
    ],
)
async def test_r28_who_pays_no_tax_pays_an_inclusive_price_without_the_tax_if_its_rate_is_set_by_hand(
    world: StripeWorld, exempt: str, lines: ExemptLines, treatment: TaxTreatment, note: str
) -> None:
    subscription = world.records.subscriptions["sub_of_acme_meeting"]
    subscription.default_tax_rates = [ManualTaxRate("txr_hand", "VAT", 20.0, inclusive=True)]
    world.records.exempt_lines = lines
    get_tax(world).exempt = exempt
    texts = await order_in_slack(world)
    assert [note in text for text in texts] == [True] * 4
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    item = subscription.items[0]
    remaining = Fraction(
        item.current_period_end - int(quote.frozen_at.timestamp()),
        item.current_period_end - item.current_period_start,
    )
    assert abs(quote.total - remaining * 5 * 1400 / Fraction(6, 5)) <= 1
    assert world.list_paid_totals() == [quote.total] == [quote.subtotal] == [receipt.total]
    assert [(each["net"], each["tax"]) for each in quote.recurring] == [(35000, 0)]
    [tax] = receipt.taxes
    assert (tax.treatment, tax.taxable_amount, tax.amount) == (treatment, receipt.subtotal, 0)
    confirmation = read_pdf(world.slack.mail.messages[0].attachments[-1].content)
    assert note in confirmation
    assert f"€{receipt.total / 100:.2f}" in confirmation


async def test_r28_who_pays_no_tax_pays_the_whole_inclusive_price_with_stripe_tax(world: StripeWorld) -> None:
    world.records.use_other_price("acme_meeting", tax_behavior="inclusive")
    get_tax(world).exempt = "exempt"
    await world.place_order(world.get_person("alice"), acme_meeting=5)
    await world.settle()
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert [(each["net"], each["tax"]) for each in quote.recurring] == [(42000, 0)]
    assert world.list_paid_totals() == [quote.total] == [receipt.total]
    assert [tax.treatment for tax in receipt.taxes] == [TaxTreatment.CUSTOMER_EXEMPT]
