"""An account's receipts: the latest ones, and what was spent by month and product."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlmodel import col, or_, select

from bot.db import Session
from models.account import Account
from models.account.spending import Spending, SpentAmount, build_spending, list_months
from models.receipt import Receipt
from models.service_order import ServiceOrder

RECENT_RECEIPTS_LIMIT = 5
# More than any account has in six months; of more, the oldest would be missing.
RECEIPTS_LIMIT = 500

NumberedReceipts = list[tuple[Receipt, str]]


async def load_receipts(
    session: Session, account: Account, at: datetime
) -> tuple[NumberedReceipts, Spending]:
    """The latest, each with its order's number, and the spending of the last months. One query."""
    today = account.get_local_date(at)
    latest_ids = (
        select(Receipt.id)
        .where(Receipt.account_id == account.id)
        .order_by(col(Receipt.id).desc())
        .limit(RECENT_RECEIPTS_LIMIT)
    )
    found = await session.exec(
        select(Receipt, ServiceOrder.number)
        .join(ServiceOrder, col(ServiceOrder.id) == Receipt.order_id)
        .where(
            Receipt.account_id == account.id,
            or_(col(Receipt.issued_on) >= list_months(today)[0], col(Receipt.id).in_(latest_ids)),
        )
        .order_by(col(Receipt.id).desc())
        .limit(RECEIPTS_LIMIT)
    )
    receipts = list(found.all())
    return receipts[:RECENT_RECEIPTS_LIMIT], _compute_spending(account, today, (r for r, _ in receipts))


def _compute_spending(account: Account, today: date, receipts: Iterable[Receipt]) -> Spending:
    """Sums amounts in the account's currency; receipts in a different one are left out."""
    return build_spending(
        today,
        [
            SpentAmount(receipt.issued_on, line.product, line.amount + line.tax)
            for receipt in receipts
            if receipt.currency == account.currency
            for line in receipt.receipt_lines
        ],
    )
