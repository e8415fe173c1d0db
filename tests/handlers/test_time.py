"""Days, months and years as an account's own calendar counts them, to the cent and the second (R9, R17)."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time

from bot.billing.embedded.gateway import EmbeddedGateway
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import OrderLine
from models.subscription import Subscription
from models.subscription.proration import BillingPeriod, get_end_of_day, get_local_date
from sandbox.driver import Person
from tests.handlers.steps import ForgetfulTasks, get_quote, import_file, open_modal, wait_for_modal_text
from tests.world import World
from tests.world import world as open_world

Clocked = Callable[..., AbstractAsyncContextManager[tuple[World, Person]]]
PARIS, NEW_YORK = "Europe/Paris", "America/New_York"


@pytest.fixture
def clocked() -> Clocked:
    """A world at a moment of its account's own wall clock, with one subscription, `sub`, and Alice."""

    @asynccontextmanager
    async def enter(
        moment: str, start: str, end: str, *, zone: str = PARIS, period: str = "month", card: str = "pm_1",
        price: str = "14.00",
    ) -> AsyncIterator[tuple[World, Person]]:  # fmt: skip
        subscription = {
            "id": "sub", "product": "goto-meeting", "seats": 25, "unit_price": price, "period": period,
            "period_start": date.fromisoformat(start), "period_end": date.fromisoformat(end),
        }  # fmt: skip
        async with open_world("migrated", at=moment_in(zone, moment)) as world:
            await import_file(world, an_account(subscription, zone, card), [])
            yield world, world.get_person("alice")

    return enter


def an_account(subscription: dict[str, Any], zone: str, card: str) -> dict[str, Any]:
    return {
        "id": "clocked",
        "name": "Clocked Ltd",
        "slack_team": "T01ACME",
        "currency": "EUR",
        "tax_rate": "0.20",
        "locale": "en",
        "time_zone": zone,
        "billing_address": {"line1": "1 Main Street", "postal_code": "1", "city": "Town", "country": "FR"},
        "billing_contacts": [{"email": "alice@acme.example", "name": "Alice Martin"}],
        "administrators": [{"email": "alice@acme.example", "name": "Alice Martin"}],
        "payment_methods": [
            {"id": card, "brand": "visa", "last4": "4242", "expires": "2039-12", "default": True}
        ],
        "subscriptions": [subscription],
    }


