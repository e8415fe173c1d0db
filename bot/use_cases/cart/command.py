"""The text after `/add-seats`: a product, a number, or both, for one product or several (R10)."""

from dataclasses import dataclass, field

from bot.use_cases.cart.command_words import CommandWords, choose_reading, split_by_product
from models.cart import SeatLimits
from models.details import SubscriptionDetails
from models.errors import Refusal
from models.product import UnknownProduct, list_matching_products

MAX_SHOWN_LENGTH = 60


class AmbiguousProduct(Refusal):
    """The name matches several products."""


class ProductNamedTwice(Refusal):
    """With several numbers of seats: the last may correct the first, or be meant in addition."""


class SeatsNotGiven(Refusal):
    """Another product has a number, this one has none, or something else in its place."""


@dataclass(frozen=True)
class ParsedCommand:
    """`seats` are by subscription id; `unparsed` are an UnknownProduct or AmbiguousProduct for each part
    of the text that names no single product, the refusal of each that cannot be ordered, a SeatsNotGiven for
    each product without a number, and a ProductNamedTwice for each that has several, and therefore none."""

    seats: dict[str, int] = field(default_factory=dict)
    unparsed: list[Refusal] = field(default_factory=list)


def parse_command_text(
    command_text: str, rows: list[SubscriptionDetails], limits: SeatLimits
) -> ParsedCommand:
    """`webinar 5`, `5 webinar`, `webinar +5`, `5 seats of webinar, please` → {the id of its subscription: 5};
    `webinar 5 training 2` → one for each; nothing if the text holds no number, or two for one product;
    `webinar five training 2` → that of the second.

    Raises the reason why the product cannot be ordered (R2, R4), SeatsNotANumber or TooManySeats, unless the
    text names several products: then that is among `unparsed`.
    """
    parsed, numbers = ParsedCommand(), dict[str, list[int]]()
    product_names = {row.subscription.id: row.product.name for row in rows}
    tokens = command_text.split()
    parts = split_by_product(tokens, rows) if tokens else []
    without_number: list[tuple[SubscriptionDetails, str]] = []
    for part in parts:
        words = choose_reading(part.tokens, rows)
        if not words.product_name and not words.number:
            continue
        try:
            row = _resolve_subscription(words, rows)
        except (UnknownProduct, AmbiguousProduct) as unparsed:
            parsed.unparsed.append(unparsed)
            continue
        try:
            seats = _parse_orderable_seats(row, words.number, limits)
        except Refusal as refusal:
            if len(parts) == 1:
                raise
            parsed.unparsed.append(refusal)
            continue
        if words.number:
            numbers.setdefault(row.subscription.id, []).append(seats)
        elif len(parts) > 1 or part.unclear:
            without_number.append((row, part.unclear))
    parsed.unparsed.extend(
        SeatsNotGiven(product=row.product.name, typed=unclear[:MAX_SHOWN_LENGTH])
        for row, unclear in without_number
        if unclear or row.subscription.id not in numbers
    )
    for subscription_id, typed in numbers.items():
        if len(typed) == 1:
            parsed.seats[subscription_id] = typed[0]
        else:
            twice = ProductNamedTwice(product=product_names[subscription_id], numbers=typed)
            parsed.unparsed.append(twice)
    return parsed


def _parse_orderable_seats(row: SubscriptionDetails, number: str, limits: SeatLimits) -> int:
    if row.refusal is not None:
        raise row.refusal
    return limits.parse_seats(number)


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
