"""What stands after `/add-seats`: a product, a number, or both (R10)."""

import re

from models.cart import SeatBounds
from models.details import SubscriptionRow
from models.errors import Refusal
from models.product import UnknownProduct, find_products

# Whatever is meant as a number, right or wrong: `5`, `-3`, `2.5`, `1,000`.
NUMBER = re.compile(r"[+-]?\d[\d.,]*")


class AmbiguousProduct(Refusal):
    """The words fit several products."""


def read_words(words: str, rows: list[SubscriptionRow], bounds: SeatBounds) -> dict[str, int]:
    """`webinar 5` → {that subscription's id: 5}; nothing to override where no number is given.

    Raises UnknownProduct, AmbiguousProduct, why the product cannot be ordered (R2, R4), SeatsNotANumber
    or TooManySeats.
    """
    tokens = words.split()
    number = tokens.pop() if tokens and NUMBER.fullmatch(tokens[-1]) else ""
    if not tokens and not number:
        return {}
    row = _row_meant(" ".join(tokens), rows)
    if row.obstacle is not None:
        raise row.obstacle
    return {row.subscription.id: bounds.parse(number)} if number else {}


def _row_meant(product: str, rows: list[SubscriptionRow]) -> SubscriptionRow:
    """The row of that product; without a product, the only one that can be ordered."""
    if product:
        found = {p.id for p in find_products([row.product for row in rows], product)}
        meant = [row for row in rows if row.product.id in found]
    else:
        meant = [row for row in rows if row.obstacle is None]
    names = sorted({row.product.name for row in meant or rows})
    if not meant:
        raise UnknownProduct(typed=product[:60], products=names)
    if len(names) > 1:
        raise AmbiguousProduct(typed=product[:60], products=names)
    # Two subscriptions of one product: the one that can be ordered, then the first.
    return min(meant, key=lambda row: (row.obstacle is not None, row.subscription.id))
