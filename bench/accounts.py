"""Accounts to buy for: one each for as many people, in periods of today."""

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
from tests.postgres import Kind, new_database

PRODUCTS = ("goto-meeting", "goto-webinar", "gotoassist-v5")


def user(n: int) -> str:
    return f"U{n:05}"


def account(n: int) -> str:
    return f"account-{n}"


def subscription(n: int, i: int = 0) -> str:
    return f"sub-{n}-{i}"


def accounts_file(people: int) -> str:
    return yaml.safe_dump({"accounts": [_account(n) for n in range(people)]})


def _account(n: int) -> dict[str, object]:
    start = datetime.now(UTC).date() - timedelta(days=5)
    return {
        "id": account(n),
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
            {"email": f"{user(n).lower()}@bench.example", "name": f"Alice {n}", "slack_user": user(n)}
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
                "id": subscription(n, i),
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
async def accounts_database(people: int, kind: Kind) -> AsyncIterator[tuple[str, Path]]:
    """The address of a database with as many accounts in it, and a folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    url = f"sqlite:///{folder}/bench.db" if kind == "sqlite" else new_database("bench")
    try:
        await fill(url, folder, people)
        yield url, folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def fill(url: str, folder: Path, people: int) -> None:
    file = folder / "accounts.yml"
    file.write_text(accounts_file(people), encoding="utf-8")
    database = Database(url)
    try:
        await database.migrate()
        async with database.write() as session:
            await save_catalogue(session)
        await import_accounts(database, path=file, at=datetime.now(UTC))
    finally:
        await database.close()
