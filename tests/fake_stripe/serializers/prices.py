"""Products, prices, and plans, which are prices by an older name."""

from decimal import Decimal
from typing import Any

import stripe

from tests.fake_stripe.prices import Package, Price, Product
from tests.fake_stripe.sdk_types import fill_object
from tests.fake_stripe.serializers.common import CREATED_AT


def serialize_product(product: Product) -> dict[str, Any]:
    """docs.stripe.com/api/products/object, docs.stripe.com/api/products/delete"""
    if product.is_deleted:
        return {"id": product.id, "object": "product", "deleted": True}
    return fill_object(
        stripe.Product,
        id=product.id,
        object="product",
        active=True,
        created=CREATED_AT,
        images=[],
        livemode=False,
        marketing_features=[],
        metadata=product.metadata,
        name=product.name,
        type="service",
        updated=CREATED_AT,
    )


def serialize_price(
    price: Price, *, with_currency_options: bool = False, with_tiers: bool = False
) -> dict[str, Any]:
    """Tiers and the amounts in other currencies are left out unless they are expanded, and a unit amount with
    fractions is only in the decimal: docs.stripe.com/api/prices/object"""
    recurring = fill_object(
        stripe.Price.Recurring,
        interval=price.interval,
        interval_count=price.interval_count,
        usage_type=price.usage_type,
    )
    serialized = fill_object(
        stripe.Price,
        id=price.id,
        object="price",
        active=price.active,
        billing_scheme="tiered" if price.tiers else "per_unit",
        created=CREATED_AT,
        currency=price.currency,
        livemode=False,
        metadata=price.metadata,
        product=price.product,
        recurring=recurring,
        tax_behavior=price.tax_behavior,
        tiers_mode=price.tiers_mode if price.tiers else None,
        transform_quantity=_serialize_package(price.package),
        type="recurring",
        **_serialize_unit_amount(price),
    )
    if with_tiers and price.tiers:
        serialized["tiers"] = [
            fill_object(
                stripe.Price.Tier,
                up_to=tier.up_to,
                unit_amount=int(tier.unit_amount) if tier.unit_amount == int(tier.unit_amount) else None,
                unit_amount_decimal=str(tier.unit_amount),
                flat_amount=tier.flat_amount or None,
                flat_amount_decimal=str(tier.flat_amount) if tier.flat_amount else None,
            )
            for tier in price.tiers
        ]
    if with_currency_options:
        serialized["currency_options"] = {
            price.currency: _serialize_currency_option(price, price.unit_amount),
            **{
                code: _serialize_currency_option(price, each) for code, each in price.currency_options.items()
            },
        }
    return serialized


def _serialize_package(package: Package | None) -> dict[str, Any] | None:
    return {"divide_by": package.divide_by, "round": package.round} if package else None


def _serialize_unit_amount(price: Price) -> dict[str, Any]:
    if price.tiers:
        return {"unit_amount": None, "unit_amount_decimal": None}
    return _serialize_amount(price.unit_amount)


def _serialize_amount(amount: int | Decimal) -> dict[str, Any]:
    return {
        "unit_amount": int(amount) if amount == int(amount) else None,
        "unit_amount_decimal": str(amount),
    }


def _serialize_currency_option(price: Price, amount: int | Decimal) -> dict[str, Any]:
    return fill_object(
        stripe.Price.CurrencyOptions, tax_behavior=price.tax_behavior, **_serialize_amount(amount)
    )


def serialize_plan(price: Price) -> dict[str, Any]:
    """As a price was called before: docs.stripe.com/api/plans/object"""
    amounts = _serialize_unit_amount(price)
    return fill_object(
        stripe.Plan,
        id=price.id,
        object="plan",
        active=price.active,
        amount=amounts["unit_amount"],
        amount_decimal=amounts["unit_amount_decimal"],
        billing_scheme="tiered" if price.tiers else "per_unit",
        created=CREATED_AT,
        currency=price.currency,
        interval=price.interval,
        interval_count=price.interval_count,
        livemode=False,
        tiers_mode=price.tiers_mode if price.tiers else None,
        transform_usage=_serialize_package(price.package),
        usage_type=price.usage_type,
    )
