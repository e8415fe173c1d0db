"""How long an import takes, and how much memory: `python -m bench.import_accounts [accounts]`."""

import asyncio
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts

PRODUCTS = ("goto-meeting", "goto-webinar", "goto-training", "gotoassist-v4", "gotoassist-v5")


def big_file(accounts: int) -> str:
    """Accounts of five subscriptions, two contacts, an administrator, a card and a quote each."""
    return "accounts:\n" + "".join(_account(n) for n in range(accounts))


def _account(n: int) -> str:
    subscriptions = "".join(
        f"      - {{id: sub_{n}_{i}, product: {product}, seats: {10 + i}, unit_price: '14.00',\n"
        f"         period: month, period_start: 2026-11-01, period_end: 2026-12-01}}\n"
        for i, product in enumerate(PRODUCTS)
    )
    return f"""
  - id: account-{n}
    name: Account {n}
    slack_team: T{n}
    channel: C{n}
    currency: EUR
    tax_rate: "0.20"
    locale: fr
    time_zone: Europe/Paris
    billing_address: {{line1: {n} rue de la Paix, postal_code: "75002", city: Paris, country: FR}}
    billing_contacts:
      - {{email: alice{n}@acme.example, name: Alice Martin}}
      - {{email: benoit{n}@acme.example, name: Benoît Roy}}
    administrators:
      - {{email: hugo{n}@acme.example, name: Hugo Petit, seats: [sub_{n}_0]}}
    payment_methods:
      - {{id: pm_{n}, brand: visa, last4: "4242", expires: 2028-04, automatic: true, default: true}}
    subscriptions:
{subscriptions}    quotes:
      - {{number: Q-{n}, expires: 2026-11-30, lines: [{{subscription: sub_{n}_0, seats: 10}}]}}
"""


async def measure(accounts: int) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accounts.yml"
        path.write_text(big_file(accounts), "utf-8")
        database = Database(f"sqlite:///{folder}/bench.db")
        await database.migrate()
        lines = []
        for name in ("first", "repeated"):
            started = time.perf_counter()
            await import_accounts(database, path=path, at=datetime(2026, 11, 22, 10, tzinfo=UTC))
            seconds = time.perf_counter() - started
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            lines.append(f"{name} import of {accounts} accounts: {seconds:.1f} s, {peak} MB")
        await database.close()
        return lines


if __name__ == "__main__":
    for line in asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)):
        print(line)  # noqa: T201
