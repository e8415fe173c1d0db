"""Checks of entries against each other and against the database.

They read the raw values instead of the parsed entries, so that one wrong field does not hide other errors.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.accounts_file.yaml_with_lines import FieldPath, format_path
from bot.tax_id import is_tax_id
from models.account.address_fields import get_address_fields
from models.checkout import COUNTRY_CODES
from models.document_sequence import QUOTE_PREFIX
from models.money import InvalidAmount, UnknownCurrency, check_currency, parse_amount
from models.product import DEFAULT_PRODUCTS

ProblemAt = tuple[FieldPath, str]
EntryAt = tuple[FieldPath, dict[str, Any]]


@dataclass
class StoredContacts:
    """The contacts of an account: whether it has one now, whether it keeps one whatever a file lists, and
    whom a file cannot bring back."""

    has_active: bool = False
    keeps_one: bool = False
    removed_in_slack: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class StoredRecords:
    """What the database holds already. `currencies`, `tax_ids`, `subscriptions` and `contacts` are by account
    id, and `subscriptions` then map to their products; `owners` maps, for each section of an account, an id
    to its account's."""

    products: frozenset[str] = frozenset()
    currencies: dict[str, str] = field(default_factory=dict)
    # With the country of the stored billing address.
    tax_ids: dict[str, tuple[str, str]] = field(default_factory=dict)
    owners: dict[str, dict[str, str]] = field(default_factory=dict)
    subscriptions: dict[str, dict[str, str]] = field(default_factory=dict)
    closed_accounts: frozenset[str] = frozenset()
    contacts: dict[str, StoredContacts] = field(default_factory=dict)


# In minor units: a hundred million euros.
MAX_UNIT_PRICE = 10**10

# Ids that are unique across accounts: section → (field, how to normalize it).
_ACCOUNT_OWNED_IDS: dict[str, tuple[str, Callable[[str], str]]] = {
    "subscriptions": ("id", str),
    "payment_methods": ("id", str),
    "quotes": ("number", str.upper),
}
_STRIPE_CUSTOMER_FIELD = "stripe_customer"
# Values that are unique within an account: (section, field, how to normalize it).
_UNIQUE_WITHIN_ACCOUNT: tuple[tuple[str, str, Callable[[str], str]], ...] = (
    ("billing_contacts", "email", str.lower),
    ("billing_contacts", "slack_user", str),
    ("administrators", "email", str.lower),
)


def list_problems(document: Any, stored: StoredRecords) -> Iterator[ProblemAt]:
    accounts = _list_entries((), document, "accounts")
    products = _list_entries((), document, "products")
    yield from _list_duplicates(accounts, "id")
    yield from _list_duplicates(products, "id")
    yield from _list_duplicates(accounts, _STRIPE_CUSTOMER_FIELD)
    for section, (key, normalize) in _ACCOUNT_OWNED_IDS.items():
        entries = [entry for account in accounts for entry in _list_entries(*account, section)]
        yield from _list_duplicates(entries, key, normalize)
    known_products = (
        stored.products | {p.id for p in DEFAULT_PRODUCTS} | {_get_text(p, "id") for _, p in products}
    )
    for account in accounts:
        yield from _list_account_problems(account, stored, known_products)


def _list_account_problems(
    located: EntryAt, stored: StoredRecords, known_products: frozenset[str]
) -> Iterator[ProblemAt]:
    path, account = located
    products_by_subscription = dict(stored.subscriptions.get(_get_text(account, "id"), {}))
    products_by_subscription |= {
        _get_text(s, "id"): _get_text(s, "product") for _, s in _list_entries(path, account, "subscriptions")
    }
    for section, key, normalize in _UNIQUE_WITHIN_ACCOUNT:
        yield from _list_duplicates(_list_entries(path, account, section), key, normalize)
    yield from _list_slack_team_problems(located)
    yield from _list_address_problems(located)
    yield from _list_tax_id_problems(located, stored)
    yield from _list_contact_problems(located, stored)
    yield from _list_ownership_problems(located, stored)
    yield from _list_unknown_products(located, known_products)
    yield from _list_payment_method_problems(located)
    yield from _list_administrator_problems(located, products_by_subscription)
    yield from _list_quote_problems(located, products_by_subscription, stored)
    yield from _list_amount_problems(located)


