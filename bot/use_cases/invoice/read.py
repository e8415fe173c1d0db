"""Unpaid invoices, and one with its links (R3)."""

from sqlmodel import col, func

from bot.billing.gateway import CustomerNotFound
from bot.db import Session, select_joined, with_counts
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, authorize_row
from models.details import InvoiceDetails, InvoicePage
from models.invoice import Invoice, InvoiceNotFound, InvoiceStatus
from models.product import Product
from models.quote import QuoteLine
from models.service_order import OrderLine, ServiceOrder

MAX_INVOICES = 20
_ROW_QUERY = (
    select_joined(Invoice, ServiceOrder, Product, OrderLine)
    .join(OrderLine, col(OrderLine.id) == Invoice.order_line_id)
    .join(ServiceOrder, col(ServiceOrder.id) == OrderLine.order_id)
    .join(QuoteLine, col(QuoteLine.id) == OrderLine.quote_line_id)
    .join(Product, col(Product.id) == QuoteLine.product_id)
)


async def list_unpaid_invoices(session: Session, account_id: str) -> tuple[list[InvoiceDetails], int]:
    """Returns the ones due first, and how many there are."""
    found = await session.exec(
        with_counts(_ROW_QUERY, func.count().over())
        .where(
            col(Invoice.account_id) == account_id,
            # Literals, so that the planner uses the partial index.
            col(Invoice.status).in_([InvoiceStatus.DUE, InvoiceStatus.OVERDUE]),
        )
        .order_by(col(Invoice.due_at), col(Invoice.id))
        .limit(MAX_INVOICES)
    )
    rows = found.all()
    invoices = [
        InvoiceDetails(invoice, order, product, line.seats) for invoice, order, product, line, _ in rows
    ]
    return invoices, rows[0][-1] if rows else 0


async def open_invoice(dependencies: Dependencies, *, person: SlackIdentity, invoice_id: int) -> InvoicePage:
    """Returns it with the provider's links, created for this reader. Raises InvoiceNotFound,
    BillingUnavailable."""
    at = dependencies.now()
    async with dependencies.read() as session:
        stored = await session.get(Invoice, invoice_id)
        authorized = await authorize_row(
            session, person, stored, at, for_change=False, not_found=InvoiceNotFound()
        )
        found = await session.exec(_ROW_QUERY.where(col(Invoice.id) == invoice_id))
        invoice, order, product, line = found.one()
    account = authorized.account
    try:
        links = await dependencies.billing.fetch_receipt_page(account.id, invoice.provider_invoice_id)
    except CustomerNotFound:
        links = None
    return InvoicePage(account, InvoiceDetails(invoice, order, product, line.seats), links)
