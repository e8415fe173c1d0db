"""Coupons and discounts."""

from collections.abc import Collection
from typing import Any

import stripe

from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT
from tests.fake_stripe.subscription_settings import Coupon


def serialize_coupon(coupon: Coupon, expand: Collection[str] = ()) -> dict[str, Any]:
    """docs.stripe.com/api/coupons/object; `currency_options` only if expanded, with the default currency, and
    `applies_to` only if expanded: github.com/stripe/stripe-node/issues/2234."""
    serialized = fill_object(
        stripe.Coupon,
        id=coupon.id,
        object="coupon",
        amount_off=coupon.amount_off or None,
        created=CREATED_AT,
        currency=coupon.currency,
        duration="repeating" if coupon.end else coupon.duration,
        livemode=False,
        name=coupon.name,
        percent_off=coupon.percent_off or None,
        times_redeemed=1,
        valid=True,
    )
    if "applies_to" in expand and coupon.products:
        serialized["applies_to"] = {"products": [*coupon.products]}
    if "currency_options" in expand and coupon.currency is not None:
        amounts = {coupon.currency: coupon.amount_off, **coupon.currency_options}
        serialized["currency_options"] = {code: {"amount_off": amount} for code, amount in amounts.items()}
    return serialized


def serialize_discount(
    customer_id: str, subscription_id: str | None, coupon: Coupon, shown: dict[str, Any] | None
) -> dict[str, Any]:
    return fill_object(
        stripe.Discount,
        id=f"di_{coupon.id}",
        object="discount",
        customer=customer_id,
        end=coupon.end,
        source={"coupon": shown or coupon.id, "type": "coupon"},
        start=CREATED_AT,
        subscription=subscription_id,
    )
