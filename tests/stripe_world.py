"""The whole program with BILLING=stripe, against a fake Stripe that holds what tests/accounts.yml says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from models.account import Account
from models.proration import get_midnight
from tests.fake_stripe import Card, FakeStripe, StripeRecords, WebhookSender
from tests.fake_stripe.records import Customer, Price, Subscription, SubscriptionItem
from tests.world import ACCOUNTS, Clock, World, world

KEY, SECRET = "rk_test_fake", "whsec_fake"
BEHAVIOURS = {
    "pm_declined": "declined",
    "pm_slow": "slow",
    "pm_customer_never": "customer_never",
    "pm_customer": "customer",
    "pm_lost": "lost",
}


@dataclass(kw_only=True)
class StripeWorld(World):
    fake: FakeStripe
    webhook_sender: WebhookSender

    @property
    def records(self) -> StripeRecords:
        return self.fake.records

    def list_paid_totals(self) -> list[int]:
        """The totals of the invoices that added seats."""
        return [invoice.subtotal + invoice.tax for invoice in self.records.list_paid_updates()]


@asynccontextmanager
async def stripe_world(**settings: Any) -> AsyncIterator[StripeWorld]:
    fake = FakeStripe(books_of_accounts(Clock()), KEY)
    async with (
        fake.run(),
        world(
            billing="stripe",
            stripe_api_key=KEY,
            stripe_webhook_secret=SECRET,
            stripe_api_url=fake.url,
            **settings,
        ) as inner,
    ):
        fake.records.clock = inner.clock
        async with inner.services.write() as session:
            for customer in fake.records.customers.values():
                account = await session.get_one(Account, customer.id.removeprefix("cus_"))
                account.stripe_customer = customer.id
                session.add(account)
        courier = WebhookSender(fake.records, f"http://127.0.0.1:{inner.port}/stripe/webhook", SECRET)
        yield StripeWorld(**vars(inner), fake=fake, webhook_sender=courier)


def books_of_accounts(now: Any) -> StripeRecords:
    """What the accounts file says, as Stripe would hold it."""
    records = StripeRecords(now, {"FR": "0.20", "GB": "0.20", "DE": "0.19"})
    for account in yaml.safe_load(ACCOUNTS.read_text(encoding="utf-8"))["accounts"]:
        customer = Customer(f"cus_{account['id']}", dict(account["billing_address"]))
        records.customers[customer.id] = customer
        for method in account["payment_methods"]:
            records.cards[method["id"]] = _card(method, customer.id)
            if method.get("default"):
                customer.default_payment_method = method["id"]
        for listed in account["subscriptions"]:
            held = _subscription(listed, customer.id, account["currency"], account["time_zone"])
            records.subscriptions[held.id] = held
    return records


def _card(method: dict[str, Any], customer: str) -> Card:
    behaviour = next((b for start, b in BEHAVIOURS.items() if method["id"].startswith(start)), "settles")
    year, month = map(int, str(method["expires"]).split("-")[:2])
    return Card(
        method["id"], customer, behaviour, brand=method["brand"], last4=method["last4"], expiry=(year, month)
    )


def _subscription(listed: dict[str, Any], customer: str, currency: str, zone: str) -> Subscription:
    price = Price(
        f"price_{listed['id']}",
        int(Decimal(listed["unit_price"]) * 100),
        listed["period"],
        currency=currency.lower(),
        metadata={"seatbot_product": listed["product"]},
    )
    start, end = (_seconds(listed[name], zone) for name in ("period_start", "period_end"))
    item = SubscriptionItem(
        f"si_{listed['id']}", price, listed["seats"], start, end, {"seatbot_subscription": listed["id"]}
    )
    return Subscription(f"sub_of_{listed['id']}", customer, [item], zone)


def _seconds(day: date, zone: str) -> int:
    return int(get_midnight(day, zone).timestamp())
