"""Orders on invoice, as scenarios that must end the same way with every provider (R3, R18).

Besides the contract's world there is a subscription that is paid by invoice, of 10 seats at 14.00 EUR.
"""

from dataclasses import replace
from typing import Literal, Protocol

import pytest

from bot.billing.gateway import Charge, InvoiceState, Settled
from models.invoice import InvoiceStatus
from tests.billing.contract import Provider
from tests.billing.scenarios import price_charge, resolve_charge

Decision = Literal["paid", "void"]
SEATS = 10


class Customer(Protocol):
    """Who pays the invoices, or the seller who cancels one."""

    async def add_subscription(self, decision: Decision) -> str:
        """Returns the id of a subscription whose next invoice will be decided so."""

    async def decide(self, decision: Decision) -> None:
        """The only invoice there is."""

    async def withdraw_permission(self) -> None:
        """The account may no longer order on invoice."""


async def order_on_invoice(provider: Provider, subscription_id: str) -> tuple[Charge, InvoiceState]:
    priced = await price_charge(provider, subscription_id=subscription_id, seats=2)
    charge = replace(priced, is_on_invoice=True, payment_method_id="")
    settled = await resolve_charge(provider, charge)
    assert isinstance(settled, Settled)
    assert settled.invoice is not None
    assert (settled.amount, settled.tax) == (charge.amount, charge.tax), "what was promised"
    assert await provider.gateway.reconcile_charge(charge) == settled
    assert await provider.gateway.place_charge(charge) == settled, "R19"
    assert settled.amount_paid == 0, "no payment method was charged"
    assert settled.methods == ()
    return charge, settled.invoice


class OnInvoice:
    @pytest.mark.parametrize("decision", ["paid", "void"])
    async def test_seats_are_added_once_the_invoice_is_open_and_stay_whatever_happens_to_it(
        self, provider: Provider, customer: Customer, decision: Decision
    ) -> None:
        subscription_id = await customer.add_subscription(decision)
        charge, invoice = await order_on_invoice(provider, subscription_id)
        total = charge.amount + charge.tax
        assert (invoice.status, invoice.amount, invoice.amount_remaining) == (InvoiceStatus.DUE, total, total)
        assert invoice.due_at is not None
        assert (invoice.due_at - provider.clock()).days in (29, 30)
        assert await provider.seats(subscription_id) == SEATS + 2
        assert await provider.gateway.fetch_invoice("acme", invoice.id) == invoice

        await customer.decide(decision)
        found = await provider.gateway.fetch_invoice("acme", invoice.id)
        assert found is not None
        assert (found.status, found.number, found.amount) == (decision, invoice.number, total)
        assert decision == "void" or found.amount_remaining == 0
        assert await provider.seats(subscription_id) == SEATS + 2
        again = await provider.gateway.reconcile_charge(charge)
        assert isinstance(again, Settled), "its status is its own"
        page = await provider.gateway.fetch_receipt_page("acme", invoice.id)
        assert page is not None
        assert page.number == invoice.number

    async def test_no_method_is_charged_for_a_subscription_that_is_paid_by_invoice(
        self, provider: Provider, customer: Customer
    ) -> None:
        """R26: the seller changed it since the quote."""
        subscription_id = await customer.add_subscription("paid")
        charge = await price_charge(provider, subscription_id=subscription_id, seats=2)
        outcome = await resolve_charge(provider, charge)
        assert getattr(outcome, "reason", "") == "paid_by_invoice"
        by_card = replace(await price_charge(provider, "line-2-1"), is_on_invoice=True, payment_method_id="")
        assert getattr(await resolve_charge(provider, by_card), "reason", "") == "not_paid_by_invoice"
        assert await provider.seats(subscription_id) == SEATS

    async def test_nothing_is_invoiced_once_the_account_has_lost_the_permission(
        self, provider: Provider, customer: Customer
    ) -> None:
        """R3: between placing and charging."""
        subscription_id = await customer.add_subscription("paid")
        priced = await price_charge(provider, subscription_id=subscription_id, seats=2)
        await customer.withdraw_permission()
        outcome = await resolve_charge(provider, replace(priced, is_on_invoice=True, payment_method_id=""))
        assert getattr(outcome, "reason", "") == "paid_by_invoice"
        assert await provider.seats(subscription_id) == SEATS

    async def test_there_is_no_invoice_for_an_unknown_reference(self, provider: Provider) -> None:
        assert await provider.gateway.fetch_invoice("acme", "in_nobody") is None
