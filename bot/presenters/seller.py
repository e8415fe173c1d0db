"""The seller of a document, in the words of its reader (R28)."""

import re

from bot.i18n import Localizer
from bot.tax_id import find_vat_number
from models.receipt import Seller

# The label before the number, such as `VAT no.`
LABEL_PATTERN = re.compile(r"\D{0,20}")


def format_seller(localizer: Localizer, seller: Seller) -> list[str]:
    # The settings are in the operator's words: the country at the end of the address and the label of a VAT
    # number are replaced by the reader's.
    address = [*seller.address[:-1], *map(localizer.translate_country, seller.address[-1:])]
    return [*filter(None, [seller.name, *address, _format_tax_id(localizer, seller.tax_id)])]


def _format_tax_id(localizer: Localizer, tax_id: str) -> str:
    number = find_vat_number(tax_id)
    if number is None or not LABEL_PATTERN.fullmatch(tax_id.strip().removesuffix(number)):
        return tax_id
    return localizer.format_text("receipt-tax-id", kind="vat", id=number)
