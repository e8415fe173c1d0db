from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

import aiohttp
import pytest
import stripe
from hypothesis import settings
from sqlalchemy import create_engine, text
from sqlmodel import select

from bot.billing.embedded.gateway import EmbeddedGateway
from bot.billing.gateway import ChargeOutcome, NeverReceived
from bot.billing.stripe.client import build_http_client, build_stripe_client
from bot.billing.stripe.gateway import StripeGateway
from bot.billing.stripe.invoice_pdf import download_pdf
from bot.db import Database, to_driver_url
from models.account import Account
from models.migrations.run import upgrade_database
from models.product import Product
from models.subscription import Subscription
from models.subscription.period_length import PeriodLength
from models.subscription.proration import get_midnight
from tests.billing.contract import PARIS, Cards, Clock, Provider
from tests.billing.on_invoice import SEATS, Decision
from tests.fake_stripe import Card, FakeStripe, StripeRecords
from tests.fake_stripe.prices import Price
from tests.fake_stripe.records import Customer, Invoice, SubscriptionItem
from tests.fake_stripe.records import Subscription as StripeSubscription
from tests.ledger import set_ledger_seats
from tests.postgres import create_database

# A slow machine is not a failing one.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

PORTAL = "https://admin.example/billing/payment-methods"
USED_TABLES = (
    *("ledger_charge", "ledger_seat_block", "ledger_subscription"),
    *("seat_block", "subscription", "product", "account"),
)
EMBEDDED_CARDS = Cards(
    good="pm_1",
    declined="pm_declined_1",
    slow="pm_slow_30",
    slow_seconds=30,
    customer="pm_customer_1",
    absent_customer="pm_customer_never",
    lost_answer="pm_lost",
)


def make_subscription(subscription_id: str, seats: int, unit_price: int, **changes: Any) -> Subscription:
    usual = {
        "account_id": "acme",
        "product_id": "goto-meeting",
        "period": PeriodLength.MONTH,
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 12, 1),
    }
    return Subscription(id=subscription_id, seats=seats, unit_price=unit_price, **{**usual, **changes})


async def store_acme(database: Database) -> None:
    """The world of the claims: an account in Paris with a monthly and a yearly subscription."""
    acme = Account(
        id="acme",
        name="Acme SA",
        slack_team="T01ACME",
        currency="EUR",
        tax_rate="0.20",
        time_zone="Europe/Paris",
        line1="1 rue de la Paix",
        postal_code="75002",
        city="Paris",
        country="FR",
        home_country="FR",
    )
    async with database.write() as session:
        session.add(acme)
        session.add(Product(id="goto-meeting", name="GoTo Meeting", additional_seats=True))
        await session.flush()
        session.add(make_subscription("sub_month", 25, 1400))
        year = {"period_start": date(2026, 3, 1), "period_end": date(2027, 3, 1)}
        session.add(make_subscription("sub_year", 3, 60000, period=PeriodLength.YEAR, **year))


@dataclass
class StripeProvider(Provider):
    """With the fake behind it, to see what came there, and to have it go wrong."""

    fake: FakeStripe


@dataclass
class EmbeddedCustomer:
    """The beginning of a subscription's id decides what becomes of its invoices."""

    database: Database
    clock: Clock

    async def add_subscription(self, decision: Decision) -> str:
        subscription = make_subscription(f"sub_{decision}_3600", SEATS, 1400, days_until_due=30)
        async with self.database.write() as session:
            session.add(subscription)
        await self._set_permission(is_given=True)
        return subscription.id

    async def decide(self, decision: Decision) -> None:
        self.clock.advance(3600)

    async def withdraw_permission(self) -> None:
        await self._set_permission(is_given=False)

    async def _set_permission(self, *, is_given: bool) -> None:
        async with self.database.write() as session:
            (await session.exec(select(Account))).one().pay_by_invoice = is_given


def make_embedded_provider(database: Database) -> Provider:
    clock = Clock()
    gateway = EmbeddedGateway(database, clock, PORTAL)
    return Provider(gateway, clock, EMBEDDED_CARDS, partial(set_ledger_seats, database))


# --- the same world at Stripe

KEY = "sk_test_fake"
CUSTOMER = "cus_acme"
STRIPE_CARDS = {
    "pm_1": Card("pm_1", CUSTOMER),
    "pm_declined_1": Card("pm_declined_1", CUSTOMER, "declined", last4="0341"),
    "pm_slow_30": Card("pm_slow_30", CUSTOMER, "slow"),
    "pm_customer_1": Card("pm_customer_1", CUSTOMER, "customer"),
    "pm_customer_never": Card("pm_customer_never", CUSTOMER, "customer_never"),
    "pm_lost": Card("pm_lost", CUSTOMER, "lost"),
}


