"""All that the bot keeps a copy of, of an account, brought up to what the provider holds."""

import asyncio

from bot.services import Services
from bot.use_cases.payment_method import refresh_payment_methods
from bot.use_cases.subscription import refresh_subscriptions


async def refresh_account(services: Services, account_id: str) -> None:
    """Raises BillingUnavailable, CustomerUnknown."""
    await asyncio.gather(
        refresh_subscriptions(services, account_id), refresh_payment_methods(services, account_id)
    )
