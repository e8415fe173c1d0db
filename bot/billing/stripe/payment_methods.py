"""A customer's payment methods, of every type, and the legacy source that Stripe may charge instead."""

import re
from collections.abc import Iterable
from typing import Any

import stripe

from bot.billing.gateway import PaymentMethodState
from bot.billing.stripe.client import is_missing, iter_all_pages, request_stripe
from models.payment_method import CARD_TYPE, UNKNOWN_LAST4
from models.text.card_number import has_card_number

PAYMENT_METHOD_ID_PATTERN = re.compile("(pm|card|src|ba)_[A-Za-z0-9_]+")
MAX_NAME_LENGTH = 80

# With these, and with Apple Pay and Google Pay, which are cards, Stripe applies a change only once it is paid
# (docs.stripe.com/billing/subscriptions/pending-updates, "Before you begin"). Bank debits are not among them.
PENDING_UPDATE_TYPES = frozenset(
    {
        *("card", "link", "alipay", "amazon_pay", "afterpay_clearpay", "cashapp", "eps", "gopay"),
        *("kakao_pay", "klarna", "kr_card", "naver_pay", "ng_card", "paypal", "payto", "pix", "promptpay"),
        *("revolut_pay", "satispay", "crypto", "swish", "twint", "upi", "wechat_pay"),
    }
)
LEGACY_BANK_ACCOUNT_TYPE = "us_bank_account"
LEGACY_SOURCE_TYPES = {"ach_debit": LEGACY_BANK_ACCOUNT_TYPE, "three_d_secure": CARD_TYPE}


async def fetch_payment_methods(
    client: stripe.StripeClient,
    customer_id: str,
    default_id: str | None,
    subscription_ids: Iterable[str | None] = (),
) -> list[PaymentMethodState]:
    """Legacy cards are listed among the others (docs.stripe.com/payments/payment-methods/transitioning,
    "Compatibility with legacy card objects"). What is charged by default and not listed is a legacy source of
    another kind: of the customer, or one of `subscription_ids`, which the subscriptions have of their own."""
    call = client.v1.customers.payment_methods.list_async(customer_id, {"limit": 100})
    page = await request_stripe(call, "customers.payment_methods.list")
    found = [read_payment_method(method.to_dict(), default_id) async for method in iter_all_pages(page)]
    unlisted = {default_id, *subscription_ids} - {method.id for method in found} - {None}
    for source_id in sorted(each for each in unlisted if each and not each.startswith("pm_")):
        source = await _find_source(client, customer_id, source_id)
        if source is not None:
            found.append(_read_source(source.to_dict(), default_id))
    return [method for method in found if PAYMENT_METHOD_ID_PATTERN.fullmatch(method.id)]


async def _find_source(
    client: stripe.StripeClient, customer_id: str, source_id: str
) -> stripe.StripeObject | None:
    call = client.v1.customers.payment_sources.retrieve_async(customer_id, source_id)
    try:
        return await request_stripe(call, "customers.payment_sources.retrieve", expects=is_missing)
    except stripe.InvalidRequestError:
        return None  # It was removed in the meantime.


def read_payment_method(method: dict[str, Any], default_id: str | None = None) -> PaymentMethodState:
    return read_method_details(method["id"], method, default_id)


def read_method_details(
    method_id: str, details: dict[str, Any], default_id: str | None = None
) -> PaymentMethodState:
    # The field with the details has the type's name.
    type_ = str(details["type"])
    return _build_state(method_id, type_, details.get(type_) or {}, default_id)


def _read_source(source: dict[str, Any], default_id: str | None) -> PaymentMethodState:
    """A card, a bank account or a source (docs.stripe.com/api/customers/object, `default_source`)."""
    if source["object"] == "card":
        return _build_state(source["id"], CARD_TYPE, source, default_id)
    if source["object"] == "bank_account":
        return _build_state(source["id"], LEGACY_BANK_ACCOUNT_TYPE, source, default_id)
    type_ = str(source.get("type", "other"))
    return _build_state(
        source["id"], LEGACY_SOURCE_TYPES.get(type_, type_), source.get(type_) or {}, default_id
    )


def _build_state(
    method_id: str, type_: str, details: dict[str, Any], default_id: str | None
) -> PaymentMethodState:
    # R23: only what a person needs to recognise it, nothing that could hold a card number.
    last4, email = details.get("last4"), details.get("email") or details.get("payer_email")
    is_card = type_ == CARD_TYPE
    # A legacy card spells its brand "American Express".
    brand = str(details.get("brand") or "").lower().replace(" ", "_")
    return PaymentMethodState(
        id=method_id,
        brand=(brand if re.fullmatch("[a-z_]{1,20}", brand) else CARD_TYPE) if is_card else None,
        last4=last4 if re.fullmatch("[0-9]{4}", last4 or "") else UNKNOWN_LAST4 if is_card else None,
        expiry_year=details.get("exp_year"),
        expiry_month=details.get("exp_month"),
        is_default=method_id == default_id,
        type=type_ if re.fullmatch("[a-z0-9_]{1,40}", type_) else "other",
        email=_keep_name(email),
        bank=_keep_name(details.get("bank_name") or details.get("bank")),
        wallet=_read_wallet(details),
        automatic=type_ in PENDING_UPDATE_TYPES,
    )


def _read_wallet(card: dict[str, Any]) -> str | None:
    """docs.stripe.com/api/payment_methods/object, `card.wallet`; a legacy card has `tokenization_method`."""
    wallet = (card.get("wallet") or {}).get("type") or card.get("tokenization_method")
    return wallet if isinstance(wallet, str) and re.fullmatch("[a-z_]{1,40}", wallet) else None


def _keep_name(text: object) -> str | None:
    kept = isinstance(text, str) and text and len(text) <= MAX_NAME_LENGTH and not has_card_number(text)
    return str(text) if kept else None
