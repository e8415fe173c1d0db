"""The Stripe gateway while Stripe's clock and ours differ: Stripe's own statuses decide."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.billing.gateway import (
    BillingPeriodEnded,
    Declined,
    LineRequest,
    NeedsCustomer,
    NeverReceived,
    Unknown,
)
from bot.billing.stripe.gateway import StripeGateway
from bot.billing.stripe.invoices import CUSTOMER_CONFIRMATION_WINDOW
from bot.billing.stripe.renewal_cache import LIFETIME
from tests.billing.conftest import StripeProvider, list_paid_invoices, reconcile_charge
from tests.billing.contract import HALF_OF_NOVEMBER, PARIS, TEN_SEATS, remove_reference
from tests.fake_stripe import Fault

THERE = "sub_month_there"
# How far ours is ahead of Stripe's.
DIFFERENCES = [
    timedelta(**{unit: sign * n}) for unit, n in (("minutes", 7), ("hours", 5)) for sign in (1, -1)
]


def shift_clock(provider: StripeProvider, difference: timedelta) -> None:
    """Ours; Stripe's is right."""
    provider.fake.records.clock = lambda: provider.clock.at - difference
    provider.clock.at += difference


@pytest.mark.parametrize("difference", DIFFERENCES)
async def test_r19_a_charge_without_an_answer_is_found_by_any_clock(
    provider: StripeProvider, difference: timedelta
) -> None:
    shift_clock(provider, difference)
    charge = replace(provider.charge(), stored_at=provider.clock())
    provider.fake.faults.append(Fault("cut_after", charges_only=True, times=3))
    assert await provider.gateway.place_charge(charge) == Unknown()
    assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS
    assert remove_reference(await provider.gateway.place_charge(charge)) == TEN_SEATS
    assert len(list_paid_invoices(provider)) == 1


async def test_r19_a_charge_stored_on_a_wrong_date_is_found_once_that_is_right(
    provider: StripeProvider,
) -> None:
    """The clock was three weeks ahead; then Stripe may have forgotten the key."""
    charge = replace(provider.charge(), stored_at=provider.clock() + timedelta(days=21))
    provider.fake.faults.append(Fault("cut_after", charges_only=True, times=3))
    assert await provider.gateway.place_charge(charge) == Unknown()
    provider.clock.at += timedelta(days=2)
    assert remove_reference(await provider.gateway.place_charge(charge)) == TEN_SEATS
    assert len(list_paid_invoices(provider)) == 1


@pytest.mark.parametrize("difference", DIFFERENCES)
@pytest.mark.parametrize("confirms", [True, False])
async def test_the_customer_has_until_stripe_says_that_time_is_up(
    provider: StripeProvider, difference: timedelta, *, confirms: bool
) -> None:
    """Not until our clock does: ahead by hours, it would take back the payment that they are making."""
    shift_clock(provider, difference)
    charge = replace(
        provider.charge(payment_method_id=provider.cards.absent_customer), stored_at=provider.clock()
    )
    asked = await provider.gateway.place_charge(charge)
    assert isinstance(asked, NeedsCustomer)
    provider.clock.at += CUSTOMER_CONFIRMATION_WINDOW - timedelta(minutes=1)
    assert await provider.gateway.reconcile_charge(charge) == asked
    [invoice] = provider.fake.records.invoices.values()
    if confirms:
        provider.fake.records.pay_invoice(invoice)
        assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS
    else:
        provider.clock.at += timedelta(minutes=1)
        assert await provider.gateway.reconcile_charge(charge) == Declined("customer_timeout")
        assert (invoice.status, invoice.was_voided_by_request) == ("void", False), "by Stripe"


@pytest.mark.parametrize("difference", DIFFERENCES)
async def test_a_period_has_ended_once_stripe_says_so(
    provider: StripeProvider, difference: timedelta
) -> None:
    """Shortly before and after the end of a month at Stripe."""
    shift_clock(provider, difference)
    item = provider.fake.records.get_item("sub_month")
    end = datetime.fromtimestamp(item.current_period_end, HALF_OF_NOVEMBER.tzinfo)
    ten_more = [LineRequest("sub_month", 10)]
    provider.clock.at = end - timedelta(minutes=1) + difference
    charge = replace(provider.charge(), at=HALF_OF_NOVEMBER, stored_at=provider.clock())
    preview = await provider.gateway.preview_lines("acme", ten_more, HALF_OF_NOVEMBER, PARIS)
    assert preview.subtotal == 7000
    provider.clock.at += timedelta(minutes=2)
    with pytest.raises(BillingPeriodEnded):
        await provider.gateway.preview_lines("acme", ten_more, HALF_OF_NOVEMBER, PARIS)
    assert await provider.gateway.place_charge(charge) == Declined("period_ended")
    assert await reconcile_charge(provider) == NeverReceived()
    assert list_paid_invoices(provider) == []


@pytest.mark.parametrize("step", [LIFETIME, -timedelta(days=3)])
async def test_a_renewal_is_priced_again_after_its_time_or_a_corrected_date(
    provider: StripeProvider, step: timedelta
) -> None:
    assert isinstance(provider.gateway, StripeGateway)
    price = provider.fake.records.get_item("sub_month").price
    provider.fake.records.clock = lambda: HALF_OF_NOVEMBER

    async def read_renewals() -> list[int]:
        states = await provider.gateway.list_subscriptions("acme")
        return [state.outlook.renewal.net for state in states if state.outlook.renewal]

    before = await read_renewals()
    provider.fake.records.tax_rates["FR"] = "0.10"
    price.metadata["seen"] = "by nobody"
    assert await read_renewals() == before
    requests = len(provider.fake.requests)
    provider.clock.at += step
    await read_renewals()
    asked = [call.path for call in provider.fake.requests[requests:]]
    assert "/v1/invoices/create_preview" in asked
