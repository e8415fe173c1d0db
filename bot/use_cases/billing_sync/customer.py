"""Refreshing the bot's copy of what the provider has for a whole account: payment methods and address."""

import contextlib

from bot.billing.gateway import BillingUnavailable, CustomerNotFound
from bot.dependencies import Dependencies
from bot.use_cases.billing_sync.address import store_address
from bot.use_cases.billing_sync.payment_methods import store_payment_methods


async def refresh_customer(dependencies: Dependencies, account_id: str) -> bool:
    """Returns whether anything changed. Raises BillingUnavailable, CustomerNotFound."""
    customer = await dependencies.billing.fetch_customer(account_id)
    changed = await store_payment_methods(dependencies, account_id, customer.payment_methods)
    return await store_address(dependencies, account_id, customer.address) or changed


async def refresh_customer_if_available(dependencies: Dependencies, account_id: str) -> bool:
    # Before a card or an address is shown: if the provider does not respond, the stored ones are.
    with contextlib.suppress(BillingUnavailable, CustomerNotFound):
        return await refresh_customer(dependencies, account_id)
    return False
