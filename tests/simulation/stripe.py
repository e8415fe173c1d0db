"""The Stripe gateway in place of the simulated provider: each request stops at a gate, and may go wrong.

The fake Stripe answers in this process, so that nothing but the order of calls decides what happens next. The
judges read its books as they read those of the provider.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import urlsplit

import stripe
import yaml

from bot.billing.stripe.client import build_stripe_client
from bot.billing.stripe.gateway import StripeGateway
from bot.billing.stripe.items import ATTEMPT_METADATA_KEY
from bot.db import Database
from models.proration import get_midnight
from tests.fake_stripe import Card, FakeStripe, StripeRecords
from tests.fake_stripe.records import Customer, Invoice, Price, Subscription, SubscriptionItem
from tests.fake_stripe.server import ConnectionCut, FaultKind
from tests.simulation.database import Store
from tests.simulation.faults import Faults
from tests.simulation.loop import VirtualClock
from tests.simulation.ports import PortCaller
from tests.simulation.template import ACCOUNTS

KEY = "sk_test_fake"
CARDS = {"settles": "settles", "declines": "declined", "slow": "slow"}
# Of the scene's quotes, the one that was made elsewhere.
ELSEWHERE = 2
# What a fault of a charge is at Stripe. A request that arrives late is in `late`.
AT_STRIPE: dict[str, FaultKind] = {
    "outage": "cut_before",
    "lost": "cut_after",
    "server_error": "save_500_after",
    "conflict": "conflict",
    "rate_limited": "rate_limit",
}


@dataclass(frozen=True)
class ChargedTerms:
    """What was charged, by an invoice."""

    subscription_id: str
    seats: int
    amount: int
    tax: int


@dataclass(frozen=True)
class PaidInvoice:
    charge: ChargedTerms
    status: str


@dataclass
class StripeItem:
    id: str
    item: SubscriptionItem
    before: int
    outside: int = 0
    blocks: dict[int, int] = field(default_factory=dict)

    @property
    def seats(self) -> int:
        return self.item.quantity


class SimulatedBooks(StripeRecords):
    """A card does what the seed says."""

    def __init__(self, clock: VirtualClock, random: Random, faults: Faults) -> None:
        super().__init__(clock, {"FR": "0.20", "GB": "0.20"})
        self._random, self._faults = random, faults

    def _card(self, subscription: Subscription, customer: Customer) -> Card:
        behaviour = self._faults.card()
        slow = self._random.randint(1, 7200)
        return replace(
            super()._get_payment_method(subscription, customer),
            behaviour=CARDS.get(behaviour, behaviour),
            processing_seconds=slow,
        )


class StripeProvider:
    """What the judges ask of a provider, read from the fake's books."""

    def __init__(self, clock: VirtualClock, random: Random, faults: Faults) -> None:
        self.books = SimulatedBooks(clock, random, faults)
        self.fake = FakeStripe(self.books, KEY, checked=False)
        self.held: dict[str, StripeItem] = {}
        # Requests that are under way, though nobody waits for their answer any more.
        self.late: list[Callable[[], object]] = []
        # An account of which nobody has told the bot which customer it is.
        self.unlinked = "borea" if random.random() < 0.3 else ""
        # Subscriptions that were cancelled there.
        self.ended: set[str] = set()
        # The account whose customer was deleted there.
        self.deleted = ""
        for account in yaml.safe_load(ACCOUNTS.read_text(encoding="utf-8"))["accounts"]:
            self._add(account)

    def _add(self, account: dict[str, Any]) -> None:
        customer = Customer(f"cus_{account['id']}", dict(account["billing_address"]))
        self.books.customers[customer.id] = customer
        for method in account["payment_methods"]:
            self.books.cards[method["id"]] = Card(
                method["id"],
                customer.id,
                brand=method["brand"],
                last4=method["last4"],
                expiry=_expiry(method["expires"]),
            )
            if method.get("default"):
                customer.default_payment_method = method["id"]
        # One Stripe subscription for all: what is changed of one is, there, a change of all.
        there = Subscription(f"sub_of_{account['id']}", customer.id, [], account["time_zone"])
        self.books.subscriptions[there.id] = there
        for listed in account["subscriptions"]:
            price = Price(f"price_{listed['id']}", int(Decimal(listed["unit_price"]) * 100), listed["period"])
            start, end = (
                int(get_midnight(listed[day], account["time_zone"]).timestamp())
                for day in ("period_start", "period_end")
            )
            name = {"seatbot_subscription": listed["id"]}
            item = SubscriptionItem(f"si_{listed['id']}", price, listed["seats"], start, end, name)
            there.items.append(item)
            self.held[listed["id"]] = StripeItem(listed["id"], item, item.quantity)

    @property
    def changes(self) -> int:
        return len(self.books.events) + len(self.books.invoices)

    @property
    def taken(self) -> dict[str, PaidInvoice]:
        return {invoice.id: _taken(invoice) for invoice in self._charges()}

    def settled(self, keys: list[str]) -> list[PaidInvoice]:
        """By invoice, so that a key that was charged twice is seen."""
        found = [
            _taken(i) for i in self._charges() if i.subscription_metadata.get(ATTEMPT_METADATA_KEY) in keys
        ]
        return [taken for taken in found if taken.status == "settled"]

    def _charges(self) -> Iterator[Invoice]:
        return (i for i in self.books.invoices.values() if i.billing_reason == "subscription_update")

    def change_outside(self, subscription: str, by: int) -> None:
        held = self.held[subscription]
        by = max(by, -held.seats)
        held.outside += by
        self.books.set_quantity(subscription, held.seats + by)

    def is_busy(self, subscription: str) -> bool:
        """Whether a change of it waits for its payment, or may arrive still."""
        return (
            bool(self.late)
            or self.books.get_subscription_and_item(subscription)[0].pending_update is not None
        )

    def switch_card(self, customer: str, name: str) -> bool:
        """The customer's usual card is removed there, or added again; whether it was removed."""
        card, owner = self.books.cards[name], self.books.customers[customer]
        removed = card.customer is not None
        card.customer, owner.default_payment_method = (None, None) if removed else (customer, name)
        for held in self.books.subscriptions.values():
            if removed and held.default_payment_method == name:
                held.default_payment_method = None
        return removed

    def arrive(self) -> None:
        """What was still under way gets there."""
        while self.late:
            self.late.pop(0)()

    def settle_due(self) -> None:
        self.books.apply_due_changes()

    def change_terms(self, random: Random, subscription: str) -> str:
        """What somebody does to a subscription in Stripe's dashboard; says what."""
        there, item = self.books.get_subscription_and_item(subscription)
        change = random.choice(("price archived", "tax changed", "subscription cancelled"))
        match change:
            case "price archived":
                item.price.active = not item.price.active
                change = "price sold again" if item.price.active else change
            case "tax changed":
                self.books.tax_rates["FR"] = "0.20" if self.books.tax_rates["FR"] != "0.20" else "0.21"
            case _ if self.ended:
                change = self._delete_customer(there.customer)
            case _:
                self.books.cancel_subscription(there)
                self.ended |= {name for item in there.items for name in item.metadata.values()}
        self.books.emit_event("customer.subscription.updated", "subscription", there.id)
        return change

    def _delete_customer(self, customer: str) -> str:
        """Whose subscriptions are cancelled one after another."""
        if not self.deleted:
            self.books.delete_customer(customer)
        self.deleted = customer.removeprefix("cus_")
        return "customer deleted"


