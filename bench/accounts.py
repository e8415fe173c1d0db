"""Creates test accounts: one for each person, with a current billing period."""

import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from bench.fake_slack import TEAM
from bot.db import Database
from bot.use_cases.accounts_import.catalogue import save_catalogue
from bot.use_cases.accounts_import.run import import_accounts
from tests.postgres import create_database
from tests.variants import Kind

PRODUCTS = ("goto-meeting", "goto-webinar", "gotoassist-v5")


def get_user_id(n: int) -> str:
    return f"U{n:05}"


def get_account_id(n: int) -> str:
    return f"account-{n}"


def get_subscription_id(n: int, i: int = 0) -> str:
    return f"sub-{n}-{i}"


def build_accounts_file(people: int) -> str:
    return yaml.safe_dump({"accounts": [_build_account(n) for n in range(people)]})


def _build_account(n: int) -> dict[str, object]:
    start = datetime.now(UTC).date() - timedelta(days=5)
    return {
        "id": get_account_id(n),
        "name": f"Account {n}",
        "slack_team": TEAM,
        "channel": f"C{n:05}",
        "currency": "EUR",
        "tax_rate": "0.20",
        "locale": "en",
        "time_zone": "Europe/Paris",
        "billing_address": {
            "line1": f"{n} rue de la Paix",
            "postal_code": "75002",
            "city": "Paris",
            "country": "FR",
        },
        "billing_contacts": [
            {
                "email": f"{get_user_id(n).lower()}@bench.example",
                "name": f"Alice {n}",
                "slack_user": get_user_id(n),
            }
        ],
        "administrators": [{"email": f"hugo{n}@bench.example", "name": "Hugo Petit"}],
        "payment_methods": [
            {
                "id": f"pm-{n}",
                "brand": "visa",
                "last4": "4242",
                "expires": f"{start.year + 2}-04",
                "automatic": True,
                "default": True,
            }
        ],
        "subscriptions": [
            {
                "id": get_subscription_id(n, i),
                "product": product,
                "seats": 10 + i,
                "unit_price": "14.00",
                "period": "year",
                "period_start": start,
                "period_end": start + timedelta(days=365),
            }
            for i, product in enumerate(PRODUCTS)
        ],
    }


@asynccontextmanager
async def create_accounts_database(people: int, kind: Kind) -> AsyncIterator[tuple[str, Path]]:
    """Yields the URL of a database with that many accounts, and a temporary folder."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    url = f"sqlite:///{folder}/bench.db" if kind == "sqlite" else create_database("bench")
    try:
        await fill_database(url, folder, people)
        yield url, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def fill_database(url: str, folder: Path, people: int) -> None:
    file = folder / "accounts.yml"
    file.write_text(build_accounts_file(people), encoding="utf-8")
    database = Database(url)
    try:
        await database.migrate()
        async with database.write() as session:
            await save_catalogue(session)
        await import_accounts(database, path=file, at=datetime.now(UTC))
    finally:
        await database.close()
