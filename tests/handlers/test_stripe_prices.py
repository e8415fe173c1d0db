"""Stripe's intervals and currencies, from the command to the receipt (R17)."""

from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest

from models.account import Account
from models.period_length import PeriodLength
from models.proration import get_midnight
from models.quote import Quote
from models.receipt import Receipt
from models.subscription import Subscription
from tests.fake_stripe.records import SubscriptionItem
from tests.handlers.steps import opened
from tests.handlers.stripe_orders import ALICE, looked_at, ordered
from tests.stripe_world import StripeWorld, stripe_world


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def get_item(world: StripeWorld) -> SubscriptionItem:
    return world.records.get_item("acme_meeting")


@pytest.mark.parametrize(
    ("interval", "count", "days", "length", "text"),
    [
        ("month", 3, 92, "3-month", "every 3 months"),
        ("month", 6, 181, "6-month", "every 6 months"),
        ("month", 12, 365, "year", "per year"),
        ("week", 1, 7, "week", "per week"),
        ("week", 2, 14, "2-week", "every 2 weeks"),
        ("year", 2, 730, "2-year", "every 2 years"),
        ("day", 30, 30, "30-day", "every 30 days"),
    ],
)
async def test_r17_seats_are_sold_whatever_the_interval(
    world: StripeWorld, interval: str, count: int, days: int, length: str, text: str
) -> None:
    item = get_item(world)
    item.price.interval, item.price.interval_count = interval, count
    midnight = get_midnight(date(2026, 11, 9), "Europe/Paris")
    item.current_period_start = int(midnight.timestamp())
    item.current_period_end = int((midnight + timedelta(days=days)).timestamp())
    await looked_at(world, ALICE, "acme")
    assert (await world.row(Subscription, id="acme_meeting")).period == PeriodLength(length)
    await world.order(world.person("alice"), acme_meeting=5)
    await world.settle()
    quote = await world.row(Quote)
    assert world.list_paid_totals() == [quote.total]
    billing = await opened(world.person("alice"), "/billing", "", "account.overview")
    assert f"€14.00 per seat {text}" in billing.text


async def test_r17_amounts_of_iceland_are_hundredths_at_stripe_and_whole_here(world: StripeWorld) -> None:
    item = get_item(world)
    item.price.currency, item.price.unit_amount = "isk", 500_000
    async with world.services.write() as session:
        account = await session.get_one(Account, "acme")
        account.currency = "ISK"
        session.add(account)
    await looked_at(world, ALICE, "acme")
    assert (await world.row(Subscription, id="acme_meeting")).unit_price == 5000
    await ordered(world, ALICE, "acme_meeting", 2)
    quote, receipt = await world.row(Quote), await world.row(Receipt)
    assert world.list_paid_totals() == [quote.total * 100]
    assert (receipt.total, receipt.currency) == (quote.total, "ISK")
