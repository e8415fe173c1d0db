"""The text after `/add-seats`: a product, a number, or both, for one product or several (R10)."""

import re
from dataclasses import dataclass, field

from models.cart import SeatLimits
from models.details import SubscriptionDetails
from models.errors import Refusal
from models.product import UnknownProduct, is_exact_product, list_matching_products

# Anything meant as a number of seats, valid or not: `5`, `+5`, `-3`, `2.5`, `1,000`, `x5`, `5x`.
NUMBER_PATTERN = re.compile(r"[x×]?([+-]?\d[\d.,'’]*)[x×]?", re.IGNORECASE)
# `1,000`, `1.000`, `1'000`: nobody orders a thousandth of a seat.
GROUPED_DIGITS_PATTERN = re.compile(r"\d{1,3}([.,'’]\d{3})+")
# Words around a product and a number that say nothing about either, in both languages, whatever the
# reader's: `please add 5 more seats for webinar`, « 5 x webinar », « 5 postes de webinar svp ». A product
# whose name has one of them is found by its whole name first.
FILLER_WORDS = frozenset({
    "seat", "seats", "license", "licenses", "licence", "licences", "more", "new", "extra", "additional",
    "add", "of", "for", "to", "the", "x", "please", "pls", "thanks", "and",
    "poste", "postes", "place", "places", "supplémentaire", "supplémentaires", "nouveau", "nouveaux",
    "ajouter", "ajoute", "ajoutez", "de", "du", "des", "pour", "à", "svp", "stp", "merci", "et",
})  # fmt: skip
CONJUNCTIONS = frozenset({"and", "et", "&"})
PUNCTUATION = ",;:.!?"
MAX_SHOWN_LENGTH = 60


class AmbiguousProduct(Refusal):
    """The name matches several products."""


class ProductNamedTwice(Refusal):
    """With several numbers of seats: the last may correct the first, or be meant in addition."""


@dataclass(frozen=True)
class ParsedCommand:
    """`seats` are by subscription id; `unparsed` are an UnknownProduct or AmbiguousProduct for each part
    of the text that names no single product, the refusal of each that cannot be ordered, and a
    ProductNamedTwice for each product that has several numbers, and therefore none."""

    seats: dict[str, int] = field(default_factory=dict)
    unparsed: list[Refusal] = field(default_factory=list)


@dataclass(frozen=True)
class CommandWords:
    product_name: str
    number: str


def parse_command_text(
    command_text: str, rows: list[SubscriptionDetails], bounds: SeatLimits
) -> ParsedCommand:
    """`webinar 5`, `5 webinar`, `webinar +5`, `5 seats of webinar, please` → {the id of its subscription: 5};
    `webinar 5 training 2` → one for each; nothing if the text holds no number, or two for one product.

    Raises the reason why the product cannot be ordered (R2, R4), SeatsNotANumber or TooManySeats, unless the
    text names several products: then that is among `unparsed`.
    """
    parsed, numbers = ParsedCommand(), dict[str, list[int]]()
    product_names = {row.subscription.id: row.product.name for row in rows}
    tokens = command_text.split()
    parts = _split_by_product(tokens, rows) if tokens else []
    for part in parts:
        words = _choose_reading(part, rows)
        if not words.product_name and not words.number:
            continue
        try:
            row = _resolve_subscription(words, rows)
        except (UnknownProduct, AmbiguousProduct) as unparsed:
            parsed.unparsed.append(unparsed)
            continue
        try:
            seats = _parse_orderable_seats(row, words.number, bounds)
        except Refusal as refusal:
            if len(parts) == 1:
                raise
            parsed.unparsed.append(refusal)
            continue
        if words.number:
            numbers.setdefault(row.subscription.id, []).append(seats)
    for subscription_id, typed in numbers.items():
        if len(typed) == 1:
            parsed.seats[subscription_id] = typed[0]
        else:
            twice = ProductNamedTwice(product=product_names[subscription_id], numbers=typed)
            parsed.unparsed.append(twice)
    return parsed


def _parse_orderable_seats(row: SubscriptionDetails, number: str, bounds: SeatLimits) -> int:
    if row.refusal is not None:
        raise row.refusal
    return bounds.parse_seats(number)


