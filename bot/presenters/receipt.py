"""How a receipt was paid: of the account's balance at the provider, and by which methods (R26)."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from bot.i18n import Localizer
from bot.presenters.payment_method import format_charged_method
from models.details import QuoteDetails
from models.money import Money
from models.receipt import Receipt, ReceiptLine

MAX_INVOICE_NUMBERS, MAX_DIFFERENCES = 5, 3


def format_missing_invoices(localizer: Localizer, numbers: Sequence[str]) -> list[str]:
    if not numbers:
        return []
    return [localizer.format_text("invoice-pdf-missing", number=list(numbers), count=len(numbers))]


class DueKind(Enum):
    """A kind of amount that a pending quote asks for, with the keys of its labels in a view and in a PDF."""

    CHARGED = ("quote-due-now", "quote-file-due")
    INVOICED = ("quote-invoiced", "quote-file-invoiced")

    @property
    def view_key(self) -> str:
        return self.value[0]

    @property
    def document_key(self) -> str:
        return self.value[1]


def get_document_arguments(receipt: Receipt) -> dict[str, object]:
    return _build_document_arguments(receipt, receipt.invoice_numbers)


def get_sent_document_arguments(receipt: Receipt, missing_invoices: Sequence[str]) -> dict[str, object]:
    """Returns the arguments for the documents that are sent with a message."""
    sent = [number for number in receipt.invoice_numbers if number not in missing_invoices]
    arguments = _build_document_arguments(receipt, sent)
    if receipt.is_order_confirmation and not sent:
        return {**arguments, "kind": "confirmation", "number": receipt.number}
    return arguments


def _build_document_arguments(receipt: Receipt, invoice_numbers: Sequence[str]) -> dict[str, object]:
    is_order_confirmation = receipt.is_order_confirmation
    numbers = [*invoice_numbers] if is_order_confirmation else [receipt.number]
    shown = numbers[:MAX_INVOICE_NUMBERS]
    return {
        "kind": "invoice" if is_order_confirmation else "receipt",
        "count": len(numbers),
        "number": shown if len(shown) == len(numbers) else [*shown, "…"],
    }


def list_balance_amounts(receipt: Receipt) -> list[tuple[str, Money]]:
    """Lists the message key and amount of each part; added to the total, they give what was charged."""
    passed_on = _sum_passed_on(receipt.receipt_lines)
    parts = [
        ("receipt-credit-used", -receipt.sum_balance("credit_used")),
        ("receipt-earlier-balance", receipt.sum_balance("earlier_balance") - passed_on),
        ("receipt-carried-over", passed_on - receipt.sum_balance("carried_over")),
    ]
    return [(key, Money(amount, receipt.currency)) for key, amount in parts if amount]


def get_payment_status_key(receipt: Receipt) -> str:
    """Returns the message key: everything was paid, a part of it, or nothing (R26)."""
    lines, is_charged = receipt.receipt_lines, bool(receipt.charged_methods)
    is_invoiced = any(line.invoiced for line in lines)
    is_carried_over = receipt.sum_balance("carried_over") > _sum_passed_on(lines)
    if is_invoiced or is_carried_over:
        unpaid_key = "receipt-to-pay" if is_invoiced else "receipt-all-carried-over"
        return "receipt-partly-paid" if is_charged or receipt.sum_balance("credit_used") else unpaid_key
    if receipt.sum_balance("credit_used") and not is_charged:
        return "receipt-paid-by-credit"
    return "receipt-paid" if receipt.total or is_charged else "receipt-nothing-to-pay"


def _sum_passed_on(lines: Iterable[ReceiptLine]) -> int:
    """Sums what invoices of one line left to the invoice of the next: neither owed before, nor still owed."""
    total = left = 0
    for line in lines:
        taken = min(left, line.earlier_balance)
        total, left = total + taken, left - taken + line.carried_over
    return total


def format_differences(localizer: Localizer, receipt: Receipt) -> list[str]:
    # Only for lines that were charged something other than promised (R26).
    differing = [line for line in receipt.receipt_lines if line.difference is not None]
    texts = [
        localizer.format_text(
            "amount-differs-for-product",
            product=line.product,
            difference=localizer.format_text(
                "amount-differs",
                promised=Money(line.difference.promised, receipt.currency),
                charged=Money(line.difference.charged, receipt.currency),
            ),
        )
        for line in differing[:MAX_DIFFERENCES]
        if line.difference is not None
    ]
    if len(differing) > MAX_DIFFERENCES:
        texts.append(localizer.format_text("and-more", count=len(differing) - MAX_DIFFERENCES))
    return texts


def format_receipt_payments(
    localizer: Localizer,
    receipt: Receipt,
    invoice_statuses: Mapping[str, str] = MappingProxyType({}),
    *,
    omitted_invoices: Collection[str] = (),
) -> list[str]:
    """`invoice_statuses` maps the numbers of invoices that are no longer due to their status;
    `omitted_invoices` has those of invoices that are shown beside it."""
    balance = [
        localizer.format_text("labelled-amount", label=localizer.format_text(key), amount=amount)
        for key, amount in list_balance_amounts(receipt)
    ]
    methods = [
        localizer.format_text(
            "receipt-charged-to",
            type=method.type,
            method=format_charged_method(localizer, method),
            amount=Money(method.amount, receipt.currency),
        )
        for method in receipt.charged_methods
    ]
    invoices = [
        invoice_statuses.get(line.invoice_number)
        or localizer.format_text(
            "receipt-invoiced",
            number=line.invoice_number,
            amount=Money(line.invoiced, receipt.currency),
            has_date="yes" if line.due_on else "no",
            day=line.due_on or receipt.issued_on,
        )
        for line in receipt.receipt_lines
        if line.invoiced and line.invoice_number not in omitted_invoices
    ]
    paid = [*methods, *invoices]
    if not (paid or any(line.invoiced for line in receipt.receipt_lines)):
        paid = [localizer.format_text("receipt-nothing-due")]
    return [*balance, *paid, *format_differences(localizer, receipt)]


def list_due_amounts(details: QuoteDetails) -> list[tuple[DueKind, Money]]:
    if not details.is_pending:
        return []
    charged, invoiced = details.amounts_due
    parts = []
    if charged or not invoiced:
        parts.append((DueKind.CHARGED, details.to_money(charged)))
    if invoiced:
        parts.append((DueKind.INVOICED, details.to_money(invoiced)))
    return parts if invoiced or list_promised_amounts(details) else []


def list_promised_amounts(details: QuoteDetails) -> list[tuple[str, Money]]:
    # A promise of the quote only as long as it can be accepted.
    quote = details.quote
    due, balance = quote.due_now, quote.starting_balance
    if due == quote.total or not details.is_pending:
        return []
    earlier = max(0, balance)
    used = min(quote.total, max(0, -balance))
    parts = [
        ("receipt-credit-used", -used),
        ("receipt-earlier-balance", earlier),
        ("receipt-carried-over", due - (quote.total + earlier - used)),
    ]
    return [(key, Money(amount, quote.currency)) for key, amount in parts if amount]
