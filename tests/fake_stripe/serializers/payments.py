"""Charges and payment intents."""

from collections.abc import Sequence
from typing import Any

import stripe

from tests.fake_stripe.records import (
    Card,
    Invoice,
    PaymentIntent,
    StripeRecords,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.payment_methods import (
    serialize_method_details,
    serialize_payment_method,
    serialize_wallet,
)


def serialize_charge(invoice: Invoice, payment_intent: PaymentIntent, method: Card) -> dict[str, Any]:
    """With the method as it was then: docs.stripe.com/api/charges/object, payment_method_details"""
    return fill_object(
        stripe.Charge,
        id=f"ch_{payment_intent.id[3:]}",
        object="charge",
        amount=invoice.amount_due,
        amount_captured=invoice.amount_due,
        amount_refunded=0,
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        captured=True,
        created=invoice.created,
        currency=invoice.currency,
        customer=invoice.customer,
        disputed=False,
        livemode=False,
        metadata={},
        paid=True,
        payment_intent=payment_intent.id,
        payment_method=method.id,
        payment_method_details=_serialize_charge_details(method),
        refunded=False,
        status="succeeded",
    )


def _serialize_charge_details(method: Card) -> dict[str, Any]:
    """They have no address of Link, unlike the payment method."""
    details_class = stripe.Charge.PaymentMethodDetails
    year, month = method.expiry
    match method.type:
        case "card":
            wallet = serialize_wallet(details_class.Card.Wallet, method.wallet)
            shown = fill_object(
                details_class.Card,
                brand=method.brand,
                last4=method.last4,
                exp_year=year,
                exp_month=month,
                wallet=wallet,
            )
        case "link":
            shown = fill_object(details_class.Link)
        case "paypal":
            shown = fill_object(details_class.Paypal, payer_email=method.email)
        case _:
            shown = serialize_method_details(method)
    return fill_object(details_class, type=method.type, **{method.type: shown})


def serialize_payment_intent(
    records: StripeRecords, invoice: Invoice, payment_intent: PaymentIntent, *, expand: Sequence[str] = ()
) -> dict[str, Any]:
    """docs.stripe.com/api/payment_intents/object"""
    error = None
    method = records.cards.get(payment_intent.payment_method or "")
    charged = payment_intent.charged_method
    charge = serialize_charge(invoice, payment_intent, charged) if charged else None
    if payment_intent.error_code is not None:
        error = fill_object(
            stripe.PaymentIntent.LastPaymentError,
            type="card_error",
            code=payment_intent.error_code,
            message="It failed.",
        )
    return fill_object(
        stripe.PaymentIntent,
        id=payment_intent.id,
        object="payment_intent",
        amount=invoice.amount_due,
        amount_capturable=0,
        amount_received=invoice.amount_due if payment_intent.status == "succeeded" else 0,
        capture_method="automatic",
        confirmation_method="automatic",
        created=invoice.created,
        currency=invoice.currency,
        customer=invoice.customer,
        last_payment_error=error,
        latest_charge=charge if charge is None or "latest_charge" in expand else charge["id"],
        livemode=False,
        metadata={},
        payment_method=serialize_payment_method(method)
        if method and "payment_method" in expand
        else payment_intent.payment_method,
        payment_method_types=["card"],
        status=payment_intent.status,
    )