def _split_by_product(tokens: list[str], rows: list[SubscriptionDetails]) -> list[list[str]]:
    """`webinar 5, training 2` and `5 webinar and 2 training` → two parts; `webinar 5 today` → `webinar 5` and
    `today`; a single one if the text as a whole names a product, whose name may hold a number."""
    if _list_known(_list_readings(tokens), rows):
        return [tokens]
    words = [
        word for token in tokens if (word := token.strip(PUNCTUATION)) and word.casefold() not in CONJUNCTIONS
    ]
    numbers = [i for i, word in enumerate(words) if NUMBER_PATTERN.fullmatch(word)]
    meant = [i for i, word in enumerate(words) if not _is_filler(word)]
    if not numbers or (numbers[0] == meant[0] and numbers[-1] == meant[-1]):
        return [tokens]
    if numbers[0] == meant[0]:
        starts = [0, *numbers[1:]]
    else:
        # What follows a number and is filler belongs to it: `webinar 5 seats, training 2 seats`.
        next_products = [next((i for i in meant if i > number), None) for number in numbers]
        starts = [0, *(i for i in next_products if i is not None)]
    return [words[start:end] for start, end in zip(starts, [*starts[1:], len(words)], strict=True)]


def _is_filler(word: str) -> bool:
    return word.casefold() in FILLER_WORDS or not any(c.isalnum() for c in word)


def _drop_filler(tokens: list[str]) -> list[str]:
    return [word for token in tokens if not _is_filler(word := token.strip(PUNCTUATION))]


def _list_readings(tokens: list[str]) -> list[CommandWords]:
    """Most likely first. A product's name may begin or end with a number, or contain a filler word."""
    meant = _drop_filler(tokens)
    return [
        *_list_numbered_readings(tokens),
        *_list_numbered_readings(meant),
        CommandWords(" ".join(tokens), ""),
        CommandWords(" ".join(meant), ""),
    ]


def _list_numbered_readings(tokens: list[str]) -> list[CommandWords]:
    ends = [(tokens[-1], tokens[:-1]), (tokens[0], tokens[1:])] if tokens else []
    return [
        CommandWords(" ".join(name), _normalize_number(number[1]))
        for number_token, names in ends
        if (number := NUMBER_PATTERN.fullmatch(number_token))
        for name in (names, _drop_filler(names))
    ]


def _choose_reading(tokens: list[str], rows: list[SubscriptionDetails]) -> CommandWords:
    readings = _list_readings(tokens)
    whole_text = CommandWords(" ".join(tokens), "")
    if is_exact_product([row.product for row in rows], whole_text.product_name):
        return whole_text
    if known := _list_known(readings, rows):
        return known[0]
    return next(iter(_list_numbered_readings(_drop_filler(tokens))), readings[-1])


def _list_known(readings: list[CommandWords], rows: list[SubscriptionDetails]) -> list[CommandWords]:
    products, ids = [row.product for row in rows], {row.subscription.id for row in rows}
    return [
        words
        for words in readings
        if not words.product_name
        or words.product_name in ids
        or is_exact_product(products, words.product_name)
        # `x 5` names no Nexus.
        or (_drop_filler(words.product_name.split()) and list_matching_products(products, words.product_name))
    ]


def _normalize_number(text: str) -> str:
    digits = text.removeprefix("+").rstrip(".,'’")
    return re.sub(r"\D", "", digits) if GROUPED_DIGITS_PATTERN.fullmatch(digits) else digits


def _resolve_subscription(words: CommandWords, rows: list[SubscriptionDetails]) -> SubscriptionDetails:
    # The subscription's id takes precedence over the product's name.
    if named := [row for row in rows if row.subscription.id == words.product_name]:
        return named[0]
    if words.product_name:
        matches = {p.id for p in list_matching_products([row.product for row in rows], words.product_name)}
        candidates = [row for row in rows if row.product.id in matches]
    else:
        candidates = [row for row in rows if row.refusal is None]
    product_names = sorted({row.product.name for row in candidates or rows})
    typed = words.product_name[:MAX_SHOWN_LENGTH]
    if not candidates:
        raise UnknownProduct(typed=typed, products=product_names)
    if len(product_names) > 1:
        raise AmbiguousProduct(typed=typed, number=words.number[:MAX_SHOWN_LENGTH], products=product_names)
    # Of two subscriptions to one product, prefer one that can be ordered.
    return min(candidates, key=lambda row: (row.refusal is not None, row.subscription.id))
