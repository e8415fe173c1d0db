"""Sheets: what one screen or message shows, gathered from the tables in one reading."""

from dataclasses import dataclass, field
from datetime import datetime

from models.account import Account
from models.administrator import Administrator
from models.audit_entry import AuditEntry
from models.billing_contact import BillingContact
from models.checkout import CheckoutForm
from models.errors import Refusal
from models.money import Money
from models.payment_method import PaymentMethod
from models.product import Product
from models.quote import Quote, QuoteLine
from models.receipt import Receipt, ReceiptPage, Seller
from models.seat_history import SeatHistory
from models.service_order import LineStatus, OrderLine, ServiceOrder
from models.subscription import SeatBlock, Subscription


@dataclass(frozen=True)
class SubscriptionRow:
    """A subscription on a screen; `obstacle` is why seats of it cannot be ordered here (R2, R4)."""

    subscription: Subscription
    product: Product
    obstacle: Refusal | None = None
    blocks: list[SeatBlock] = field(default_factory=list)


@dataclass(frozen=True)
class CartSheet:
    """Step one of R10. `typed` maps subscription ids to seats; `own_quote` is the cart's own pending one;
    `meant` is the subscription that the words after `/add-seats` mean."""

    account: Account
    rows: list[SubscriptionRow]
    typed: dict[str, int]
    own_quote: Quote | None
    meant: str | None = None


@dataclass(frozen=True)
class QuoteRow:
    line: QuoteLine
    product: Product


@dataclass(frozen=True)
class QuoteSheet:
    """A quote as at `at`, which decides whether it is pending still (R9)."""

    account: Account
    quote: Quote
    rows: list[QuoteRow]
    at: datetime
    replaced_by: str | None = None
    order: ServiceOrder | None = None
    made_by: str | None = None

    def money(self, amount: int) -> Money:
        return Money(amount, self.quote.currency)

    @property
    def pending(self) -> bool:
        return self.quote.pending_at(self.at)


@dataclass(frozen=True)
class CheckoutSheet:
    """Step three of R10. `methods` are the stored, valid automatic ones."""

    quote: QuoteSheet
    administrators: list[Administrator]
    methods: list[PaymentMethod]
    form: CheckoutForm


@dataclass(frozen=True)
class PlacementSheet:
    """Step four of R10: the order as it would be placed. `replaced` is the number of the quote that an
    address change put this one in place of; `free_seats` are the new seats the admin contact leaves."""

    quote: QuoteSheet
    form: CheckoutForm
    administrator: tuple[str, str]
    method: PaymentMethod
    assigned: list[Product]
    replaced: str | None = None

    @property
    def free_seats(self) -> int:
        return sum(row.line.seats for row in self.quote.rows) - len(self.assigned)


@dataclass(frozen=True)
class OrderRow:
    """A line of an order; `waits_for` is the number of the order that is charging its subscription, `method`
    the card of its last retry."""

    line: OrderLine
    quoted: QuoteLine
    product: Product
    waits_for: str | None = None
    method: PaymentMethod | None = None


@dataclass(frozen=True)
class OrderSheet:
    account: Account
    order: ServiceOrder
    quote: Quote
    rows: list[OrderRow]
    contact: BillingContact
    administrator: Administrator
    method: PaymentMethod
    at: datetime
    receipt: Receipt | None = None
    receipt_pages: list[ReceiptPage] = field(default_factory=list)
    history: list[AuditEntry] = field(default_factory=list)

    def money(self, amount: int) -> Money:
        return Money(amount, self.quote.currency)

    def with_status(self, status: LineStatus) -> list[OrderRow]:
        return [row for row in self.rows if row.line.status is status]

    @property
    def charged_methods(self) -> list[PaymentMethod]:
        """The cards that the settled lines were charged to, each once."""
        settled = self.with_status(LineStatus.SETTLED)
        return list({m.id: m for m in (row.method or self.method for row in settled)}.values())

    @property
    def overdue(self) -> bool:
        return not self.order.finished and self.at >= self.order.promised_by

    @property
    def can_retry(self) -> bool:
        return any(row.line.can_retry(self.order, self.at) for row in self.rows)


@dataclass(frozen=True)
class ReceiptSheet:
    """A receipt as it was issued, with the numbers of its order and quote."""

    receipt: Receipt
    order: str
    quote: str
    seller: Seller

    def money(self, amount: int) -> Money:
        return Money(amount, self.receipt.currency)


@dataclass(frozen=True)
class AccountSheet:
    """The account at a glance: `/billing` and Home. `orders` are those in progress, `failed` the latest that
    failed."""

    account: Account
    at: datetime
    rows: list[SubscriptionRow]
    methods: list[PaymentMethod]
    contacts: list[BillingContact]
    pending: list[QuoteSheet]
    orders: list[OrderSheet]
    receipts: list[tuple[Receipt, str]]
    failed: list[OrderSheet] = field(default_factory=list)
    history: SeatHistory = field(default_factory=SeatHistory)
