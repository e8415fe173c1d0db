"""How the products of an order, a quote or an account are named."""

from collections import Counter
from collections.abc import Iterable

from models.details import QuoteLineDetails
from models.product import Product


def make_product_labels(products: Iterable[tuple[str, Product]]) -> dict[str, str]:
    """Maps subscription ids to product names, with the id if a product occurs twice."""
    pairs = list(products)
    counts = Counter(product.id for _, product in pairs)
    return {
        subscription_id: product.name if counts[product.id] == 1 else f"{product.name} ({subscription_id})"
        for subscription_id, product in pairs
    }


def list_product_labels(rows: Iterable[QuoteLineDetails]) -> list[str]:
    return [*make_product_labels((row.line.subscription_id, row.product) for row in rows).values()]
