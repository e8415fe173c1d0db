"""Routes that only tests use: to create customers, cards, prices and subscriptions, and to advance time."""

from decimal import Decimal
from typing import Any

import stripe

from tests.fake_stripe import serializers
from tests.fake_stripe.prices import Package, Price, Tier
from tests.fake_stripe.records import (
    Card,
    Customer,
    StripeRecords,
    Subscription,
    SubscriptionItem,
    add_interval,
    build_resource_missing,
)
from tests.fake_stripe.routes import ApiRoute

Params = dict[str, Any]
# Test cards of every sandbox: docs.stripe.com/testing
TEST_CARDS = {"pm_card_visa": "settles", "pm_card_chargeCustomerFail": "declined"}


def create_test_clock(records: StripeRecords, params: Params) -> Params:
    """Applies to all records: docs.stripe.com/billing/testing/test-clocks"""
    records.test_clock = records.new_id("clock")
    records.freeze_clock(int(params["frozen_time"]))
    return serializers.serialize_test_clock(records, "ready")


def retrieve_test_clock(records: StripeRecords, params: Params, clock_id: str) -> Params:
    """Advances until the first request that looks at it: docs.stripe.com/api/test_clocks/advance"""
    _check_test_clock(records, clock_id)
    status = "advancing" if records.is_clock_advancing else "ready"
    records.is_clock_advancing = False
    return serializers.serialize_test_clock(records, status)


def advance_test_clock(records: StripeRecords, params: Params, clock_id: str) -> Params:
    _check_test_clock(records, clock_id)
    records.freeze_clock(int(params["frozen_time"]))
    records.is_clock_advancing = True
    records.apply_due_changes()
    return serializers.serialize_test_clock(records, "advancing")


def delete_test_clock(records: StripeRecords, params: Params, clock_id: str) -> Params:
    """With its customers: docs.stripe.com/api/test_clocks/delete"""
    _check_test_clock(records, clock_id)
    records.test_clock = None
    for customer in records.customers.values():
        customer.deleted = True
    return {"id": clock_id, "object": "test_helpers.test_clock", "deleted": True}


def create_customer(records: StripeRecords, params: Params) -> Params:
    _check_test_clock(records, params.get("test_clock"))
    customer = Customer(records.new_id("cus"), params.get("address", {}), params.get("name"))
    records.customers[customer.id] = customer
    return serializers.serialize_customer(customer)


def attach_payment_method(records: StripeRecords, params: Params, payment_method_id: str) -> Params:
    if payment_method_id not in TEST_CARDS:
        raise build_resource_missing("PaymentMethod", payment_method_id)
    card = Card(records.new_id("pm"), params["customer"], TEST_CARDS[payment_method_id])
    records.cards[card.id] = card
    return serializers.serialize_payment_method(card)


def create_price(records: StripeRecords, params: Params) -> Params:
    package, options = params.get("transform_quantity"), params.get("currency_options", {})
    price = Price(
        records.new_id("price"),
        _read_unit_amount(params),
        params["recurring"]["interval"],
        int(params["recurring"].get("interval_count", 1)),
        currency=params["currency"],
        metadata=params.get("metadata", {}),
        package=Package(int(package["divide_by"]), package["round"]) if package else None,
        tiers=[_build_tier(tier) for tier in params.get("tiers", [])],
        tiers_mode=params.get("tiers_mode", "graduated"),
        currency_options={code: int(option["unit_amount"]) for code, option in options.items()},
    )
    records.prices[price.id] = price
    return serializers.serialize_price(price)


def _read_unit_amount(params: Params) -> int | Decimal:
    """0 for tiers, which have their own amounts."""
    decimal = params.get("unit_amount_decimal")
    return int(params.get("unit_amount", 0)) if decimal is None else Decimal(decimal)


def _build_tier(params: Params) -> Tier:
    up_to = None if params["up_to"] == "inf" else int(params["up_to"])
    return Tier(up_to, int(params.get("unit_amount", 0)), int(params.get("flat_amount", 0)))


def create_subscription(records: StripeRecords, params: Params) -> Params:
    """Its first period begins now."""
    items = [_create_item(records, item) for item in params["items"]]
    subscription = Subscription(
        records.new_id("sub"), params["customer"], items, currency=params.get("currency")
    )
    records.subscriptions[subscription.id] = subscription
    return serializers.serialize_subscription(records, subscription)


def _create_item(records: StripeRecords, params: Params) -> SubscriptionItem:
    price = records.prices[params["price"]]
    end = add_interval(records.now, price, records.now)
    quantity, metadata = int(params["quantity"]), params.get("metadata", {})
    return SubscriptionItem(records.new_id("si"), price, quantity, records.now, end, metadata)


def retrieve_subscription(records: StripeRecords, params: Params, subscription_id: str) -> Params:
    if subscription_id not in records.subscriptions:
        raise build_resource_missing("subscription", subscription_id)
    return serializers.serialize_subscription(records, records.subscriptions[subscription_id])


def _check_test_clock(records: StripeRecords, clock_id: object) -> None:
    if clock_id is None or clock_id != records.test_clock:
        raise build_resource_missing("test clock", clock_id)


ROUTES = [
    ApiRoute(
        "POST",
        "/v1/test_helpers/test_clocks",
        create_test_clock,
        stripe.test_helpers.TestClockService.create,
        "frozen_time",
    ),
    ApiRoute(
        "GET",
        "/v1/test_helpers/test_clocks/([^/]+)",
        retrieve_test_clock,
        stripe.test_helpers.TestClockService.retrieve,
    ),
    ApiRoute(
        "POST",
        "/v1/test_helpers/test_clocks/([^/]+)/advance",
        advance_test_clock,
        stripe.test_helpers.TestClockService.advance,
        "frozen_time",
    ),
    ApiRoute(
        "DELETE",
        "/v1/test_helpers/test_clocks/([^/]+)",
        delete_test_clock,
        stripe.test_helpers.TestClockService.delete,
    ),
    ApiRoute(
        "POST", "/v1/customers", create_customer, stripe.CustomerService.create, "address name test_clock"
    ),
    ApiRoute(
        "POST",
        "/v1/payment_methods/([^/]+)/attach",
        attach_payment_method,
        stripe.PaymentMethodService.attach,
        "customer",
    ),
    ApiRoute(
        "POST",
        "/v1/prices",
        create_price,
        stripe.PriceService.create,
        "unit_amount unit_amount_decimal currency currency_options recurring metadata product_data"
        " billing_scheme tiers tiers_mode transform_quantity",
    ),
    ApiRoute(
        "POST",
        "/v1/subscriptions",
        create_subscription,
        stripe.SubscriptionService.create,
        "customer items currency",
    ),
    ApiRoute("GET", "/v1/subscriptions/([^/]+)", retrieve_subscription, stripe.SubscriptionService.retrieve),
]
