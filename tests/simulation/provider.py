"""A billing provider with books of its own, which knows nothing of the product but the port's words."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from bot.billing.gateway import (
    Charge,
    ChargeOutcome,
    Declined,
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
from models.period_length import PeriodLength
from tests.simulation.faults import Faults
from tests.simulation.loop import VirtualClock
from tests.simulation.provider_state import ProviderCharge, ProviderSeats
from tests.simulation.template import ACCOUNTS

CUSTOMER_TIME = timedelta(hours=23)


@dataclass
class ProviderSubscription:
    """A subscription as the provider holds it. Its period is the first; later ones follow."""

    id: str
    account: str
    seats: int
    price: int
    months: int
    start: date
    end: date
    blocks: dict[int, int] = field(default_factory=dict)


@dataclass
class ReceivedCharge:
    """A charge that arrived, by its key."""

    charge: Charge
    status: str
    at: datetime
    until: datetime | None = None
    confirmed_at: datetime | None = None


class WrongCharge(Exception):
    """The provider was asked for what nobody promised."""


class SimulatedProvider:
    def __init__(self, clock: VirtualClock, random: Random, faults: Faults) -> None:
        self._clock, self._random, self._faults = clock, random, faults
        self.held: dict[str, ProviderSubscription] = {}
        self.taken: dict[str, ReceivedCharge] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        # Requests that are under way, though nobody waits for their answer any more.
        self._late: list[Charge] = []
        # Keys that are answered by an error, so many times more.
        self._mute: Counter[str] = Counter()
        self.change_count = 0
        for account in _listed():
            self.accounts[account["id"]] = account
            for listed in account["subscriptions"]:
                self.held[listed["id"]] = _held(account["id"], listed)

    def subscriptions(self, account: str) -> list[SubscriptionState]:
        self._catch_up()
        return [self._state(held) for held in self.held.values() if held.account == account]

    def preview(self, account: str, lines: list[LineRequest], at: datetime, address: Address) -> Preview:
        self._catch_up()
        priced = [self._priced(line, at, address) for line in lines]
        return Preview(tuple(priced), self._recurring(account, priced, address))

    def take_later(self, charge: Charge) -> None:
        """The request arrives after its sender has given up waiting."""
        self._late.append(charge)

    def say_nothing_of(self, key: str) -> None:
        """The next two answers about it are errors of the provider's own."""
        self._mute[key] = 2

    def place(self, charge: Charge) -> ChargeOutcome:
        self._catch_up()
        return Unknown() if self._silent(charge.key) else self._place(charge)

    def _place(self, charge: Charge) -> ChargeOutcome:
        taken = self.taken.get(charge.key)
        if taken is None:
            held = self.held[charge.subscription_id]
            self._check(charge, held)
            if held.seats != charge.expected_seats:
                return SeatsChanged()
            taken = self._take(charge, held)
        elif taken.charge != charge:
            raise WrongCharge(f"another charge under the same key: {charge}")
        return self._answer(taken)

    def reconcile(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        self._catch_up()
        if self._silent(charge.key):
            return Unknown()
        taken = self.taken.get(charge.key)
        return self._answer(taken) if taken else NeverReceived()

    def _silent(self, key: str) -> bool:
        silent = self._mute[key] > 0
        self._mute[key] -= silent
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
            )
            for key, received in self.taken.items()
        ]

    def list_seats(self) -> dict[str, ProviderSeats]:
        return {held.id: ProviderSeats(held.seats, dict(held.blocks)) for held in self.held.values()}

    def change_seats(self, subscription_id: str, by: int) -> int:
        held = self.held[subscription_id]
        by = max(by, -(held.seats - sum(held.blocks.values())))
        held.seats += by
        self.change_count += 1
        return by

    # --- the card network

    def _take(self, charge: Charge, held: ProviderSubscription) -> ReceivedCharge:
        now = self._clock()
        taken = self.taken[charge.key] = ReceivedCharge(charge, "declined", now)
        self.change_count += 1
        match self._faults.card():
            case "settles":
                self._settle(taken, seats=charge.expected_seats + charge.seats)
            case "slow":
                taken.status, taken.until = "pending", now + timedelta(seconds=self._random.randint(1, 7200))
            case "customer":
                taken.status, taken.until = "needs_customer", self._customer_until(held)
                taken.confirmed_at = now + timedelta(seconds=self._random.choice((20, 4000, 80_000)))
            case "customer_never":
                taken.status, taken.until = "needs_customer", self._customer_until(held)
        return taken

    def _customer_until(self, held: ProviderSubscription) -> datetime:
        _, end = self._days(held, self._today(held.account))
        return min(self._clock() + CUSTOMER_TIME, self._midnight(held.account, end))

    def _catch_up(self) -> None:
        now = self._clock()
        while self._late:
            self._place(self._late.pop(0))
        for taken in self.taken.values():
            if taken.until is None or taken.status not in ("pending", "needs_customer"):
                continue
            confirmed = taken.confirmed_at is not None and taken.confirmed_at < taken.until
            if (taken.status == "pending" and now >= taken.until) or (
                confirmed and taken.confirmed_at is not None and now >= taken.confirmed_at
            ):
                self._settle(taken)
            elif taken.status == "needs_customer" and now >= taken.until:
                taken.status = "declined"
                self.change_count += 1

    def _settle(self, taken: ReceivedCharge, seats: int | None = None) -> None:
        held = self.held[taken.charge.subscription_id]
        held.seats = held.seats + taken.charge.seats if seats is None else seats
        if taken.charge.unit_price != held.price:
            block = held.blocks.get(taken.charge.unit_price, 0)
            held.blocks[taken.charge.unit_price] = block + taken.charge.seats
        taken.status = "settled"
        self.change_count += 1

    def _answer(self, taken: ReceivedCharge) -> ChargeOutcome:
        match taken.status:
            case "settled":
                return Settled(f"re_{taken.charge.key}", taken.charge.amount, taken.charge.tax)
            case "pending":
                assert taken.until is not None, "a pending charge has its time"
                return Pending(taken.until)
            case "needs_customer":
                assert taken.until is not None, "so has one that waits for the customer"
                return NeedsCustomer("https://provider.example/confirm", taken.until)
            case _:
                return Declined("customer_timeout" if taken.until else "card_declined")

    # --- prices, reckoned here once more

    def _check(self, charge: Charge, held: ProviderSubscription) -> None:
        line = LineRequest(charge.subscription_id, charge.seats, charge.unit_price)
        priced = self._priced(line, charge.at, charge.address)
        if (priced.amount, priced.tax) != (charge.amount, charge.tax) or held.account != charge.account_id:
            raise WrongCharge(f"{charge} is not what was promised: {priced}")

    def _priced(self, line: LineRequest, at: datetime, address: Address) -> PricedLine:
        held = self.held[line.subscription_id]
        price = held.price if line.unit_price is None else line.unit_price
        start, end = self._days(held, self._today(held.account, at))
        first, last = self._midnight(held.account, start), self._midnight(held.account, end)
        left = Fraction(int((last - at).total_seconds()), int((last - first).total_seconds()))
        amount = int(line.seats * price * left + Fraction(1, 2))
        return PricedLine(
            subscription_id=held.id,
            seats=line.seats,
            seats_before=held.seats,
            unit_price=price,
            period=_length(held),
            period_start=start,
            period_end=end,
            amount=amount,
            tax=self._tax(held.account, amount, address),
        )

    def _tax(self, account: str, amount: int, address: Address) -> int:
        known = self.accounts[account]
        at_home = address.country == known["billing_address"]["country"]
        rate = Fraction(known.get("tax_rate", "0")) if at_home else Fraction(0)
        return int(amount * rate + Fraction(1, 2))

    def _recurring(
        self, account: str, priced: list[PricedLine], address: Address
    ) -> tuple[RecurringTotal, ...]:
        totals: dict[PeriodLength, tuple[int, int]] = {}
        for line in priced:
            held = self.held[line.subscription_id]
            other = sum(held.blocks.values())
            net = (held.seats - other) * held.price + sum(p * n for p, n in held.blocks.items())
            net += line.seats * line.unit_price
            before = totals.get(line.period, (0, 0))
            totals[line.period] = before[0] + net, before[1] + self._tax(account, net, address)
        return tuple(RecurringTotal(period, *total) for period, total in totals.items())

    def _state(self, held: ProviderSubscription) -> SubscriptionState:
        start, end = self._days(held, self._today(held.account))
        blocks = tuple(SeatBlockState(seats, price) for price, seats in held.blocks.items())
        return SubscriptionState(held.id, held.seats, held.price, _length(held), start, end, blocks)

    def _days(self, held: ProviderSubscription, day: date) -> tuple[date, date]:
        start, end = held.start, held.end
        while end <= day:
            start, end = end, _months_later(end, held.months)
        return start, end

    def _today(self, account: str, at: datetime | None = None) -> date:
        return (at or self._clock()).astimezone(ZoneInfo(self.accounts[account]["time_zone"])).date()

    def _midnight(self, account: str, day: date) -> datetime:
        zone = ZoneInfo(self.accounts[account]["time_zone"])
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(ZoneInfo("UTC"))


@cache
def _listed() -> list[dict[str, Any]]:
    accounts: list[dict[str, Any]] = yaml.safe_load(ACCOUNTS.read_text())["accounts"]
    return accounts


def _held(account: str, listed: dict[str, Any]) -> ProviderSubscription:
    return ProviderSubscription(
        id=listed["id"],
        account=account,
        seats=listed["seats"],
        price=int(Fraction(listed["unit_price"]) * 100),
        months=12 if listed["period"] == "year" else 1,
        start=listed["period_start"],
        end=listed["period_end"],
    )


def _length(held: ProviderSubscription) -> PeriodLength:
    return PeriodLength.YEAR if held.months == 12 else PeriodLength.MONTH


def _months_later(day: date, months: int) -> date:
    """Periods of this world begin on the first of a month."""
    index = day.year * 12 + day.month - 1 + months
    return day.replace(year=index // 12, month=index % 12 + 1)