def _expiry(written: str) -> tuple[int, int]:
    year, month = map(int, written.split("-"))
    return year, month


def _taken(invoice: Invoice) -> PaidInvoice:
    back, anew = invoice.lines[:2]
    name = anew.subscription_item.removeprefix("si_")
    terms = ChargedTerms(name, anew.quantity - back.quantity, invoice.subtotal, invoice.tax)
    return PaidInvoice(terms, "settled" if invoice.status == "paid" else invoice.status)


class InProcessTransport(stripe.HTTPClient):
    """The way of one process's requests. `key_is_stored` asks the database whether a key is committed."""

    name = "in-process"

    def __init__(
        self, line: PortCaller, provider: StripeProvider, key_is_stored: Callable[[str], bool]
    ) -> None:
        super().__init__()
        self._line, self._provider, self._key_is_stored = line, provider, key_is_stored
        self._fake = provider.fake
        self.asked: Counter[str] = Counter()

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        method, parts = method.upper(), urlsplit(url)
        text = str(post_data or parts.query)
        call = _call(method, parts.path, text)
        self.asked[call] += 1
        small = {name.lower(): value for name, value in headers.items()}
        return await self._line.call(call, lambda fault: self._effect(method, parts.path, text, small, fault))

    def _effect(
        self, method: str, path: str, text: str, headers: dict[str, str], fault: str | None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        self._provider.arrive()
        if "payment_behavior" in text:
            assert self._key_is_stored(headers["idempotency-key"]), "sent before its key was stored"
        if fault == "timeout":
            self._provider.late.append(lambda: self._fake.handle_request(method, path, text, headers))
            raise _silence()
        kind = AT_STRIPE.get(fault or "", "cut_before") if fault else None
        try:
            answer = self._fake.handle_request(method, path, text, headers, kind)
        except ConnectionCut:
            raise _silence() from None
        return bytes(answer.body), answer.status_code, dict(answer.headers)

    async def close_async(self) -> None:
        """Nothing is open."""

    async def sleep_async(self, secs: float) -> None:
        """The SDK's own retries: at once."""


def _silence() -> stripe.APIConnectionError:
    return stripe.APIConnectionError("no answer", should_retry=False)  # type: ignore[no-untyped-call]


def _call(method: str, path: str, text: str) -> str:
    """As the faults are named."""
    if "payment_behavior" in text:
        return "billing.place"
    if path.endswith("create_preview"):
        return "billing.preview"
    if "billing_portal" in path:
        return "billing.portal"
    return "billing.subscriptions"


def build_gateway(
    line: PortCaller,
    provider: StripeProvider,
    key_is_stored: Callable[[str], bool],
    database: Database,
    now: Callable[[], datetime],
) -> StripeGateway:
    client = build_stripe_client(
        KEY, "https://stripe.example", InProcessTransport(line, provider, key_is_stored)
    )
    return StripeGateway(client, database, now, "https://provider.example/portal")


def link_accounts(store: Store, provider: StripeProvider, random: Random) -> None:
    """As the accounts file would, but for an account; and the scene's quotes as Stripe, which rounds twice,
    prices them. Now and then the one that was made elsewhere keeps a price of its own."""
    store.raw.execute("UPDATE account SET stripe_customer = 'cus_' || id WHERE id <> ?", (provider.unlinked,))
    lines = store.rows(
        "SELECT line.id, line.quote_id, subscription_id, seats, strftime('%s', frozen_at) "
        "FROM quote_line AS line JOIN quote ON quote.id = quote_id"
    )
    for key, quote, name, seats, at in list(lines):
        subscription, item = provider.books.get_subscription_and_item(name)
        country = provider.books.customers[subscription.customer].address["country"]
        made = provider.books.build_proration_lines(
            subscription, item, item.quantity + seats, int(at), country
        )
        amount, tax = sum(line.amount for line in made), sum(line.tax for line in made)
        other_price = quote == ELSEWHERE and random.random() < 0.2
        price = 1300 if other_price else item.price.unit_amount
        change = "UPDATE quote_line SET amount = ?, tax = ?, unit_price = ? WHERE id = ?"
        store.raw.execute(change, (amount, tax, price, key))
        total = (
            "UPDATE quote SET subtotal = (SELECT sum(amount) FROM quote_line WHERE quote_id = quote.id), "
            "tax = (SELECT sum(tax) FROM quote_line WHERE quote_id = quote.id), "
            "total = (SELECT sum(amount + tax) FROM quote_line WHERE quote_id = quote.id) WHERE id = ?"
        )
        store.raw.execute(total, (quote,))
