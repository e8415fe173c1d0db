"""At which rates tax is charged, why there is none, and what decides it (R28)."""

from collections.abc import Sequence

from bot.i18n import Localizer, truncate_text
from bot.tax_id import is_vat_number
from models.account import Address
from models.money import Money
from models.receipt import Receipt
from models.tax import TaxDetails, TaxItem, TaxTreatment

MAX_TAX_IDS, MAX_ADDRESS_LENGTH = 5, 300


def list_tax_amounts(
    localizer: Localizer, taxes: Sequence[TaxItem], total: int, currency: str
) -> list[tuple[str, int]]:
    """Labels each amount with its rate, and with what it applies to if there are several; with `Tax` alone if
    the rates are not known."""
    rated = [tax for tax in taxes if tax.percent is not None]
    if sum(tax.amount for tax in rated) != total or not rated:
        return [(localizer.format_text("receipt-tax"), total)]
    if len(rated) == 1:
        return [(format_rate_name(localizer, rated[0]), total)]
    return [(_format_rate_and_taxable(localizer, tax, currency), tax.amount) for tax in rated]


def _format_rate_and_taxable(localizer: Localizer, tax: TaxItem, currency: str) -> str:
    return localizer.format_text(
        "tax-rate-on",
        name=format_rate_name(localizer, tax),
        taxable=Money(tax.taxable_amount, currency),
    )


def format_tax_rate(localizer: Localizer, tax: TaxItem, currency: str) -> str:
    """`VAT 20% on €48.05: €9.61`."""
    return localizer.format_text(
        "tax-at-rate",
        name=tax.name or localizer.format_text("receipt-tax"),
        rate=localizer.format_percent(tax.percent or 0),
        taxable=Money(tax.taxable_amount, currency),
        amount=Money(tax.amount, currency),
    )


def format_rate_name(localizer: Localizer, tax: TaxItem) -> str:
    return localizer.format_text(
        "tax-rate-name",
        treatment=tax.treatment.value,
        name=tax.name or localizer.format_text("receipt-tax"),
        has_rate="no" if tax.percent is None else "yes",
        rate=localizer.format_percent(tax.percent or 0),
    )


def format_receipt_notes(localizer: Localizer, receipt: Receipt) -> list[str]:
    return format_treatments(localizer, receipt.taxes)


def format_tax_notes(localizer: Localizer, taxes: Sequence[TaxItem], tax_details: TaxDetails) -> list[str]:
    # If no tax is collected, the total says enough.
    shown = dict.fromkeys(tax.treatment for tax in taxes)
    notes = [
        format_treatment(localizer, treatment)
        for treatment in shown
        if treatment not in (TaxTreatment.TAXED, TaxTreatment.NOT_COLLECTED)
    ]
    if tax_details.buyer_tax_ids:
        ids = list(tax_details.buyer_tax_ids[:MAX_TAX_IDS])
        notes.append(localizer.format_text("tax-ids", ids=ids))
    return [*notes, *format_tax_location(localizer, tax_details)]


def format_tax_location(localizer: Localizer, tax_details: TaxDetails) -> list[str]:
    """Empty if it is the billing address."""
    if tax_details.address is None:
        return []
    address = format_short_address(localizer, tax_details.address)
    return [localizer.format_text("tax-location", address=address)]


def format_short_address(localizer: Localizer, address: Address) -> str:
    """Formats it on one line."""
    return truncate_text(", ".join(localizer.format_address(address)), MAX_ADDRESS_LENGTH)


def format_tax_ids(localizer: Localizer, tax_details: TaxDetails) -> list[str]:
    # Documents label a VAT number as such.
    return [
        localizer.format_text("receipt-tax-id", kind="vat" if is_vat_number(id_) else "other", id=id_)
        for id_ in tax_details.buyer_tax_ids[:MAX_TAX_IDS]
    ]


def format_treatments(localizer: Localizer, taxes: Sequence[TaxItem]) -> list[str]:
    # The reasons for no tax. Beside other items, one without tax and without a reason says nothing.
    shown = dict.fromkeys(tax.treatment for tax in taxes)
    if len(shown) > 1:
        shown.pop(TaxTreatment.NOT_COLLECTED, None)
    return [format_treatment(localizer, each) for each in shown if each is not TaxTreatment.TAXED]


def format_treatment(localizer: Localizer, treatment: TaxTreatment) -> str:
    return localizer.format_text("tax-note", treatment=treatment.value)
