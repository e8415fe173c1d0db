"""The provider's customers, to be linked with accounts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class ListedCustomer:
    """`account_id` and `slack_team` are what the customer's metadata says. `address` has the fields of
    `Address` that are filled in, `seats` the seats of each product."""

    id: str
    name: str | None
    email: str | None
    address: Mapping[str, str]
    currency: str
    language: str | None
    account_id: str | None
    slack_team: str | None
    seats: Mapping[str, int]


class CustomerListing(Protocol):
    async def list_customers(self, progress: Callable[[int], None]) -> list[ListedCustomer]:
        """Lists customers with a subscription of a marked product that has not ended, in the order in which
        they subscribed. `progress` is called with the number of subscriptions read. Raises
        BillingUnavailable."""

    async def is_deleted(self, customer_id: str) -> bool:
        """Raises BillingUnavailable."""
