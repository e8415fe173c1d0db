"""The format of tax ids, by the rules of their countries."""

from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat

# Kinds of numbers that stand on invoices, by python-stdnum's names.
NUMBER_KINDS = ("vat", "tin", "ein", "cn", "uid", "businessid")


def is_tax_id(text: str, country: str) -> bool:
    """Of the country, or an EU VAT number. For countries whose rules are not known, anything is."""
    found = [get_cc_module(country.lower(), kind) for kind in NUMBER_KINDS]
    modules = [module for module in found if module is not None]
    if country == "JP":
        # Invoices carry a corporate number with a T before it, which the library does not know.
        text = text.removeprefix("T")
    return not modules or eu_vat.is_valid(text) or any(module.is_valid(text) for module in modules)
