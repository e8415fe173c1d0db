"""A billing provider's records, as the invariants compare them with the database."""

from dataclasses import dataclass, field
from typing import Protocol

from bot.billing.stripe.invoices import INVOICE_STATUSES
from bot.billing.stripe.items import ATTEMPT_METADATA_KEY
from models.invoice import InvoiceStatus
from tests.fake_stripe import FakeStripe, StripeRecords
from tests.fake_stripe.records import Invoice, SubscriptionItem


@dataclass(frozen=True)
class ProviderCharge:
    """`key` is the charge attempt's; a key that was charged twice has two of these."""

    key: str
    subscription_id: str
    seats: int
    amount: int
    tax: int
    is_settled: bool
    # What the payment method was charged, or is on the invoice.
    amount_paid: int = 0
    # Its seats were added, though it may not be settled yet: its invoice is a draft.
    has_seats: bool = False

    @property
    def added_seats(self) -> int:
        return self.seats if self.is_settled or self.has_seats else 0


@dataclass(frozen=True)
class ProviderSeats:
    """`blocks` are the seats by price that differ from the subscription's."""

    seats: int
    blocks: dict[int, int] = field(default_factory=dict)
    is_ended: bool = False


@dataclass(frozen=True)
class ProviderInvoice:
    """An invoice that the customer pays; the provider has no status for overdue ones."""

    status: InvoiceStatus
    amount: int
    amount_remaining: int


class ProviderState(Protocol):
    @property
    def change_count(self) -> int: ...

    def list_charges(self) -> list[ProviderCharge]: ...

    def list_seats(self) -> dict[str, ProviderSeats]:
        """The keys are the bot's subscription ids."""

    def list_invoices(self) -> dict[str, ProviderInvoice]:
        """The keys are the provider's ids."""

    def change_seats(self, subscription_id: str, by: int) -> int:
        """Somebody else changes the quantity, never below zero. Returns the change."""


class StripeState:
    """The records of the fake Stripe."""

    def __init__(self, fake: FakeStripe) -> None:
        self._records = fake.records

    @property
    def change_count(self) -> int:
        return len(self._records.events) + len(self._records.invoices)

    def list_charges(self) -> list[ProviderCharge]:
        updates = [
            each for each in self._records.list_updates() if each.id not in self._records.foreign_invoices
        ]
        return [_read_charge(self._records, invoice) for invoice in updates]

    def list_invoices(self) -> dict[str, ProviderInvoice]:
        return {
            invoice.id: ProviderInvoice(
                INVOICE_STATUSES[invoice.status], invoice.amount_due, invoice.amount_due - invoice.amount_paid
            )
            for invoice in self._records.list_updates()
            if invoice.is_sent and invoice.status in INVOICE_STATUSES
        }

    def list_seats(self) -> dict[str, ProviderSeats]:
        return {
            get_bot_id(item): ProviderSeats(item.quantity, is_ended=subscription.status == "canceled")
            for subscription in self._records.subscriptions.values()
            for item in subscription.items
            if item.price.usage_type == "licensed"
        }

    def change_seats(self, subscription_id: str, by: int) -> int:
        item = self._records.get_item(subscription_id)
        by = max(by, -item.quantity)
        self._records.set_quantity(subscription_id, item.quantity + by)
        return by


def _read_charge(records: StripeRecords, invoice: Invoice) -> ProviderCharge:
    # Pending items from before the charge, if any, come first.
    credit, debit = invoice.lines[-2:]
    metadata, is_paid = invoice.subscription_metadata, invoice.status == "paid"
    if invoice.is_sent:
        # Whatever happened after it was finalized, unless the bot itself cancelled it.
        is_paid = invoice.status != "draft" and not invoice.was_voided_by_request
        metadata = metadata or records.subscriptions[invoice.subscription].metadata
    return ProviderCharge(
        key=metadata.get(ATTEMPT_METADATA_KEY, ""),
        subscription_id=debit.subscription_item.removeprefix("si_"),
        seats=debit.quantity - credit.quantity,
        amount=invoice.subtotal,
        tax=invoice.tax,
        is_settled=is_paid,
        amount_paid=invoice.amount_due if is_paid else 0,
        has_seats=invoice.is_sent,
    )


def get_bot_id(item: SubscriptionItem) -> str:
    return item.metadata["seatbot_subscription"]
