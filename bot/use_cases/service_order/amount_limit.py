"""What may be charged for a line of an order, given the account's balance at the provider (R26)."""

from bot.use_cases.service_order.order_update import OrderUpdate
from models.details import OrderRow
from models.service_order import LineStatus, OrderLine


def compute_amount_limit(update: OrderUpdate, row: OrderRow) -> int:
    """The line's total, less what is left of the promised credit, plus what is left of the promised debit.

    The other lines have invoices of their own. One that is being charged may have used up the credit already.
    """
    line = row.line
    total = line.amount + line.tax
    others = [other.line for other in update.rows if other.line is not line]
    balance = update.quote.starting_balance
    if balance < 0:
        credit = -balance - sum(_get_used_credit(other) for other in others)
        return max(0, total - max(0, credit))
    settled = [other for other in others if other.status is LineStatus.SETTLED]
    return total + max(0, balance - sum(other.earlier_balance for other in settled))


def _get_used_credit(line: OrderLine) -> int:
    if line.status is LineStatus.SETTLED:
        return line.credit_used
    return line.amount + line.tax if line.is_busy else 0
