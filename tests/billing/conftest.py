from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import create_engine, text

from bot.billing.embedded import EmbeddedGateway
from bot.db import Database, driver_url
from models import migrations
from models.account import Account
from models.product import Product
from models.subscription import PeriodLength, Subscription
from tests.billing.contract import Cards, Clock, Provider
from tests.postgres import new_database

# A slow machine is not a failing one.
settings.register_profile("steady", deadline=None)
settings.load_profile("steady")

PORTAL = "https://admin.example/billing/payment-methods"
USED_TABLES = (
    *("ledger_charge", "ledger_block", "ledger_subscription"),
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


def subscription(subscription_id: str, seats: int, unit_price: int, **changes: Any) -> Subscription:
    usual = {
        "account_id": "acme",
        "product_id": "goto-meeting",
        "period": PeriodLength.MONTH,
        "period_start": date(2026, 11, 1),
        "period_end": date(2026, 12, 1),
    }
    return Subscription(id=subscription_id, seats=seats, unit_price=unit_price, **{**usual, **changes})


async def found_acme(database: Database) -> None:
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
        session.add(subscription("sub_month", 25, 1400))
        year = {"period_start": date(2026, 3, 1), "period_end": date(2027, 3, 1)}
        session.add(subscription("sub_year", 3, 60000, period=PeriodLength.YEAR, **year))


def embedded_provider(database: Database) -> Provider:
    clock = Clock()
    gateway = EmbeddedGateway(database, clock, PORTAL)
    return Provider(gateway, clock, EMBEDDED_CARDS, gateway.set_seats)


@pytest.fixture(scope="session")
def postgres() -> str:
    """The address of a PostgreSQL database at the last migration."""
    url = new_database("billing")
    engine = create_engine(driver_url(url))
    with engine.begin() as connection:
        migrations.upgrade(connection)
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
