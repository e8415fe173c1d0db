"""What invoices charge one after another, given the account's balance at the provider (R26)."""

from collections.abc import Iterable, Sequence

from models.quote import Quote
from models.service_order import LineStatus, OrderLine

# The provider has finalized the line's invoice, which takes up the balance.
INVOICED_STATUSES = (LineStatus.SETTLED, LineStatus.NEEDS_CUSTOMER)


def compute_amounts_due(totals: Iterable[int], balance: int, minimum_charge: int) -> list[int]:
    """Returns what each invoice charges. An invoice uses up the whole balance (credit is negative); credit
    that is left, and an amount owed below the smallest charge, carry over to the next invoice."""
    amounts = []
    for total in totals:
        owed = total + balance
        amounts.append(owed if owed >= max(1, minimum_charge) else 0)
        balance = owed - amounts[-1]
    return amounts


def compute_amount_limit(quote: Quote, lines: Sequence[OrderLine], line: OrderLine) -> int:
    """Returns the most that may be charged for the line, given the promised balance, the lines that have been
    invoiced before, and what was promised for those but not charged."""
    invoiced = [other for other in lines if other is not line and other.status in INVOICED_STATUSES]
    invoiced.sort(key=_get_invoice_order)
    totals = [*(other.actual_total for other in invoiced), line.promised_total]
    *earlier, due = compute_amounts_due(totals, quote.starting_balance, quote.minimum_charge)
    charged = [
        other.amount_due if other.status is LineStatus.SETTLED else promised
        for other, promised in zip(invoiced, earlier, strict=True)
    ]
    return due + max(0, sum(earlier) - sum(charged))


def compute_settled_limit(quote: Quote, lines: Sequence[OrderLine], line: OrderLine) -> int:
    """Returns what may have been charged for a line that has settled. The invoice of one that its customer
    must confirm may have come before this line's invoice, and taken up the balance, or after it."""
    settled = [other for other in lines if other.status is not LineStatus.NEEDS_CUSTOMER or other is line]
    return max(compute_amount_limit(quote, lines, line), compute_amount_limit(quote, settled, line))


def _get_invoice_order(line: OrderLine) -> tuple[bool, float, int]:
    settled_at = line.settled_at
    return (settled_at is None, settled_at.timestamp() if settled_at else 0, line.key)


def is_balance_passed_on(quote: Quote, lines: Sequence[OrderLine]) -> bool:
    """Whether one line's invoice may leave something to the next one, so that their order matters."""
    has_small_line = any(0 < line.promised_total < quote.minimum_charge for line in lines)
    return quote.starting_balance != 0 or has_small_line
