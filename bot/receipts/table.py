"""What receipts say as a table for a bookkeeper's spreadsheet: a row for each receipt and tax rate (R28)."""

import csv
import io
from collections.abc import Iterable, Sequence

from bot.csv_cells import BYTE_ORDER_MARK, escape_cell
from bot.i18n import Localizer
from bot.presenters.tax import format_rate_name
from models.money import to_decimal
from models.receipt import Receipt
from models.tax import TaxItem

COLUMN_MESSAGE_IDS = (
    "receipt-table-document",
    "receipt-table-invoices",
    "receipt-date",
    "service-order",
    "receipt-po-number",
    "receipt-buyer",
    "receipt-table-tax-ids",
    "checkout-country",
    "receipt-table-currency",
    "receipt-tax-rate",
    "receipt-table-percent",
    "receipt-taxable",
    "receipt-tax",
    "receipt-table-subtotal",
    "receipt-table-total",
)


def render_receipt_table(localizer: Localizer, receipts: Iterable[tuple[Receipt, str]]) -> bytes:
    """CSV; `receipts` are with their orders' numbers. Subtotal and total are only in a receipt's first row,
    so that their columns can be summed: the same amount can be taxed at several rates."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, delimiter=localizer.list_separator, lineterminator="\r\n")
    writer.writerow([localizer.format_text(key) for key in COLUMN_MESSAGE_IDS])
    for receipt, order_number in receipts:
        for number, tax in enumerate(_list_taxes(receipt)):
            row = _build_row(localizer, receipt, order_number, tax, is_first=number == 0)
            writer.writerow([escape_cell(cell) for cell in row])
    return out.getvalue().encode()


def _list_taxes(receipt: Receipt) -> Sequence[TaxItem]:
    return receipt.taxes or [TaxItem(taxable_amount=receipt.subtotal, amount=receipt.tax)]


def _build_row(
    localizer: Localizer, receipt: Receipt, order_number: str, tax: TaxItem, *, is_first: bool
) -> list[str]:
    def format_amount(minor: int) -> str:
        return _format_number(localizer, f"{to_decimal(minor, receipt.currency):f}")

    return [
        receipt.number,
        ", ".join(receipt.invoice_numbers),
        receipt.issued_on.isoformat(),
        order_number,
        receipt.po_number,
        receipt.buyer,
        ", ".join(receipt.tax_facts.buyer_tax_ids),
        receipt.billing_address.country,
        receipt.currency,
        format_rate_name(localizer, tax),
        "" if tax.percent is None else _format_number(localizer, f"{tax.percent:f}"),
        format_amount(tax.taxable_amount),
        format_amount(tax.amount),
        format_amount(receipt.subtotal) if is_first else "",
        format_amount(receipt.total) if is_first else "",
    ]


def _format_number(localizer: Localizer, number: str) -> str:
    """Formats a number without grouping digits, which a spreadsheet would interpret as text."""
    return number.replace(".", localizer.decimal_symbol)
