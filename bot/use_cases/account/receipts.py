"""An account's receipts: the latest ones, and what was spent by month and product."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.db import Session
from models.account import Account
from models.account.spending import Spending, SpentAmount, build_spending, list_months
from models.invoice import Invoice, InvoiceStatus
from models.receipt import Receipt
from models.service_order import OrderLine, ServiceOrder

RECENT_RECEIPTS_LIMIT = 5
# More than any account has in six months; if there are more, the oldest are left out, and it says so.
RECEIPTS_LIMIT = 500

NumberedReceipts = list[tuple[Receipt, str]]


async def load_receipts(
    session: Session, account: Account, at: datetime
) -> tuple[NumberedReceipts, Spending]:
    """Loads the latest receipts with their orders' numbers, and the spending of the last months, in one
    query."""
    today = account.get_local_date(at)
    latest_ids = _select_ids(account).limit(RECENT_RECEIPTS_LIMIT)
    ids = (
        _select_ids(account)
        .where(or_(col(Receipt.issued_on) >= list_months(today)[0], col(Receipt.id).in_(latest_ids)))
        .limit(RECEIPTS_LIMIT + 1)
    )
    is_unpayable = col(Invoice.status).in_((InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE))
    found = await session.exec(
        select(Receipt, ServiceOrder.number, Invoice.number)
        .join(ServiceOrder, col(ServiceOrder.id) == Receipt.order_id)
        .outerjoin(
            OrderLine,
            and_(col(OrderLine.order_id) == ServiceOrder.id, col(OrderLine.is_on_invoice).is_(True)),
        )
        .outerjoin(Invoice, and_(col(Invoice.order_line_id) == OrderLine.id, is_unpayable))
        .where(col(Receipt.id).in_(ids))
        .order_by(col(Receipt.id).desc())
    )
    receipts: dict[int, tuple[Receipt, str]] = {}
    # Invoices that were cancelled or written off: nothing was spent on their lines.
    unpayable_numbers: set[tuple[int, str]] = set()
    for receipt, order_number, invoice_number in found.all():
        receipts[receipt.key] = (receipt, order_number)
        if invoice_number:
            unpayable_numbers.add((receipt.key, invoice_number))
    listed = list(receipts.values())
    spent = [
        SpentAmount(receipt.issued_on, line.product, line.amount + line.tax, receipt.currency)
        for receipt, _ in listed[:RECEIPTS_LIMIT]
        for line in receipt.receipt_lines
        if (receipt.key, line.invoice_number) not in unpayable_numbers
    ]
    spending = build_spending(today, spent, account.currency)
    is_incomplete = len(listed) > RECEIPTS_LIMIT
    return listed[:RECENT_RECEIPTS_LIMIT], replace(spending, is_incomplete=is_incomplete)


def _select_ids(account: Account) -> SelectOfScalar[int | None]:
    return select(col(Receipt.id)).where(Receipt.account_id == account.id).order_by(col(Receipt.id).desc())
