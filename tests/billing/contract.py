"""What every billing adapter must keep, whatever is behind it.

A test module hands over a `provider` fixture whose world is the one described here, and subclasses
GatewayContract: 25 seats of `sub_month` at 14.00 EUR for November 2026, 3 seats of `sub_year` at 600.00 EUR
from March 2026, an account in Paris that pays 20 % tax, and one card for each way a charge can go.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.billing.gateway import (
    BillingGateway,
    Charge,
    Declined,
    LineRequest,
    NeedsCustomer,
    NeverReceived,
    Pending,
    PricedLine,
    RecurringTotal,
    SeatsChanged,
    Settled,
    SubscriptionState,
    Unknown,
)
from models.account import Address
from models.money import compute_tax
from models.subscription import SubscriptionNotFound
from models.subscription.period_length import PeriodLength
from models.subscription.proration import BillingPeriod
from models.subscription.upcoming_changes import RenewalTotal, UpcomingChanges

# In Paris the 16th, 0:00: half of November is left.
HALF_OF_NOVEMBER = datetime(2026, 11, 15, 23, 0, tzinfo=UTC)
PARIS = Address(line1="1 rue de la Paix", postal_code="75002", city="Paris", country="FR")
MONTH = SubscriptionState("sub_month", 25, 1400, PeriodLength.MONTH, date(2026, 11, 1), date(2026, 12, 1))
YEAR = SubscriptionState("sub_year", 3, 60000, PeriodLength.YEAR, date(2026, 3, 1), date(2027, 3, 1))
TEN_SEATS = Settled(receipt="", amount=7000, tax=1400)


@dataclass
class Clock:
    """The time it is, for all who ask."""

    at: datetime = HALF_OF_NOVEMBER

    def __call__(self) -> datetime:
        return self.at

    def advance(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Cards:
    """How the provider under test names a method that behaves so."""

    good: str
    declined: str
    slow: str
    slow_seconds: int
    customer: str
    absent_customer: str
    lost_answer: str


@dataclass
class Provider:
    gateway: BillingGateway
    clock: Clock
    cards: Cards
    set_seats: Callable[[str, int], Awaitable[None]]

    def charge(self, key: str = "line-1-1", **changes: object) -> Charge:
        """Ten more seats of `sub_month`, for half a month, with the good card."""
        usual = Charge(
            key=key,
            account_id="acme",
            subscription_id="sub_month",
            seats=10,
            unit_price=1400,
            amount=-1,
            tax=-1,
            at=HALF_OF_NOVEMBER,
            expected_seats=25,
            payment_method_id=self.cards.good,
            address=PARIS,
            stored_at=self.clock(),
        )
        return _as_promised(replace(usual, **changes))  # type: ignore[arg-type]

    async def seats(self, subscription_id: str = "sub_month") -> int:
        states = await self.gateway.list_subscriptions("acme")
        return next(s.seats for s in states if s.id == subscription_id)


def _as_promised(charge: Charge) -> Charge:
    """With what a quote of the same seats, price, instant and address would have promised."""
    if charge.amount >= 0:
        return charge
    held = {MONTH.id: MONTH, YEAR.id: YEAR}.get(charge.subscription_id, MONTH)
    period = BillingPeriod.from_dates(held.period_start, held.period_end, "Europe/Paris")
    amount = period.prorate_price(charge.seats, charge.unit_price or 0, charge.at)
    return replace(charge, amount=amount, tax=compute_tax(amount, "0.20" if charge.address == PARIS else "0"))


def remove_reference(outcome: object) -> object:
    return replace(outcome, receipt="", invoice_number="") if isinstance(outcome, Settled) else outcome


class GatewayContract:
    async def test_subscriptions_have_seats_price_and_current_period(self, provider: Provider) -> None:
        states = await provider.gateway.list_subscriptions("acme")
        assert [replace(state, outlook=UpcomingChanges()) for state in states] == [MONTH, YEAR]
        for state in states:
            usual, renewal = state.seats * (state.unit_price or 0), state.outlook.renewal
            assert renewal in (None, RenewalTotal(net=usual, tax=usual // 5))
            assert state.outlook.model_copy(update={"renewal": None}) == UpcomingChanges()

    async def test_r17_a_preview_prorates_and_taxes_each_line(self, provider: Provider) -> None:
        preview = await provider.gateway.preview_lines(
            "acme", [LineRequest("sub_month", 10)], HALF_OF_NOVEMBER, PARIS
        )
        november = (PeriodLength.MONTH, date(2026, 11, 1), date(2026, 12, 1))
        assert preview.lines == (PricedLine("sub_month", 10, 25, 1400, *november, 7000, 1400),)
        assert (preview.subtotal, preview.tax) == (7000, 1400)

    async def test_r17_recurring_totals_are_given_for_each_period_length(self, provider: Provider) -> None:
        lines = [LineRequest("sub_month", 10), LineRequest("sub_year", 1)]
        preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, PARIS)
        assert preview.recurring == (
            RecurringTotal(PeriodLength.MONTH, 35 * 1400, 35 * 280),
            RecurringTotal(PeriodLength.YEAR, 4 * 60000, 4 * 12000),
        )

    async def test_a_preview_changes_nothing(self, provider: Provider) -> None:
        await provider.gateway.preview_lines("acme", [LineRequest("sub_month", 10)], HALF_OF_NOVEMBER, PARIS)
        assert await provider.seats() == 25

    async def test_r17_the_previewed_amount_is_charged_however_late(self, provider: Provider) -> None:
        lines = [LineRequest("sub_month", 7)]
        preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, PARIS)
        provider.clock.advance(86400 * 3 + 1)
        settled = await provider.gateway.place_charge(provider.charge(seats=7))
        assert remove_reference(settled) == Settled("", preview.subtotal, preview.tax)

    async def test_a_good_card_is_charged_and_the_seats_are_added(self, provider: Provider) -> None:
        settled = await provider.gateway.place_charge(provider.charge())
        assert remove_reference(settled) == TEN_SEATS
        assert isinstance(settled, Settled)
        assert settled.receipt
        assert await provider.seats() == 35

    async def test_r19_the_same_key_again_gives_the_same_answer(self, provider: Provider) -> None:
        first = await provider.gateway.place_charge(provider.charge())
        assert await provider.gateway.place_charge(provider.charge()) == first
        assert await provider.gateway.reconcile_charge(provider.charge()) == first
        assert await provider.seats() == 35

    @pytest.mark.parametrize("known", [True, False])
    async def test_r19_placing_one_key_twenty_times_concurrently_makes_one_charge(
        self, provider: Provider, known: bool
    ) -> None:
        if known:
            await provider.seats()
        answers = await asyncio.gather(*(provider.gateway.place_charge(provider.charge()) for _ in range(20)))
        assert len(set(answers)) == 1
        assert remove_reference(answers[0]) == TEN_SEATS
        assert await provider.seats() == 35

    @pytest.mark.parametrize("known", [True, False])
    async def test_r19_one_of_two_simultaneous_keys_for_the_same_seats_settles(
        self, provider: Provider, known: bool
    ) -> None:
        if known:
            await provider.seats()
        charges = [provider.charge("line-1-1"), provider.charge("line-2-1")]
        answers = await asyncio.gather(*(provider.gateway.place_charge(c) for c in charges))
        assert sorted(type(a).__name__ for a in answers) == ["SeatsChanged", "Settled"]
        assert await provider.seats() == 35

    async def test_nothing_is_charged_or_stored_if_the_seats_have_changed(self, provider: Provider) -> None:
        await provider.set_seats("sub_month", 26)
        assert await provider.gateway.place_charge(provider.charge()) == SeatsChanged()
        assert await provider.gateway.reconcile_charge(provider.charge()) == NeverReceived()
        assert await provider.seats() == 26

    async def test_seats_changed_by_others_are_kept_when_the_charge_expects_them(
        self, provider: Provider
    ) -> None:
        await provider.set_seats("sub_month", 26)
        again = await provider.gateway.place_charge(provider.charge("line-1-2", expected_seats=26))
        assert remove_reference(again) == TEN_SEATS
        assert await provider.seats() == 36

    async def test_a_declined_card_adds_no_seats(self, provider: Provider) -> None:
        charge = provider.charge(payment_method_id=provider.cards.declined)
        assert await provider.gateway.place_charge(charge) == Declined("card_declined")
        assert await provider.gateway.reconcile_charge(charge) == Declined("card_declined")
        assert await provider.seats() == 25

    async def test_a_declined_line_settles_with_another_key_and_card(self, provider: Provider) -> None:
        await provider.gateway.place_charge(provider.charge(payment_method_id=provider.cards.declined))
        assert remove_reference(await provider.gateway.place_charge(provider.charge("line-1-2"))) == TEN_SEATS
        assert await provider.seats() == 35

    async def test_a_slow_card_is_pending_and_settles_later(self, provider: Provider) -> None:
        charge = provider.charge(payment_method_id=provider.cards.slow)
        for _ in range(2):
            pending = await provider.gateway.place_charge(charge)
            assert isinstance(pending, Pending)
            assert pending.until > provider.clock(), "asked again later, not at once"
        provider.clock.advance(provider.cards.slow_seconds - 1)
        assert isinstance(await provider.gateway.reconcile_charge(charge), Pending)
        assert await provider.seats() == 25
        provider.clock.advance(1)
        assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS
        assert await provider.seats() == 35

    async def test_the_customer_is_asked_to_confirm_and_then_it_settles(self, provider: Provider) -> None:
        charge = provider.charge(payment_method_id=provider.cards.customer)
        asked = await provider.gateway.place_charge(charge)
        assert isinstance(asked, NeedsCustomer)
        assert asked.link.startswith("https://")
        assert provider.clock() < asked.until <= provider.clock() + timedelta(hours=23)
        assert await provider.gateway.reconcile_charge(charge) == asked
        provider.clock.advance(20)
        assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS
        assert await provider.seats() == 35

    async def test_a_payment_that_is_never_confirmed_is_finally_declined(self, provider: Provider) -> None:
        charge = provider.charge(payment_method_id=provider.cards.absent_customer)
        asked = await provider.gateway.place_charge(charge)
        assert isinstance(asked, NeedsCustomer)
        provider.clock.at = asked.until - timedelta(seconds=1)
        assert await provider.gateway.reconcile_charge(charge) == asked
        provider.clock.at = asked.until
        assert await provider.gateway.reconcile_charge(charge) == Declined("customer_timeout")
        assert await provider.seats() == 25

    async def test_r19_a_lost_answer_is_found_by_asking_and_charged_once(self, provider: Provider) -> None:
        charge = provider.charge(payment_method_id=provider.cards.lost_answer)
        assert await provider.gateway.place_charge(charge) == Unknown()
        assert remove_reference(await provider.gateway.reconcile_charge(charge)) == TEN_SEATS
        await provider.gateway.place_charge(charge)
        assert await provider.seats() == 35

    async def test_a_key_that_was_never_sent_was_never_received(self, provider: Provider) -> None:
        assert await provider.gateway.reconcile_charge(provider.charge("line-9-1")) == NeverReceived()

    async def test_an_unknown_subscription_is_refused(self, provider: Provider) -> None:
        with pytest.raises(SubscriptionNotFound):
            await provider.gateway.place_charge(provider.charge(subscription_id="sub_nowhere"))
        with pytest.raises(SubscriptionNotFound):
            await provider.gateway.preview_lines(
                "acme", [LineRequest("sub_nowhere", 1)], HALF_OF_NOVEMBER, PARIS
            )

    async def test_the_portal_link_is_a_url(self, provider: Provider) -> None:
        assert (await provider.gateway.create_portal_link("acme")).startswith("https://")
