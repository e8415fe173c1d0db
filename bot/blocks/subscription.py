"""How a subscription is named and priced on a screen."""

from collections import Counter
from collections.abc import Iterable, Sequence

from bot.blocks import block_kit
from bot.i18n import Localizer
from models.money import Money
from models.product import Product


def make_product_labels(products: Iterable[tuple[str, Product]]) -> dict[str, str]:
    """Subscription id → its product's name, with the id where a product occurs twice."""
    pairs = list(products)
    times = Counter(product.id for _, product in pairs)
    return {id_: p.name if times[p.id] == 1 else f"{p.name} ({id_})" for id_, p in pairs}


def format_seats(localizer: Localizer, seats: Sequence[tuple[int, Product]]) -> str:
    """`5 × GoTo Meeting and 3 × GoTo Webinar`; plain, the rest counted where they are many."""
    return block_kit.format_short_list(localizer, [f"{n} × {p.name}" for n, p in seats])


def format_price_per_seat(localizer: Localizer, price: Money, period: str) -> str:
    return localizer.format_text("price-per-seat", price=price, period=period)
