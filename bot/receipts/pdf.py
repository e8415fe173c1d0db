"""The receipt as a PDF (R13), in the reader's language.

The same receipt in the same language gives the same bytes: neither the time nor the machine goes into it.
"""

import json
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
import typst

from bot.i18n import Localizer
from bot.presenters.payment_method import format_charged_method
from bot.presenters.receipt import format_differences, get_payment_status_key, list_balance_amounts
from bot.presenters.seat_price import format_seat_price
from bot.presenters.seller import format_seller
from bot.presenters.subscription import format_discount
from bot.presenters.tax import format_rate_name, format_receipt_notes, format_tax_ids
from bot.receipts.fonts import find_missing_characters, load_fonts
from bot.receipts.typesetter import TypesetterCrashed, compile_pdf
from models.details import ReceiptDetails
from models.money import Money
from models.receipt import ChargedMethod, Receipt, ReceiptLine
from models.subscription.proration import truncate_to_second
from models.tax import TaxItem

log = structlog.get_logger()

TEMPLATE_PATH = Path(__file__).parent / "receipt.typ"
MAX_PDF_BYTES = 100_000

COLUMN_MESSAGE_IDS = (
    "receipt-product",
    "receipt-seats",
    "receipt-period",
    "receipt-amount",
    "receipt-tax",
)
# With these statuses, nothing is left to pay.
SETTLED_STATUS_KEYS = ("receipt-paid", "receipt-paid-by-credit", "receipt-nothing-to-pay")
TAX_COLUMN_MESSAGE_IDS = ("receipt-tax-rate", "receipt-taxable", "receipt-tax")
# Accents and vowel signs that stand on or below a letter, and are not part of it.
MARK_CATEGORY = "Mn"


def render_receipt_pdf(localizer: Localizer, details: ReceiptDetails) -> bytes:
    """Blocks for some hundredths of a second: don't call it in the event loop."""
    return render_document(build_receipt_content(localizer, details), details.receipt.issued_at)


def render_document(content: dict[str, Any], dated: datetime) -> bytes:
    text, timestamp = json.dumps(content, ensure_ascii=False), truncate_to_second(dated)
    try:
        return _render_text(text, timestamp)
    except TypesetterCrashed as error:
        log.error("document.typesetter_crashed", document=content["title"], error=str(error))
    return _render_text(_remove_marks(text), timestamp)


