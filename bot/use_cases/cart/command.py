"""The text after `/add-seats`: a product, a number, or both, for one product or several (R10)."""

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
CONJUNCTIONS = frozenset({"and", "et", "&"})


class AmbiguousProduct(Refusal):
    """The name matches several products."""


@dataclass(frozen=True)
class CommandWords:
    product_name: str
    number: str


def parse_command_text(command_text: str, rows: list[SubscriptionRow], bounds: SeatLimits) -> dict[str, int]:
    """`webinar 5`, `5 webinar`, `webinar +5` → {the id of its subscription: 5}; `webinar 5 training 2` → one
    for each; nothing if the text holds no number.

    Raises UnknownProduct, AmbiguousProduct, the reason why the product cannot be ordered (R2, R4),
    SeatsNotANumber or TooManySeats.
    """
    tokens = command_text.split()
    if not tokens:
        return {}
    seats: dict[str, int] = {}
    for part in _split_by_product(tokens, rows):
        words = _choose_reading(_list_readings(part), rows)
        row = _resolve_subscription_row(words.product_name, rows)
        if row.blocked_by is not None:
            raise row.blocked_by
        if words.number:
            seats[row.subscription.id] = bounds.parse_seats(words.number)
    return seats


def _split_by_product(tokens: list[str], rows: list[SubscriptionRow]) -> list[list[str]]:
    """`webinar 5, training 2` and `5 webinar and 2 training` → two parts; a single one if the text as a whole
    names a product, whose name may hold a number."""
    if _list_known(_list_readings(tokens), rows):
        return [tokens]
    words = [word for token in tokens if (word := token.strip(",;")) and word.lower() not in CONJUNCTIONS]
    numbers = [i for i, word in enumerate(words) if NUMBER_PATTERN.fullmatch(word)]
    if len(numbers) < 2 or (numbers[0] == 0) == (numbers[-1] == len(words) - 1):
        return [tokens]
    starts = numbers if numbers[0] == 0 else [0, *(i + 1 for i in numbers[:-1])]
    return [words[start:end] for start, end in zip(starts, [*starts[1:], len(words)], strict=True)]


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
    known = _list_known(readings, rows)
    if known and is_exact_product([row.product for row in rows], readings[-1].product_name):
        return readings[-1]
    return next(iter(known), readings[0])


def _list_known(readings: list[CommandWords], rows: list[SubscriptionRow]) -> list[CommandWords]:
    products, ids = [row.product for row in rows], {row.subscription.id for row in rows}
    return [
        words
        for words in readings
        if not words.product_name
        or words.product_name in ids
        or list_matching_products(products, words.product_name)
    ]


def _normalize_number(text: str) -> str:
    digits = text.removeprefix("+")
    return re.sub(r"\D", "", digits) if GROUPED_DIGITS_PATTERN.fullmatch(digits) else digits


def _resolve_subscription_row(product_name: str, rows: list[SubscriptionRow]) -> SubscriptionRow:
    """By the subscription's id, else by the product's name."""
    if named := [row for row in rows if row.subscription.id == product_name]:
        return named[0]
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
