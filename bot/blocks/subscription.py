"""How seats are named on a screen."""

from collections.abc import Sequence

from bot.blocks import block_kit
from bot.i18n import Localizer
from models.product import Product


def format_seats(localizer: Localizer, seats: Sequence[tuple[int, Product]]) -> str:
    return block_kit.format_short_list(localizer, [f"{n} × {p.name}" for n, p in seats])
