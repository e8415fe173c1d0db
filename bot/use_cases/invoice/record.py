"""An invoice for a line of an order: storing it, and recording what becomes of it (R18)."""

from datetime import datetime, timedelta

from bot.billing.gateway import InvoiceState
from bot.use_cases.audit.write import NewAuditEntry
from models.account import Account
from models.audit.entry import Actor
from models.invoice import Invoice, InvoiceStatus, find_invoice_status
from models.service_order import ServiceOrder

# An invoice that nobody has paid for so long is asked about once a day.
PATIENCE = timedelta(days=7)
SLOW_CHECK_INTERVAL = timedelta(days=1)


def build_invoice(
    state: InvoiceState, account: Account, order_line_id: int, check_interval: timedelta, at: datetime
) -> Invoice:
    invoice = Invoice(
        account_id=account.id,
        order_line_id=order_line_id,
        provider_invoice_id=state.id,
        number=state.number,
        status=find_invoice_status(state.status, state.due_at, at),
        currency=account.currency,
        amount=state.amount,
        amount_remaining=state.amount_remaining,
        issued_at=at,
        due_at=state.due_at,
    )
    invoice.check_at = find_check_time(invoice, check_interval, at)
    return invoice


def find_check_time(invoice: Invoice, check_interval: timedelta, at: datetime) -> datetime | None:
    """When to ask the provider again; None once nothing more can happen. One that is due is overdue from that
    time on, whatever the interval."""
    if invoice.is_final:
        return None
    since = invoice.due_at or invoice.issued_at
    if invoice.status is InvoiceStatus.UNCOLLECTIBLE or at - since > PATIENCE:
        return at + max(check_interval, SLOW_CHECK_INTERVAL)
    if invoice.status is InvoiceStatus.DUE and invoice.due_at is not None and invoice.due_at > at:
        return min(at + check_interval, invoice.due_at)
    return at + check_interval


def build_invoice_entry(
    order: ServiceOrder, invoice: Invoice, before: InvoiceStatus | None, actor: Actor, at: datetime
) -> NewAuditEntry:
    details = {
        "invoice": invoice.number,
        "amount": invoice.amount,
        "due_at": invoice.due_at.isoformat() if invoice.due_at else None,
    }
    statuses = (before.value if before else None, invoice.status.value)
    return NewAuditEntry(actor, order.audit_subject, "invoice", at, statuses, details=details)
