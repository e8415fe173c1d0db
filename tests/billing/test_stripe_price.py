"""The Stripe gateway's prices (R17): what was promised is charged, or nothing is."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.billing.gateway import (
    Declined,
    LineRequest,
    MixedPricesUnsupported,
    NeverReceived,
    PreviewIncomplete,
    PriceChanged,
    Settled,
    UnrelatedChargesPending,
)
from models.subscription.seat_pricing import CurrencyMismatch
from models.subscription.upcoming_changes import SubscriptionPaidByInvoice
from tests.billing.conftest import StripeProvider, list_paid_invoices, reconcile_charge
from tests.billing.contract import HALF_OF_NOVEMBER, PARIS
from tests.billing.scenarios import price_charge
from tests.fake_stripe.records import InvoiceLine

TEN_MORE = [LineRequest("sub_month", 10)]
THERE = "sub_month_there"


async def test_r17_another_price_than_promised_is_not_charged(provider: StripeProvider) -> None:
    charge = await price_charge(provider)
    provider.fake.records.use_other_price("sub_month", unit_amount=1500)
    assert await provider.gateway.place_charge(charge) == PriceChanged(7500, 1500)
    assert provider.fake.list_charge_requests() == []
    assert await provider.gateway.reconcile_charge(charge) == NeverReceived()


async def test_r17_unrelated_pending_items_stop_a_charge(provider: StripeProvider) -> None:
    charge = await price_charge(provider)
    provider.fake.records.pending_invoice_items += left_by_others(provider, 1)
    assert await provider.gateway.place_charge(charge) == PriceChanged(7300, 1460, "unrelated_charges")
    with pytest.raises(UnrelatedChargesPending):
        await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)


def left_by_others(provider: StripeProvider, number: int) -> list[InvoiceLine]:
    _, item = provider.fake.records.get_subscription_and_item("sub_month")
    start = int(HALF_OF_NOVEMBER.timestamp()) - 86400
    return [
        InvoiceLine(item.id, THERE, item.price, 1, 300 + n, 60, start, item.current_period_end, True)
        for n in range(number)
    ]


async def test_r17_a_preview_with_missing_lines_is_not_used_as_a_price(provider: StripeProvider) -> None:
    """The first ten, or the first hundred, would make a price that is not what is charged."""
    charge = await price_charge(provider)
    provider.fake.records.pending_invoice_items += left_by_others(provider, 99)
    with pytest.raises(PreviewIncomplete):
        await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place_charge(charge) == Declined("preview_incomplete")
    assert provider.fake.list_charge_requests() == []


async def test_r19_an_invoice_is_recognised_by_any_of_its_lines(provider: StripeProvider) -> None:
    records = provider.fake.records

    def others_leave_more() -> None:
        records.pending_invoice_items += left_by_others(provider, 25)

    provider.fake.before_charge = others_leave_more
    outcome = await provider.gateway.place_charge(provider.charge())
    assert isinstance(outcome, Settled)
    assert await reconcile_charge(provider) == outcome
    [invoice] = list_paid_invoices(provider)
    assert (outcome.receipt, outcome.amount) == (invoice.id, invoice.subtotal)


async def test_r17_two_prices_are_refused(provider: StripeProvider) -> None:
    with pytest.raises(MixedPricesUnsupported):
        await provider.gateway.preview_lines(
            "acme", [LineRequest("sub_month", 1, 1300)], HALF_OF_NOVEMBER, PARIS
        )


@pytest.mark.parametrize("while_on_its_way", [False, True])
async def test_a_period_that_ended_meanwhile_is_the_reason_of_the_decline(
    provider: StripeProvider, *, while_on_its_way: bool
) -> None:
    """Stripe says so by refusing the instant, of the preview or of the charge: no error of anybody's."""
    charge = await price_charge(provider, card="declined")

    def end_period() -> None:
        provider.clock.advance(15 * 86400)

    if while_on_its_way:
        provider.fake.before_charge = end_period
    else:
        end_period()
        charge = replace(charge, stored_at=provider.clock())
    with capture_logs() as logs:
        assert await provider.gateway.place_charge(charge) == Declined("period_ended")
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert len(provider.fake.list_charge_requests()) == while_on_its_way
    assert list_paid_invoices(provider) == []
    assert provider.fake.records.subscriptions[THERE].default_payment_method is None, (
        "the default payment method is restored"
    )


async def test_seats_are_sold_at_an_archived_price(provider: StripeProvider) -> None:
    """Only new purchases need an active price (docs.stripe.com/api/prices/object, `active`)."""
    provider.fake.records.set_price_active("sub_month", active=False)
    charge = await price_charge(provider)
    assert isinstance(await provider.gateway.place_charge(charge), Settled)


async def test_a_subscription_that_is_paid_by_invoice_is_refused_by_name(provider: StripeProvider) -> None:
    """Stripe would take no change of it that waits for a card."""
    charge = await price_charge(provider)
    provider.fake.records.subscriptions[THERE].sends_invoice = True
    with pytest.raises(SubscriptionPaidByInvoice):
        await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place_charge(charge) == Declined("paid_by_invoice")
    assert provider.fake.list_charge_requests() == []


@pytest.mark.parametrize(("charged", "priced"), [("usd", "usd"), ("usd", "eur")])
async def test_r17_a_subscription_in_another_currency_is_refused_by_name(
    provider: StripeProvider, charged: str, priced: str
) -> None:
    """23 dollars are not the 23 euros that were promised; a price may have several currencies."""
    charge = await price_charge(provider)
    provider.fake.records.subscriptions[THERE].currency = charged
    provider.fake.records.use_other_price("sub_month", currency=priced)
    with pytest.raises(CurrencyMismatch):
        await provider.gateway.preview_lines("acme", TEN_MORE, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place_charge(charge) == Declined("other_currency")
    assert provider.fake.list_charge_requests() == []
