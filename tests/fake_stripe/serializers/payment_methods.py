"""Payment methods, and legacy cards and bank accounts."""

from typing import Any

import stripe

from tests.fake_stripe.records import (
    Card,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT


def serialize_source(card: Card) -> dict[str, Any]:
    """As the Cards and Bank Accounts APIs show it, which spell a brand otherwise
    (docs.stripe.com/api/cards/object, docs.stripe.com/api/customer_bank_accounts/object)."""
    if card.type == "card":
        year, month = card.expiry
        return fill_object(
            stripe.Card,
            id=card.id,
            object="card",
            brand=card.brand.replace("_", " ").title(),
            customer=card.customer,
            exp_month=month,
            exp_year=year,
            funding="credit",
            last4=card.last4,
        )
    return fill_object(
        stripe.BankAccount,
        id=card.id,
        object="bank_account",
        bank_name=card.bank,
        country="US",
        currency="usd",
        customer=card.customer,
        last4=card.last4,
        status="verified",
    )


def serialize_payment_method(card: Card) -> dict[str, Any]:
    """docs.stripe.com/api/payment_methods/object"""
    return fill_object(
        stripe.PaymentMethod,
        id=card.id,
        object="payment_method",
        billing_details={"address": None, "email": None, "name": None, "phone": None, "tax_id": None},
        created=CREATED_AT,
        customer=card.customer,
        livemode=False,
        metadata={},
        type=card.type,
        **{card.type: serialize_method_details(card)},
    )


def serialize_wallet(cls: type, wallet: str | None) -> dict[str, Any] | None:
    """docs.stripe.com/api/payment_methods/object, card.wallet"""
    return fill_object(cls, type=wallet, **{wallet: {}}) if wallet else None


def serialize_method_details(card: Card) -> dict[str, Any]:
    """docs.stripe.com/api/payment_methods/object: the field is named after the type."""
    year, month = card.expiry
    match card.type:
        case "card":
            return fill_object(
                stripe.PaymentMethod.Card,
                brand=card.brand,
                last4=card.last4,
                exp_year=year,
                exp_month=month,
                funding="credit",
                wallet=serialize_wallet(stripe.PaymentMethod.Card.Wallet, card.wallet),
            )
        case "sepa_debit":
            return fill_object(stripe.PaymentMethod.SepaDebit, last4=card.last4)
        case "au_becs_debit":
            return fill_object(stripe.PaymentMethod.AuBecsDebit, last4=card.last4)
        case "cashapp":
            return fill_object(stripe.PaymentMethod.Cashapp, cashtag="$alice")
        case "bacs_debit":
            return fill_object(stripe.PaymentMethod.BacsDebit, last4=card.last4)
        case "us_bank_account":
            return fill_object(stripe.PaymentMethod.UsBankAccount, last4=card.last4, bank_name=card.bank)
        case "link":
            return fill_object(stripe.PaymentMethod.Link, email=card.email)
        case "paypal":
            return fill_object(stripe.PaymentMethod.Paypal, payer_email=card.email)
        case _:
            raise NotImplementedError(card.type)
