"""Checks of what entries say of one another, and of what the database holds.

They read the raw values, not the parsed entries, so that one wrong field hides no other problem.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.accounts_file.yaml_with_lines import FieldPath, dotted
from models.document_sequence import QUOTE
from models.money import InvalidAmount, UnknownCurrency, check_currency, parse_amount
from models.product import SHIPPED_CATALOGUE

Finding = tuple[FieldPath, str]
Located = tuple[FieldPath, dict[str, Any]]


@dataclass(frozen=True)
class Stored:
    """What the database holds already. `owners` maps, for each section of an account, an id to the account
    it belongs to; `subscriptions` an account to its subscriptions and their products."""

    products: frozenset[str] = frozenset()
    currencies: dict[str, str] = field(default_factory=dict)
    owners: dict[str, dict[str, str]] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, str]] = field(default_factory=dict)


# In minor units: a hundred million euros.
LARGEST_PRICE = 10**10

# Ids that belong to one account alone: section → (field, how it is written).
_OWNED: dict[str, tuple[str, Callable[[str], str]]] = {
    "subscriptions": ("id", str),
    "payment_methods": ("id", str),
    "quotes": ("number", str.upper),
}
# An id that an account has, and no other.
_LINK = "stripe_customer"
# Ids that an account has once: (section, field, how it is written).
_ONCE_AN_ACCOUNT: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("billing_contacts", "email", str.lower),
    ("billing_contacts", "slack_user", str),
    ("administrators", "email", str.lower),
)


def findings(document: Any, stored: Stored) -> Iterator[Finding]:
    """Everything wrong between the entries of `document`."""
    accounts = _entries((), document, "accounts")
    products = _entries((), document, "products")
    yield from _twice(accounts, "id")
    yield from _twice(products, "id")
    yield from _twice(accounts, _LINK)
    for section, (key, written) in _OWNED.items():
        everywhere = [entry for account in accounts for entry in _entries(*account, section)]
        yield from _twice(everywhere, key, written)
    known = stored.products | {p.id for p in SHIPPED_CATALOGUE} | {_text(p, "id") for _, p in products}
    for account in accounts:
        yield from _in_account(account, stored, known)


def _in_account(located: Located, stored: Stored, known_products: frozenset[str]) -> Iterator[Finding]:
    path, account = located
    own = dict(stored.subscriptions.get(_text(account, "id"), {}))
    own |= {_text(s, "id"): _text(s, "product") for _, s in _entries(path, account, "subscriptions")}
    for section, key, written in _ONCE_AN_ACCOUNT:
        yield from _twice(_entries(path, account, section), key, written)
    yield from _foreign(located, stored)
    yield from _unknown_products(located, known_products)
    yield from _methods(located)
    yield from _administrators(located, own)
    yield from _quotes(located, own, stored)
    yield from _amounts(located)


def _twice(entries: Iterable[Located], key: str, written: Callable[[str], str] = str) -> Iterator[Finding]:
    first: dict[str, FieldPath] = {}
    for path, entry in entries:
        name = written(_text(entry, key))
        if name and name in first:
            yield (*path, key), f"{name} is also that of {dotted(first[name])}"
        first.setdefault(name, path)


def _foreign(located: Located, stored: Stored) -> Iterator[Finding]:
    """What belongs to one account cannot be given to another, nor be held in another currency."""
    path, account = located
    account_id = _text(account, "id")
    currency = stored.currencies.get(account_id)
    if currency and _text(account, "currency") not in ("", currency):
        yield (*path, "currency"), f"{account_id} is kept in {currency}, which cannot change"
    linked = _text(account, _LINK)
    if stored.owners.get(_LINK, {}).get(linked, account_id) != account_id:
        yield (*path, _LINK), f"{linked} is linked with the account {stored.owners[_LINK][linked]}"
    for section, (key, written) in _OWNED.items():
        for inner, entry in _entries(path, account, section):
            name = written(_text(entry, key))
            owner = stored.owners.get(section, {}).get(name, account_id)
            if owner != account_id:
                yield (*inner, key), f"{name} belongs to the account {owner}"


def _unknown_products(located: Located, known: frozenset[str]) -> Iterator[Finding]:
    for path, subscription in _entries(*located, "subscriptions"):
        product = _text(subscription, "product")
        if product and product not in known:
            yield (*path, "product"), f"there is no product {product}"


def _methods(located: Located) -> Iterator[Finding]:
    default = None
    path, account = located
    if _text(account, _LINK) and _entries(path, account, "payment_methods"):
        yield (*path, "payment_methods"), f"those of {_text(account, _LINK)} come from Stripe: leave them out"
    for path, method in _entries(*located, "payment_methods"):
        if _text(method, "default").lower() not in ("true", "yes"):
            continue
        if default:
            yield (*path, "default"), f"{default} is the default already"
        default = default or dotted(path)


def _administrators(located: Located, own: dict[str, str]) -> Iterator[Finding]:
    for path, administrator in _entries(*located, "administrators"):
        seats = administrator.get("seats")
        products: set[str] = set()
        for index, name in enumerate(seats if isinstance(seats, list) else []):
            inner = (*path, "seats", index)
            if not isinstance(name, str) or name not in own:
                yield inner, f"{name} is not a subscription of this account"
            elif own[name] in products:
                yield inner, f"has a seat of {own[name]} already"
            else:
                products.add(own[name])


def _quotes(located: Located, own: dict[str, str], stored: Stored) -> Iterator[Finding]:
    for path, quote in _entries(*located, "quotes"):
        number = _text(quote, "number").upper()
        if re.fullmatch(rf"{QUOTE}-\d+", number) and number not in stored.owners.get("quotes", {}):
            yield (*path, "number"), f"{number}: numbers as {QUOTE}-1001 are given by the bot itself"
        lines = _entries(path, quote, "lines")
        yield from _twice(lines, "subscription")
        for inner, line in lines:
            name = _text(line, "subscription")
            if name and name not in own:
                yield (*inner, "subscription"), f"{name} is not a subscription of this account"


def _amounts(located: Located) -> Iterator[Finding]:
    path, account = located
    try:
        currency = check_currency(_text(account, "currency"))
    except UnknownCurrency:
        return
    quotes = _entries(path, account, "quotes")
    lines = [line for quote in quotes for line in _entries(*quote, "lines")]
    for inner, entry in [*_entries(path, account, "subscriptions"), *lines]:
        price = _text(entry, "unit_price")
        try:
            too_much = parse_amount(price or "0", currency) > LARGEST_PRICE
        except InvalidAmount:
            yield (*inner, "unit_price"), f"{price} is not an amount of {currency}"
        else:
            if too_much:
                yield (*inner, "unit_price"), f"{price} is more than a seat can cost"


def _entries(path: FieldPath, holder: Any, section: str) -> list[Located]:
    """The mappings listed under `section`, whatever else the file holds there."""
    listed = holder.get(section) if isinstance(holder, dict) else None
    if not isinstance(listed, list):
        return []
    return [((*path, section, i), entry) for i, entry in enumerate(listed) if isinstance(entry, dict)]


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value.strip() if isinstance(value, str) else ""
