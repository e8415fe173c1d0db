"""The text after `/add-seats`: a product, a number, or both (R10)."""

import re

from models.cart import SeatLimits
from models.details import SubscriptionRow
from models.errors import Refusal
from models.product import UnknownProduct, list_matching_products

# Anything meant as a number, valid or not: `5`, `-3`, `2.5`, `1,000`.
NUMBER_PATTERN = re.compile(r"[+-]?\d[\d.,]*")


class AmbiguousProduct(Refusal):
    """The name matches several products."""


def parse_command_text(command_text: str, rows: list[SubscriptionRow], bounds: SeatLimits) -> dict[str, int]:
    """`webinar 5` → {the id of its subscription: 5}; nothing if the text holds no number.

    Raises UnknownProduct, AmbiguousProduct, the reason why the product cannot be ordered (R2, R4),
    SeatsNotANumber or TooManySeats.
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
    if product_name:
        matches = {p.id for p in list_matching_products([row.product for row in rows], product_name)}
        candidates = [row for row in rows if row.product.id in matches]
    else:
        candidates = [row for row in rows if row.blocked_by is None]
    product_names = sorted({row.product.name for row in candidates or rows})
    if not candidates:
        raise UnknownProduct(typed=product_name[:60], products=product_names)
    if len(product_names) > 1:
        raise AmbiguousProduct(typed=product_name[:60], products=product_names)
    # Of two subscriptions to one product, prefer one that can be ordered.
    return min(candidates, key=lambda row: (row.blocked_by is not None, row.subscription.id))
