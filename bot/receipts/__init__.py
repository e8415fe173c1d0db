"""The receipt as a PDF (R13): what was frozen in it, in the reader's language.

The same receipt in the same language is the same bytes each time: nothing of now, or of this machine, goes
in.
"""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst

from bot.i18n import Reader
from models.proration import to_the_second
from models.receipt import ReceiptCard, ReceiptLine
from models.sheet import ReceiptSheet

TEMPLATE = Path(__file__).parent / "receipt.typ"
MOST_BYTES = 100_000

COLUMNS = (
    "receipt-product",
    "receipt-seats",
    "receipt-period",
    "receipt-amount",
    "receipt-tax",
)


def render_receipt(reader: Reader, sheet: ReceiptSheet) -> bytes:
    """Takes some hundredths of a second of the processor: not for the event loop."""
    words, at = (
        json.dumps(receipt_words(reader, sheet), ensure_ascii=False),
        to_the_second(sheet.receipt.issued_at),
    )
    try:
        pdf = _compiled(words, at, ["a-2a", "ua-1"])
        # What it says to screen readers grows with every line, much more than what is printed.
        return pdf if len(pdf) <= MOST_BYTES else _compiled(words, at, ["a-2u"], tags=False)
    except typst.TypstError:
        # A name in letters that our font lacks, which an archive's PDF may not show as gaps.
        return _compiled(words, at, [], system_fonts=True)


def _compiled(
    words: str,
    at: datetime,
    standards: "typst.PDFStandards",
    *,
    tags: bool = True,
    system_fonts: bool = False,
) -> bytes:
    compiler = typst.Compiler(
        TEMPLATE.read_bytes(), font_paths=_fonts(system_fonts), sys_inputs={"receipt": words}
    )
    pdf = compiler.compile(format="pdf", timestamp=at, pdf_standards=standards, pdf_tags=tags)
    assert isinstance(pdf, bytes), "without a path to write to, the compiler gives bytes"
    return pdf


def file_name(sheet: ReceiptSheet) -> str:
    return f"{sheet.receipt.number}.pdf"


@cache
def _fonts(system: bool) -> typst.Fonts:
    return typst.Fonts(include_system_fonts=system)


def receipt_words(reader: Reader, sheet: ReceiptSheet) -> dict[str, Any]:
    """All that the template sets: pairs are a name and its value."""
    receipt = sheet.receipt

    def amount(key: str, minor: int) -> tuple[str, str]:
        return reader.text(key), reader.money(sheet.money(minor))

    return {
        "language": reader.language,
        "title": reader.text("receipt-title", number=receipt.number),
        "heading": reader.text("receipt-heading"),
        "page": reader.text("page-of", page="{page}", count="{pages}"),
        "from": reader.text("receipt-seller"),
        "seller": [*filter(None, [sheet.seller.name, *sheet.seller.address, sheet.seller.tax_id])],
        "to": reader.text("receipt-buyer"),
        "buyer": [receipt.buyer, *reader.address(receipt.billing_address)],
        "facts": [
            (reader.text("receipt-number"), receipt.number),
            (reader.text("receipt-date"), reader.date(receipt.issued_on)),
            (reader.text("service-order"), sheet.order),
            (reader.text("quote"), sheet.quote),
        ],
        "columns": [reader.text(key) for key in COLUMNS],
        "lines": [_line(reader, sheet, line) for line in receipt.receipt_lines],
        "totals": [amount("receipt-subtotal", receipt.subtotal), amount("receipt-tax", receipt.tax)],
        "total": amount("receipt-total", receipt.total),
        "paid": reader.text("receipt-paid"),
        "payments": [_payment(reader, sheet, card) for card in receipt.charged_cards],
    }


def _line(reader: Reader, sheet: ReceiptSheet, line: ReceiptLine) -> dict[str, str]:
    price = reader.text("receipt-price", price=sheet.money(line.unit_price), period=line.period.value)
    return {
        "product": line.product,
        "price": price,
        "seats": str(line.seats),
        "since": reader.text("receipt-since", day=line.since),
        "until": reader.text("receipt-until", day=line.until),
        "amount": reader.money(sheet.money(line.amount)),
        "tax": reader.money(sheet.money(line.tax)),
    }


def _payment(reader: Reader, sheet: ReceiptSheet, card: ReceiptCard) -> tuple[str, str]:
    day = sheet.receipt.issued_on
    paid = reader.text("receipt-card", day=day, brand=card.brand.title(), last4=card.last4)
    return paid, reader.money(sheet.money(card.amount))
