"""Refreshing all local copies of one account's billing data."""

import asyncio
from collections.abc import Sequence

from bot.dependencies import Dependencies
from bot.use_cases.billing_sync.customer import refresh_customer
from bot.use_cases.billing_sync.subscriptions import refresh_subscriptions
from models.subscription import Subscription


async def refresh_account(
    dependencies: Dependencies, account_id: str, local_subscriptions: Sequence[Subscription] | None = None
) -> bool:
    """Returns whether anything changed. `local_subscriptions` are as for `refresh_subscriptions`. Raises
    BillingUnavailable, CustomerNotFound."""
    changed = await asyncio.gather(
        refresh_subscriptions(dependencies, account_id, local_subscriptions),
        refresh_customer(dependencies, account_id),
    )
    return any(changed)
