"""The charges of all customers, for `python app.py restored`."""

from datetime import datetime

import stripe

from bot.billing.stripe.client import iter_all_pages, request_stripe, to_timestamp
from bot.billing.stripe.invoices import CLOCK_SKEW, get_charge_key


class StripeChargeListing:
    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def list_charge_keys(self, since: datetime | None) -> set[str]:
        created = {"created": {"gte": to_timestamp(since - CLOCK_SKEW)}} if since else {}
        call = self._client.v1.invoices.list_async({**created, "limit": 100})  # type: ignore[arg-type]
        page = await request_stripe(call, "invoices.list")
        return {get_charge_key(invoice) async for invoice in iter_all_pages(page)} - {""}
