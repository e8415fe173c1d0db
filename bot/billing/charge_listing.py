"""Charges in the provider's records, which no restored backup turns back."""

from datetime import datetime
from typing import Protocol


class ChargeListing(Protocol):
    async def list_charge_keys(self, since: datetime | None) -> set[str]:
        """The keys of the charges that have an invoice, of any account. Raises BillingUnavailable."""
