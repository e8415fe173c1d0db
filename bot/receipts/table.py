"""What receipts say as a table for a bookkeeper's spreadsheet (R28)."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.csv_cells import BYTE_ORDER_MARK, escape_cell
from bot.i18n import Localizer
from bot.presenters.tax import format_rate_name
from models.details import OrderDetails
from models.invoice import InvoiceStatus
from models.money import to_decimal
from models.receipt import Receipt, ReceiptLine
from models.tax import TaxItem, sum_tax_items

COLUMN_MESSAGE_IDS = (
    "receipt-table-document",
    "notice-status",
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


@dataclass(frozen=True)
class _Document:
    """A document of record: an invoice of the provider's, or the receipt itself, with its lines."""

    number: str
    status: InvoiceStatus
    issued_on: date
    lines: Sequence[ReceiptLine]

    @property
    def subtotal(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)

    @property
    def taxes(self) -> Sequence[TaxItem]:
        taxes = sum_tax_items(tax for line in self.lines for tax in line.taxes)
        return taxes or [TaxItem(taxable_amount=self.subtotal, amount=self.tax)]


def render_receipt_table(localizer: Localizer, orders: Iterable[OrderDetails]) -> bytes:
    """CSV: a row for each document of record and tax rate. Subtotal and total are only in a document's first
    row, so that their columns can be summed: the same amount can be taxed at several rates."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, delimiter=localizer.list_separator, lineterminator="\r\n")
    writer.writerow([localizer.format_text(key) for key in COLUMN_MESSAGE_IDS])
    for order in orders:
        if order.receipt is None:
            continue
        for document in _list_documents(order, order.receipt):
            for number, tax in enumerate(document.taxes):
                row = _build_row(localizer, order.receipt, order.order.number, document, tax, number == 0)
                writer.writerow([escape_cell(cell) for cell in row])
    return out.getvalue().encode()


def _list_documents(order: OrderDetails, receipt: Receipt) -> list[_Document]:
    # What was charged immediately has no status of its own: it is paid.
    statuses = {row.invoice.number: row.invoice.status for row in order.rows if row.invoice}
    days = _find_invoice_days(order, receipt)
    lines: dict[str, list[ReceiptLine]] = {}
    for line in receipt.receipt_lines:
        lines.setdefault(line.invoice_number, []).append(line)
    return [
        _Document(
            number or receipt.number,
            statuses.get(number, InvoiceStatus.PAID),
            days.get(number, receipt.issued_on),
            listed,
        )
        for number, listed in lines.items()
    ]


def _find_invoice_days(order: OrderDetails, receipt: Receipt) -> dict[str, date]:
    """The day on which each invoice was charged or, if the customer is to pay it, was sent. It can be before
    that of the order's confirmation, and in another month: another line was declined and tried again."""
    days = {
        row.line.provider_invoice_number: order.account.get_local_date(row.line.settled_at)
        for row in order.rows
        if row.line.settled_at
    }
    charged = {
        line.invoice_number: method.paid_on
        for line in receipt.receipt_lines
        for method in reversed(line.charged_methods)
        if method.paid_on
    }
    return {number: day for number, day in (days | charged).items() if number}


def _build_row(
    localizer: Localizer,
    receipt: Receipt,
    order_number: str,
    document: _Document,
    tax: TaxItem,
    is_first: bool,
) -> list[str]:
    def format_amount(minor: int) -> str:
        return _format_number(localizer, f"{to_decimal(minor, receipt.currency):f}")

    return [
        document.number,
        localizer.format_text("receipt-table-status-name", status=document.status.value),
        document.issued_on.isoformat(),
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
        format_amount(document.subtotal) if is_first else "",
        format_amount(document.subtotal + document.tax) if is_first else "",
    ]


def _format_number(localizer: Localizer, number: str) -> str:
    # Without grouping digits: a spreadsheet would read the number as text.
    return number.replace(".", localizer.decimal_symbol)
