"""The Stripe gateway when it cannot tell what became of a charge: nothing invites to pay twice (R19, R21)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.billing.gateway import (
    ChargeOutcome,
    Declined,
    NeverReceived,
    Pending,
    SeatsChanged,
    Settled,
    Unknown,
)
from bot.billing.stripe.charges import IDEMPOTENCY_KEY_LIFETIME
from tests.billing.conftest import CUSTOMER, StripeProvider, list_paid_invoices, reconcile_charge
from tests.billing.contract import TEN_SEATS, remove_reference
from tests.billing.scenarios import price_charge
from tests.fake_stripe import Fault

THERE = "sub_month_there"
INVOICES, INTENTS = r"/v1/invoices$", "/v1/payment_intents"
CHARGE = Fault("cut_after", charges_only=True, times=9)


def reject(path: str, **options: object) -> Fault:
    return Fault("reject", path, code="parameter_unknown", times=99, **options)  # type: ignore[arg-type]


async def lose_answer(provider: StripeProvider, card: str = "good") -> None:
    """The charge goes through, but nothing says so."""
    provider.fake.faults.append(Fault(**vars(CHARGE)))
    charge = provider.charge(payment_method_id=getattr(provider.cards, card))
    assert await provider.gateway.place_charge(charge) == Unknown()
    provider.fake.faults.clear()


@pytest.mark.parametrize(
    "fault",
    [
        reject(INVOICES),
        reject(INVOICES, status=404),
        reject(r"/v1/subscriptions$"),
        reject(f"/v1/customers/{CUSTOMER}$", method="GET"),
    ],
)
async def test_r21_a_lookup_that_stripe_refuses_leaves_the_line_unknown(
    provider: StripeProvider, fault: Fault
) -> None:
    await lose_answer(provider)
    provider.fake.faults.append(fault)
    with capture_logs() as logs:
        for _ in range(2):
            assert await provider.gateway.place_charge(provider.charge()) == Unknown()
    entries = [entry for entry in logs if entry["event"] == "stripe.request_rejected"]
    assert {(entry["log_level"], entry["action_taken"]) for entry in entries} == {
        ("error", "outcome_unknown")
    }
    provider.fake.faults.clear()
    assert remove_reference(await provider.gateway.place_charge(provider.charge())) == TEN_SEATS
    assert len(list_paid_invoices(provider)) == 1


async def test_r21_a_payment_that_stripe_does_not_show_leaves_the_line_unknown(
    provider: StripeProvider,
) -> None:
    await lose_answer(provider, "slow")
    provider.fake.faults.append(reject(INTENTS))
    charge = provider.charge(payment_method_id=provider.cards.slow)
    assert await provider.gateway.place_charge(charge) == Unknown()
    assert await provider.gateway.reconcile_charge(charge) == Unknown()
    provider.fake.faults.clear()
    provider.clock.advance(provider.cards.slow_seconds)
    assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS


async def test_r21_a_refused_lookup_after_the_charge_leaves_the_line_unknown(
    provider: StripeProvider,
) -> None:
    """For example, after a card was declined: an invoice may have been left open."""
    provider.fake.records.declines_with_402 = True

    def refuse() -> None:
        provider.fake.faults.append(reject(INVOICES))

    provider.fake.before_charge = refuse
    charge = provider.charge(payment_method_id=provider.cards.declined)
    assert await provider.gateway.place_charge(charge) == Unknown()
    provider.fake.faults.clear()
    assert await provider.gateway.reconcile_charge(charge) == NeverReceived()


async def test_r21_a_refused_lookup_of_a_deleted_customer_stays_unknown(provider: StripeProvider) -> None:
    """Only Stripe's own word that it has no such customer ends it, after the lifetime of its key."""
    await lose_answer(provider)
    provider.fake.records.delete_customer(CUSTOMER)
    provider.fake.faults.append(reject(INVOICES))
    charge = provider.charge()
    provider.clock.at += IDEMPOTENCY_KEY_LIFETIME
    assert await provider.gateway.reconcile_charge(charge) == Unknown()
    provider.fake.faults.clear()
    assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS


@pytest.mark.parametrize(
    "path", ["/v1/invoices/create_preview", f"/v1/customers/{CUSTOMER}$", f"/v1/subscriptions/{THERE}$"]
)
async def test_a_refusal_before_the_charge_declines_it_unless_the_charge_was_sent(
    provider: StripeProvider, path: str
) -> None:
    """By another worker, in the same moment."""
    charge = await price_charge(provider)
    provider.fake.records.customers[CUSTOMER].address["city"] = "Lyon"
    fault = reject(path, method="POST")
    provider.fake.faults.append(fault)
    assert await provider.gateway.place_charge(charge) == Declined("parameter_unknown")
    provider.fake.faults.clear()
    fault.then = lambda: send_by_other_worker(provider)
    provider.fake.faults.append(fault)
    assert remove_reference(await provider.gateway.place_charge(charge)) == TEN_SEATS
    assert len(list_paid_invoices(provider)) == 1