def _remove_marks(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(char for char in composed if unicodedata.category(char) != MARK_CATEGORY)


def _render_text(text: str, timestamp: datetime) -> bytes:
    for system_fonts in (False, True):
        try:
            return _compile_archivable_pdf(text, timestamp, system_fonts=system_fonts)
        except typst.TypstError:
            # A name has letters that the fonts lack, and a PDF/A must not omit any.
            continue
    return _compile_small_pdf(text, timestamp, [], [], system_fonts=True)


def _compile_archivable_pdf(content: str, timestamp: datetime, *, system_fonts: bool) -> bytes:
    return _compile_small_pdf(content, timestamp, ["a-2a", "ua-1"], ["a-2u"], system_fonts=system_fonts)


def _compile_small_pdf(
    content: str,
    timestamp: datetime,
    standards: "typst.PDFStandards",
    untagged_standards: "typst.PDFStandards",
    *,
    system_fonts: bool,
) -> bytes:
    pdf = _compile_pdf(content, timestamp, standards, system_fonts=system_fonts)
    if len(pdf) <= MAX_PDF_BYTES:
        return pdf
    # Tags for screen readers grow with every line, much more than the printed text.
    return _compile_pdf(content, timestamp, untagged_standards, tags=False, system_fonts=system_fonts)


def _compile_pdf(
    content: str,
    timestamp: datetime,
    standards: "typst.PDFStandards",
    *,
    tags: bool = True,
    system_fonts: bool = False,
) -> bytes:
    compiler = typst.Compiler(
        TEMPLATE_PATH.read_bytes(), font_paths=load_fonts(system_fonts), sys_inputs={"receipt": content}
    )
    return compile_pdf(compiler, timestamp=timestamp, pdf_standards=standards, pdf_tags=tags)


def find_missing_receipt_glyphs(localizer: Localizer, details: ReceiptDetails) -> str:
    """Returns the receipt's characters that no font here has: its PDF shows boxes in their place."""
    return find_missing_document_glyphs(build_receipt_content(localizer, details))


def find_missing_document_glyphs(content: dict[str, Any]) -> str:
    return find_missing_characters(json.dumps(content, ensure_ascii=False))


def format_file_name(details: ReceiptDetails) -> str:
    return f"{details.receipt.number}.pdf"


def format_document_title(localizer: Localizer, receipt: Receipt) -> str:
    key = "order-confirmation-title" if receipt.is_order_confirmation else "receipt-title"
    return localizer.format_text(key, number=receipt.number)


def build_receipt_content(localizer: Localizer, details: ReceiptDetails) -> dict[str, Any]:
    """Builds the template's data; a pair is a label and its value."""
    receipt = details.receipt

    def format_amount_row(key: str, minor: int) -> tuple[str, str]:
        return localizer.format_text(key), localizer.format_money(details.to_money(minor))

    return {
        "language": localizer.language,
        "title": format_document_title(localizer, receipt),
        "heading": localizer.format_text(
            "order-confirmation-heading" if receipt.is_order_confirmation else "receipt-heading"
        ),
        "page": localizer.format_text("page-of", page="{page}", count="{pages}"),
        "from": localizer.format_text("receipt-seller"),
        "seller": format_seller(localizer, details.seller),
        "to": localizer.format_text("receipt-buyer"),
        "buyer": [
            receipt.buyer,
            *localizer.format_address(receipt.billing_address),
            *format_tax_ids(localizer, receipt.tax_facts),
        ],
        "facts": [
            *(
                []
                if receipt.is_order_confirmation
                else [(localizer.format_text("receipt-number"), receipt.number)]
            ),
            (localizer.format_text("receipt-date"), localizer.format_date(receipt.issued_on)),
            (localizer.format_text("service-order"), details.order_number),
            (localizer.format_text("quote"), details.quote_number),
            *([(localizer.format_text("receipt-po-number"), receipt.po_number)] if receipt.po_number else []),
        ],
        "columns": [localizer.format_text(key) for key in COLUMN_MESSAGE_IDS],
        "lines": [_build_line(localizer, details, line) for line in receipt.receipt_lines],
        "totals": [
            format_amount_row("receipt-subtotal", receipt.subtotal),
            format_amount_row("receipt-tax", receipt.tax),
        ],
        "tax_columns": [localizer.format_text(key) for key in TAX_COLUMN_MESSAGE_IDS],
        "taxes": [build_tax_row(localizer, receipt.currency, tax) for tax in receipt.taxes],
        "notes": [
            *_list_invoice_notes(localizer, receipt),
            *format_receipt_notes(localizer, receipt),
            *format_differences(localizer, receipt),
        ],
        "total": format_amount_row("receipt-total", receipt.total),
        "paid": localizer.format_text(get_payment_status_key(receipt)),
        "is_settled": get_payment_status_key(receipt) in SETTLED_STATUS_KEYS,
        "payments": [
            *(
                (localizer.format_text(key), localizer.format_money(amount))
                for key, amount in list_balance_amounts(receipt)
            ),
            *(_build_payment(localizer, details, method) for method in receipt.payments),
            *(_build_invoice(localizer, details, line) for line in receipt.receipt_lines if line.invoiced),
        ],
    }


def _build_invoice(localizer: Localizer, details: ReceiptDetails, line: ReceiptLine) -> tuple[str, str]:
    due = localizer.format_text(
        "receipt-invoice-due",
        number=line.invoice_number,
        has_date="yes" if line.due_on else "no",
        day=line.due_on or details.receipt.issued_on,
    )
    return due, localizer.format_money(details.to_money(line.invoiced))


def _list_invoice_notes(localizer: Localizer, receipt: Receipt) -> list[str]:
    # Nothing may be booked twice, by two documents.
    numbers = receipt.invoice_numbers
    if not numbers:
        return []
    key = "order-confirmation-note" if receipt.is_order_confirmation else "receipt-invoice-note"
    return [localizer.format_text(key, number=numbers, count=len(numbers))]


def _build_line(localizer: Localizer, details: ReceiptDetails, line: ReceiptLine) -> dict[str, Any]:
    price = format_seat_price(localizer, line, details.receipt.currency)
    methods = line.charged_methods if len(details.receipt.payments) > 1 else []
    return {
        "product": line.product,
        "price": localizer.format_text("receipt-price", price=price),
        "method": ", ".join(
            localizer.format_text(
                "receipt-line-method",
                type=method.type,
                method=format_charged_method(localizer, method),
                has_day="yes" if method.paid_on else "no",
                day=method.paid_on or details.receipt.issued_on,
            )
            for method in methods
        ),
        "seats": str(line.seats),
        "since": localizer.format_text("receipt-since", day=line.since),
        "until": localizer.format_text("receipt-until", day=line.until - timedelta(days=1)),
        "amount": localizer.format_money(details.to_money(line.amount)),
        "tax": localizer.format_money(details.to_money(line.tax)),
        **(
            {"invoice": localizer.format_text("invoice-title", number=line.invoice_number)}
            if line.invoice_number
            else {}
        ),
        "notes": [
            format_discount(localizer, discount, details.receipt.currency) for discount in line.discounts
        ],
    }


def build_tax_row(localizer: Localizer, currency: str, tax: TaxItem) -> tuple[str, str, str]:
    return (
        format_rate_name(localizer, tax),
        localizer.format_money(Money(tax.taxable_amount, currency)),
        localizer.format_money(Money(tax.amount, currency)),
    )


def _build_payment(localizer: Localizer, details: ReceiptDetails, method: ChargedMethod) -> tuple[str, str]:
    paid = localizer.format_text(
        "receipt-payment",
        day=method.paid_on or details.receipt.issued_on,
        type=method.type,
        method=format_charged_method(localizer, method),
    )
    return paid, localizer.format_money(details.to_money(method.amount))
