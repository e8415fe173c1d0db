"""An invoice for a line of an order: storing it, and recording how its status changes (R18)."""

from datetime import datetime, timedelta

from bot.billing.gateway import InvoiceState
from bot.use_cases.audit.write import NewAuditEntry
from models.account import Account
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.invoice import Invoice, InvoiceStatus, find_invoice_status, find_overdue_time
from models.service_order import ServiceOrder

# An invoice that is unpaid for longer than this is queried once a day.
FREQUENT_CHECK_PERIOD = timedelta(days=7)
SLOW_CHECK_INTERVAL = timedelta(days=1)


def build_invoice(
    state: InvoiceState, account: Account, order_line_id: int, check_interval: timedelta, at: datetime
) -> Invoice:
    # An invoice that is overdue or cancelled already is stored as due: following it then announces its real
    # status. A paid one needs no notice besides the order's confirmation.
    overdue_at = find_overdue_time(state.due_at, account.time_zone)
    status = find_invoice_status(state.status, overdue_at, at)
    is_settled = status in (InvoiceStatus.DUE, InvoiceStatus.PAID)
    invoice = Invoice(
        account_id=account.id,
        order_line_id=order_line_id,
        provider_invoice_id=state.id,
        number=state.number,
        status=status if is_settled else InvoiceStatus.DUE,
        currency=account.currency,
        amount=state.amount,
        amount_remaining=state.amount_remaining,
        issued_at=at,
        due_at=state.due_at,
    )
    invoice.check_at = find_check_time(invoice, account.time_zone, check_interval, at) if is_settled else at
    return invoice


def find_check_time(invoice: Invoice, zone: str, check_interval: timedelta, at: datetime) -> datetime | None:
    """When to query the provider next; None once nothing more can happen. An invoice that is due becomes
    overdue once its day is over, whatever the interval."""
    if invoice.is_final:
        return None
    since = invoice.due_at or invoice.issued_at
    if invoice.status is InvoiceStatus.UNCOLLECTIBLE or at - since > FREQUENT_CHECK_PERIOD:
        return at + max(check_interval, SLOW_CHECK_INTERVAL)
    overdue_at = find_overdue_time(invoice.due_at, zone)
    if invoice.status is InvoiceStatus.DUE and overdue_at is not None and overdue_at > at:
        return min(at + check_interval, overdue_at)
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
    return NewAuditEntry(actor, order.audit_subject, AuditAction.INVOICE, at, statuses, details=details)
