"""The text after `/add-seats`: a product, a number, or both (R10)."""

import re
from dataclasses import dataclass

from models.cart import SeatLimits
from models.details import SubscriptionRow
from models.errors import Refusal
from models.product import UnknownProduct, is_exact_product, list_matching_products

# Anything meant as a number of seats, valid or not: `5`, `+5`, `-3`, `2.5`, `1,000`, `x5`, `5x`.
NUMBER_PATTERN = re.compile(r"[x×]?([+-]?\d[\d.,'’]*)[x×]?", re.IGNORECASE)
# `1,000`, `1.000`, `1'000`: nobody orders a thousandth of a seat.
GROUPED_DIGITS_PATTERN = re.compile(r"\d{1,3}([.,'’]\d{3})+")
# `5 seats of webinar`, « 5 postes de webinar ».
FILLER_WORDS = frozenset({"seat", "seats", "of", "for", "poste", "postes", "de", "pour"})


class AmbiguousProduct(Refusal):
    """The name matches several products."""


@dataclass(frozen=True)
class CommandWords:
    product_name: str
    number: str


def parse_command_text(command_text: str, rows: list[SubscriptionRow], bounds: SeatLimits) -> dict[str, int]:
    """`webinar 5`, `5 webinar`, `webinar +5` → {the id of its subscription: 5}; nothing if the text holds no
    number.

    Raises UnknownProduct, AmbiguousProduct, the reason why the product cannot be ordered (R2, R4),
    SeatsNotANumber or TooManySeats.
    """
    if not command_text.split():
        return {}
    words = _choose_reading(_list_readings(command_text.split()), rows)
    row = _resolve_subscription_row(words.product_name, rows)
    if row.blocked_by is not None:
        raise row.blocked_by
    return {row.subscription.id: bounds.parse_seats(words.number)} if words.number else {}


def _list_readings(tokens: list[str]) -> list[CommandWords]:
    """The likeliest first; a product's name may end or begin with a number."""
    readings = []
    for number_token, name_tokens in ((tokens[-1], tokens[:-1]), (tokens[0], tokens[1:])):
        if number := NUMBER_PATTERN.fullmatch(number_token):
            readings += [
                CommandWords(" ".join(names), _normalize_number(number[1]))
                for names in (name_tokens, [t for t in name_tokens if t.lower() not in FILLER_WORDS])
            ]
    return [*readings, CommandWords(" ".join(tokens), "")]


def _choose_reading(readings: list[CommandWords], rows: list[SubscriptionRow]) -> CommandWords:
    products = [row.product for row in rows]
    known = [
        words
        for words in readings
        if not words.product_name or list_matching_products(products, words.product_name)
    ]
    if known and is_exact_product(products, readings[-1].product_name):
        return readings[-1]
    return next(iter(known), readings[0])


def _normalize_number(text: str) -> str:
    digits = text.removeprefix("+")
    return re.sub(r"\D", "", digits) if GROUPED_DIGITS_PATTERN.fullmatch(digits) else digits


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
