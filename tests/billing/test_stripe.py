"""The Stripe gateway over HTTP: the claims that every adapter keeps, and what goes wrong on the way."""

from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
import stripe

from bot.billing.gateway import (
    BillingUnavailable,
    ChargeOutcome,
    Declined,
    NeverReceived,
    Settled,
    Unknown,
)
from bot.billing.stripe import gateway
from bot.billing.stripe.charges import IDEMPOTENCY_KEY_LIFETIME, SAVED_FAILURE_GRACE_PERIOD
from bot.billing.stripe.client import MAX_RETRIES, REQUEST_TIMEOUT
from bot.billing.stripe.invoice_pdf import download_pdf
from bot.db import Database
from bot.settings import Settings
from tests.billing.conftest import (
    CUSTOMER,
    StripeCustomer,
    StripeProvider,
    list_paid_invoices,
    reconcile_charge,
    run_stripe_provider,
)
from tests.billing.contract import HALF_OF_NOVEMBER, PARIS, TEN_SEATS, GatewayContract, remove_reference
from tests.billing.on_invoice import Customer, OnInvoice, order_on_invoice
from tests.billing.scenarios import Scenarios, price_charge
from tests.fake_stripe import Fault

THERE = "sub_month_there"


class TestStripe(GatewayContract, Scenarios, OnInvoice):
    """Over the fake of tests/fake_stripe."""

    @pytest.fixture
    def customer(self, provider: StripeProvider) -> Customer:
        return StripeCustomer(provider.fake.records)

    async def test_a_part_that_was_paid_is_no_longer_owed(self, provider: StripeProvider) -> None:
        """The embedded provider knows no such payments."""
        subscription_id = await StripeCustomer(provider.fake.records).add_subscription("paid")
        charge, invoice = await order_on_invoice(provider, subscription_id)
        [record] = provider.fake.records.list_updates()
        provider.fake.records.pay_in_part(record, 500)
        found = await provider.gateway.fetch_invoice("acme", invoice.id)
        assert found == replace(invoice, amount_remaining=invoice.amount - 500)
        assert found.status == "due"
        assert isinstance(await provider.gateway.reconcile_charge(charge), Settled)


# --- what goes wrong on the way


@pytest.mark.parametrize(("cuts", "first"), [(1, TEN_SEATS), (2, TEN_SEATS), (3, Unknown()), (9, Unknown())])
async def test_r19_an_answer_cut_off_after_it_took_effect_is_charged_once(
    provider: StripeProvider, cuts: int, first: ChargeOutcome
) -> None:
    """The SDK's own two retries bear the same key; past them the charge is unknown, never failed."""
    provider.fake.faults.append(Fault("cut_after", charges_only=True, times=cuts))
    assert remove_reference(await provider.gateway.place_charge(provider.charge())) == first
    provider.fake.faults.clear()
    assert remove_reference(await reconcile_charge(provider)) == TEN_SEATS
    assert {call.idempotency_key for call in provider.fake.list_charge_requests()} == {"line-1-1"}
    assert len(list_paid_invoices(provider)) == 1


async def test_the_number_of_retries_is_limited(provider: StripeProvider) -> None:
    provider.fake.faults.append(Fault("cut_before", charges_only=True, times=99))
    assert await provider.gateway.place_charge(provider.charge()) == Unknown()
    assert len(provider.fake.list_charge_requests()) == 3
    provider.fake.faults.clear()
    assert await reconcile_charge(provider) == NeverReceived()
    assert remove_reference(await provider.gateway.place_charge(provider.charge())) == TEN_SEATS


@pytest.mark.parametrize("kind", ["conflict", "rate_limit", "down"])
@pytest.mark.parametrize("times", [1, 3, 9])
async def test_conflicts_rate_limits_and_outages_are_retried_with_the_same_key(
    provider: StripeProvider, kind: str, times: int
) -> None:
    provider.fake.faults.append(Fault(kind, charges_only=True, times=times))  # type: ignore[arg-type]
    outcome: ChargeOutcome | NeverReceived = await provider.gateway.place_charge(provider.charge())
    while not isinstance(outcome, Settled):
        assert outcome in (Unknown(), NeverReceived())
        ask = (
            provider.gateway.place_charge if outcome == NeverReceived() else provider.gateway.reconcile_charge
        )
        outcome = await ask(provider.charge())
    assert remove_reference(outcome) == TEN_SEATS
    assert {call.idempotency_key for call in provider.fake.list_charge_requests()} == {"line-1-1"}
    assert len(list_paid_invoices(provider)) == 1


