"""A billing provider with its own ledger, which knows only the port."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from bot.billing.gateway import (
    Charge,
    ChargeOutcome,
    Declined,
    InvoiceState,
    LineRequest,
    NeedsCustomer,
    NeverReceived,
    Pending,
    Preview,
    PricedLine,
    RecurringTotal,
    SeatBlockState,
    SeatsChanged,
    Settled,
    SubscriptionState,
    Unknown,
)
from models.account import Address
from models.invoice import InvoiceStatus
from models.subscription.period_length import PeriodLength
from models.subscription.upcoming_changes import InvoiceTerms, UpcomingChanges
from tests.simulation.faults import Faults
from tests.simulation.loop import VirtualClock
from tests.simulation.provider_state import ProviderCharge, ProviderInvoice, ProviderSeats
from tests.simulation.template import ACCOUNTS
from tests.yaml_files import read_yaml

CUSTOMER_CONFIRMATION_WINDOW = timedelta(hours=23)
INVOICE_TERMS = InvoiceTerms(days_until_due=2, is_order_allowed=True)


@dataclass
class ProviderSubscription:
    """A subscription in the provider's records. `start` and `end` are those of its first period."""

    id: str
    account: str
    seats: int
    price: int
    months: int
    start: date
    end: date
    blocks: dict[int, int] = field(default_factory=dict)
    is_invoiced: bool = False


@dataclass
class ReceivedCharge:
    """A charge that arrived, by its key."""

    charge: Charge
    status: str
    at: datetime
    until: datetime | None = None
    confirmed_at: datetime | None = None
    # The final status of its invoice, and when it gets it; None if it is never paid or cancelled.
    invoice_fate: tuple[InvoiceStatus, datetime] | None = None


class UnexpectedCharge(Exception):
    """A charge whose amount doesn't match the promise, or whose key was used for another."""


