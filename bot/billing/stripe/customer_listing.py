"""Customers with subscriptions of marked products, for `python app.py link-stripe`."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import stripe

from bot.billing.customer_listing import ListedCustomer
from bot.billing.stripe.client import is_missing, iter_all_pages, request_stripe
from bot.billing.stripe.items import ENDED_STATUSES, get_object_id, iter_stripe_items
from bot.billing.stripe.products import PRODUCT_METADATA_KEY, ProductReader
from bot.billing.stripe.taxes import ADDRESS_FIELDS
from models.text.control_characters import normalize_line

ACCOUNT_METADATA_KEY, TEAM_METADATA_KEY = "seatbot_account", "seatbot_slack_team"


class StripeCustomerListing:
    def __init__(self, client: stripe.StripeClient, now: Callable[[], datetime]) -> None:
        self._client = client
        self._products = ProductReader(client, now)

    async def list_customers(self, progress: Callable[[int], None]) -> list[ListedCustomer]:
        # List subscriptions rather than customers: most customers of a Stripe account may have no
        # subscription.
        found: dict[str, ListedCustomer] = {}
        count = 0
        call = self._client.v1.subscriptions.list_async({"limit": 100, "expand": ["data.customer"]})
        page = await request_stripe(call, "subscriptions.list")
        async for subscription in iter_all_pages(page):
            count += 1
            progress(count)
            # Without a status, Stripe leaves out only those that were cancelled
            # (docs.stripe.com/api/subscriptions/list).
            if subscription.status in ENDED_STATUSES or not isinstance(
                subscription.customer, stripe.Customer
            ):
                continue
            values = subscription.customer.to_dict()
            seats = {} if values.get("deleted") else await self._count_seats(subscription)
            if not seats:
                continue
            customer = found.setdefault(values["id"], _build_customer(values, subscription.currency))
            total = {p: customer.seats.get(p, 0) + seats.get(p, 0) for p in {**customer.seats, **seats}}
            found[customer.id] = replace(customer, seats=total)
        # Stripe lists the latest first.
        return [*reversed(found.values())]

    async def is_deleted(self, customer_id: str) -> bool:
        call = self._client.v1.customers.retrieve_async(customer_id)
        try:
            customer = await request_stripe(call, "customers.retrieve", expects=is_missing)
        except stripe.InvalidRequestError:
            return True
        return bool(customer.to_dict().get("deleted"))

    async def _count_seats(self, subscription: stripe.Subscription) -> dict[str, int]:
        seats: dict[str, int] = {}
        async for item in iter_stripe_items(self._client, subscription):
            product_id = (item.price.to_dict().get("metadata") or {}).get(PRODUCT_METADATA_KEY)
            if product_id is None:
                product = await self._products.fetch_product(str(get_object_id(item.price.product)))
                product_id = product.catalogue_id
            if product_id:
                seats[product_id] = seats.get(product_id, 0) + (item.quantity or 0)
        return seats


def _build_customer(values: dict[str, Any], currency: str) -> ListedCustomer:
    """`values` are a `stripe.Customer`'s, any of which may be missing."""
    metadata, address = values.get("metadata") or {}, values.get("address") or {}
    return ListedCustomer(
        id=values["id"],
        name=values.get("name") or values.get("business_name"),
        email=values.get("email"),
        address={name: text for name in ADDRESS_FIELDS if (text := normalize_line(address.get(name) or ""))},
        currency=(values.get("currency") or currency).upper(),
        language=next(iter(values.get("preferred_locales") or ()), None),
        # Typed by hand. An account's id is compared before it is validated.
        account_id=metadata.get(ACCOUNT_METADATA_KEY, "").strip() or None,
        slack_team=metadata.get(TEAM_METADATA_KEY, "").strip() or None,
        seats={},
    )
