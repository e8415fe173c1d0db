"""What the fake holds: customers, cards, subscriptions, invoices and payments, and how time moves them."""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

CUSTOMER_TIME = 23 * 3600


class Refused(Exception):
    """An error that Stripe answers with."""

    def __init__(
        self, status: int, kind: str, message: str, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.kind, self.message, self.code, self.param = status, kind, message, code, param


def invalid(message: str, code: str | None = None, param: str | None = None, status: int = 400) -> Refused:
    return Refused(status, "invalid_request_error", message, code, param)


def missing(what: str, name: object, param: str = "id") -> Refused:
    return invalid(f"No such {what}: '{name}'", "resource_missing", param, 404)


@dataclass
class Card:
    """`behaviour`: settles, declined, slow, customer, customer_never, or lost (its answers are cut)."""

    id: str
    customer: str | None
    behaviour: str = "settles"
    slow_seconds: int = 30
    brand: str = "visa"
    last4: str = "4242"
    expiry: tuple[int, int] = (2030, 4)


@dataclass
class Price:
    id: str
    unit_amount: int
    interval: str = "month"
    active: bool = True
    currency: str = "eur"
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class Item:
    id: str
    price: Price
    quantity: int
    start: int
    end: int
    metadata: dict[str, str] = field(default_factory=dict)


@dataclass
class PendingChange:
    expires_at: int
    item: str
    quantity: int
    invoice: str


@dataclass
class Subscription:
    id: str
    customer: str
    items: list[Item]
    zone: str = "UTC"
    status: str = "active"
    # Where its prices have several, and tell their amounts in another.
    currency: str | None = None
    default_card: str | None = None
    sends_invoice: bool = False
    metadata: dict[str, str] = field(default_factory=dict)
    pending: PendingChange | None = None
    latest_invoice: str | None = None


@dataclass
class Customer:
    id: str
    address: dict[str, str]
    default_card: str | None = None
    deleted: bool = False


@dataclass
class Line:
    """`proration` lines come in pairs: what was paid back, and what is charged anew."""

    item: str
    subscription: str
    price: Price
    quantity: int
    amount: int
    tax: int
    start: int
    end: int
    proration: bool


@dataclass
class Payment:
    id: str
    status: str
    error: str | None = None
    ready_at: int | None = None


@dataclass
class Invoice:
    id: str
    customer: str
    subscription: str
    reason: str
    created: int
    lines: list[Line]
    metadata: dict[str, str]
    status: str = "open"
    payment: Payment | None = None
    # Put to it by hand, after its own.
    attached: Payment | None = None

    @property
    def net(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def tax(self) -> int:
        return sum(line.tax for line in self.lines)


class StripeRecords:
    """`tax` gives, for a country, the rate as in "0.20"."""

    def __init__(self, now: Callable[[], datetime], tax: dict[str, str] | None = None) -> None:
        self.clock = now
        self.tax = tax or {}
        self.customers: dict[str, Customer] = {}
        self.cards: dict[str, Card] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices: dict[str, Invoice] = {}
        self.events: list[dict[str, Any]] = []
        # Where a test makes prices of its own, and time.
        self.prices: dict[str, Price] = {}
        self.test_clock: str | None = None
        self.advancing = False
        self.declines_with_402 = False
        self.has_portal = True
        # Whether it shows what became of a customer who was deleted.
        self.remembers_deleted = True
        self.pending_items: list[Line] = []
        self._made = 0

    @property
    def now(self) -> int:
        return int(self.clock().timestamp())

    def freeze(self, at: int) -> None:
        """Time stands there from now on."""
        self.clock = lambda: datetime.fromtimestamp(at, UTC)

    def new_id(self, prefix: str) -> str:
        self._made += 1
        return f"{prefix}_{self._made:08d}"

    # --- what a test sets up, or what others do

    def item(self, name: str) -> Item:
        return self.held(name)[1]

    def held(self, name: str) -> tuple[Subscription, Item]:
        """By the item's id, or by what its metadata call it."""
        for subscription in self.subscriptions.values():
            for item in subscription.items:
                if name in (item.id, *item.metadata.values()):
                    return subscription, item
        raise missing("subscription item", name)

    def delete_customer(self, name: str) -> None:
        """With the cards, and every subscription cancelled; what was invoiced stays."""
        self.customers[name].deleted = True
        for card in self.cards.values():
            card.customer = None if card.customer == name else card.customer
        for subscription in self.subscriptions.values():
            if subscription.customer == name and subscription.status != "canceled":
                self.cancel(subscription)
                self.tell("customer.subscription.deleted", "subscription", subscription.id)
        self.tell("customer.deleted", "customer", name)

    def cancel(self, subscription: Subscription) -> None:
        """A change that waits for the customer is dropped; its invoice stays open, and nobody voids it."""
        subscription.status = "canceled"
        if subscription.pending:
            payment = self.invoices[subscription.pending.invoice].payment
            if payment and payment.status == "requires_action":
                subscription.pending = None

    def set_seats(self, name: str, seats: int) -> None:
        subscription, item = self.held(name)
        item.quantity = seats
        self.tell("customer.subscription.updated", "subscription", subscription.id)

    # --- the arithmetic, second by second

    def proration(
        self, subscription: Subscription, item: Item, quantity: int, at: int, country: str
    ) -> list[Line]:
        """The unused time of what was paid, given back, and the rest of the period at the new quantity."""
        if not item.start <= at < item.end:
            raise invalid("The proration date must be within the current period", param="proration_date")
        part = Fraction(item.end - at, item.end - item.start)
        back = -_half_up(item.quantity * item.price.unit_amount * part)
        anew = _half_up(quantity * item.price.unit_amount * part)
        amounts = [(item.quantity, back), (quantity, anew)]
        taxes = self._taxes([amount for _, amount in amounts], country)
        return [
            Line(item.id, subscription.id, item.price, of, amount, tax, at, item.end, True)
            for (of, amount), tax in zip(amounts, taxes, strict=True)
        ]

    def renewal(self, subscription: Subscription, quantities: dict[str, int], country: str) -> list[Line]:
        lines = []
        for item in subscription.items:
            quantity = quantities.get(item.id, item.quantity)
            amount = quantity * item.price.unit_amount
            [tax] = self._taxes([amount], country)
            end = later(item.end, item.price.interval, subscription.zone)
            lines.append(
                Line(item.id, subscription.id, item.price, quantity, amount, tax, item.end, end, False)
            )
        return lines

    def _taxes(self, amounts: list[int], country: str) -> list[int]:
        """On the sum, so that two lines of one change are taxed as one; shared out among them."""
        rate = Fraction(self.tax.get(country, "0"))
        total = _half_up(sum(amounts) * rate)
        first = [_half_up(amount * rate) for amount in amounts[:-1]]
        return [*first, total - sum(first)]

    # --- changing the seats

    def change(self, subscription: Subscription, item: Item, quantity: int, at: int) -> Invoice:
        """With an invoice at once, and only if that is paid. A change that waits is replaced."""
        if subscription.status != "active":
            raise invalid("The subscription is not active", "resource_missing")
        if subscription.pending:
            self.void(self.invoices[subscription.pending.invoice])
        customer = self.customers[subscription.customer]
        lines = self.proration(subscription, item, quantity, at, customer.address.get("country", ""))
        # What others left to be charged comes first.
        left = [line for line in self.pending_items if line.subscription == subscription.id]
        self.pending_items = [line for line in self.pending_items if line not in left]
        card = self._card(subscription, customer)
        if self.declines_with_402 and card.behaviour == "declined":
            raise Refused(402, "card_error", "Your card was declined.", "card_declined")
        invoice = Invoice(
            self.new_id("in"), customer.id, subscription.id, "subscription_update", self.now, [*left, *lines],
            dict(subscription.metadata),
        )  # fmt: skip
        self.invoices[invoice.id] = invoice
        subscription.latest_invoice = invoice.id
        until = min(self.now + CUSTOMER_TIME, item.end)
        subscription.pending = PendingChange(until, item.id, quantity, invoice.id)
        self._charge(subscription, invoice, card)
        return invoice

    def _card(self, subscription: Subscription, customer: Customer) -> Card:
        name = subscription.default_card or customer.default_card
        if name is None:
            raise invalid("This customer has no attached payment source", "resource_missing")
        return self.cards[name]

    def _charge(self, subscription: Subscription, invoice: Invoice, card: Card) -> None:
        payment = invoice.payment = Payment(self.new_id("pi"), "succeeded")
        match card.behaviour:
            case "declined":
                payment.status, payment.error = "requires_payment_method", "card_declined"
                self.tell("invoice.payment_failed", "invoice", invoice.id)
            case "slow":
                payment.status, payment.ready_at = "processing", self.now + card.slow_seconds
            case "customer" | "customer_never":
                payment.status = "requires_action"
                payment.ready_at = self.now + 20 if card.behaviour == "customer" else None
                self.tell("invoice.payment_action_required", "invoice", invoice.id)
            case _:
                self.pay(invoice)

    def pay(self, invoice: Invoice) -> None:
        subscription = self.subscriptions[invoice.subscription]
        invoice.status = "paid"
        if invoice.payment:
            invoice.payment.status, invoice.payment.error = "succeeded", None
        if subscription.pending and subscription.pending.invoice == invoice.id:
            item = next(i for i in subscription.items if i.id == subscription.pending.item)
            item.quantity, subscription.pending = subscription.pending.quantity, None
            self.tell("customer.subscription.pending_update_applied", "subscription", subscription.id)
        self.tell("invoice.paid", "invoice", invoice.id)
        self.tell("customer.subscription.updated", "subscription", subscription.id)

    def fail_authentication(self, invoice: Invoice) -> None:
        """The customer tried, and the bank did not believe them."""
        assert invoice.payment is not None
        invoice.payment.status = "requires_payment_method"
        invoice.payment.error = "payment_intent_authentication_failure"
        self.tell("invoice.payment_failed", "invoice", invoice.id)

    def void(self, invoice: Invoice) -> None:
        if invoice.status not in ("open", "uncollectible"):
            raise invalid("This invoice is not open.", "invoice_not_open")
        invoice.status = "void"
        if invoice.payment:
            invoice.payment.status = "canceled"
        subscription = self.subscriptions[invoice.subscription]
        if subscription.pending and subscription.pending.invoice == invoice.id:
            subscription.pending = None
        self.tell("invoice.voided", "invoice", invoice.id)

    # --- time

    def catch_up(self) -> None:
        for subscription in self.subscriptions.values():
            self._settle_due(subscription)
            for item in subscription.items:
                while item.end <= self.now and subscription.status == "active":
                    self._renew(subscription, item)

    def _settle_due(self, subscription: Subscription) -> None:
        pending = subscription.pending
        if pending is None:
            return
        invoice = self.invoices[pending.invoice]
        ready = invoice.payment.ready_at if invoice.payment else None
        if ready is not None and ready <= self.now and ready < pending.expires_at:
            self.pay(invoice)
        elif pending.expires_at <= self.now:
            self.void(invoice)
            self.tell("customer.subscription.pending_update_expired", "subscription", subscription.id)

    def _renew(self, subscription: Subscription, item: Item) -> None:
        country = self.customers[subscription.customer].address.get("country", "")
        lines = [line for line in self.renewal(subscription, {}, country) if line.item == item.id]
        invoice = Invoice(
            self.new_id("in"), subscription.customer, subscription.id, "subscription_cycle", self.now, lines,
            dict(subscription.metadata), "paid",
        )  # fmt: skip
        self.invoices[invoice.id] = invoice
        subscription.latest_invoice = invoice.id
        item.start, item.end = item.end, later(item.end, item.price.interval, subscription.zone)
        self.tell("invoice.paid", "invoice", invoice.id)

    # --- word

    def tell(self, kind: str, what: str, name: str) -> None:
        self.events.append({"id": self.new_id("evt"), "type": kind, "what": what, "of": name, "at": self.now})

    def settled_invoices(self) -> Iterator[Invoice]:
        """Those that added seats."""
        return (i for i in self.invoices.values() if i.status == "paid" and i.reason == "subscription_update")


def _half_up(value: Fraction) -> int:
    """To the nearest; a half away from zero."""
    whole = (abs(value) + Fraction(1, 2)).__floor__()
    return whole if value >= 0 else -whole


def later(at: int, interval: str, zone: str) -> int:
    """A month or a year later, at the same time of day there; where there is no such day, on the last."""
    day = datetime.fromtimestamp(at, ZoneInfo(zone)).replace(tzinfo=None)
    months = day.year * 12 + day.month - 1 + (12 if interval == "year" else 1)
    year, month = months // 12, months % 12 + 1
    moved = day.replace(year=year, month=month, day=min(day.day, monthrange(year, month)[1]))
    return int(moved.replace(tzinfo=ZoneInfo(zone)).timestamp())