async def test_r19_a_failure_saved_under_the_key_is_verified_before_it_ends_the_charge(
    provider: StripeProvider,
) -> None:
    charge = provider.charge()
    provider.fake.faults.append(Fault("save_500", charges_only=True))
    assert await provider.gateway.place_charge(charge) == Unknown()
    assert await provider.gateway.reconcile_charge(charge) == NeverReceived()
    assert await provider.gateway.place_charge(charge) == Unknown(), "the key answers the same for ever"
    provider.clock.at += SAVED_FAILURE_GRACE_PERIOD
    assert await provider.gateway.place_charge(charge) == Declined("provider_error")
    assert {call.idempotency_key for call in provider.fake.list_charge_requests()} == {"line-1-1"}, (
        "no key is changed for it"
    )
    assert list_paid_invoices(provider) == []


async def test_r19_a_failed_request_that_took_effect_is_settled(provider: StripeProvider) -> None:
    provider.fake.faults.append(Fault("save_500_after", charges_only=True))
    assert await provider.gateway.place_charge(provider.charge()) == Unknown()
    assert remove_reference(await reconcile_charge(provider)) == TEN_SEATS
    assert len(list_paid_invoices(provider)) == 1


async def test_a_slow_stripe_is_given_up_before_another_worker_takes_the_line(database: Database) -> None:
    """Reading and preparing end together before a lease does, and nothing is sent after them."""
    sending = (MAX_RETRIES + 1) * (REQUEST_TIMEOUT.total or 0)
    assert Settings.model_fields["lease_seconds"].default > 2 * gateway.PREPARATION_TIMEOUT_SECONDS + sending
    async with run_stripe_provider(database, preparation_timeout_seconds=0.05) as provider:
        provider.fake.latency_seconds = 0.2
        assert await reconcile_charge(provider) == Unknown()
        assert await provider.gateway.place_charge(provider.charge()) == Unknown()
        asked = {call.path for call in provider.fake.requests}
        assert asked <= {"/v1/subscriptions", f"/v1/customers/{CUSTOMER}"}


async def test_r19_an_invoice_that_a_402_left_open_is_voided(provider: StripeProvider) -> None:
    """Left open, it could be paid after another card was charged here."""
    records = provider.fake.records
    subscription, item = records.get_subscription_and_item("sub_month")
    records.declines_with_402 = True

    def leave_open() -> None:
        records.declines_with_402 = False
        records.update_quantity(subscription, item, 35, int(HALF_OF_NOVEMBER.timestamp()))

    provider.fake.after_charge = leave_open
    charge = provider.charge(payment_method_id=provider.cards.declined)
    assert await provider.gateway.place_charge(charge) == Declined("card_declined")
    assert [call.status for call in provider.fake.list_charge_requests()] == [402]
    assert [invoice.status for invoice in records.invoices.values()] == ["void"]


@pytest.mark.parametrize("card", ["declined", "absent_customer"])
async def test_r19_an_invoice_that_was_written_off_is_voided(provider: StripeProvider, card: str) -> None:
    """Anybody who finds it could still pay it."""
    charge = provider.charge(payment_method_id=getattr(provider.cards, card))
    provider.fake.faults.append(Fault("cut_after", charges_only=True, times=3))
    assert await provider.gateway.place_charge(charge) == Unknown()
    [invoice] = provider.fake.records.invoices.values()
    invoice.status = "uncollectible"
    assert isinstance(await provider.gateway.reconcile_charge(charge), Declined)
    assert invoice.status == "void"


async def test_a_key_that_was_sent_with_another_request_is_resolved_by_reading(
    provider: StripeProvider,
) -> None:
    charge = provider.charge()
    provider.fake.save_key(charge.key, "another request")
    assert await provider.gateway.place_charge(charge) == Unknown()
    provider.clock.at += SAVED_FAILURE_GRACE_PERIOD
    assert await provider.gateway.place_charge(charge) == Declined("provider_error")
    assert list_paid_invoices(provider) == []


async def test_a_decline_answered_with_402_changes_nothing(provider: StripeProvider) -> None:
    provider.fake.records.declines_with_402 = True
    charge = provider.charge(payment_method_id=provider.cards.declined)
    assert await provider.gateway.place_charge(charge) == Declined("card_declined")
    assert provider.fake.records.invoices == {}
    assert provider.fake.records.subscriptions[THERE].default_payment_method is None


