"""Formats a service order's data as text: one source for screens, Slack messages and emails.

All texts are plain; the output escapes them and fills them into its own layout.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.i18n import Localizer
from bot.presenters.decline import format_decline_reason
from bot.presenters.product import make_product_labels
from bot.presenters.receipt import format_receipt_payments
from models.account import Account
from models.details import OrderDetails, OrderLineDetails
from models.invoice import Invoice
from models.money import Money
from models.service_order import BALANCE_DUE_REASON, LineStatus
from models.service_order.account_balance import compute_amount_limit

ACTION_NEEDED = "action_needed"


def format_invoice_status(localizer: Localizer, invoice: Invoice, account: Account) -> str:
    """`Invoice INV-1 for €20.00 is due on 30 Dec 2026.`"""
    return localizer.format_text(
        "invoice-status",
        number=invoice.number,
        status=invoice.status.value,
        amount=Money(invoice.amount_remaining if invoice.is_payable else invoice.amount, invoice.currency),
        on=account.get_local_date(invoice.due_at) if invoice.due_at else "",
        has_date="yes" if invoice.due_at else "no",
    )


@dataclass(frozen=True, eq=False)
class OrderLinePresenter:
    localizer: Localizer
    details: OrderDetails
    row: OrderLineDetails
    product: str

    @property
    def seats(self) -> int:
        return self.row.line.seats

    @property
    def amount(self) -> Money:
        return self.details.to_money(self.row.line.actual_amount)

    @property
    def tax(self) -> Money:
        return self.details.to_money(self.row.line.actual_tax)

    @property
    def status(self) -> str:
        """The status in a few words, without amounts, which a channel may not want (R25)."""
        line = self.row.line
        if self.row.blocking_order_number:
            return self.localizer.format_text("line-queued", number=self.row.blocking_order_number)
        if line.status is LineStatus.DECLINED and line.reason:
            reason = format_decline_reason(self.localizer, line.reason)
            return self.localizer.format_text("line-declined", reason=reason)
        if self.row.invoice is not None:
            invoice = self.row.invoice
            return self.localizer.format_text(
                "line-invoiced",
                number=invoice.number,
                status=invoice.status.value,
                on=self.details.account.get_local_date(invoice.due_at) if invoice.due_at else "",
                has_date="yes" if invoice.due_at else "no",
            )
        if line.is_on_invoice and line.status in (LineStatus.CHARGING, LineStatus.SETTLED):
            return self.localizer.format_text("line-invoicing", status=line.status.value)
        return self.localizer.format_text("line-status", status=line.status.value)

    @property
    def explanation(self) -> str:
        """Says what has become of the line, and what is asked of the reader."""
        line, order = self.row.line, self.details.order
        if line.status is LineStatus.NEEDS_CUSTOMER:
            return self.localizer.format_text("order-line-needs-customer", until=line.deadline_at)
        if line.can_retry(order, self.details.at):
            until = line.get_retry_deadline(order)
            return f"{self.outcome} {self.localizer.format_text('order-line-can-retry', until=until)}"
        return self.outcome

    @property
    def outcome(self) -> str:
        line = self.row.line
        if self.row.invoice is not None:
            added = self.localizer.format_text("order-line-added", at=line.settled_at)
            status = format_invoice_status(self.localizer, self.row.invoice, self.details.account)
            return self._add_difference(f"{added} {status}")
        if line.is_on_invoice and line.status is LineStatus.CHARGING:
            return self.localizer.format_text("order-line-invoicing")
        if line.status is LineStatus.SETTLED:
            key = "order-line-added" if line.is_on_invoice else "order-line-settled"
            return self._add_difference(self.localizer.format_text(key, at=line.settled_at))
        if line.status is LineStatus.DECLINED:
            declined = self.localizer.format_text("order-line-declined", reason=self.decline_reason)
            return " ".join([declined, *self._list_final_decisions()])
        if line.status is LineStatus.WAITING and self.row.blocking_order_number:
            return self.localizer.format_text("order-line-queued", order=self.row.blocking_order_number)
        if line.status is LineStatus.NEEDS_CUSTOMER:
            return self.localizer.format_text("order-line-unconfirmed")
        return self.localizer.format_text(f"order-line-{line.status.value.replace('_', '-')}")

    @property
    def decline_reason(self) -> str:
        """The reason, with both prices including tax if the price had changed (R17)."""
        line = self.row.line
        if line.offered_amount is None or line.offered_tax is None:
            return format_decline_reason(self.localizer, line.reason)
        return self.localizer.format_text(
            f"decline-{(line.reason or 'price_changed').replace('_', '-')}-to",
            promised=self.details.to_money(self._find_promised_charge()),
            offered=self.details.to_money(line.offered_amount + line.offered_tax),
        )

    def _find_promised_charge(self) -> int:
        line = self.row.line
        if line.reason != BALANCE_DUE_REASON:
            return line.promised_total
        lines = [row.line for row in self.details.rows]
        return compute_amount_limit(self.details.quote, lines, line)

    def _add_difference(self, settled: str) -> str:
        # Shows both amounts if what was charged is not what was promised (R26).
        line = self.row.line
        if line.difference is None:
            return settled
        promised, charged = line.difference.promised, line.difference.charged
        difference = self.localizer.format_text(
            "amount-differs",
            promised=self.details.to_money(promised),
            charged=self.details.to_money(charged),
        )
        return f"{settled} {difference}"

    def _list_final_decisions(self) -> list[str]:
        order = self.details.order
        if self.row.line.can_retry(order, self.details.at):
            return []
        key = "order-line-cancelled" if order.retries_abandoned else "order-line-no-retry"
        return [self.localizer.format_text(key)]


@dataclass(frozen=True, eq=False)
class OrderPresenter:
    localizer: Localizer
    details: OrderDetails

    @cached_property
    def product_labels(self) -> dict[str, str]:
        return make_product_labels((row.line.subscription_id, row.product) for row in self.details.rows)

    @cached_property
    def lines(self) -> list[OrderLinePresenter]:
        labels = self.product_labels
        return [
            OrderLinePresenter(self.localizer, self.details, row, labels[row.line.subscription_id])
            for row in self.details.rows
        ]

    def list_lines_with_status(
        self, status: LineStatus, subscription_id: str = ""
    ) -> list[OrderLinePresenter]:
        """Lists the lines of one subscription, or of all if it isn't known."""
        rows = self.details.list_rows_with_status(status, subscription_id)
        return [line for line in self.lines if line.row in rows]

    @property
    def status(self) -> str:
        return self.localizer.format_text("order-status", status=self.status_name)

    @property
    def status_name(self) -> str:
        """The order's status, or that it waits for somebody of the account."""
        return ACTION_NEEDED if self.details.needs_action else self.details.order.status.value

    @property
    def total(self) -> Money:
        changed = sum(row.line.actual_total - row.line.promised_total for row in self.details.rows)
        return self.details.to_money(self.details.quote.total + changed)

    @property
    def tax(self) -> Money:
        changed = sum(row.line.actual_tax - row.line.tax for row in self.details.rows)
        return self.details.to_money(self.details.quote.tax + changed)

    @property
    def receipt_amounts(self) -> dict[str, Money]:
        receipt = self.details.receipt
        assert receipt is not None, "a completed order has a receipt"
        return {name: self.details.to_money(getattr(receipt, name)) for name in ("subtotal", "tax", "total")}

    def format_receipt_payments(self, *, has_lines: bool = False) -> list[str]:
        """As of now: an invoice may have been paid or voided since the receipt. If the order's lines are
        shown as well, they say it of each invoice."""
        receipt = self.details.receipt
        assert receipt is not None, "a completed order has a receipt"
        invoices = [row.invoice for row in self.details.rows if row.invoice and row.invoice.has_changed]
        statuses = {
            invoice.number: format_invoice_status(self.localizer, invoice, self.details.account)
            for invoice in invoices
        }
        shown = [row.invoice.number for row in self.details.rows if row.invoice] if has_lines else []
        return format_receipt_payments(self.localizer, receipt, statuses, omitted_invoices=shown)

    @property
    def retryable_lines(self) -> list[OrderLinePresenter]:
        order, at = self.details.order, self.details.at
        return [line for line in self.lines if line.row.line.can_retry(order, at)]

    @property
    def retry_deadline(self) -> datetime | None:
        return self.find_retry_deadline()

    def find_retry_deadline(self, subscription_id: str = "") -> datetime | None:
        """Returns until when all declined lines can still be retried: those of one subscription, or all."""
        order, rows = self.details.order, self.details.list_rows_of(subscription_id)
        retryable = [line for line in self.retryable_lines if line.row in rows]
        return min((line.row.line.get_retry_deadline(order) for line in retryable), default=None)

    @property
    def confirmation_deadline(self) -> datetime | None:
        return min(self._confirmation_deadlines, default=None)

    @property
    def _confirmation_deadlines(self) -> set[datetime]:
        waiting = self.details.list_rows_with_status(LineStatus.NEEDS_CUSTOMER)
        return {row.line.deadline_at for row in waiting if row.line.deadline_at}

    @property
    def deadlines_differ(self) -> dict[LineStatus, bool]:
        """Whether not all lines with a status that asks for something have the same deadline."""
        order = self.details.order
        retry_deadlines = {line.row.line.get_retry_deadline(order) for line in self.retryable_lines}
        return {
            LineStatus.DECLINED: len(retry_deadlines) > 1,
            LineStatus.NEEDS_CUSTOMER: len(self._confirmation_deadlines) > 1,
        }

    @property
    def blocking_order_number(self) -> str | None:
        """The order that one of the lines is queued behind (R19)."""
        return next(
            (row.blocking_order_number for row in self.details.rows if row.blocking_order_number), None
        )
