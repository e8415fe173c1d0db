"""Invoices of the embedded gateway: the beginning of a subscription's id decides whether they are paid.

`sub_paid_<seconds>`: paid so long after it was sent. `sub_late_<seconds>`: overdue after that time, and paid
after twice as long. `sub_unpaid_<seconds>`: overdue after that time, and never paid. `sub_void_<seconds>`:
cancelled by the seller after that time. Any other is due after the subscription's days, and paid after half
of them.
"""

import re
from datetime import datetime, timedelta

from bot.billing.gateway import InvoiceState
from models.account import Account
from models.invoice import InvoiceStatus
from models.ledger import LedgerCharge, LedgerSubscription
from models.money import to_decimal

# Until then an invoice is a draft, and its seats are not there yet.
FINALIZATION_DELAY = timedelta(seconds=10)
INVOICE_ID_PREFIX = "in_"
_PATTERN = re.compile(r"sub_(paid|late|unpaid|void)_(\d{1,8})")


def compute_invoice_due_time(subscription: LedgerSubscription, finalized_at: datetime) -> datetime:
    match = _PATTERN.match(subscription.id)
    if match and match[1] in ("late", "unpaid"):
        return finalized_at + timedelta(seconds=int(match[2]))
    return finalized_at + timedelta(days=subscription.days_until_due or 0)


def build_invoice_state(charge: LedgerCharge, now: datetime) -> InvoiceState:
    status = _decide_status(charge, now)
    amount = charge.amount + charge.tax
    return InvoiceState(
        id=INVOICE_ID_PREFIX + charge.idempotency_key,
        number=_format_number(charge),
        status=status,
        amount=amount,
        amount_remaining=0 if status is InvoiceStatus.PAID else amount,
        due_at=charge.invoice_due_at,
    )


def _decide_status(charge: LedgerCharge, now: datetime) -> InvoiceStatus:
    assert charge.deadline_at is not None, "its draft was finalized"
    assert charge.invoice_due_at is not None, "it has an invoice"
    sent_at, due_at = charge.deadline_at, charge.invoice_due_at
    match = _PATTERN.match(charge.subscription_id)
    fate, seconds = (match[1], int(match[2])) if match else ("usual", 0)
    if charge.amount + charge.tax == 0:
        return InvoiceStatus.PAID
    if fate == "void":
        is_void = now >= sent_at + timedelta(seconds=seconds)
        return InvoiceStatus.VOID if is_void else InvoiceStatus.DUE
    paid_at = {
        "usual": sent_at + (due_at - sent_at) / 2,
        "paid": sent_at + timedelta(seconds=seconds),
        "late": due_at + timedelta(seconds=seconds),
    }.get(fate)
    if paid_at is not None and now >= paid_at:
        return InvoiceStatus.PAID
    # A demo does not wait until the day is over.
    is_overdue = fate in ("late", "unpaid") and now >= due_at
    return InvoiceStatus.OVERDUE if is_overdue else InvoiceStatus.DUE


def _format_number(charge: LedgerCharge) -> str:
    """`EMB-SO-1-2-1`: the order, the line and the attempt, from the charge's key."""
    return "EMB-" + charge.idempotency_key.rpartition("-")[0]


def render_invoice(invoice: InvoiceState, account: Account) -> bytes:
    total = f"{to_decimal(invoice.amount, account.currency)} {account.currency}"
    due = f"Due {account.get_local_date(invoice.due_at)}" if invoice.due_at else ""
    rows = [f"Invoice {invoice.number}", account.id, f"Total {total}", due, "A sample: nobody has to pay it."]
    lines = " ".join(f"0 -20 Td ({_escape(row)}) Tj" for row in rows if row)
    return _build_page(f"BT /F1 12 Tf 60 780 Td {lines} ET")


def _escape(text: str) -> str:
    plain = text.encode("ascii", "replace").decode()
    return re.sub(r"([\\()])", r"\\\1", plain)


def _build_page(stream: str) -> bytes:
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        " /Resources << /Font << /F1 5 0 R >> >> >>",
        f"<< /Length {len(stream)} >>\nstream\n{stream}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = "%PDF-1.4\n", []
    for key, content in enumerate(objects, start=1):
        offsets.append(len(body))
        body += f"{key} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(body)}\n%%EOF\n"
    return f"{body}xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()
