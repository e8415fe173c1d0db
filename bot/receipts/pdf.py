"""The receipt as a PDF (R13), in the reader's language.

The same receipt in the same language gives the same bytes: neither the time nor the machine goes into it.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from bot.i18n import Localizer
from bot.presenters.payment_method import format_charged_method
from bot.presenters.receipt import list_balance_amounts
from bot.presenters.seat_price import format_seat_price
from models.details import ReceiptDetails
from models.proration import truncate_to_second
from models.receipt import ChargedMethod, ReceiptLine

TEMPLATE_PATH = Path(__file__).parent / "receipt.typ"
MAX_PDF_BYTES = 100_000

COLUMN_MESSAGE_IDS = (
    "receipt-product",
    "receipt-seats",
    "receipt-period",
    "receipt-amount",
    "receipt-tax",
)


def render_receipt_pdf(localizer: Localizer, details: ReceiptDetails) -> bytes:
    """Blocks for some hundredths of a second: not for the event loop."""
    content = json.dumps(build_receipt_content(localizer, details), ensure_ascii=False)
    issued_at = truncate_to_second(details.receipt.issued_at)
    try:
        pdf = _compile_pdf(content, issued_at, ["a-2a", "ua-1"])
        # Tags for screen readers grow with every line, much more than the printed text.
        return pdf if len(pdf) <= MAX_PDF_BYTES else _compile_pdf(content, issued_at, ["a-2u"], tags=False)
    except typst.TypstError:
        # A name contains letters that our font lacks, and a PDF/A must not omit them.
        return _compile_pdf(content, issued_at, [], system_fonts=True)


def _compile_pdf(
    content: str,
    timestamp: datetime,
    standards: "typst.PDFStandards",
    *,
    tags: bool = True,
    system_fonts: bool = False,
) -> bytes:
    compiler = typst.Compiler(
        TEMPLATE_PATH.read_bytes(), font_paths=_load_fonts(system_fonts), sys_inputs={"receipt": content}
    )
    pdf = compiler.compile(format="pdf", timestamp=timestamp, pdf_standards=standards, pdf_tags=tags)
    assert isinstance(pdf, bytes), "without an output path, the compiler returns bytes"
    return pdf


def format_file_name(details: ReceiptDetails) -> str:
    return f"{details.receipt.number}.pdf"


@cache
def _load_fonts(include_system: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=include_system)


def build_receipt_content(localizer: Localizer, details: ReceiptDetails) -> dict[str, Any]:
    """The data of the template; a pair is a label and its value."""
    receipt = details.receipt

    def format_amount_row(key: str, minor: int) -> tuple[str, str]:
        return localizer.format_text(key), localizer.format_money(details.to_money(minor))

    return {
        "language": localizer.language,
        "title": localizer.format_text("receipt-title", number=receipt.number),
        "heading": localizer.format_text("receipt-heading"),
        "page": localizer.format_text("page-of", page="{page}", count="{pages}"),
        "from": localizer.format_text("receipt-seller"),
        "seller": [*filter(None, [details.seller.name, *details.seller.address, details.seller.tax_id])],
        "to": localizer.format_text("receipt-buyer"),
        "buyer": [receipt.buyer, *localizer.format_address(receipt.billing_address)],
        "facts": [
            (localizer.format_text("receipt-number"), receipt.number),
            (localizer.format_text("receipt-date"), localizer.format_date(receipt.issued_on)),
            (localizer.format_text("service-order"), details.order_number),
            (localizer.format_text("quote"), details.quote_number),
        ],
        "columns": [localizer.format_text(key) for key in COLUMN_MESSAGE_IDS],
        "lines": [_build_line(localizer, details, line) for line in receipt.receipt_lines],
        "totals": [
            format_amount_row("receipt-subtotal", receipt.subtotal),
            format_amount_row("receipt-tax", receipt.tax),
        ],
        "total": format_amount_row("receipt-total", receipt.total),
        "paid": localizer.format_text("receipt-paid"),
        "payments": [
            *(
                (localizer.format_text(key), localizer.format_money(amount))
                for key, amount in list_balance_amounts(receipt)
            ),
            *(_build_payment(localizer, details, method) for method in receipt.charged_methods),
        ],
    }


def _build_line(localizer: Localizer, details: ReceiptDetails, line: ReceiptLine) -> dict[str, str]:
    price = format_seat_price(localizer, line, details.receipt.currency)
    return {
        "product": line.product,
        "price": localizer.format_text("receipt-price", price=price),
        "seats": str(line.seats),
        "since": localizer.format_text("receipt-since", day=line.since),
        "until": localizer.format_text("receipt-until", day=line.until),
        "amount": localizer.format_money(details.to_money(line.amount)),
        "tax": localizer.format_money(details.to_money(line.tax)),
    }


def _build_payment(localizer: Localizer, details: ReceiptDetails, method: ChargedMethod) -> tuple[str, str]:
    paid = localizer.format_text(
        "receipt-payment",
        day=details.receipt.issued_on,
        method=format_charged_method(localizer, method),
    )
    return paid, localizer.format_money(details.to_money(method.amount))