def build_stripe_records(clock: Clock) -> StripeRecords:
    records = StripeRecords(clock, {"FR": "0.20"})
    records.customers[CUSTOMER] = Customer(CUSTOMER, PARIS.model_dump(), default_payment_method="pm_1")
    records.cards = {name: replace(card) for name, card in STRIPE_CARDS.items()}
    for name, price, seats, start, end in (
        ("sub_month", Price("price_month", 1400), 25, date(2026, 11, 1), date(2026, 12, 1)),
        ("sub_year", Price("price_year", 60000, "year"), 3, date(2026, 3, 1), date(2027, 3, 1)),
    ):
        price.metadata["seatbot_product"] = "goto-meeting"
        first, last = (int(get_midnight(day, "Europe/Paris").timestamp()) for day in (start, end))
        item = SubscriptionItem(f"si_{name}", price, seats, first, last, {"seatbot_subscription": name})
        held = StripeSubscription(f"{name}_there", CUSTOMER, [item])
        records.subscriptions[held.id] = held
    return records


@dataclass
class StripeCustomer:
    records: StripeRecords

    async def add_subscription(self, decision: Decision) -> str:
        month = self.records.subscriptions["sub_month_there"].items[0]
        self.records.customers[CUSTOMER].metadata["seatbot_pay_by_invoice"] = "true"
        item = replace(
            month, id="si_invoiced", quantity=SEATS, metadata={"seatbot_subscription": "sub_invoiced"}
        )
        self.records.subscriptions["sub_invoiced_there"] = StripeSubscription(
            "sub_invoiced_there", CUSTOMER, [item], sends_invoice=True
        )
        return "sub_invoiced"

    async def decide(self, decision: Decision) -> None:
        [invoice] = self.records.list_updates()
        pay_or_void = self.records.pay_invoice if decision == "paid" else self.records.void_invoice
        pay_or_void(invoice)

    async def withdraw_permission(self) -> None:
        self.records.customers[CUSTOMER].metadata.clear()


@asynccontextmanager
async def run_stripe_provider(
    database: Database, clock: Clock | None = None, **options: float
) -> AsyncIterator[StripeProvider]:
    """The world of the claims behind the Stripe adapter, over HTTP."""
    clock = clock or Clock()
    await store_acme(database)
    async with database.write() as session:
        (await session.exec(select(Account))).one().stripe_customer = CUSTOMER
    async with (
        FakeStripe(build_stripe_records(clock), KEY).run() as fake,
        aiohttp.ClientSession() as http,
    ):
        gateway = StripeGateway(
            build_stripe_client(KEY, fake.url, build_http_client(http, fake.url)),
            partial(download_pdf, http),
            database,
            clock,
            PORTAL,
            **options,
        )

        async def set_seats(subscription_id: str, seats: int) -> None:
            fake.records.set_quantity(subscription_id, seats)

        yield StripeProvider(gateway, clock, EMBEDDED_CARDS, set_seats, fake)


@pytest.fixture(autouse=True)
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's own retries, without their half second."""
    monkeypatch.setattr(stripe.HTTPClient, "INITIAL_DELAY", 0.001)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of a PostgreSQL database at the last migration."""
    url = create_database("billing")
    engine = create_engine(to_driver_url(url))
    with engine.begin() as connection:
        upgrade_database(connection)
    engine.dispose()
    return url


@pytest.fixture
async def postgres_database(postgres: str) -> AsyncIterator[Database]:
    database = Database(postgres)
    yield database
    async with database.write() as session:
        connection = await session.connection()
        # Quicker than a database for each test: these tests fill few tables.
        for table in USED_TABLES:
            await connection.execute(text(f"DELETE FROM {table}"))
    await database.close()


def list_paid_invoices(provider: StripeProvider) -> list[Invoice]:
    return list(provider.fake.records.list_paid_updates())


async def reconcile_charge(
    provider: StripeProvider, *, key: str = "line-1-1"
) -> ChargeOutcome | NeverReceived:
    return await provider.gateway.reconcile_charge(provider.charge(key))


@pytest.fixture
async def provider(database: Database) -> AsyncIterator[StripeProvider]:
    """Over Stripe's fake; the tests of another provider have their own."""
    async with run_stripe_provider(database) as provider:
        yield provider
