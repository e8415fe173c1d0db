"""What an account has ordered in the last months, from its receipts."""

from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from models.account import Account
from models.receipt import Receipt
from models.spending import Spending, SpentAmount, build_spending, list_months

# More than any account has in six months; the oldest would be missing.
RECEIPTS_LIMIT = 500


async def load_spending(session: Session, account: Account, at: datetime) -> Spending:
    """In the account's currency; receipts of another one are left out."""
    today = account.get_local_date(at)
    found = await session.exec(
        select(Receipt)
        .where(Receipt.account_id == account.id, col(Receipt.issued_on) >= list_months(today)[0])
        .order_by(col(Receipt.id).desc())
        .limit(RECEIPTS_LIMIT)
    )
    spent = [
        SpentAmount(receipt.issued_on, line.product, line.amount + line.tax)
        for receipt in found.all()
        if receipt.currency == account.currency
        for line in receipt.receipt_lines
    ]
    return build_spending(today, spent)
