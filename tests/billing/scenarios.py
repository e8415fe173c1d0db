"""What happens to charges, as scenarios that must end the same way with every provider.

The world is that of the contract. A story is priced by the provider itself, as a quote is, then charged: to
the cent what was priced, once, whatever the card does and however often anybody asks.
"""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.billing.gateway import (
    Charge,
    ChargeOutcome,
    Declined,
    LineRequest,
    NeedsCustomer,
    NeverReceived,
    Pending,
    PriceChanged,
    SeatsChanged,
    Settled,
    Unknown,
)
from models.account import Address
from models.money import compute_tax
from models.subscription.proration import BillingPeriod
from tests.billing.contract import HALF_OF_NOVEMBER, MONTH, PARIS, YEAR, Provider, remove_reference

BERLIN = PARIS.model_copy(update={"city": "Berlin", "country": "DE"})
NOVEMBER = BillingPeriod.from_dates(MONTH.period_start, MONTH.period_end, "Europe/Paris")
YEAR_2026 = BillingPeriod.from_dates(YEAR.period_start, YEAR.period_end, "Europe/Paris")
SECOND = timedelta(seconds=1)
INSTANTS = {
    "first second": NOVEMBER.start,
    "second second": NOVEMBER.start + SECOND,
    "odd second": datetime(2026, 11, 17, 13, 37, 11, tzinfo=UTC),
    "last second": NOVEMBER.end - SECOND,
}
# The final outcome for each card: the reason of its decline, or None if it settles.
ENDS: dict[str, str | None] = {
    "good": None,
    "declined": "card_declined",
    "slow": None,
    "customer": None,
    "absent_customer": "customer_timeout",
    "lost_answer": None,
}
CARDS = list(ENDS)
# Each card comes first twice and second twice in `make test`.
CARD_PAIRS = [
    pytest.param(first, second, marks=[pytest.mark.long] if (after - before) % 6 not in (0, 1) else [])
    for before, first in enumerate(CARDS)
    for after, second in enumerate(CARDS)
]
SEATS = [1, 2, 3, 7, 10, 13, 99]


async def price_charge(
    provider: Provider,
    key: str = "line-1-1",
    subscription_id: str = "sub_month",
    seats: int = 10,
    at: datetime = HALF_OF_NOVEMBER,
    address: Address = PARIS,
    card: str = "good",
) -> Charge:
    """A charge of what the provider itself prices, as a quote promises it."""
    request = LineRequest(subscription_id, seats)
    [line] = (await provider.gateway.preview_lines("acme", [request], at, address)).lines
    return provider.charge(
        key,
        subscription_id=subscription_id,
        seats=seats,
        unit_price=line.unit_price,
        amount=line.amount,
        tax=line.tax,
        at=at,
        address=address,
        expected_seats=line.seats_before,
        payment_method_id=getattr(provider.cards, card),
    )


async def resolve_charge(provider: Provider, charge: Charge) -> ChargeOutcome:
    """As the bot does it: placed, then asked about until it is decided."""
    outcome: ChargeOutcome | NeverReceived = await provider.gateway.place_charge(charge)
    for _ in range(10):
        if isinstance(outcome, Settled | Declined | SeatsChanged | PriceChanged):
            return outcome
        if isinstance(outcome, NeedsCustomer):
            provider.clock.at = min(provider.clock.at + timedelta(hours=12), outcome.until)
        elif isinstance(outcome, Pending | Unknown):
            provider.clock.advance(provider.cards.slow_seconds)
        outcome = await provider.gateway.reconcile_charge(charge)
    raise AssertionError(f"never decided: {outcome}")


def build_expected_outcome(charge: Charge, card: str) -> ChargeOutcome:
    reason = ENDS[card]
    return Declined(reason) if reason else Settled("", charge.amount, charge.tax)


