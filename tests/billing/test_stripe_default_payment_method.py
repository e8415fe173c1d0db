"""The Stripe gateway's cards: the one charged, and the default one restored."""

from dataclasses import replace

import pytest

from bot.billing.gateway import (
    Charge,
    Declined,
    NeedsCustomer,
    NeverReceived,
    Pending,
    PriceChanged,
    SeatsChanged,
    Settled,
    Unknown,
)
from tests.billing.conftest import StripeProvider
from tests.billing.contract import TEN_SEATS, remove_reference
from tests.billing.scenarios import price_charge, resolve_charge
from tests.fake_stripe import Card, Fault

THERE = "sub_month_there"


@pytest.mark.parametrize("card", ["good", "declined", "slow", "customer"])
@pytest.mark.parametrize("usual", [None, "pm_lost"])
async def test_the_default_method_is_restored_after_any_outcome(
    provider: StripeProvider, card: str, usual: str | None
) -> None:
    subscription = provider.fake.records.subscriptions[THERE]
    subscription.default_payment_method = usual
    await resolve_charge(provider, await price_charge(provider, card=card))
    assert subscription.default_payment_method == usual
    assert "seatbot_swapped_card" not in subscription.metadata


async def test_a_card_that_could_not_be_restored_is_restored_once_stripe_answers(
    provider: StripeProvider,
) -> None:
    subscription = provider.fake.records.subscriptions[THERE]
    charge = provider.charge(payment_method_id=provider.cards.declined)

    def down_once_charged() -> None:
        provider.fake.faults.append(Fault("down", f"/v1/subscriptions/{THERE}", "POST", times=99))

    provider.fake.after_charge = down_once_charged
    assert await provider.gateway.place_charge(charge) == Unknown()
    assert subscription.default_payment_method == provider.cards.declined
    provider.fake.faults.clear()
    assert await provider.gateway.reconcile_charge(charge) == Declined("card_declined")
    assert subscription.default_payment_method is None


async def without_effect(provider: StripeProvider, charge: Charge) -> None:
    """The card is swapped, then the charge itself does not reach Stripe."""
    provider.fake.faults.append(Fault("down", charges_only=True, times=99))
    assert await provider.gateway.place_charge(charge) == Unknown()
    assert provider.fake.records.subscriptions[THERE].default_payment_method == charge.payment_method_id
    provider.fake.faults.clear()


@pytest.mark.parametrize("then", ["seats changed", "another price", "card detached"])
async def test_the_default_method_is_restored_if_a_charge_without_effect_is_refused_next(
    provider: StripeProvider, then: str
) -> None:
    subscription, item = provider.fake.records.get_subscription_and_item("sub_month")
    subscription.default_payment_method = "pm_lost"
    charge = provider.charge(payment_method_id=provider.cards.customer)
    await without_effect(provider, charge)
    if then == "seats changed":
        item.quantity = 26
    elif then == "another price":
        provider.fake.records.use_other_price(item.id, unit_amount=1500)
    else:
        del provider.fake.records.cards[charge.payment_method_id]
        subscription.default_payment_method = None
    assert isinstance(await provider.gateway.place_charge(charge), SeatsChanged | PriceChanged | Declined)
    assert subscription.default_payment_method == "pm_lost"
    assert "seatbot_swapped_card" not in subscription.metadata


async def test_the_default_method_is_restored_if_a_charge_was_never_received(
    provider: StripeProvider,
) -> None:
    subscription = provider.fake.records.subscriptions[THERE]
    charge = provider.charge(payment_method_id=provider.cards.customer)
    await without_effect(provider, charge)
    assert await provider.gateway.reconcile_charge(charge) == NeverReceived()
    assert subscription.default_payment_method is None
    assert "seatbot_swapped_card" not in subscription.metadata


async def test_a_card_that_is_no_longer_there_declines(provider: StripeProvider) -> None:
    charge = provider.charge(payment_method_id="pm_gone")
    assert await provider.gateway.place_charge(charge) == Declined("method_gone")
    assert provider.fake.list_charge_requests() == []


@pytest.mark.parametrize(
    "code",
    [
        "payment_intent_authentication_failure",
        # docs.stripe.com/error-codes: the customer was asked to authenticate, and never did.
        "authentication_required",
    ],
)
async def test_a_payment_that_fails_authentication_is_declined_and_voided(
    provider: StripeProvider, code: str
) -> None:
    charge = provider.charge(payment_method_id=provider.cards.absent_customer)
    assert isinstance(await provider.gateway.place_charge(charge), NeedsCustomer)
    [invoice] = provider.fake.records.invoices.values()
    provider.fake.records.fail_authentication(invoice, code)
    assert await provider.gateway.reconcile_charge(charge) == Declined("authentication_failed")
    assert invoice.status == "void"
    assert provider.fake.records.subscriptions[THERE].pending_update is None


async def test_r19_an_invoice_paid_before_it_could_be_voided_settles(provider: StripeProvider) -> None:
    """Stripe tries a declined card again by itself: that must never come after another card was charged."""
    charge = provider.charge(payment_method_id=provider.cards.declined)
    records = provider.fake.records
    provider.fake.after_charge = lambda: records.pay_invoice(next(iter(records.invoices.values())))
    outcome = await provider.gateway.place_charge(charge)
    assert isinstance(outcome, Settled | Pending)
    provider.clock.advance(1)
    assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS


async def test_somebody_elses_pending_change_is_waited_for(provider: StripeProvider) -> None:
    records = provider.fake.records
    subscription, item = records.get_subscription_and_item("sub_month")
    subscription.default_payment_method = "pm_customer_never"
    theirs = records.update_quantity(subscription, item, 30, records.now)
    assert isinstance(await provider.gateway.place_charge(provider.charge()), Pending)
    assert theirs.status == "open", "it is not replaced"
    assert provider.fake.list_charge_requests() == []


async def test_r3_a_type_of_method_that_the_subscription_does_not_accept_declines(
    provider: StripeProvider,
) -> None:
    """Stripe would not use it, and the payment could fail."""
    records, outcomes = provider.fake.records, []
    link = records.cards["pm_link"] = Card("pm_link", "cus_acme", type="link", email="a@acme.example")
    for number, types in enumerate((["card"], ["card", "link"], None)):
        records.subscriptions[THERE].settings.payment_method_types = types
        charge = await price_charge(provider, f"line-{number}")
        outcome = await provider.gateway.place_charge(replace(charge, payment_method_id=link.id))
        outcomes.append(outcome.reason if isinstance(outcome, Declined) else type(outcome).__name__)
        records.set_quantity("sub_month", 25)
    assert outcomes == ["method_not_accepted", "Settled", "Settled"]
    assert len(provider.fake.list_charge_requests()) == 2
