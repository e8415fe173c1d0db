"""What an invoice was paid with, read from its payments (R26).

It need not be the method that was to be charged: on Stripe's page anybody can pay with another one, and an
invoice can be marked as paid outside Stripe.
"""

from dataclasses import replace
from datetime import datetime

import stripe

from bot.billing.gateway import BillingAccessDenied, BillingRequestRejected, PaymentMethodState
from bot.billing.stripe.client import from_timestamp, iter_all_pages, log_action_taken, request_stripe
from bot.billing.stripe.currencies import to_minor_units
from bot.billing.stripe.items import get_object_id
from bot.billing.stripe.payment_methods import read_method_details, read_payment_method
from models.payment_method import NOT_SHOWN_TYPE, OUTSIDE_TYPE
from models.receipt import ChargedMethod

# docs.stripe.com/api/payment_intents/object
INTENT_EXPANSIONS = ["payment_method", "latest_charge"]


async def fetch_charged_methods(
    client: stripe.StripeClient, invoice: stripe.Invoice
) -> tuple[ChargedMethod, ...]:
    """The `payments` of the invoice must be expanded. Raises BillingUnavailable."""
    found, rest = [], invoice.amount_due
    if invoice.payments is not None:
        async for payment in iter_all_pages(invoice.payments):
            amount = payment.amount_paid or 0
            if payment.status == "paid" and amount and payment.payment.type != "payment_record":
                method = await _fetch_method(client, payment.payment)
                paid_at = payment.status_transitions.paid_at
                found.append(
                    _build_charged_method(
                        method,
                        to_minor_units(amount, invoice.currency),
                        from_timestamp(paid_at) if paid_at else None,
                    )
                )
                rest -= amount
    if rest > 0:
        # A payment record says so, or nothing does (docs.stripe.com/api/invoices/pay, `paid_out_of_band`).
        found.append(ChargedMethod(type=OUTSIDE_TYPE, amount=to_minor_units(rest, invoice.currency)))
    return tuple(found)


async def _fetch_method(
    client: stripe.StripeClient, payment: stripe.InvoicePayment.Payment
) -> PaymentMethodState | None:
    """Returns None if Stripe doesn't show it, at least to this key: the amount was charged all the same. A
    charge is named only if it has no PaymentIntent (docs.stripe.com/api/invoice-payment/object)."""
    intent_id, charge_id = get_object_id(payment.payment_intent), get_object_id(payment.charge)
    try:
        with log_action_taken("method_not_shown"):
            if intent_id is not None:
                wanted = {"expand": INTENT_EXPANSIONS}
                call = client.v1.payment_intents.retrieve_async(intent_id, wanted)  # type: ignore[arg-type]
                return _read_intent(await request_stripe(call, "payment_intents.retrieve"))
            if charge_id is not None:
                fetch = client.v1.charges.retrieve_async(charge_id)
                return _read_charge(await request_stripe(fetch, "charges.retrieve"))
    except (BillingAccessDenied, BillingRequestRejected):
        return None
    return None


def _read_intent(intent: stripe.PaymentIntent) -> PaymentMethodState | None:
    # The charge has the card as it was then: the stored one may have been replaced or removed since. But it
    # lacks some details of the method.
    charge, method = intent.latest_charge, intent.payment_method
    charged = _read_charge(charge) if isinstance(charge, stripe.Charge) else None
    stored = read_payment_method(method.to_dict()) if isinstance(method, stripe.PaymentMethod) else None
    if charged is None or stored is None or charged.type != stored.type:
        return charged or stored
    return replace(
        charged,
        email=charged.email or stored.email,
        bank=charged.bank or stored.bank,
        wallet=charged.wallet or stored.wallet,
    )


def _read_charge(charge: stripe.Charge) -> PaymentMethodState | None:
    details = charge.payment_method_details
    return read_method_details(charge.payment_method or charge.id, details.to_dict()) if details else None


def _build_charged_method(
    method: PaymentMethodState | None, amount: int, paid_at: datetime | None
) -> ChargedMethod:
    if method is None:
        return ChargedMethod(type=NOT_SHOWN_TYPE, amount=amount, paid_at=paid_at)
    return ChargedMethod(
        type=method.type,
        brand=method.brand,
        last4=method.last4,
        email=method.email,
        bank=method.bank,
        wallet=method.wallet,
        amount=amount,
        paid_at=paid_at,
    )