def send_by_other_worker(provider: StripeProvider) -> None:
    records = provider.fake.records
    subscription, item = records.get_subscription_and_item("sub_month")
    subscription.metadata["seatbot_attempt"] = "line-1-1"
    records.update_quantity(subscription, item, 35, int(provider.charge().at.timestamp()))
    provider.fake.faults.clear()


# --- an update that Stripe has accepted, without an invoice that has its key


def write_over_key(provider: StripeProvider) -> None:
    provider.fake.records.subscriptions[THERE].metadata["seatbot_attempt"] = "of another program"


async def place_logged(provider: StripeProvider, card: str = "good") -> tuple[ChargeOutcome, list[str]]:
    with capture_logs() as logs:
        charge = provider.charge(payment_method_id=getattr(provider.cards, card))
        outcome = await provider.gateway.place_charge(charge)
    return outcome, [log["event"] for log in logs if log["log_level"] == "error"]


@pytest.mark.parametrize("is_answer_lost", [False, True])
async def test_r19_a_charge_whose_key_was_overwritten_is_recognised_by_its_seats(
    provider: StripeProvider, *, is_answer_lost: bool
) -> None:
    provider.fake.before_charge = lambda: write_over_key(provider)
    if is_answer_lost:
        await lose_answer(provider)
        assert await reconcile_charge(provider) == NeverReceived()
    outcome, errors = await place_logged(provider)
    assert remove_reference(outcome) == TEN_SEATS
    assert errors == ["charge.invoice_missing"]
    assert len(list_paid_invoices(provider)) == 1
    assert {call.idempotency_key for call in provider.fake.list_charge_requests()} == {"line-1-1"}


async def test_r21_a_payment_whose_key_was_overwritten_is_unknown_until_it_is_made(
    provider: StripeProvider,
) -> None:
    provider.fake.before_charge = lambda: write_over_key(provider)
    outcome, errors = await place_logged(provider, "customer")
    assert (outcome, errors) == (Unknown(), ["charge.invoice_missing"])
    charge = provider.charge(payment_method_id=provider.cards.customer)
    assert await provider.gateway.reconcile_charge(charge) == NeverReceived()
    assert isinstance(await provider.gateway.place_charge(charge), Pending), "a change waits for its payment"
    provider.clock.advance(20)
    provider.fake.records.apply_due_changes()
    outcome, _ = await place_logged(provider, "customer")
    assert remove_reference(outcome) == TEN_SEATS
    assert len(list_paid_invoices(provider)) == 1


def set_same_number(provider: StripeProvider) -> None:
    """Somebody else, without charging anything."""
    provider.fake.records.set_quantity("sub_month", 35)


def charge_same_number(provider: StripeProvider) -> None:
    """Somebody else, who copies the key."""
    provider.clock.advance(5)
    records = provider.fake.records
    subscription, item = records.get_subscription_and_item("sub_month")
    records.update_quantity(subscription, item, 35, records.now)


@pytest.mark.parametrize(
    ("change", "ends", "logged"),
    [
        (set_same_number, SeatsChanged(), []),
        (charge_same_number, Unknown(), ["charge.invoice_missing"]),
    ],
)
@pytest.mark.parametrize("is_before_look", [True, False])
async def test_r19_the_same_number_set_by_somebody_else_is_not_the_charge(
    provider: StripeProvider,
    change: Callable[[StripeProvider], None],
    ends: ChargeOutcome,
    logged: list[str],
    *,
    is_before_look: bool,
) -> None:
    """Nothing was charged for the key, if the subscription's latest invoice is older than it. If somebody's
    invoice has it too, people must look."""
    if is_before_look:
        provider.fake.faults.append(Fault("down", charges_only=True, times=99))
        assert await provider.gateway.place_charge(provider.charge()) == Unknown()
        provider.fake.faults.clear()
        change(provider)
    else:
        provider.fake.before_charge = lambda: change(provider)
    for _ in range(2):
        outcome, errors = await place_logged(provider)
        assert (outcome, errors) == (ends, logged)
    assert {call.idempotency_key for call in provider.fake.list_charge_requests()} == {"line-1-1"}


async def test_r21_free_seats_are_settled_without_an_invoice(provider: StripeProvider) -> None:
    provider.fake.records.use_other_price("sub_month", unit_amount=0)
    provider.fake.records.invoices_free_updates = False
    charge = await price_charge(provider)
    assert charge.amount + charge.tax == 0
    for _ in range(2):
        outcome = await provider.gateway.place_charge(charge)
        assert remove_reference(outcome) == replace(TEN_SEATS, amount=0, tax=0)
    assert isinstance(outcome, Settled)
    assert await provider.gateway.fetch_receipt_page("acme", outcome.receipt) is None
    assert provider.fake.records.get_item("sub_month").quantity == 35
    assert provider.fake.records.invoices == {}
