"""Periods that end in the middle of a day, as Stripe's usually do (R7, R9, R17, R18)."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from models.quote import Quote
from models.receipt import Receipt
from models.service_order import OrderLine
from sandbox.driver import Person
from tests.fake_stripe.records import SubscriptionItem
from tests.handlers.quote.quotes import load_quote_statuses
from tests.handlers.steps import find_newest_message, open_modal
from tests.handlers.stripe.stripe_orders import ALICE, get_order_line, place_unprocessed_order
from tests.stripe_world import StripeWorld, stripe_world

# The tests' clock starts at 09:00 on the day on which this period ends, at 14:20 in Paris.
PERIOD = (datetime(2026, 10, 10, 13, 20, tzinfo=UTC), datetime(2026, 11, 10, 13, 20, tzinfo=UTC))


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        item = get_item(world)
        item.current_period_start, item.current_period_end = (int(at.timestamp()) for at in PERIOD)
        item.billing_cycle_anchor = item.current_period_start
        yield world


def get_item(world: StripeWorld) -> SubscriptionItem:
    return world.records.get_item("acme_meeting")


async def reach_cart(person: Person) -> None:
    """Over the warning, with consent to replace what it names."""
    await person.command("/add-seats", "meeting 5")
    await person.wait_for_modal("cart.warning")
    await person.press("cart.continue")
    await person.wait_for_modal("cart.save")


async def test_r9_on_the_day_on_which_its_period_ends_a_subscription_is_sold_until_that_moment(
    world: StripeWorld,
) -> None:
    alice = world.get_person("alice")
    review = await world.save_cart(alice, acme_meeting=5)
    assert "10 Nov 2026, 14:20 (CET)" in review.text
    quote = await world.load_row(Quote)
    assert quote.expires_at == PERIOD[1]
    left = Fraction(int((PERIOD[1] - quote.frozen_at).total_seconds()), 31 * 86400)
    assert quote.subtotal == round(30 * 1400 * left) - round(25 * 1400 * left)
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    world.clock.at = PERIOD[1] - timedelta(seconds=5)
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.dependencies.tasks.wait_until_idle()
    assert world.list_paid_totals() == [quote.total]
    await world.settle()
    receipt = await world.load_row(Receipt)
    assert receipt.total == quote.total
    assert (receipt.receipt_lines[0].since, receipt.receipt_lines[0].until) == (
        date(2026, 11, 10),
        date(2026, 11, 11),
    ), "the last day of the period is charged"
    assert (await world.load_row(OrderLine)).period_ends_at == PERIOD[1]
    await alice.close_modal(everything=True)
    world.clock.at = PERIOD[1]
    await world.save_cart(alice, acme_meeting=5)
    later = (await world.load_rows(Quote))[-1]
    assert later.subtotal > 100 * quote.subtotal, "the next period is sold whole"


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (False, "renews on 10 Nov 2026, 14:20 (CET): it’s too late to order seats for the current period."),
        (True, "ends on 10 Nov 2026, 14:20 (CET): it’s too late to order seats for it."),
    ],
)
async def test_r7_quotes_are_not_replaced_by_one_that_would_end_at_once(
    world: StripeWorld, *, ends: bool, words: str
) -> None:
    alice = world.get_person("alice")
    subscription, _ = world.records.get_subscription_and_item("acme_meeting")
    subscription.settings.cancel_at_period_end = ends
    await world.save_cart(world.get_person("benoit"), acme_webinar=1)
    await reach_cart(alice)
    world.clock.at = PERIOD[1] - timedelta(minutes=5) + timedelta(seconds=1)
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert f"Your GoTo Meeting subscription {words}" in refused.text
    assert await load_quote_statuses(world) == {"SQ-1001": "pending"}
    if ends:
        return
    world.clock.at = PERIOD[1]
    await alice.close_modal(everything=True)
    await reach_cart(alice)
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert await load_quote_statuses(world) == {"SQ-1001": "expired", "SQ-1002": "pending"}


async def test_r9_a_period_that_stripe_has_not_renewed_yet_is_not_sold(world: StripeWorld) -> None:
    alice = world.get_person("alice")
    await world.fill_cart(alice, "", acme_meeting=5)
    world.records.clock = lambda: PERIOD[1] - timedelta(seconds=1)
    world.clock.at = PERIOD[1]
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "A billing period of one of these subscriptions has just ended" in refused.text
    assert await world.load_rows(Quote) == []


@pytest.mark.parametrize("is_under_way", [False, True])
async def test_r18_nothing_of_a_period_that_has_ended_is_charged(
    world: StripeWorld, *, is_under_way: bool
) -> None:
    """Whether it ends before the attempt or between its last check and Stripe's: no quote of the old period
    is charged in the new one."""
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    seats = get_item(world).quantity
    if is_under_way:
        world.fake.before_charge = lambda: setattr(world.clock, "at", PERIOD[1])
        await world.pass_time(minutes=1)
    else:
        world.clock.at = PERIOD[1]
        await world.settle()
    line = await get_order_line(world)
    assert (line.status, line.reason) == ("declined", "period_ended")
    assert len(world.fake.list_charge_requests()) == is_under_way
    assert world.list_paid_totals() == []
    assert get_item(world).quantity == seats
    assert "period ended" in find_newest_message(world.get_person("alice").dms, "SO-1001 failed").text
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    assert "period ended before the order was processed" in order.text
