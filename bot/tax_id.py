"""Tax ids: their format by the rules of their countries, and which of them are VAT numbers."""

import re
from collections.abc import Callable

from stdnum import get_cc_module
from stdnum.ch import vat as swiss_vat
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as british_vat
from stdnum.no import mva as norwegian_vat

# By python-stdnum's names: what stands on invoices anywhere, and what else does in one country. Registers of
# companies are among them only where their number is the tax id too.
USUAL_KINDS = ("vat", "tin", "ein", "cn", "uid")
KINDS_BY_COUNTRY = {
    "AU": ("acn",),
    "BR": ("cpf",),
    "CR": ("cpf",),
    "DE": ("stnr",),
    "DO": ("cedula",),
    "EE": ("businessid",),
    "FI": ("businessid",),
    "FR": ("siren", "siret", "nif"),
    "GB": ("utr",),
    "IL": ("idnr",),
    "IN": ("pan",),
    "IS": ("kennitala",),
    "IT": ("codicefiscale",),
    "NO": ("orgnr",),
    "SE": ("orgnr",),
    "TH": ("pin",),
    "TR": ("tckimlik",),
}
# Those that the library does not know; without spaces, dots and hyphens. Left out are those that a mistyped
# number of another kind could pass for.
PATTERNS_BY_COUNTRY = {
    "CA": r"\d{10}TQ\d{4}|PST\d{8}|\d{7}",  # Québec; British Columbia; Manitoba and Saskatchewan
    "DE": r"DE\d{14}",  # the economic identification number, of which the first nine digits are checked
    "HU": r"\d{11}",  # the domestic number, which begins with the EU's
    "ID": r"0\d{15}",  # with 16 digits since 2024
    "JP": r"\d{5}",  # of a foreign business
    "MA": r"\d{8}",  # the fiscal identifier
    "NZ": r"9429\d{9}",  # the business number
    "SG": r"M[A-Z\d]\d{7}[A-Z\d]",  # for GST
    "ZA": r"4\d{9}",  # for VAT
}
EU_VAT_PREFIXES = frozenset(state.upper() for state in eu_vat.MEMBER_STATES) | {"EL"}
EU_VAT_PATTERN = re.compile(r"[A-Z]{2}(?=.{8,12}$)[A-Z\d]{0,2}\d{5,}[A-Z\d]{0,3}")
SEPARATORS = re.compile(r"[\s.\-/]")


def is_tax_id(text: str, country: str) -> bool:
    """Accepts tax ids of the country, and EU VAT numbers. If a country's rules are not known, everything is
    accepted."""
    checks = _list_checks(country)
    if country == "JP":
        # Invoices carry a corporate number with a T before it, which the library does not know.
        text = text.strip().upper().removeprefix("T")
    return (
        not checks
        or eu_vat.is_valid(text)
        or any(check(text) for check in checks)
        or _matches_pattern(text, country)
    )


def is_vat_number(text: str) -> bool:
    # A VAT number is written with its country's code, or else with the letters for VAT.
    compact = SEPARATORS.sub("", text).upper()
    return (
        eu_vat.is_valid(compact)
        or (compact.startswith("GB") and british_vat.is_valid(compact))
        or (compact.endswith("MVA") and norwegian_vat.is_valid(compact))
        or (compact.startswith("CHE") and swiss_vat.is_valid(compact))
    )


def find_vat_number(text: str) -> str | None:
    """Finds a valid one at the end of a text such as `VAT IE6388047V`."""
    words = text.split()
    endings = (" ".join(words[start:]) for start in range(len(words)))
    return next((ending for ending in endings if is_vat_number(ending)), None)


def has_wrong_vat_number(text: str) -> bool:
    """Whether the text ends with something written like an EU VAT number that is not valid."""
    words = SEPARATORS.sub(" ", text).split()
    endings = ("".join(words[start:]) for start in range(len(words)))
    is_written_so = any(
        ending[:2] in EU_VAT_PREFIXES and EU_VAT_PATTERN.fullmatch(ending) is not None for ending in endings
    )
    return is_written_so and find_vat_number(text) is None


def _list_checks(country: str) -> list[Callable[[str], bool]]:
    kinds = (*USUAL_KINDS, *KINDS_BY_COUNTRY.get(country, ()))
    found = [get_cc_module(country.lower(), kind) for kind in kinds]
    return [module.is_valid for module in found if module is not None]


def _matches_pattern(text: str, country: str) -> bool:
    compact = SEPARATORS.sub("", text).upper()
    if not re.fullmatch(PATTERNS_BY_COUNTRY.get(country, "(?!)"), compact):
        return False
    # What begins with a number that has check digits is checked as far as that goes.
    checked_length = {"DE": len("DE123456789"), "HU": len("12345678")}.get(country)
    usual = get_cc_module(country.lower(), "vat")
    return checked_length is None or usual is None or bool(usual.is_valid(compact[:checked_length]))
