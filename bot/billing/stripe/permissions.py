"""Which permissions a restricted key lacks, found out without changing anything at Stripe.

Each probe names an object that cannot exist. Stripe checks the permission first, so the answer is 403 without
it and 404 with it. docs.stripe.com/keys/restricted-api-keys
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import stripe

from bot.billing.gateway import BillingPermissionsMissing
from bot.billing.stripe.client import is_missing, is_permission_missing, request_stripe

MAX_CONCURRENT_PROBES = 4
NO_SUCH_ID = "seatbot_permission_probe"


@dataclass(frozen=True)
class PermissionProbe:
    """`resource` is as Stripe's dashboard has it; `level` is `read` or `write`."""

    resource: str
    level: str
    operation: str
    send: Callable[[stripe.StripeClient], Awaitable[object]]


PROBES = (
    PermissionProbe(
        "Customers", "read", "customers.retrieve", lambda c: c.v1.customers.retrieve_async(NO_SUCH_ID)
    ),
    PermissionProbe(
        "Customers", "write", "customers.update", lambda c: c.v1.customers.update_async(NO_SUCH_ID, {})
    ),
    PermissionProbe(
        "Payment methods",
        "read",
        "customers.payment_methods.list",
        lambda c: c.v1.customers.payment_methods.list_async(NO_SUCH_ID),
    ),
    PermissionProbe(
        "Sources",
        "read",
        "customers.payment_sources.retrieve",
        lambda c: c.v1.customers.payment_sources.retrieve_async(NO_SUCH_ID, NO_SUCH_ID),
    ),
    PermissionProbe(
        "Subscriptions",
        "read",
        "subscriptions.retrieve",
        lambda c: c.v1.subscriptions.retrieve_async(NO_SUCH_ID),
    ),
    PermissionProbe(
        "Subscriptions",
        "write",
        "subscriptions.update",
        lambda c: c.v1.subscriptions.update_async(NO_SUCH_ID, {}),
    ),
    PermissionProbe(
        "Subscription schedules",
        "read",
        "subscription_schedules.retrieve",
        lambda c: c.v1.subscription_schedules.retrieve_async(NO_SUCH_ID),
    ),
    PermissionProbe("Coupons", "read", "coupons.retrieve", lambda c: c.v1.coupons.retrieve_async(NO_SUCH_ID)),
    PermissionProbe("Prices", "read", "prices.retrieve", lambda c: c.v1.prices.retrieve_async(NO_SUCH_ID)),
    PermissionProbe(
        "Products", "read", "products.retrieve", lambda c: c.v1.products.retrieve_async(NO_SUCH_ID)
    ),
    PermissionProbe(
        "Tax rates", "read", "tax_rates.retrieve", lambda c: c.v1.tax_rates.retrieve_async(NO_SUCH_ID)
    ),
    PermissionProbe(
        "Invoices", "read", "invoices.retrieve", lambda c: c.v1.invoices.retrieve_async(NO_SUCH_ID)
    ),
    PermissionProbe(
        "Invoices", "write", "invoices.void", lambda c: c.v1.invoices.void_invoice_async(NO_SUCH_ID)
    ),
    PermissionProbe(
        "PaymentIntents",
        "read",
        "payment_intents.retrieve",
        lambda c: c.v1.payment_intents.retrieve_async(NO_SUCH_ID),
    ),
    PermissionProbe("Charges", "read", "charges.retrieve", lambda c: c.v1.charges.retrieve_async(NO_SUCH_ID)),
    PermissionProbe(
        "Customer portal",
        "write",
        "billing_portal.sessions.create",
        lambda c: c.v1.billing_portal.sessions.create_async({"customer": NO_SUCH_ID}),
    ),
)


async def check_permissions(client: stripe.StripeClient) -> None:
    """Raises BillingPermissionsMissing, BillingUnavailable."""
    few = asyncio.Semaphore(MAX_CONCURRENT_PROBES)

    async def is_allowed(probe: PermissionProbe) -> bool:
        async with few:
            return await _is_allowed(client, probe)

    allowed = await asyncio.gather(*map(is_allowed, PROBES))
    missing = [probe for probe, is_granted in zip(PROBES, allowed, strict=True) if not is_granted]
    if missing:
        raise BillingPermissionsMissing([f"{probe.resource} ({probe.level})" for probe in missing])


async def _is_allowed(client: stripe.StripeClient, probe: PermissionProbe) -> bool:
    try:
        return await request_stripe(_send_probe(client, probe), probe.operation, expects=is_missing)
    except stripe.InvalidRequestError:
        return True


async def _send_probe(client: stripe.StripeClient, probe: PermissionProbe) -> bool:
    try:
        await probe.send(client)
    except stripe.StripeError as error:
        if is_permission_missing(error):
            return False
        raise
    return True
