"""The charges of all customers, for `python app.py restored`."""

from datetime import datetime

import stripe

from bot.billing.stripe.client import iter_all_pages, reject_unknown_errors, request_stripe, to_timestamp
from bot.billing.stripe.invoices import CLOCK_SKEW, get_charge_key


class StripeChargeListing:
    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def list_charge_keys(self, since: datetime | None) -> set[str]:
        created = {"created": {"gte": to_timestamp(since - CLOCK_SKEW)}} if since else {}
        with reject_unknown_errors("list_charges"):
            page = await request_stripe(
                self._client.v1.invoices.list_async({**created, "limit": 100})  # type: ignore[arg-type]
            )
            keys = {get_charge_key(invoice) async for invoice in iter_all_pages(page)}
        return keys - {""}
