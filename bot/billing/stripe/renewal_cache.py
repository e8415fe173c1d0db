"""Previewed renewals, kept for as long as what they depend on stays the same.

Listing an account's subscriptions previews each of them, and a charge lists them twice. Entries do not live
long, because a changed tax rate is not part of the key.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.billing.stripe.items import SubscriptionItem
from models.subscription.upcoming_changes import RenewalTotal

LIFETIME = timedelta(minutes=10)
MAX_ENTRIES = 2000

# By the subscription's id; None if Stripe says that it will not renew.
RenewalTotals = dict[str, RenewalTotal | None]


class RenewalCache:
    def __init__(self) -> None:
        self.entries: OrderedDict[str, tuple[datetime, RenewalTotals]] = OrderedDict()

    def with_terms(self, customer_terms: str, at: datetime) -> "CachedRenewals":
        """Returns a copy for one customer; `customer_terms` changes with anything that tax or discounts
        depend on."""
        return CachedRenewals(self, customer_terms, at)


@dataclass(frozen=True)
class CachedRenewals:
    cache: RenewalCache
    customer_terms: str
    at: datetime

    def find(self, items: Sequence[SubscriptionItem]) -> RenewalTotals | None:
        stored_at, totals = self.cache.entries.get(self._make_key(items), (None, None))
        # After a wrong date was corrected, an entry may come from the future.
        is_recent = stored_at is not None and abs(self.at - stored_at) < LIFETIME
        return totals if is_recent else None

    def store(self, items: Sequence[SubscriptionItem], totals: RenewalTotals) -> None:
        entries, key = self.cache.entries, self._make_key(items)
        entries[key] = (self.at, totals)
        entries.move_to_end(key)
        while len(entries) > MAX_ENTRIES:
            entries.popitem(last=False)

    def _make_key(self, items: Sequence[SubscriptionItem]) -> str:
        return f"{self.customer_terms} {sorted(map(repr, items))}"
