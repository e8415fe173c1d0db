"""The embedded gateway: the claims that every adapter keeps, and what is its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from bot.billing.gateway import (
    Declined,
    LineRequest,
    NeedsCustomer,
    Pending,
    RecurringTotal,
    SeatBlockState,
    Settled,
    SubscriptionState,
)
from bot.db import Database, Session, transaction_open
from models.account import Account, AccountNotFound
from models.subscription import SeatBlock, Subscription, SubscriptionNotFound
from models.subscription.period_length import PeriodLength
from tests.billing.conftest import (
    PORTAL,
    EmbeddedCustomer,
    make_embedded_provider,
    make_subscription,
    store_acme,
)
from tests.billing.contract import (
    HALF_OF_NOVEMBER,
    PARIS,
    GatewayContract,
    Provider,
    remove_reference,
)
from tests.billing.on_invoice import Customer, OnInvoice
from tests.billing.scenarios import Scenarios

MONTH, YEAR = PeriodLength.MONTH, PeriodLength.YEAR
BERLIN = PARIS.model_copy(update={"city": "Berlin", "country": "DE"})
PARIS_TIME = ZoneInfo("Europe/Paris")


class TestEmbeddedOnSqlite(GatewayContract, Scenarios, OnInvoice):
    @pytest.fixture
    async def provider(self, database: Database) -> Provider:
        await store_acme(database)
        return make_embedded_provider(database)

    @pytest.fixture
    def customer(self, database: Database, provider: Provider) -> Customer:
        return EmbeddedCustomer(database, provider.clock)


class TestEmbeddedOnPostgres(GatewayContract, OnInvoice):
    @pytest.fixture
    async def provider(self, postgres_database: Database) -> Provider:
        await store_acme(postgres_database)
        return make_embedded_provider(postgres_database)

    @pytest.fixture
    def customer(self, postgres_database: Database, provider: Provider) -> Customer:
        return EmbeddedCustomer(postgres_database, provider.clock)

    async def test_lost_responses_and_changed_seats_together_still_add_up(self, provider: Provider) -> None:
        slow = [provider.charge(f"slow-{n}", payment_method_id="pm_slow_5") for n in range(5)]
        await asyncio.gather(*(provider.gateway.place_charge(c) for c in slow))
        provider.clock.advance(5)
        await asyncio.gather(*(provider.gateway.reconcile_charge(c) for c in slow * 4))
        assert await provider.seats() == 75


@pytest.fixture
async def provider(database: Database) -> Provider:
    await store_acme(database)
    return make_embedded_provider(database)


async def store(database: Database, *rows: Any) -> None:
    async with database.write() as session:
        session.add_all(rows)


async def state(provider: Provider, subscription_id: str) -> SubscriptionState:
    states = await provider.gateway.list_subscriptions("acme")
    return next(s for s in states if s.id == subscription_id)


# --- the ledger's own books


async def test_the_ledger_copies_a_subscription_at_its_first_use_and_never_again(
    provider: Provider, database: Database
) -> None:
    await provider.gateway.list_subscriptions("acme")
    async with database.write() as session:
        (await session.exec(select(Subscription).where(Subscription.id == "sub_month"))).one().seats = 99
    assert await provider.seats() == 25


async def test_the_ledger_copies_a_subscription_imported_later(
    provider: Provider, database: Database
) -> None:
    await provider.gateway.list_subscriptions("acme")
    await store(database, make_subscription("sub_new", 4, 500))
    assert await provider.seats("sub_new") == 4


async def test_the_ledger_copies_blocks_too(provider: Provider, database: Database) -> None:
    await store(database, SeatBlock(subscription_id="sub_month", unit_price=1300, seats=5))
    assert (await state(provider, "sub_month")).blocks == (SeatBlockState(5, 1300),)


async def test_charging_leaves_the_bots_own_tables_alone(provider: Provider, database: Database) -> None:
    await provider.gateway.place_charge(provider.charge(unit_price=1300))
    async with database.read() as session:
        assert (await session.exec(select(Subscription.seats))).all() == [25, 3]
        assert (await session.exec(select(SeatBlock))).all() == []


async def test_concurrent_first_uses_copy_once(postgres_database: Database) -> None:
    await store_acme(postgres_database)
    provider = make_embedded_provider(postgres_database)
    await store(postgres_database, SeatBlock(subscription_id="sub_month", unit_price=1300, seats=5))
    answers = await asyncio.gather(*(provider.gateway.list_subscriptions("acme") for _ in range(10)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0][0].blocks == (SeatBlockState(5, 1300),)


async def test_an_account_sees_and_charges_its_own_subscriptions_only(
    provider: Provider, database: Database
) -> None:
    async with database.read() as session:
        acme = (await session.exec(select(Account))).one()
    other = Account(**{**acme.model_dump(), "id": "other", "name": "Other SA"})
    await store(database, other)
    assert await provider.gateway.list_subscriptions("other") == []
    with pytest.raises(SubscriptionNotFound):
        await provider.gateway.place_charge(provider.charge(account_id="other"))
    with pytest.raises(SubscriptionNotFound):
        await provider.gateway.preview_lines("other", [LineRequest("sub_month", 1)], HALF_OF_NOVEMBER, PARIS)


async def test_an_unknown_account_is_refused(provider: Provider) -> None:
    with pytest.raises(AccountNotFound):
        await provider.gateway.list_subscriptions("nobody")


async def test_the_gateway_leaves_no_transaction_open(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge())
    assert not transaction_open.get()


async def test_the_portal_link_is_the_configured_one(provider: Provider) -> None:
    assert await provider.gateway.create_portal_link("acme") == PORTAL


async def test_blocks_that_still_fit_are_kept_when_others_remove_seats(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge("a", unit_price=1300))
    await provider.gateway.place_charge(provider.charge("b", unit_price=1200, expected_seats=35))
    await provider.set_seats("sub_month", 14)
    assert (await state(provider, "sub_month")).blocks == (SeatBlockState(10, 1300), SeatBlockState(4, 1200))
    await provider.set_seats("sub_month", 10)
    assert (await state(provider, "sub_month")).blocks == (SeatBlockState(10, 1300),)


async def test_seats_of_an_unknown_subscription_cannot_be_set(provider: Provider) -> None:
    with pytest.raises(SubscriptionNotFound):
        await provider.set_seats("sub_nowhere", 1)


# --- periods


@pytest.mark.parametrize(
    ("length", "first", "today", "expected"),
    [
        (MONTH, "2027-01-31 2027-02-28", "2027-03-30", "2027-02-28 2027-03-31"),
        (YEAR, "2028-02-29 2029-02-28", "2032-02-29", "2032-02-29 2033-02-28"),
        (MONTH, "2026-11-15 2026-12-01", "2026-12-20", "2026-12-01 2027-01-01"),
    ],
)
async def test_periods_roll_forward_and_keep_their_day(
    provider: Provider, database: Database, length: PeriodLength, first: str, today: str, expected: str
) -> None:
    start, end = map(date.fromisoformat, first.split())
    await store(
        database, make_subscription("sub_x", 1, 100, period=length, period_start=start, period_end=end)
    )
    provider.clock.at = datetime.combine(date.fromisoformat(today), datetime.min.time(), PARIS_TIME)
    found = await state(provider, "sub_x")
    assert f"{found.period_start} {found.period_end}" == expected


@pytest.mark.parametrize(
    ("at", "month"),
    [(datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), 11), (datetime(2026, 11, 30, 23, 0, tzinfo=UTC), 12)],
)
async def test_r17_a_period_turns_at_midnight_in_the_accounts_zone(
    provider: Provider, at: datetime, month: int
) -> None:
    provider.clock.at = at
    assert (await state(provider, "sub_month")).period_start == date(2026, month, 1)


# --- prices


@pytest.mark.parametrize(
    ("start", "end", "at", "hours"),
    [
        ("2026-03-01", "2026-04-01", "2026-03-01T00:00", 743),
        ("2026-03-01", "2026-04-01", "2026-03-29T03:00", 21 + 48),
        ("2026-10-01", "2026-11-01", "2026-10-01T00:00", 745),
        ("2026-10-01", "2026-11-01", "2026-10-25T12:00", 12 + 6 * 24),
    ],
)
async def test_r17_every_hour_costs_the_same_in_a_month_with_a_clock_change(
    provider: Provider, database: Database, start: str, end: str, at: str, hours: int
) -> None:
    first, after = date.fromisoformat(start), date.fromisoformat(end)
    hours_of_month = 743 if first.month == 3 else 745
    await store(
        database, make_subscription("sub_x", 1, hours_of_month * 100, period_start=first, period_end=after)
    )
    instant = datetime.fromisoformat(at).replace(tzinfo=PARIS_TIME).astimezone(UTC)
    preview = await provider.gateway.preview_lines("acme", [LineRequest("sub_x", 2)], instant, PARIS)
    assert preview.subtotal == 200 * hours


async def test_a_charge_frozen_before_the_end_of_its_period_costs_what_was_promised(
    provider: Provider,
) -> None:
    provider.clock.at = datetime(2026, 12, 2, tzinfo=UTC)
    assert remove_reference(await provider.gateway.place_charge(provider.charge())) == Settled("", 7000, 1400)


async def test_a_line_can_be_priced_at_another_price(provider: Provider) -> None:
    lines = [LineRequest("sub_month", 10, 1300)]
    preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, PARIS)
    assert [(line.unit_price, line.amount) for line in preview.lines] == [(1300, 6500)]
    assert preview.recurring == (RecurringTotal(MONTH, 25 * 1400 + 10 * 1300, 9600),)


async def test_a_line_that_costs_nothing_is_not_priced_at_the_usual_price(provider: Provider) -> None:
    lines = [LineRequest("sub_month", 10, 0)]
    preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, PARIS)
    assert preview.subtotal == 0


async def test_lines_of_one_subscription_at_two_prices_recur_together(provider: Provider) -> None:
    lines = [LineRequest("sub_month", 2), LineRequest("sub_month", 3, 1000)]
    preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, PARIS)
    assert [line.amount for line in preview.lines] == [1400, 1500]
    assert [r.net for r in preview.recurring] == [27 * 1400 + 3 * 1000]


async def test_an_address_in_another_country_pays_no_tax(provider: Provider) -> None:
    lines = [LineRequest("sub_month", 10)]
    preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, BERLIN)
    assert (preview.subtotal, preview.tax) == (7000, 0)
    assert preview.recurring == (RecurringTotal(MONTH, 35 * 1400, 0),)
    settled = await provider.gateway.place_charge(provider.charge(address=BERLIN))
    assert remove_reference(settled) == Settled("", 7000, 0)


async def test_tax_follows_the_imported_country_after_the_account_moves(
    provider: Provider, database: Database
) -> None:
    async with database.write() as session:
        (await session.exec(select(Account))).one().set_billing_address(BERLIN, HALF_OF_NOVEMBER)
    preview = await provider.gateway.preview_lines(
        "acme", [LineRequest("sub_month", 1)], HALF_OF_NOVEMBER, PARIS
    )
    assert preview.tax == 140


async def test_r17_tax_is_rounded_for_each_subscription_and_then_summed(
    provider: Provider, database: Database
) -> None:
    await store(database, make_subscription("sub_x", 0, 13), make_subscription("sub_y", 0, 13))
    lines = [LineRequest("sub_x", 1), LineRequest("sub_y", 1)]
    start = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    preview = await provider.gateway.preview_lines("acme", lines, start, PARIS)
    assert (preview.subtotal, preview.tax) == (26, 6)
    assert preview.recurring == (RecurringTotal(MONTH, 26, 6),)


# --- blocks


async def test_r17_seats_at_another_price_are_kept_as_a_block(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge(unit_price=1300))
    held = await state(provider, "sub_month")
    assert (held.seats, held.unit_price, held.blocks) == (35, 1400, (SeatBlockState(10, 1300),))


async def test_more_seats_at_the_blocks_price_join_it(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge("a", unit_price=1300))
    await provider.gateway.place_charge(provider.charge("b", unit_price=1300, expected_seats=35))
    assert (await state(provider, "sub_month")).blocks == (SeatBlockState(20, 1300),)


async def test_seats_at_the_usual_price_do_not_form_a_block(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge())
    assert (await state(provider, "sub_month")).blocks == ()


async def test_a_block_costs_its_own_price_every_period(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge(unit_price=1300))
    lines = [LineRequest("sub_month", 1)]
    preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, PARIS)
    assert [r.net for r in preview.recurring] == [26 * 1400 + 10 * 1300]


async def test_a_block_bought_with_a_slow_card_is_there_once_it_settles(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge(unit_price=1300, payment_method_id="pm_slow_3"))
    assert (await state(provider, "sub_month")).blocks == ()
    provider.clock.advance(3)
    assert (await state(provider, "sub_month")).blocks == (SeatBlockState(10, 1300),)


# --- cards


async def test_the_first_caller_settles_due_charges(provider: Provider) -> None:
    await provider.gateway.place_charge(provider.charge("a", payment_method_id="pm_slow_3"))
    provider.clock.advance(3)
    lines = [LineRequest("sub_month", 1)]
    preview = await provider.gateway.preview_lines("acme", lines, HALF_OF_NOVEMBER, PARIS)
    assert preview.lines[0].seats_before == 35
    settled = await provider.gateway.place_charge(provider.charge("b", expected_seats=35))
    assert isinstance(settled, Settled)


async def test_a_pending_charge_adds_to_the_seats_held_when_it_settles(provider: Provider) -> None:
    slow = provider.charge("a", payment_method_id="pm_slow_60")
    await provider.gateway.place_charge(slow)
    await provider.gateway.place_charge(provider.charge("b"))
    await provider.set_seats("sub_month", 40)
    provider.clock.advance(60)
    assert remove_reference(await provider.gateway.reconcile_charge(slow)) == Settled("", 7000, 1400)
    assert await provider.seats() == 50


async def test_the_prefix_of_a_methods_id_chooses_the_card(provider: Provider) -> None:
    cards = {
        "pm_declined": Declined,
        "pm_declined_slow_3": Declined,
        "pm_slow_3": Pending,
        "pm_slow_3_of_alice": Pending,
        "pm_slow_0": Pending,
        "pm_customer": NeedsCustomer,
        "pm_customer_never_1": NeedsCustomer,
        "pm_slow": Settled,
        "pm_slow_soon": Settled,
        "pm_4242": Settled,
        "visa": Settled,
    }
    for card, answer in cards.items():
        charge = provider.charge(card, payment_method_id=card, expected_seats=await provider.seats())
        assert isinstance(await provider.gateway.place_charge(charge), answer), card


async def test_the_customer_has_until_the_periods_end_at_most(provider: Provider) -> None:
    end = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    provider.clock.at = end - timedelta(hours=1)
    charge = provider.charge(payment_method_id="pm_customer_never")
    assert await provider.gateway.place_charge(charge) == NeedsCustomer(PORTAL, end)


async def test_the_customer_has_twenty_three_hours_at_most(provider: Provider) -> None:
    asked = await provider.gateway.place_charge(provider.charge(payment_method_id="pm_customer"))
    assert asked == NeedsCustomer(PORTAL, HALF_OF_NOVEMBER + timedelta(hours=23))


async def test_a_payment_that_is_confirmed_too_late_is_declined(provider: Provider) -> None:
    provider.clock.at = datetime(2026, 11, 30, 22, 59, 50, tzinfo=UTC)
    charge = provider.charge(payment_method_id="pm_customer")
    await provider.gateway.place_charge(charge)
    provider.clock.advance(60)
    assert await provider.gateway.reconcile_charge(charge) == Declined("customer_timeout")
    assert await provider.seats() == 25


async def test_a_confirmed_charge_settles_even_if_asked_after_its_time(provider: Provider) -> None:
    charge = provider.charge(payment_method_id="pm_customer")
    await provider.gateway.place_charge(charge)
    provider.clock.advance(86400 * 2)
    assert isinstance(await provider.gateway.reconcile_charge(charge), Settled)


async def test_receipts_of_two_keys_have_two_references(provider: Provider) -> None:
    first = await provider.gateway.place_charge(provider.charge("a"))
    second = await provider.gateway.place_charge(provider.charge("b", expected_seats=35))
    assert isinstance(first, Settled)
    assert isinstance(second, Settled)
    assert first.receipt.startswith("ch_")
    assert first.receipt != second.receipt


async def test_a_subscription_that_another_process_copied_meanwhile_is_not_copied_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store_acme(database)
    one, other = make_embedded_provider(database).gateway, make_embedded_provider(database).gateway
    write, overtaken = database.write, asyncio.Event()

    @asynccontextmanager
    async def write_second() -> AsyncIterator[Session]:
        monkeypatch.setattr(database, "write", write)
        await other.list_subscriptions("acme")
        overtaken.set()
        async with write() as session:
            yield session

    monkeypatch.setattr(database, "write", write_second)
    assert {state.id for state in await one.list_subscriptions("acme")} == {"sub_month", "sub_year"}
    assert overtaken.is_set()
