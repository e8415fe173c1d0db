"""Customers."""

from collections.abc import Collection
from typing import Any

import stripe

from tests.fake_stripe.records import (
    Customer,
)
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT
from tests.fake_stripe.serializers.discounts import serialize_coupon, serialize_discount


def serialize_customer(customer: Customer, expand: Collection[str] = ()) -> dict[str, Any]:
    """docs.stripe.com/api/customers/object"""
    if customer.deleted:
        return {"id": customer.id, "object": "customer", "deleted": True}
    coupon, coupon_path = customer.coupon, "discount.source.coupon"
    of_coupon = [path.removeprefix(f"{coupon_path}.") for path in expand]
    shown = serialize_coupon(coupon, of_coupon) if coupon and coupon_path in expand else None
    address = {name: customer.address.get(name) for name in stripe.Customer.Address.__annotations__}
    settings = {
        "default_payment_method": customer.default_payment_method,
        "custom_fields": None,
        "footer": None,
        "rendering_options": None,
    }
    return fill_object(
        stripe.Customer,
        id=customer.id,
        object="customer",
        address=address,
        created=CREATED_AT,
        default_source=customer.default_source,
        email=customer.email,
        discount=serialize_discount(customer.id, None, coupon, shown) if coupon else None,
        invoice_settings=settings,
        livemode=False,
        metadata=customer.metadata,
        name=customer.name,
        preferred_locales=customer.preferred_locales,
        shipping=serialize_shipping(stripe.Customer.Shipping, customer.tax.shipping),
        tax_exempt=customer.tax.exempt,
    )


def serialize_shipping(cls: Any, address: dict[str, str] | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return fill_object(cls, name="Warehouse", address=fill_object(cls.Address, **address))
