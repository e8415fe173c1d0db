"""The table for the books: a row for each document of record and tax rate (R28)."""

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime
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


def test_each_invoice_has_its_own_day_and_the_receipt_has_the_day_of_its_issue() -> None:
    """R26: another line was declined, and charged the next day, in the next month."""
    order = samples.make_invoiced_order()
    settled_at = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    rows = [
        replace(row, line=row.line.model_copy(update={"provider_invoice_number": number, "settled_at": at}))
        for row, number, at in zip(
            order.rows, ("A-1", "A-2", ""), (settled_at, settled_at, None), strict=False
        )
    ]
    charged = {"brand": "visa", "last4": "4242", "amount": 1200, "paid_on": "2026-11-30"}
    lines = [make_line("A-1", 1000), {**make_line("A-2", 1000), "charged_to": charged}, make_line("", 1000)]
    receipt = make_receipt(number="R-9", lines=lines, issued_on=date(2026, 12, 1))
    table = render_receipt_table(Localizer("en-GB"), [replace(order, rows=rows, receipt=receipt)])
    _, *found = csv.reader(io.StringIO(table.decode("utf-8-sig")))
    assert [(row[0], row[2]) for row in found] == [
        ("A-1", "2026-11-29"),
        ("A-2", "2026-11-30"),
        ("R-9", "2026-12-01"),
    ]


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
