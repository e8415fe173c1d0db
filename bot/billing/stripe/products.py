"""Which product of the catalogue a price is of, and what Stripe calls the others."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import stripe
import structlog

from bot.billing.gateway import BillingAccessDenied, BillingRequestRejected
from bot.billing.stripe.client import is_missing, log_action_taken, request_stripe

log = structlog.get_logger()

PRODUCT_METADATA_KEY = "seatbot_product"
# Until a new name, or new metadata, is seen.
LIFETIME = timedelta(minutes=10)
MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class StripeProduct:
    """`catalogue_id` is what its metadata names. One that can't be read has only an id, and one that was
    deleted has its id for a name."""

    id: str
    name: str = ""
    catalogue_id: str | None = None


class ProductReader:
    """Keeps what it has read for a while. The products of a list of subscriptions are read one by one,
    because Stripe expands at most four levels (docs.stripe.com/expand), and they are on the fifth."""

    def __init__(self, client: stripe.StripeClient, now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now
        self._products: dict[str, tuple[datetime, StripeProduct]] = {}

    async def find_product(self, product_id: str) -> StripeProduct:
        """Has only the id if Stripe refuses to show it. Raises BillingUnavailable if it doesn't answer."""
        try:
            with log_action_taken("product_not_named"):
                return await self.fetch_product(product_id)
        except (BillingAccessDenied, BillingRequestRejected) as error:
            log.warning("product.unreadable", product=product_id, error=type(error).__name__)
            return StripeProduct(product_id)

    async def fetch_product(self, product_id: str) -> StripeProduct:
        """Raises BillingUnavailable, also if Stripe refuses to show it."""
        read_at, product = self._products.get(product_id, (None, None))
        if read_at is None or product is None or abs(self._now() - read_at) >= LIFETIME:
            product = await self.fetch_current_product(product_id)
        return product

    async def fetch_current_product(self, product_id: str) -> StripeProduct:
        """As fetch_product, without what was kept: another process may have read newer metadata."""
        now = self._now()
        product = await self._request_product(product_id)
        self._products[product_id] = now, product
        return product

    async def _request_product(self, product_id: str) -> StripeProduct:
        call = self._client.v1.products.retrieve_async(product_id)
        deleted = StripeProduct(product_id, name=product_id)
        try:
            product = await request_stripe(call, "products.retrieve", expects=is_missing)
        except stripe.InvalidRequestError:
            return deleted
        # Of a deleted product there is only the id and `deleted` (docs.stripe.com/api/products/delete).
        if product.to_dict().get("deleted"):
            return deleted
        catalogue_id = product.metadata.to_dict().get(PRODUCT_METADATA_KEY)
        return StripeProduct(product_id, product.name[:MAX_NAME_LENGTH], catalogue_id)
