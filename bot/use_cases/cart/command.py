"""What stands after `/add-seats`: a product, a number, or both (R10)."""

import re

from models.cart import SeatLimits
from models.details import SubscriptionRow
from models.errors import Refusal
from models.product import UnknownProduct, list_matching_products

# Whatever is meant as a number, right or wrong: `5`, `-3`, `2.5`, `1,000`.
NUMBER_PATTERN = re.compile(r"[+-]?\d[\d.,]*")


class AmbiguousProduct(Refusal):
    """The words fit several products."""


def parse_command_text(command_text: str, rows: list[SubscriptionRow], bounds: SeatLimits) -> dict[str, int]:
    """`webinar 5` → {that subscription's id: 5}; nothing to override where no number is given.

    Raises UnknownProduct, AmbiguousProduct, why the product cannot be ordered (R2, R4), SeatsNotANumber
    or TooManySeats.
    """
    tokens = command_text.split()
    number = tokens.pop() if tokens and NUMBER_PATTERN.fullmatch(tokens[-1]) else ""
    if not tokens and not number:
        return {}
    row = _resolve_subscription_row(" ".join(tokens), rows)
    if row.blocked_by is not None:
        raise row.blocked_by
    return {row.subscription.id: bounds.parse_seats(number)} if number else {}


def _resolve_subscription_row(product_name: str, rows: list[SubscriptionRow]) -> SubscriptionRow:
    """The row of that product; without a product, the only one that can be ordered."""
    if product_name:
        found = {p.id for p in list_matching_products([row.product for row in rows], product_name)}
        meant = [row for row in rows if row.product.id in found]
    else:
        meant = [row for row in rows if row.blocked_by is None]
    names = sorted({row.product.name for row in meant or rows})
    if not meant:
        raise UnknownProduct(typed=product_name[:60], products=names)
    if len(names) > 1:
        raise AmbiguousProduct(typed=product_name[:60], products=names)
    # Two subscriptions of one product: the one that can be ordered, then the first.
    return min(meant, key=lambda row: (row.blocked_by is not None, row.subscription.id))
