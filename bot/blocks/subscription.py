"""How a subscription is named and priced on a screen."""

from collections.abc import Sequence

from bot.blocks import block_kit
from bot.i18n import Localizer
from models.money import Money
from models.period_length import PeriodLength
from models.product import Product


def format_seats(localizer: Localizer, seats: Sequence[tuple[int, Product]]) -> str:
    """Plain, such as `5 × GoTo Meeting and 3 × GoTo Webinar`."""
    return block_kit.format_short_list(localizer, [f"{n} × {p.name}" for n, p in seats])


def format_price_per_seat(localizer: Localizer, price: Money, period: PeriodLength) -> str:
    return localizer.format_text("price-per-seat", price=price, period=period)
