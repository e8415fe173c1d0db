"""The whole program with BILLING=stripe, against a fake Stripe that holds what tests/accounts.yml says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from models.account import Account
from tests.fake_stripe import FakeStripe, StripeRecords, WebhookSender
from tests.fake_stripe.accounts import add_account
from tests.world import ACCOUNTS, Clock, World, world
from tests.yaml_files import read_yaml

KEY, SECRET = "rk_test_fake", "whsec_fake"


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
    fake = FakeStripe(build_account_records(Clock()), KEY)
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
        async with inner.dependencies.write() as session:
            for customer in fake.records.customers.values():
                account = await session.get_one(Account, customer.id.removeprefix("cus_"))
                account.stripe_customer = customer.id
                session.add(account)
        webhook_sender = WebhookSender(fake.records, f"http://127.0.0.1:{inner.port}/stripe/webhook", SECRET)
        yield StripeWorld(**vars(inner), fake=fake, webhook_sender=webhook_sender)


def build_account_records(now: Any) -> StripeRecords:
    """What the accounts file says, as Stripe would hold it."""
    records = StripeRecords(now, {"FR": "0.20", "GB": "0.20", "DE": "0.19"})
    for account in read_yaml(ACCOUNTS)["accounts"]:
        add_account(records, account)
    return records