class Scenarios:
    @pytest.mark.parametrize(("first", "second"), CARD_PAIRS)
    async def test_r19_a_line_settles_once_over_two_attempts(
        self, provider: Provider, first: str, second: str
    ) -> None:
        charge = await price_charge(provider, card=first)
        outcome = await resolve_charge(provider, charge)
        assert remove_reference(outcome) == build_expected_outcome(charge, first)
        settled = isinstance(outcome, Settled)
        assert await provider.seats() == (35 if settled else 25)
        if not settled:
            # A person tries again, with another card, at the same price.
            again = replace(
                charge,
                key="line-1-2",
                payment_method_id=getattr(provider.cards, second),
                stored_at=provider.clock(),
            )
            outcome = await resolve_charge(provider, again)
            assert remove_reference(outcome) == build_expected_outcome(charge, second)
            assert await provider.seats() == (35 if isinstance(outcome, Settled) else 25)

    @pytest.mark.parametrize("instant", INSTANTS)
    @pytest.mark.parametrize("seats", SEATS)
    async def test_r17_the_priced_amount_is_charged(
        self, provider: Provider, seats: int, instant: str
    ) -> None:
        at = provider.clock.at = INSTANTS[instant]
        charge = await price_charge(provider, seats=seats, at=at)
        arithmetic = NOVEMBER.prorate_price(seats, 1400, at)
        assert abs(charge.amount - arithmetic) <= 1, "a provider may round twice, and no more"
        assert abs(charge.tax - compute_tax(charge.amount, "0.20")) <= 1
        settled = await resolve_charge(provider, charge)
        assert remove_reference(settled) == Settled("", charge.amount, charge.tax)
        assert await provider.seats() == 25 + seats

    @pytest.mark.parametrize("seats", SEATS)
    async def test_r17_a_yearly_price_is_prorated_over_its_year(self, provider: Provider, seats: int) -> None:
        charge = await price_charge(provider, subscription_id="sub_year", seats=seats)
        assert abs(charge.amount - YEAR_2026.prorate_price(seats, 60000, HALF_OF_NOVEMBER)) <= 1
        assert remove_reference(await resolve_charge(provider, charge)) == build_expected_outcome(
            charge, "good"
        )
        assert await provider.seats("sub_year") == 3 + seats

    @pytest.mark.parametrize("seats", SEATS)
    async def test_r17_another_country_pays_no_tax(self, provider: Provider, seats: int) -> None:
        charge = await price_charge(provider, seats=seats, address=BERLIN)
        assert charge.tax == 0
        assert remove_reference(await resolve_charge(provider, charge)) == build_expected_outcome(
            charge, "good"
        )

    @pytest.mark.parametrize("card", CARDS)
    async def test_r19_asking_again_and_again_changes_nothing(self, provider: Provider, card: str) -> None:
        charge = await price_charge(provider, card=card)
        outcome = await resolve_charge(provider, charge)
        seats = await provider.seats()
        for _ in range(3):
            assert await provider.gateway.reconcile_charge(charge) == outcome
            answer = await provider.gateway.place_charge(charge)
            assert answer == outcome or answer == Unknown(), "the lost answer is lost again"
        assert await provider.seats() == seats

    @pytest.mark.parametrize("card", CARDS)
    async def test_r19_placing_a_pending_charge_again_returns_the_same_charge(
        self, provider: Provider, card: str
    ) -> None:
        charge = await price_charge(provider, card=card)
        await asyncio.gather(*(provider.gateway.place_charge(charge) for _ in range(5)))
        outcome = await resolve_charge(provider, charge)
        assert remove_reference(outcome) == build_expected_outcome(charge, card)
        assert await provider.seats() == (35 if ENDS[card] is None else 25)

    @pytest.mark.parametrize("held", [0, 1, 24, 26, 100])
    async def test_a_charge_after_seats_were_changed_by_others_has_a_new_key(
        self, provider: Provider, held: int
    ) -> None:
        charge = await price_charge(provider)
        await provider.set_seats("sub_month", held)
        assert await provider.gateway.place_charge(charge) == SeatsChanged()
        assert await provider.gateway.reconcile_charge(charge) == NeverReceived()
        again = await price_charge(provider, "line-1-2")
        assert again.expected_seats == held
        assert remove_reference(await provider.gateway.place_charge(again)) == build_expected_outcome(
            again, "good"
        )
        assert await provider.seats() == held + 10

    @pytest.mark.parametrize("held", [20, 40])
    async def test_seats_changed_after_settling_do_not_undo_the_charge(
        self, provider: Provider, held: int
    ) -> None:
        charge = await price_charge(provider)
        settled = await provider.gateway.place_charge(charge)
        await provider.set_seats("sub_month", held)
        assert await provider.gateway.reconcile_charge(charge) == settled
        assert await provider.gateway.place_charge(charge) == settled
        assert await provider.seats() == held

    @pytest.mark.parametrize("number", [2, 3, 5])
    async def test_one_order_after_another_adds_up(self, provider: Provider, number: int) -> None:
        for n in range(number):
            charge = await price_charge(provider, f"line-{n}-1", seats=n + 1)
            assert remove_reference(await provider.gateway.place_charge(charge)) == build_expected_outcome(
                charge, "good"
            )
        assert await provider.seats() == 25 + sum(range(1, number + 1))

    @pytest.mark.parametrize("card", CARDS)
    async def test_concurrent_subscriptions_do_not_affect_each_other(
        self, provider: Provider, card: str
    ) -> None:
        month = await price_charge(provider, "line-1-1", card=card)
        year = await price_charge(provider, "line-2-1", "sub_year", seats=2)
        _, settled = await asyncio.gather(
            provider.gateway.place_charge(month), provider.gateway.place_charge(year)
        )
        assert remove_reference(settled) == build_expected_outcome(year, "good")
        assert remove_reference(await resolve_charge(provider, month)) == build_expected_outcome(month, card)
        assert await provider.seats("sub_year") == 5

    @pytest.mark.parametrize("subscription_id", ["sub_month", "sub_year"])
    async def test_a_preview_includes_recurring_totals(
        self, provider: Provider, subscription_id: str
    ) -> None:
        held = MONTH if subscription_id == "sub_month" else YEAR
        for address, rate in ((PARIS, "0.20"), (BERLIN, "0")):
            request = LineRequest(subscription_id, 7)
            preview = await provider.gateway.preview_lines("acme", [request], HALF_OF_NOVEMBER, address)
            [recurring] = preview.recurring
            assert recurring.period == held.period
            assert recurring.net == (held.seats + 7) * (held.unit_price or 0)
            assert recurring.tax == compute_tax(recurring.net, rate)

    @pytest.mark.parametrize("hours", [1, 26, 24 * 14])
    async def test_r17_the_price_holds_while_the_period_lasts(self, provider: Provider, hours: int) -> None:
        charge = await price_charge(provider)
        provider.clock.advance(hours * 3600)
        late = replace(charge, stored_at=provider.clock())
        assert remove_reference(await provider.gateway.place_charge(late)) == build_expected_outcome(
            charge, "good"
        )