def _list_slack_team_problems(located: EntryAt) -> Iterator[ProblemAt]:
    path, account = located
    given = [name for name in ("slack_team", "slack_enterprise") if account.get(name) is not None]
    if not given:
        yield (*path, "slack_team"), "is missing: name a workspace, or an organisation by slack_enterprise"
    if len(given) > 1:
        yield (*path, "slack_enterprise"), "is given beside slack_team: an account belongs to one of them"


def _list_address_problems(located: EntryAt) -> Iterator[ProblemAt]:
    # A state is optional, because older files leave it out. The address of a linked account may be
    # incomplete, like Stripe's: checkout asks for the rest.
    path, account = located
    address = account.get("billing_address")
    if not isinstance(address, dict) or _get_text(account, _STRIPE_CUSTOMER_FIELD):
        return
    if address.get("line1") is None:
        yield (*path, "billing_address", "line1"), "is missing"
    country = _get_text(address, "country").upper()
    required = get_address_fields(country).required if country in COUNTRY_CODES else frozenset()
    for name in ("postal_code", "city"):
        if name in required and address.get(name) in (None, ""):
            yield (*path, "billing_address", name), "is missing"


def _list_tax_id_problems(located: EntryAt, stored: StoredRecords) -> Iterator[ProblemAt]:
    path, account = located
    address = account.get("billing_address")
    country = _get_text(address, "country") if isinstance(address, dict) else ""
    tax_id = _get_text(account, "tax_id")
    # It stays that of the company's country if an order's address is in another one (R10).
    is_stored = (tax_id, country) == stored.tax_ids.get(_get_text(account, "id"))
    if tax_id and country and not is_stored and not is_tax_id(tax_id, country):
        yield (*path, "tax_id"), f"{tax_id} is not a tax id of {country}, nor an EU VAT number"
    is_linked = bool(_get_text(account, _STRIPE_CUSTOMER_FIELD))
    if _get_text(account, "tax_exemption") == "reverse" and not tax_id and not is_linked:
        yield (*path, "tax_id"), "is missing: a document with reverse charge must name the buyer's"


def _list_contact_problems(located: EntryAt, stored: StoredRecords) -> Iterator[ProblemAt]:
    # Without a contact, nobody could order for the account or invite a colleague.
    path, account = located
    account_id = _get_text(account, "id")
    contacts = stored.contacts.get(account_id, StoredContacts())
    listed = {_get_text(c, "email").lower() for _, c in _list_entries(path, account, "billing_contacts")}
    if not contacts.has_active or contacts.keeps_one or listed - contacts.removed_in_slack:
        return
    removed = ", ".join(sorted(listed))
    advice = f"{removed} was removed in Slack" if removed else "list at least one"
    yield (*path, "billing_contacts"), f"leaves {account_id} without a billing contact: {advice}"


def _list_duplicates(
    entries: Iterable[EntryAt], key: str, normalize: Callable[[str], str] = str
) -> Iterator[ProblemAt]:
    first_paths: dict[str, FieldPath] = {}
    for path, entry in entries:
        name = normalize(_get_text(entry, key))
        if name and name in first_paths:
            yield (*path, key), f"{name} is also that of {format_path(first_paths[name])}"
        first_paths.setdefault(name, path)


def _list_ownership_problems(located: EntryAt, stored: StoredRecords) -> Iterator[ProblemAt]:
    # Nothing moves from one account to another, and an account keeps its currency.
    path, account = located
    account_id = _get_text(account, "id")
    currency = stored.currencies.get(account_id)
    if currency and _get_text(account, "currency") not in ("", currency):
        yield (*path, "currency"), f"{account_id} is kept in {currency}, which cannot change"
    customer_id = _get_text(account, _STRIPE_CUSTOMER_FIELD)
    owner = stored.owners.get(_STRIPE_CUSTOMER_FIELD, {}).get(customer_id, account_id)
    if owner != account_id:
        yield (*path, _STRIPE_CUSTOMER_FIELD), f"{customer_id} is linked with the account {owner}"
    for section, (key, normalize) in _ACCOUNT_OWNED_IDS.items():
        for entry_path, entry in _list_entries(path, account, section):
            name = normalize(_get_text(entry, key))
            owner = stored.owners.get(section, {}).get(name, account_id)
            if owner != account_id:
                yield (*entry_path, key), f"{name} belongs to the account {owner}"


