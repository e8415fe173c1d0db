"""The words after `/add-seats`, as parts that each hold a product's name, a number, or both (R10)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from models.details import SubscriptionDetails
from models.product import is_exact_product, list_matching_products, normalize_product_name

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
CLAUSE_ENDS = (",", ";")
# A shorter word begins too many names to be one: `to` begins a word of `GoTo Meeting`.
MIN_NAME_LENGTH = 3
MAX_NAME_WORDS = 8
# What is longer is no list of products, and takes long to search for names.
MAX_WORDS = 60


@dataclass(frozen=True)
class CommandWords:
    product_name: str
    number: str


@dataclass(frozen=True)
class CommandPart:
    """`unclear` is what stands beside a product's name in place of a number."""

    tokens: list[str]
    unclear: str = ""


@dataclass(frozen=True)
class _Token:
    words: Sequence[str]
    is_name: bool = False

    @property
    def is_number(self) -> bool:
        return not self.is_name and _is_number(self.words[0])


def split_by_product(tokens: list[str], rows: list[SubscriptionDetails]) -> list[CommandPart]:
    """`webinar 5, training 2` and `5 webinar and 2 training` → two parts; `webinar 5 today` → `webinar 5` and
    `today`; a single one if the text as a whole names a product, whose name may hold a number."""
    if _list_known(_list_readings(tokens), rows):
        return [CommandPart(tokens)]
    if clauses := _split_into_clauses(tokens, rows):
        return [CommandPart(clause) for clause in clauses]
    words = [
        word for token in tokens if (word := token.strip(PUNCTUATION)) and word.casefold() not in CONJUNCTIONS
    ]
    parts = _split_by_number(tokens, words)
    if not all(_list_known(_list_readings(part), rows) for part in parts):
        parts_by_name = _split_by_name(_drop_filler(words), rows)
        if parts_by_name:
            return parts_by_name
    return [CommandPart(part) for part in parts]


def _split_into_clauses(tokens: list[str], rows: list[SubscriptionDetails]) -> list[list[str]]:
    """`webinar and 2 meeting` → `webinar` and `2 meeting`. Empty unless each of several names a product."""
    clauses: list[list[str]] = [[]]
    for token in tokens:
        if token.casefold() in CONJUNCTIONS:
            clauses.append([])
        else:
            clauses[-1].append(token)
            if token.endswith(CLAUSE_ENDS):
                clauses.append([])
    clauses = [clause for clause in clauses if _drop_filler(clause)]
    known = (_list_known(_list_readings(clause), rows) for clause in clauses)
    is_complete = len(clauses) > 1 and all(readings and readings[0].product_name for readings in known)
    return clauses if is_complete else []


def _split_by_number(tokens: list[str], words: list[str]) -> list[list[str]]:
    numbers = [i for i, word in enumerate(words) if _is_number(word)]
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


def _split_by_name(words: list[str], rows: list[SubscriptionDetails]) -> list[CommandPart]:
    """`webinar five meeting 2` → `webinar`, for which `five` is unclear, and `meeting 2`. Empty for a single
    name and a number: then the words around them belong to the name of another product."""
    tokens = _find_names(words, rows) if len(words) <= MAX_WORDS else []
    name_count = sum(token.is_name for token in tokens)
    if not name_count or (name_count == 1 and any(token.is_number for token in tokens)):
        return []
    if tokens[0].is_name or not tokens[-1].is_name:
        return [_build_part(group) for group in _group_by_name(tokens)]
    # `five webinar, 2 meeting`
    groups = reversed(_group_by_name(tokens[::-1]))
    return [_build_part(group[::-1]) for group in groups]


def _find_names(words: list[str], rows: list[SubscriptionDetails]) -> list[_Token]:
    tokens, start = list[_Token](), 0
    while start < len(words):
        ends = range(min(start + MAX_NAME_WORDS, len(words)), start, -1)
        end = next((end for end in ends if _is_name(words[start:end], rows)), None)
        tokens.append(_Token(words[start : end or start + 1], is_name=end is not None))
        start = end or start + 1
    return tokens


def _is_name(words: list[str], rows: list[SubscriptionDetails]) -> bool:
    name, products = " ".join(words), [row.product for row in rows]
    if is_exact_product(products, name) or any(row.subscription.id == name for row in rows):
        return True
    if any(_is_number(word) for word in words) or len(normalize_product_name(name)) < MIN_NAME_LENGTH:
        return False
    return bool(list_matching_products(products, name))


def _group_by_name(tokens: list[_Token]) -> list[list[_Token]]:
    """Each name with what follows it up to the next name, but no more than one number."""
    groups: list[list[_Token]] = []
    for token in tokens:
        if not groups or token.is_name or groups[-1][-1].is_number:
            groups.append([])
        groups[-1].append(token)
    return groups


def _build_part(group: list[_Token]) -> CommandPart:
    names = [word for token in group if token.is_name for word in token.words]
    if not names or any(token.is_number for token in group):
        return CommandPart([word for token in group for word in token.words])
    return CommandPart(names, unclear=" ".join(token.words[0] for token in group if not token.is_name))


def _is_number(word: str) -> bool:
    return NUMBER_PATTERN.fullmatch(word) is not None


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


def choose_reading(tokens: list[str], rows: list[SubscriptionDetails]) -> CommandWords:
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
