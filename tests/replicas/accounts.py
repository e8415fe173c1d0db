"""Accounts whose periods include today, since processes use the machine's clock."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

SEATS_BEFORE = 10


@dataclass(frozen=True)
class Buyer:
    """An account with one subscription, and its buyers' names in tests/workspace.yml."""

    account_id: str
    people: list[str]
    card: str
    channel: str | None = None

    @property
    def subscription_id(self) -> str:
        return f"{self.account_id}_meeting"


def write_accounts_file(folder: Path, buyers: Iterable[Buyer]) -> Path:
    path = folder / "accounts.yml"
    accounts = [_build_account(buyer) for buyer in buyers]
    path.write_text(yaml.safe_dump({"accounts": accounts}), encoding="utf-8")
    return path


def _build_account(buyer: Buyer) -> dict[str, object]:
    start = datetime.now(UTC).date() - timedelta(days=5)
    contacts = [{"email": f"{name}@acme.example", "name": name.title()} for name in buyer.people]
    card = {"id": buyer.card, "brand": "visa", "last4": "4242", "expires": f"{start.year + 2}-04"}
    subscription = {
        "id": buyer.subscription_id,
        "product": "goto-meeting",
        "seats": SEATS_BEFORE,
        "unit_price": "14.00",
        "period": "year",
        "period_start": start,
        "period_end": start + timedelta(days=365),
    }
    return {
        "id": buyer.account_id,
        "name": buyer.account_id.title(),
        "slack_team": "T01ACME",
        **({"channel": buyer.channel} if buyer.channel else {}),
        "currency": "EUR",
        "tax_rate": "0.20",
        "locale": "en",
        "time_zone": "Europe/Paris",
        "billing_address": {
            "line1": "1 rue de la Paix",
            "postal_code": "75002",
            "city": "Paris",
            "country": "FR",
        },
        "billing_contacts": contacts,
        "administrators": contacts[:1],
        "payment_methods": [{**card, "automatic": True, "default": True}],
        "subscriptions": [subscription],
    }
