"""The table for the books: a row for each document of record and tax rate (R28)."""

import csv
import io
from dataclasses import replace
from typing import Any

from bot.i18n import Localizer
from bot.receipts import render_receipt_table
from models.invoice import InvoiceStatus
from tests.blocks import samples
from tests.models.examples import make_receipt


def make_line(invoice_number: str, amount: int, *taxes: tuple[str, int, int]) -> dict[str, Any]:
    items = [
        {"name": "VAT", "percent": rate, "taxable_amount": net, "amount": tax} for rate, net, tax in taxes
    ]
    changes = {"amount": amount, "tax": sum(tax for _, _, tax in taxes), "taxes": items}
    return {**make_receipt().lines[0], **changes, "invoice_number": invoice_number}


def test_each_invoice_has_its_status_and_its_own_amounts_and_the_receipt_has_the_rest() -> None:
    order = samples.make_invoiced_order()
    statuses = {row.invoice.number: row.invoice.status for row in order.rows if row.invoice}
    lines = [
        *(make_line(number, 1000 + n, ("20", 1000 + n, 200)) for n, number in enumerate(statuses)),
        make_line("", 5000, ("20", 4000, 800), ("5.5", 1000, 55)),
    ]
    order = replace(order, receipt=make_receipt(number="R-9", lines=lines))
    table = render_receipt_table(Localizer("en-GB"), [order]).decode("utf-8-sig")
    _, *rows = csv.reader(io.StringIO(table))
    words = {
        InvoiceStatus.UNCOLLECTIBLE: "written off",
        InvoiceStatus.VOID: "cancelled",
    }
    expected = [
        [number, words.get(status, status.value), f"{10 + n / 100:.2f}", f"{12 + n / 100:.2f}"]
        for n, (number, status) in enumerate(statuses.items())
    ]
    expected += [["R-9", "paid", "50.00", "58.55"], ["R-9", "paid", "", ""]]
    assert [[*row[:2], *row[-2:]] for row in rows] == expected
    assert [row[10:13] for row in rows[-2:]] == [["20", "40.00", "8.00"], ["5.5", "10.00", "0.55"]]
