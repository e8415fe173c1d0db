"""How a subscription is named and priced on a screen."""

from collections import Counter
from collections.abc import Iterable

from bot.i18n import Reader
from models.money import Money
from models.product import Product


def labels(named: Iterable[tuple[str, Product]]) -> dict[str, str]:
    """Subscription id → its product's name, with the id where a product occurs twice."""
    pairs = list(named)
    times = Counter(product.id for _, product in pairs)
    return {id_: p.name if times[p.id] == 1 else f"{p.name} ({id_})" for id_, p in pairs}


def seats_text(reader: Reader, seats: list[tuple[int, Product]], most: int = 5) -> str:
    """`5 × GoTo Meeting and 3 × GoTo Webinar`; plain, the rest counted where they are many."""
    texts = [reader.text("seats-of-product", seats=n, product=p.name) for n, p in seats[:most]]
    rest = len(seats) - most
    return reader.listing([*texts, reader.text("and-more", count=rest)] if rest > 0 else texts)


def price_text(reader: Reader, price: Money, period: str) -> str:
    return reader.text("price-per-seat", price=price, period=period)