class SimulatedProvider:
    def __init__(self, clock: VirtualClock, random: Random, faults: Faults) -> None:
        self._clock, self._random, self._faults = clock, random, faults
        self._subscriptions: dict[str, ProviderSubscription] = {}
        self._charges: dict[str, ReceivedCharge] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        # Requests still in flight after their senders have given up.
        self._delayed_charges: list[Charge] = []
        # By key, how many more answers are errors.
        self._failing_responses: Counter[str] = Counter()
        self.change_count = 0
        for account in _list_accounts():
            self.accounts[account["id"]] = account
            for listed in account["subscriptions"]:
                self._subscriptions[listed["id"]] = _create_subscription(account["id"], listed)

    def choose_invoiced_subscriptions(self, share: float) -> None:
        """Chooses those whose seats are paid by invoice from the start."""
        for subscription in self._subscriptions.values():
            subscription.is_invoiced = self._random.random() < share

    def list_subscriptions(self, account: str) -> list[SubscriptionState]:
        self._apply_due_changes()
        return [
            self._build_state(subscription)
            for subscription in self._subscriptions.values()
            if subscription.account == account
        ]

    def preview_lines(
        self, account: str, lines: list[LineRequest], at: datetime, address: Address
    ) -> Preview:
        self._apply_due_changes()
        priced = [self._price_line(line, at, address) for line in lines]
        return Preview(tuple(priced), self._compute_recurring_totals(account, priced, address))

    def delay_charge(self, charge: Charge) -> None:
        """The request arrives after its sender has given up waiting."""
        self._delayed_charges.append(charge)

    def fail_next_responses(self, key: str) -> None:
        """The next two answers about this key are server errors."""
        self._failing_responses[key] = 2

    def place_charge(self, charge: Charge) -> ChargeOutcome:
        self._apply_due_changes()
        return Unknown() if self._take_failing_response(charge.key) else self._place_charge(charge)

    def _place_charge(self, charge: Charge) -> ChargeOutcome:
        received = self._charges.get(charge.key)
        if received is None:
            subscription = self._subscriptions[charge.subscription_id]
            self._check_charge(charge, subscription)
            if subscription.seats != charge.expected_seats:
                return SeatsChanged()
            if subscription.is_invoiced != charge.is_on_invoice:
                return Declined("paid_by_invoice" if subscription.is_invoiced else "not_paid_by_invoice")
            received = self._attempt_payment(charge, subscription)
        elif received.charge != charge:
            raise UnexpectedCharge(f"another charge under the same key: {charge}")
        return self._build_outcome(received)

    def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        self._apply_due_changes()
        if self._take_failing_response(charge.key):
            return Unknown()
        received = self._charges.get(charge.key)
        return self._build_outcome(received) if received else NeverReceived()

    def _take_failing_response(self, key: str) -> bool:
        silent = self._failing_responses[key] > 0
        self._failing_responses[key] -= silent
        return silent

    # --- ProviderState

    def list_charges(self) -> list[ProviderCharge]:
        return [
            ProviderCharge(
                key=key,
                subscription_id=received.charge.subscription_id,
                seats=received.charge.seats,
                amount=received.charge.amount,
                tax=received.charge.tax,
                is_settled=received.status == "settled",
                amount_paid=received.charge.amount + received.charge.tax,
            )
            for key, received in self._charges.items()
        ]

    def list_seats(self) -> dict[str, ProviderSeats]:
        return {
            subscription.id: ProviderSeats(subscription.seats, dict(subscription.blocks))
            for subscription in self._subscriptions.values()
        }

    def change_seats(self, subscription_id: str, by: int) -> int:
        subscription = self._subscriptions[subscription_id]
        by = max(by, -(subscription.seats - sum(subscription.blocks.values())))
        subscription.seats += by
        self.change_count += 1
        return by

    # --- the card network

    def _attempt_payment(self, charge: Charge, subscription: ProviderSubscription) -> ReceivedCharge:
        now = self._clock()
        received = self._charges[charge.key] = ReceivedCharge(charge, "declined", now)
        self.change_count += 1
        if charge.is_on_invoice:
            received.status = "pending"
            received.until = now + timedelta(seconds=self._random.randint(1, 7200))
            received.invoice_fate = self._choose_invoice_fate(received.until)
            return received
        match self._faults.get_card_behaviour():
            case "settles":
                self._settle_charge(received, seats=charge.expected_seats + charge.seats)
            case "slow":
                received.status, received.until = (
                    "pending",
                    now + timedelta(seconds=self._random.randint(1, 7200)),
                )
            case "customer":
                received.status, received.until = (
                    "needs_customer",
                    self._compute_confirmation_deadline(subscription),
                )
                received.confirmed_at = now + timedelta(seconds=self._random.choice((20, 4000, 80_000)))
            case "customer_never":
                received.status, received.until = (
                    "needs_customer",
                    self._compute_confirmation_deadline(subscription),
                )
        return received

    def _choose_invoice_fate(self, sent_at: datetime) -> tuple[InvoiceStatus, datetime] | None:
        """Paid in time, late or never, cancelled, or written off."""
        fates = (
            (InvoiceStatus.PAID, 1),
            (InvoiceStatus.PAID, 3),
            (InvoiceStatus.VOID, 1),
            (InvoiceStatus.UNCOLLECTIBLE, 3),
        )
        fate = self._random.choice((None, *fates))
        return fate and (fate[0], sent_at + timedelta(days=fate[1]))

    def find_invoice(self, receipt: str) -> InvoiceState | None:
        received = self._charges.get(receipt.removeprefix("in_"))
        return self._build_invoice(received) if received else None

    def list_invoices(self) -> dict[str, ProviderInvoice]:
        invoices = {
            f"in_{key}": self._build_invoice(received)
            for key, received in self._charges.items()
            if received.charge.is_on_invoice and received.status == "settled"
        }
        return {
            id_: ProviderInvoice(invoice.status, invoice.amount, invoice.amount_remaining)
            for id_, invoice in invoices.items()
        }

    def _build_invoice(self, received: ReceivedCharge) -> InvoiceState:
        assert received.until is not None, "the invoice was sent then"
        fate, charge = received.invoice_fate, received.charge
        status = fate[0] if fate and self._clock() >= fate[1] else InvoiceStatus.DUE
        total = charge.amount + charge.tax
        remaining = 0 if status is InvoiceStatus.PAID else total
        due_at = received.until + timedelta(days=2)
        return InvoiceState(f"in_{charge.key}", f"INV-{charge.key}", status, total, remaining, due_at)

    def _compute_confirmation_deadline(self, subscription: ProviderSubscription) -> datetime:
        _, end = self._find_period(subscription, self._get_local_date(subscription.account))
        return min(
            self._clock() + CUSTOMER_CONFIRMATION_WINDOW, self._get_midnight(subscription.account, end)
        )

    def _apply_due_changes(self) -> None:
        now = self._clock()
        while self._delayed_charges:
            self._place_charge(self._delayed_charges.pop(0))
        for received in self._charges.values():
            if received.until is None or received.status not in ("pending", "needs_customer"):
                continue
            confirmed = received.confirmed_at is not None and received.confirmed_at < received.until
            if (received.status == "pending" and now >= received.until) or (
                confirmed and received.confirmed_at is not None and now >= received.confirmed_at
            ):
                self._settle_charge(received)
            elif received.status == "needs_customer" and now >= received.until:
                received.status = "declined"
                self.change_count += 1

    def _settle_charge(self, received: ReceivedCharge, seats: int | None = None) -> None:
        subscription = self._subscriptions[received.charge.subscription_id]
        subscription.seats = subscription.seats + received.charge.seats if seats is None else seats
        unit_price = received.charge.unit_price
        if unit_price is not None and unit_price != subscription.price:
            block = subscription.blocks.get(unit_price, 0)
            subscription.blocks[unit_price] = block + received.charge.seats
        received.status = "settled"
        self.change_count += 1

    def _build_outcome(self, received: ReceivedCharge) -> ChargeOutcome:
        match received.status:
            case "settled" if received.charge.is_on_invoice:
                invoice = self._build_invoice(received)
                amounts = (received.charge.amount, received.charge.tax)
                return Settled(invoice.id, *amounts, invoice_number=invoice.number, invoice=invoice)
            case "settled":
                return Settled(f"re_{received.charge.key}", received.charge.amount, received.charge.tax)
            case "pending":
                assert received.until is not None, "a pending charge settles then"
                return Pending(received.until)
            case "needs_customer":
                assert received.until is not None, "a confirmation has a deadline"
                return NeedsCustomer("https://provider.example/confirm", received.until)
            case _:
                return Declined("customer_timeout" if received.until else "card_declined")

    # --- prices, computed independently of the product

    def _check_charge(self, charge: Charge, subscription: ProviderSubscription) -> None:
        line = LineRequest(charge.subscription_id, charge.seats, charge.unit_price)
        priced = self._price_line(line, charge.at, charge.address)
        if (priced.amount, priced.tax) != (
            charge.amount,
            charge.tax,
        ) or subscription.account != charge.account_id:
            raise UnexpectedCharge(f"{charge} is not what was promised: {priced}")

    def _price_line(self, line: LineRequest, at: datetime, address: Address) -> PricedLine:
        subscription = self._subscriptions[line.subscription_id]
        price = subscription.price if line.unit_price is None else line.unit_price
        start, end = self._find_period(subscription, self._get_local_date(subscription.account, at))
        first, last = (
            self._get_midnight(subscription.account, start),
            self._get_midnight(subscription.account, end),
        )
        left = Fraction(int((last - at).total_seconds()), int((last - first).total_seconds()))
        amount = int(line.seats * price * left + Fraction(1, 2))
        return PricedLine(
            subscription_id=subscription.id,
            seats=line.seats,
            seats_before=subscription.seats,
            unit_price=price,
            period=_get_period_length(subscription),
            period_start=start,
            period_end=end,
            amount=amount,
            tax=self._compute_tax(subscription.account, amount, address),
        )

    def _compute_tax(self, account: str, amount: int, address: Address) -> int:
        known = self.accounts[account]
        at_home = address.country == known["billing_address"]["country"]
        rate = Fraction(known.get("tax_rate", "0")) if at_home else Fraction(0)
        return int(amount * rate + Fraction(1, 2))

    def _compute_recurring_totals(
        self, account: str, priced: list[PricedLine], address: Address
    ) -> tuple[RecurringTotal, ...]:
        totals: dict[PeriodLength, tuple[int, int]] = {}
        for line in priced:
            subscription = self._subscriptions[line.subscription_id]
            other = sum(subscription.blocks.values())
            net = (subscription.seats - other) * subscription.price + sum(
                p * n for p, n in subscription.blocks.items()
            )
            net += line.seats * (line.unit_price or 0)
            before = totals.get(line.period, (0, 0))
            totals[line.period] = before[0] + net, before[1] + self._compute_tax(account, net, address)
        return tuple(RecurringTotal(period, *total) for period, total in totals.items())

    def _build_state(self, subscription: ProviderSubscription) -> SubscriptionState:
        start, end = self._find_period(subscription, self._get_local_date(subscription.account))
        blocks = tuple(SeatBlockState(seats, price) for price, seats in subscription.blocks.items())
        return SubscriptionState(
            subscription.id,
            subscription.seats,
            subscription.price,
            _get_period_length(subscription),
            start,
            end,
            blocks,
            outlook=UpcomingChanges(invoice_terms=INVOICE_TERMS if subscription.is_invoiced else None),
        )

    def _find_period(self, subscription: ProviderSubscription, day: date) -> tuple[date, date]:
        start, end = subscription.start, subscription.end
        while end <= day:
            start, end = end, _add_months(end, subscription.months)
        return start, end

    def _get_local_date(self, account: str, at: datetime | None = None) -> date:
        return (at or self._clock()).astimezone(ZoneInfo(self.accounts[account]["time_zone"])).date()

    def _get_midnight(self, account: str, day: date) -> datetime:
        zone = ZoneInfo(self.accounts[account]["time_zone"])
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(ZoneInfo("UTC"))


@cache
def _list_accounts() -> list[dict[str, Any]]:
    accounts: list[dict[str, Any]] = read_yaml(ACCOUNTS)["accounts"]
    return accounts


def _create_subscription(account: str, listed: dict[str, Any]) -> ProviderSubscription:
    return ProviderSubscription(
        id=listed["id"],
        account=account,
        seats=listed["seats"],
        price=int(Fraction(listed["unit_price"]) * 100),
        months=12 if listed["period"] == "year" else 1,
        start=listed["period_start"],
        end=listed["period_end"],
    )


def _get_period_length(subscription: ProviderSubscription) -> PeriodLength:
    return PeriodLength.YEAR if subscription.months == 12 else PeriodLength.MONTH


def _add_months(day: date, months: int) -> date:
    """Periods begin on the first of a month here."""
    index = day.year * 12 + day.month - 1 + months
    return day.replace(year=index // 12, month=index % 12 + 1)
