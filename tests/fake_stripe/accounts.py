"""Customers, cards and subscriptions as an accounts file lists them."""

from datetime import date
from decimal import Decimal
from typing import Any

from models.subscription.proration import get_midnight
from tests.fake_stripe.prices import Price
from tests.fake_stripe.records import Card, Customer, StripeRecords, Subscription, SubscriptionItem

# By how a payment method's id begins; any other card settles.
BEHAVIOURS = {
    "pm_declined": "declined",
    "pm_slow": "slow",
    "pm_customer_never": "customer_never",
    "pm_customer": "customer",
    "pm_lost": "lost",
}


def add_account(records: StripeRecords, account: dict[str, Any], *, share_subscription: bool = False) -> None:
    """`share_subscription` makes all its subscriptions items of one Stripe subscription."""
    customer = Customer(f"cus_{account['id']}", dict(account["billing_address"]))
    records.customers[customer.id] = customer
    for method in account["payment_methods"]:
        records.cards[method["id"]] = _create_card(method, customer.id)
        if method.get("default"):
            customer.default_payment_method = method["id"]
    zone, currency = account["time_zone"], account["currency"].lower()
    for listed in account["subscriptions"]:
        name = account["id"] if share_subscription else listed["id"]
        subscription = records.subscriptions.setdefault(
            f"sub_of_{name}", Subscription(f"sub_of_{name}", customer.id, [])
        )
        if listed.get("days_until_due") is not None:
            subscription.sends_invoice, subscription.days_until_due = True, int(listed["days_until_due"])
        subscription.items.append(_create_item(listed, currency, zone))


def _create_card(method: dict[str, Any], customer_id: str) -> Card:
    behaviour = next((b for start, b in BEHAVIOURS.items() if method["id"].startswith(start)), "settles")
    year, month = map(int, str(method["expires"]).split("-")[:2])
    return Card(
        method["id"],
        customer_id,
        behaviour,
        brand=method["brand"],
        last4=method["last4"],
        expiry=(year, month),
    )


def _create_item(listed: dict[str, Any], currency: str, zone: str) -> SubscriptionItem:
    price = Price(
        f"price_{listed['id']}",
        int(Decimal(listed["unit_price"]) * 100),
        listed["period"],
        currency=currency,
        metadata={"seatbot_product": listed["product"]},
    )
    start, end = (_to_timestamp(listed[name], zone) for name in ("period_start", "period_end"))
    metadata = {"seatbot_subscription": listed["id"]}
    return SubscriptionItem(f"si_{listed['id']}", price, listed["seats"], start, end, metadata)


def _to_timestamp(day: date, zone: str) -> int:
    return int(get_midnight(day, zone).timestamp())