def moment_in(zone: str, text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


async def quoted(world: World, person: Person, seats: int) -> tuple[Quote, QuoteLine]:
    await world.save_cart(person, sub=seats)
    return await world.load_row(Quote), await world.load_row(QuoteLine)


# --- months, years, days of another length. (zone, moment, first period, of how long, seats, then by hand:
# the period that holds the moment, seconds left of how many, net and tax in cents.)
CALENDAR = {
    # From 31 Jan to 28 Feb, and on: 28 Feb to 31 Mar, for the 31st is what it counts from. A day is 86,400 s,
    # and 28 March 2027 has an hour less: 31 days of 2,678,400 s, less 3,600. On 1 Mar 00:00 one day is gone:
    # 5 × €14 × 2,588,400 / 2,674,800 = €67.7388…
    "month ends on the 31st": (
        PARIS, "2027-03-01T00:00", ("2027-01-31", "2027-02-28"), "month", 5,
        ("2027-02-28", "2027-03-31"), (2_588_400, 2_674_800), (6774, 1355),
    ),
    # 31 Mar to 30 Apr, and on to 31 May. 15 May 12:00: 15.5 of 31 days, exactly the half: €35.00.
    "the 31st comes back after a short month": (
        PARIS, "2027-05-15T12:00", ("2027-03-31", "2027-04-30"), "month", 5,
        ("2027-04-30", "2027-05-31"), (1_339_200, 2_678_400), (3500, 700),
    ),
    # 2028 is a leap year: 1 Feb to 1 Mar has 29 days. On the 29th at 00:00 one is left: €70 / 29 = €2.4137…
    "29 February of a month": (
        PARIS, "2028-02-29T00:00", ("2028-01-01", "2028-02-01"), "month", 5,
        ("2028-02-01", "2028-03-01"), (86_400, 29 * 86_400), (241, 48),
    ),
    # 29 Feb 2028 to 28 Feb 2029: 365 days, with both changes of the clocks in them. At 00:00 of 29 Aug, in
    # summer time, 183 days and the hour that comes back are left: 15,814,800 of 31,536,000 s of €70: €35.10.
    "a year from 29 February": (
        PARIS, "2028-08-29T00:00", ("2028-02-29", "2029-02-28"), "year", 5,
        ("2028-02-29", "2029-02-28"), (183 * 86_400 + 3600, 365 * 86_400), (3510, 702),
    ),
    # Four years on the 29th is there again: from 28 Feb 2031 to 29 Feb 2032, 366 days of which 1 is left.
    "29 February comes back in the next leap year": (
        PARIS, "2032-02-28T00:00", ("2028-02-29", "2029-02-28"), "year", 5,
        ("2031-02-28", "2032-02-29"), (86_400, 366 * 86_400), (19, 4),
    ),
    # 28 Mar 2027, 02:00 → 03:00. At 00:00 of that day 4 days less an hour are left (28, 29, 30, 31 March):
    # 342,000 s of 31 days less an hour, 2,674,800 s: €70 × … = €8.9502…
    "the short day in Paris": (
        PARIS, "2027-03-28T00:00", ("2027-03-01", "2027-04-01"), "month", 5,
        ("2027-03-01", "2027-04-01"), (342_000, 2_674_800), (895, 179),
    ),
    # An hour later than midnight + 2 h: 03:00 is two hours in, not three: 334,800 s: €8.7617…
    "after the short hour in Paris": (
        PARIS, "2027-03-28T03:00", ("2027-03-01", "2027-04-01"), "month", 5,
        ("2027-03-01", "2027-04-01"), (334_800, 2_674_800), (876, 175),
    ),
    # 25 Oct 2026, 03:00 → 02:00: 25 hours. At its midnight 7 days and an hour are left: 608,400 s of
    # 2,682,000 s: €15.8791…
    "the long day in Paris": (
        PARIS, "2026-10-25T00:00", ("2026-10-01", "2026-11-01"), "month", 5,
        ("2026-10-01", "2026-11-01"), (608_400, 2_682_000), (1588, 318),
    ),
    # 14 Mar 2027: 18 days less an hour left of 31 days less an hour: 1,551,600 / 2,674,800: €40.6056…
    "the short day in New York": (
        NEW_YORK, "2027-03-14T00:00", ("2027-03-01", "2027-04-01"), "month", 5,
        ("2027-03-01", "2027-04-01"), (1_551_600, 2_674_800), (4061, 812),
    ),
    # 1 Nov 2026 has 25 hours and is the period's first: at its midnight all of it is left.
    "the long day in New York, at the start": (
        NEW_YORK, "2026-11-01T00:00", ("2026-11-01", "2026-12-01"), "month", 5,
        ("2026-11-01", "2026-12-01"), (2_595_600, 2_595_600), (7000, 1400),
    ),
    # A day of 25 hours is gone: 29 days of 30 days and an hour: €70 × 2,505,600 / 2,595,600 = €67.5728…
    "after the long day in New York": (
        NEW_YORK, "2026-11-02T00:00", ("2026-11-01", "2026-12-01"), "month", 5,
        ("2026-11-01", "2026-12-01"), (2_505_600, 2_595_600), (6757, 1351),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CALENDAR)
async def test_r17_the_rest_of_a_period_is_counted_in_elapsed_seconds(clocked: Clocked, case: str) -> None:
    zone, moment, first, length, seats, period, (left, whole), (net, tax) = CALENDAR[case]
    first_day, end_day = map(date.fromisoformat, period)
    remaining = BillingPeriod.from_dates(first_day, end_day, zone).get_remaining_fraction(
        moment_in(zone, moment)
    )
    assert remaining == Fraction(left, whole)
    async with clocked(moment, *first, zone=zone, period=length) as (world, alice):
        quote, line = await quoted(world, alice, seats)
        assert (line.period_start.isoformat(), line.period_end.isoformat()) == period
        assert (quote.subtotal, quote.tax, quote.total) == (net, tax, net + tax)
        # R9: 30 days, to the end of the last one, but not past the period's end.
        end = moment_in(zone, f"{period[1]}T00:00")
        last_day = get_local_date(zone, world.clock.at + timedelta(days=30))
        assert quote.expires_at == min(get_end_of_day(last_day, zone), end)


async def test_a_repeated_hour_is_unambiguous(clocked: Clocked) -> None:
    """R17, R22: 02:30 of the long day, before and after the clocks go back: the hour between them costs."""
    totals = {}
    for fold, name in ((0, "CEST"), (1, "CET")):
        at = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo(PARIS), fold=fold).astimezone(UTC)
        async with clocked("2026-10-25T00:00", "2026-10-01", "2026-11-01") as (world, alice):
            world.clock.at = at
            quote, _ = await quoted(world, alice, 1000)
            await alice.submit()
            await alice.wait_for_modal("service_order.place")
            await alice.submit()
            assert f"25 Oct 2026, 02:30 ({name})" in (await alice.wait_for_modal("service_order.show")).text
            totals[name] = quote.subtotal
    # From 00:30 and from 01:30 UTC to 31 Oct 23:00 UTC: 599,400 s and 595,800 s of 2,682,000 s of €14,000:
    # €3,128.859… and €3,110.067…
    assert totals == {"CEST": 312886, "CET": 311007}


# --- the edges of a period


async def test_in_the_last_second_of_a_period_seats_cost_its_last_second(clocked: Clocked) -> None:
    """R17: 1,000 seats at €480 a year: €480,000 / 31,536,000 = 1.52 cents → 2, tax 0.4 → 0; still placed."""
    async with clocked(
        "2026-12-31T23:59:59", "2026-01-01", "2027-01-01", period="year", price="480.00"
    ) as (world, alice):  # fmt: skip
        await world.place_order(alice, sub=1000)
        quote = await world.load_row(Quote)
        assert quote.expires_at - quote.frozen_at == timedelta(seconds=1)
        await world.dependencies.tasks.wait_until_idle()
        await world.settle()
        receipt = await world.load_row(Receipt)
        assert (receipt.subtotal, receipt.tax, receipt.total) == (2, 0, 2)
        assert await world.load_seats("sub") == (1025, 1025)


async def test_a_second_later_the_whole_next_period_is_sold(clocked: Clocked) -> None:
    """R17: at its very midnight all of it is left: 10 × €14, and 20 %."""
    async with clocked("2026-12-01T00:00:00", "2026-11-01", "2026-12-01") as (world, alice):
        quote, line = await quoted(world, alice, 10)
        assert (line.period_start, line.period_end) == (date(2026, 12, 1), date(2027, 1, 1))
        assert (quote.subtotal, quote.tax) == (14000, 2800)
        assert (await world.load_row(Subscription)).period_start == date(2026, 12, 1), (
            "the bot's copy follows"
        )


async def test_a_quote_does_not_outlive_its_period_by_a_second(clocked: Clocked) -> None:
    """R9: open in checkout while the period turns, it is refused at midnight; the cart gets a new price."""
    async with clocked("2026-11-30T23:50:00", "2026-11-01", "2026-12-01") as (world, alice):
        await world.reach_placement(alice, sub=1000)
        # 600 s of 2,592,000 s of €14,000: €3.2407…
        assert (await world.load_row(Quote)).subtotal == 324
        world.clock.at = moment_in(PARIS, "2026-12-01T00:00:00")
        await alice.submit()
        refused = await alice.wait_for_modal("refusal.show")
        assert "1 Dec 2026, 00:00 (CET)" in refused.text
        await open_modal(alice, "/add-seats", "", "cart.save")
        await alice.submit()
        await wait_for_modal_text(alice, "SQ-1002")
        assert (await get_quote(world, "SQ-1002")).subtotal == 1_400_000


async def test_an_order_placed_in_time_and_processed_too_late_charges_nothing(clocked: Clocked) -> None:
    """R18: the period ended first."""
    async with clocked("2026-11-30T23:59:30", "2026-11-01", "2026-12-01") as (world, alice):
        await world.reach_placement(alice, sub=5)
        tasks = world.dependencies.tasks
        world.dependencies.tasks = ForgetfulTasks()
        await alice.submit()
        await alice.wait_for_modal("service_order.show")
        world.dependencies.tasks = tasks
        await world.pass_time(seconds=30)
        line = await world.load_row(OrderLine)
        assert (line.status, line.reason) == ("declined", "period_ended")
        assert await world.load_seats("sub") == (25, 25)


async def test_a_charge_across_the_end_of_the_period_costs_what_was_promised(clocked: Clocked) -> None:
    """R17: a card that takes a minute, sent before midnight and settled after it; the seats stay."""
    async with clocked(
        "2026-11-30T23:59:30", "2026-11-01", "2026-12-01", card="pm_slow_60", price="1400.00"
    ) as (world, alice):  # fmt: skip
        await world.place_order(alice, sub=5)
        await world.settle()
        assert (await world.load_row(OrderLine)).status == "charging"
        await world.pass_time(seconds=60)
        # 30 s of 2,592,000 s of 5 × €1,400: 8.1 cents, tax 1.6.
        receipt = await world.load_row(Receipt)
        assert (receipt.subtotal, receipt.tax) == (8, 2)
        assert await world.load_seats("sub") == (30, 30)
        [held] = await world.dependencies.billing.list_subscriptions("clocked")
        assert (held.period_start, held.period_end) == (date(2026, 12, 1), date(2027, 1, 1))


# --- the process's own clock


async def test_a_quote_expires_to_the_second_by_the_system_clock() -> None:
    """R9: with the clock that `serve` has, frozen and moved."""
    from bot.bootstrap import now

    sub = {
        "id": "sub", "product": "goto-meeting", "seats": 25, "unit_price": "14.00", "period": "month",
        "period_start": date(2027, 2, 1), "period_end": date(2027, 3, 1),
    }  # fmt: skip
    async with open_world("migrated") as world:
        with freeze_time("2027-02-28 22:59:59", real_asyncio=True) as frozen:
            world.dependencies.now = now
            world.clock.at = now()
            await import_file(world, an_account(sub, PARIS, "pm_1"), [])
            world.dependencies.billing = EmbeddedGateway(
                world.dependencies.database, now, "https://admin.example/"
            )
            alice = world.get_person("alice")
            await world.reach_placement(alice, sub=5)
            stale = alice.modal
            assert stale is not None
            frozen.tick(1)
            await alice.submit()
            refused = await alice.wait_for_modal("refusal.show")
            assert "1 Mar 2027, 00:00 (CET)" in refused.text
