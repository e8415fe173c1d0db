"""Which product of the catalogue a price is of, and what Stripe calls the others."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import stripe
import structlog

from bot.billing.gateway import BillingAccessDenied, BillingRequestRejected
from bot.billing.stripe.client import log_action_taken, request_stripe
from bot.tasks import gather_or_cancel

log = structlog.get_logger()

PRODUCT_METADATA_KEY = "seatbot_product"
# Until a new name, or new metadata, is seen.
LIFETIME = timedelta(minutes=10)
MAX_NAME_LENGTH = 100


@dataclass(frozen=True)
class StripeProduct:
    """`catalogue_id` is what its metadata names. Without permission to read it, it has only an id."""

    id: str
    name: str = ""
    catalogue_id: str | None = None


class ProductReader:
    """Keeps what it has read for a while. The products of a list of subscriptions are read one by one,
    because Stripe expands at most four levels (docs.stripe.com/expand), and they are on the fifth."""

    def __init__(self, client: stripe.StripeClient, now: Callable[[], datetime]) -> None:
        self._client, self._now = client, now
        self._products: dict[str, tuple[datetime, StripeProduct]] = {}

    async def fetch_products(self, product_ids: Iterable[str]) -> dict[str, StripeProduct]:
        """Raises BillingUnavailable."""
        found = await gather_or_cancel(*map(self.fetch_product, sorted({*product_ids})))
        return {product.id: product for product in found}

    async def fetch_product(self, product_id: str) -> StripeProduct:
        now = self._now()
        read_at, product = self._products.get(product_id, (None, None))
        if read_at is None or product is None or abs(now - read_at) >= LIFETIME:
            product = await self._request_product(product_id)
            self._products[product_id] = now, product
        return product

    async def _request_product(self, product_id: str) -> StripeProduct:
        call = self._client.v1.products.retrieve_async(product_id)
        try:
            with log_action_taken("product_not_named"):
                product = await request_stripe(call, "products.retrieve")
        except (BillingAccessDenied, BillingRequestRejected) as error:
            log.warning("product.unreadable", product=product_id, error=type(error).__name__)
            return StripeProduct(product_id)
        catalogue_id = product.metadata.to_dict().get(PRODUCT_METADATA_KEY)
        return StripeProduct(product_id, product.name[:MAX_NAME_LENGTH], catalogue_id)
