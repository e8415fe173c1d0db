"""What the bot never asks for: how a test makes a customer, cards, a price, a subscription, and time pass."""

from collections.abc import Callable
from typing import Any

from tests.fake_stripe import forms, shapes
from tests.fake_stripe.books import Card, Customer, Item, Price, StripeRecords, Subscription, later, missing

Params = dict[str, Any]
# Cards that every sandbox has, to be attached.
CARDS = {"pm_card_visa": "settles", "pm_card_chargeCustomerFail": "declined"}


def create_clock(books: StripeRecords, params: Params) -> Params:
    """All that there is lives by it."""
    forms.check(params, "test_helpers._test_clock_create_params", "TestClockCreateParams")
    books.test_clock = books.new_id("clock")
    books.freeze(int(params["frozen_time"]))
    return shapes.test_clock(books, "ready")


def retrieve_clock(books: StripeRecords, params: Params, name: str) -> Params:
    """It takes its time to advance: the first look finds it at that."""
    _check_clock(books, name)
    status = "advancing" if books.advancing else "ready"
    books.advancing = False
    return shapes.test_clock(books, status)


def advance_clock(books: StripeRecords, params: Params, name: str) -> Params:
    forms.check(params, "test_helpers._test_clock_advance_params", "TestClockAdvanceParams")
    _check_clock(books, name)
    books.freeze(int(params["frozen_time"]))
    books.advancing = True
    books.catch_up()
    return shapes.test_clock(books, "advancing")


def delete_clock(books: StripeRecords, params: Params, name: str) -> Params:
    """With all that lives by it."""
    _check_clock(books, name)
    books.test_clock = None
    for customer in books.customers.values():
        customer.deleted = True
    return {"id": name, "object": "test_helpers.test_clock", "deleted": True}


def create_customer(books: StripeRecords, params: Params) -> Params:
    forms.check(params, "_customer_create_params", "CustomerCreateParams")
    _check_clock(books, params.get("test_clock"))
    customer = Customer(books.new_id("cus"), params.get("address", {}))
    books.customers[customer.id] = customer
    return shapes.customer(customer)


def attach_card(books: StripeRecords, params: Params, name: str) -> Params:
    forms.check(params, "_payment_method_attach_params", "PaymentMethodAttachParams")
    if name not in CARDS:
        raise missing("PaymentMethod", name)
    card = Card(books.new_id("pm"), params["customer"], CARDS[name])
    books.cards[card.id] = card
    return shapes.card(card)


def create_price(books: StripeRecords, params: Params) -> Params:
    forms.check(params, "_price_create_params", "PriceCreateParams")
    price = Price(
        books.new_id("price"),
        int(params["unit_amount"]),
        params["recurring"]["interval"],
        currency=params["currency"],
        metadata=params.get("metadata", {}),
    )
    books.prices[price.id] = price
    return shapes.price(price)


def create_subscription(books: StripeRecords, params: Params) -> Params:
    """Its first period begins now."""
    forms.check(params, "_subscription_create_params", "SubscriptionCreateParams")
    items = [_item(books, wanted) for wanted in forms.listed(params["items"])]
    held = Subscription(books.new_id("sub"), params["customer"], items)
    books.subscriptions[held.id] = held
    return shapes.subscription(books, held)


def _item(books: StripeRecords, wanted: Params) -> Item:
    price = books.prices[wanted["price"]]
    end = later(books.now, price.interval, "UTC")
    quantity, metadata = int(wanted["quantity"]), wanted.get("metadata", {})
    return Item(books.new_id("si"), price, quantity, books.now, end, metadata)


def retrieve_subscription(books: StripeRecords, params: Params, name: str) -> Params:
    if name not in books.subscriptions:
        raise missing("subscription", name)
    return shapes.subscription(books, books.subscriptions[name])


def _check_clock(books: StripeRecords, name: object) -> None:
    if name is None or name != books.test_clock:
        raise missing("test clock", name)


ROUTES: list[tuple[str, str, Callable[..., Params]]] = [
    ("POST", "/v1/test_helpers/test_clocks", create_clock),
    ("GET", "/v1/test_helpers/test_clocks/([^/]+)", retrieve_clock),
    ("POST", "/v1/test_helpers/test_clocks/([^/]+)/advance", advance_clock),
    ("DELETE", "/v1/test_helpers/test_clocks/([^/]+)", delete_clock),
    ("POST", "/v1/customers", create_customer),
    ("POST", "/v1/payment_methods/([^/]+)/attach", attach_card),
    ("POST", "/v1/prices", create_price),
    ("POST", "/v1/subscriptions", create_subscription),
    ("GET", "/v1/subscriptions/([^/]+)", retrieve_subscription),
]