def _list_unknown_products(located: EntryAt, known: frozenset[str]) -> Iterator[ProblemAt]:
    for path, subscription in _list_entries(*located, "subscriptions"):
        product = _get_text(subscription, "product")
        if product and product not in known:
            yield (*path, "product"), f"there is no product {product}"


def _list_payment_method_problems(located: EntryAt) -> Iterator[ProblemAt]:
    default = None
    path, account = located
    if _get_text(account, _STRIPE_CUSTOMER_FIELD) and _list_entries(path, account, "payment_methods"):
        yield (
            (*path, "payment_methods"),
            f"those of {_get_text(account, _STRIPE_CUSTOMER_FIELD)} come from Stripe: leave them out",
        )
    for path, method in _list_entries(*located, "payment_methods"):
        if _get_text(method, "default").lower() not in ("true", "yes"):
            continue
        if default:
            yield (*path, "default"), f"{default} is the default already"
        default = default or format_path(path)


def _list_administrator_problems(
    located: EntryAt, products_by_subscription: dict[str, str]
) -> Iterator[ProblemAt]:
    for path, administrator in _list_entries(*located, "administrators"):
        seats = administrator.get("seats")
        products: set[str] = set()
        for index, name in enumerate(seats if isinstance(seats, list) else []):
            seat_path = (*path, "seats", index)
            if not isinstance(name, str) or name not in products_by_subscription:
                yield seat_path, f"{name} is not a subscription of this account"
            elif products_by_subscription[name] in products:
                yield seat_path, f"has a seat of {products_by_subscription[name]} already"
            else:
                products.add(products_by_subscription[name])


def _list_quote_problems(
    located: EntryAt, products_by_subscription: dict[str, str], stored: StoredRecords
) -> Iterator[ProblemAt]:
    for path, quote in _list_entries(*located, "quotes"):
        number = _get_text(quote, "number").upper()
        if re.fullmatch(rf"{QUOTE_PREFIX}-\d+", number) and number not in stored.owners.get("quotes", {}):
            yield (*path, "number"), f"{number}: numbers as {QUOTE_PREFIX}-1001 are given by the bot itself"
        account_id = _get_text(located[1], "id")
        is_new = number not in stored.owners.get("quotes", {})
        if account_id in stored.closed_accounts and is_new and not quote.get("decided"):
            yield (*path, "number"), f"{number} is pending, and {account_id} is closed"
        lines = _list_entries(path, quote, "lines")
        yield from _list_duplicates(lines, "subscription")
        for line_path, line in lines:
            name = _get_text(line, "subscription")
            if name and name not in products_by_subscription:
                yield (*line_path, "subscription"), f"{name} is not a subscription of this account"


def _list_amount_problems(located: EntryAt) -> Iterator[ProblemAt]:
    path, account = located
    try:
        currency = check_currency(_get_text(account, "currency"))
    except UnknownCurrency:
        return
    quotes = _list_entries(path, account, "quotes")
    lines = [line for quote in quotes for line in _list_entries(*quote, "lines")]
    for entry_path, entry in [*_list_entries(path, account, "subscriptions"), *lines]:
        price = _get_text(entry, "unit_price")
        try:
            is_too_high = parse_amount(price or "0", currency) > MAX_UNIT_PRICE
        except InvalidAmount:
            yield (*entry_path, "unit_price"), f"{price} is not an amount of {currency}"
        else:
            if is_too_high:
                yield (*entry_path, "unit_price"), f"{price} is more than a seat can cost"


def _list_entries(path: FieldPath, parent: Any, section: str) -> list[EntryAt]:
    entries = parent.get(section) if isinstance(parent, dict) else None
    if not isinstance(entries, list):
        return []
    return [((*path, section, i), entry) for i, entry in enumerate(entries) if isinstance(entry, dict)]


def _get_text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value.strip() if isinstance(value, str) else ""