async def test_a_key_that_stripe_may_have_forgotten_is_not_sent(provider: StripeProvider) -> None:
    charge = provider.charge()
    provider.clock.at += IDEMPOTENCY_KEY_LIFETIME
    assert await provider.gateway.place_charge(charge) == Declined("never_received")
    assert provider.fake.list_charge_requests() == []


async def test_outages_while_reading_are_recognised(provider: StripeProvider) -> None:
    provider.fake.faults.append(Fault("down", method="GET", times=99))
    with pytest.raises(BillingUnavailable):
        await provider.gateway.list_subscriptions("acme")
    assert await provider.gateway.place_charge(provider.charge()) == Unknown()
    assert await reconcile_charge(provider) == Unknown()
    assert provider.fake.list_charge_requests() == []


# --- what is not the key's


async def test_a_renewal_with_the_key_is_not_mistaken_for_the_charge(provider: StripeProvider) -> None:
    charge = provider.charge(payment_method_id=provider.cards.declined)
    await provider.gateway.place_charge(charge)
    later = replace(charge, key="line-1-2", payment_method_id="pm_1")
    provider.fake.records.subscriptions[THERE].metadata["seatbot_attempt"] = later.key
    provider.clock.at += timedelta(days=16)
    assert await provider.gateway.reconcile_charge(later) == NeverReceived()


async def test_a_manual_change_is_not_mistaken_for_the_charge_of_the_stored_key(
    provider: StripeProvider,
) -> None:
    records = provider.fake.records
    subscription, item = records.get_subscription_and_item("sub_month")
    subscription.metadata["seatbot_attempt"] = "line-1-1"
    provider.clock.advance(5)
    records.update_quantity(subscription, item, 35, records.now)
    assert await reconcile_charge(provider) == NeverReceived()


async def test_the_charge_sends_only_parameters_allowed_with_a_pending_payment(
    provider: StripeProvider,
) -> None:
    await provider.gateway.place_charge(provider.charge())
    [call] = provider.fake.list_charge_requests()
    assert call.params == {
        "items": [{"id": "si_sub_month", "quantity": "35"}],
        "proration_behavior": "always_invoice",
        "payment_behavior": "pending_if_incomplete",
        "proration_date": str(int(HALF_OF_NOVEMBER.timestamp())),
        "expand": ["latest_invoice.payments"],
    }


async def test_r10_the_orders_address_becomes_the_customers(provider: StripeProvider) -> None:
    moved = PARIS.model_copy(update={"line1": "2 quai Nord", "city": "Marseille"})
    await provider.gateway.place_charge(await price_charge(provider, address=moved))
    assert provider.fake.records.customers[CUSTOMER].address == moved.model_dump()


async def test_the_receipt_is_a_page_and_a_pdf(provider: StripeProvider) -> None:
    outcome = await provider.gateway.place_charge(provider.charge())
    assert isinstance(outcome, Settled)
    page = await provider.gateway.fetch_receipt_page("acme", outcome.receipt)
    assert page is not None
    assert page.page_url.startswith("https://")
    pdf = await provider.gateway.fetch_receipt_pdf("acme", outcome.receipt)
    assert pdf is not None
    assert pdf.number == page.number == outcome.invoice_number
    assert f"Invoice {pdf.number}".encode() in pdf.content


async def test_the_pdf_of_an_old_invoice_is_downloaded_with_a_new_link(provider: StripeProvider) -> None:
    outcome = await provider.gateway.place_charge(provider.charge())
    assert isinstance(outcome, Settled)
    page = await provider.gateway.fetch_receipt_page("acme", outcome.receipt)
    provider.clock.at += timedelta(days=200)
    pdf = await provider.gateway.fetch_receipt_pdf("acme", outcome.receipt)
    assert page is not None
    assert pdf is not None
    async with aiohttp.ClientSession() as session:
        with pytest.raises(BillingUnavailable):
            await download_pdf(session, page.pdf_url)


async def test_a_pdf_that_cannot_be_downloaded_is_an_outage(provider: StripeProvider) -> None:
    outcome = await provider.gateway.place_charge(provider.charge())
    assert isinstance(outcome, Settled)
    for kind in ("down", "cut_before"):
        # A request that got no response at all is sent again at once.
        provider.fake.faults = [Fault(kind, path="/pdf$", times=2)]
        with pytest.raises(BillingUnavailable):
            await provider.gateway.fetch_receipt_pdf("acme", outcome.receipt)


def test_the_sdk_has_the_version_that_the_gateway_was_written_for() -> None:
    """Its types are what the fake's answers are checked against."""
    assert stripe.VERSION.startswith("16.")
