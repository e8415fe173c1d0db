"""Which tax Stripe computes for a customer: docs.stripe.com/tax/calculating"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

EU_COUNTRIES = frozenset(
    [
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    ]
)
# Names of taxes as docs.stripe.com/api/tax_rates/object has them; elsewhere it is VAT.
TAX_NAMES = {"US": "Sales Tax", "CA": "GST", "JP": "JCT"}


TaxBehavior = Literal["exclusive", "inclusive"]
# How an invoice shows an included tax that an exempt customer does not pay. Stripe documents the price and
# the total only (docs.stripe.com/billing/taxes/tax-rates, "Tax exempt and reverse charge"): the line may have
# no taxes, or one of 0, or an amount that is reduced as well.
ExemptLines = Literal["untaxed", "taxed at 0", "reduced"]
# Of rates that are set by hand: docs.stripe.com/api/credit_notes/object, the example
MANUAL_REASON = "not_available"


@dataclass(frozen=True)
class TaxPart:
    """The tax of a line at one rate: docs.stripe.com/api/invoice-line-item/object, taxes. `is_exempt`
    if a customer does not pay one that is set by hand; `removed` is what the price would include of it."""

    rate_id: str
    reason: str
    taxable_amount: int
    amount: int
    behavior: TaxBehavior = "exclusive"
    is_exempt: bool = False
    removed: int = 0


@dataclass(frozen=True)
class ManualTaxRate:
    """Of an account without Stripe Tax: docs.stripe.com/billing/taxes/tax-rates"""

    id: str
    display_name: str
    percentage: float
    inclusive: bool


@dataclass
class CustomerTax:
    """What a customer has that tax depends on. `tax_ids` are pairs of type and value."""

    shipping: dict[str, str] | None = None
    exempt: str = "none"
    ids: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class TaxTerms:
    """`rates` by id; several are added up. None, and no reason, if Stripe Tax is turned off. `behaviors` are
    those of rates that are set by hand, whatever the price says: docs.stripe.com/api/tax_rates/object,
    inclusive."""

    rates: Mapping[str, Fraction]
    reason: str = "standard_rated"
    is_located: bool = True
    behaviors: Mapping[str, TaxBehavior] = field(default_factory=dict)
    is_exempt: bool = False

    def get_behavior(self, rate_id: str, price_behavior: TaxBehavior) -> TaxBehavior:
        return self.behaviors.get(rate_id, price_behavior)


NO_TAX = TaxTerms({})


def find_tax_terms(
    address: Mapping[str, str], customer: CustomerTax, rates: Mapping[str, str], seller_country: str | None
) -> TaxTerms:
    """`rates` are by country, such as "0.20", or "0.05+0.07" for two. The shipping address goes first, even
    if it is of no use: docs.stripe.com/tax/customer-locations, "Which customer address we use"."""
    country = (customer.shipping or address).get("country", "")
    if not is_located(address, customer):
        return TaxTerms({}, is_located=False)
    reason = _find_zero_reason(country, customer, rates, seller_country)
    if reason is not None:
        return TaxTerms({f"txr_{country}_zero": Fraction(0)}, reason)
    parts = rates[country].split("+")
    return TaxTerms({f"txr_{country}_{part.replace('.', '')}": Fraction(part) for part in parts})


def find_manual_tax_terms(rates: list[ManualTaxRate], customer: CustomerTax) -> TaxTerms:
    """Customers who are exempt, or account for it themselves, are not charged any, and pay a price that
    includes it less the tax: docs.stripe.com/billing/taxes/tax-rates, "Tax exempt and reverse charge"."""
    return TaxTerms(
        {rate.id: Fraction(str(rate.percentage)) / 100 for rate in rates},
        MANUAL_REASON,
        behaviors={rate.id: "inclusive" if rate.inclusive else "exclusive" for rate in rates},
        is_exempt=customer.exempt != "none",
    )


def is_located(address: Mapping[str, str], customer: CustomerTax) -> bool:
    """docs.stripe.com/tax/customer-locations, "Supported address formats": the United States need a postal
    code of five or nine digits, most other countries nothing more."""
    location = customer.shipping or address
    country = location.get("country", "")
    postal_code = location.get("postal_code", "")
    return bool(country) and (country != "US" or re.fullmatch(r"\d{5}(-\d{4})?", postal_code) is not None)


def _find_zero_reason(
    country: str, customer: CustomerTax, rates: Mapping[str, str], seller_country: str | None
) -> str | None:
    """docs.stripe.com/tax/zero-tax, docs.stripe.com/api/customers/object, tax_exempt. Unlike with rates that
    are set by hand, a customer who is exempt or accounts for the tax pays the whole price even if it includes
    tax: docs.stripe.com/tax/zero-tax, "Reverse charges", "Exempt customers". So does a customer whose rate is
    0: docs.stripe.com/tax/products-prices-tax-codes-tax-behavior."""
    if customer.exempt == "exempt":
        return "customer_exempt"
    has_eu_id = any(kind == "eu_vat" for kind, _ in customer.ids)
    is_abroad = seller_country in EU_COUNTRIES and country in EU_COUNTRIES - {seller_country}
    if customer.exempt == "reverse" or (has_eu_id and is_abroad):
        return "reverse_charge"
    return None if Fraction(rates.get(country, "0").split("+")[0]) else "not_collecting"
