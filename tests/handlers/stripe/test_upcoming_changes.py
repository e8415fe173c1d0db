"""Scheduled changes to a subscription, from the slash command to the receipt or the refusal (R27)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.subscription import Subscription
from models.subscription.proration import get_midnight
from tests.fake_stripe.records import Subscription as StripeSubscription
from tests.fake_stripe.subscription_settings import (
    Coupon,
    PauseCollection,
    Schedule,
    SchedulePhase,
    SubscriptionSettings,
)
from tests.handlers.steps import find_messages, open_modal, wait_for_modal_text
from tests.handlers.stripe.stripe_orders import ALICE, get_order_line, place_unprocessed_order, read_pdf
from tests.long_tables import mark_long_except
from tests.stripe_world import StripeWorld, stripe_world

PERIOD_START, PERIOD_END = date(2026, 11, 1), date(2026, 12, 1)
UNPAID = "has an unpaid invoice"


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def get_subscription(world: StripeWorld) -> StripeSubscription:
    return world.records.get_subscription_and_item("acme_meeting")[0]


def to_timestamp(day: date) -> int:
    return int(get_midnight(day, "Europe/Paris").timestamp())


def build_schedule(
    *quantities: int, end_behavior: str = "release", later_price: str = "price_acme_meeting"
) -> Schedule:
    """A month for each quantity, from the current period on."""
    days = [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    prices = ["price_acme_meeting", later_price, later_price]
    phases = [
        SchedulePhase(to_timestamp(start), to_timestamp(end), {price: quantity})
        for start, end, price, quantity in zip(days, days[1:], prices, quantities, strict=False)
    ]
    return Schedule("sub_sched_1", phases, end_behavior)  # type: ignore[arg-type]


async def read_cart(world: StripeWorld) -> str:
    return (await open_modal(world.get_person("alice"), "/add-seats", "", "cart.save")).text


async def read_billing(world: StripeWorld) -> str:
    return (await open_modal(world.get_person("alice"), "/billing", "", "account.overview")).text


async def read_home(world: StripeWorld) -> str:
    alice = world.get_person("alice")
    await alice.open_home()
    await world.pass_time(seconds=5)
    assert alice.home is not None
    return alice.home.text


SOLD = {
    "ends with its period": (
        SubscriptionSettings(cancel_at_period_end=True),
        "Ends on 1 Dec 2026 and won’t renew after that",
        None,
    ),
    "ends within its period": (
        SubscriptionSettings(cancel_at=to_timestamp(date(2026, 11, 20))),
        "Ends on 20 Nov 2026 and won’t renew after that",
        None,
    ),
    "ends later": (
        SubscriptionSettings(cancel_at=to_timestamp(date(2027, 2, 1))),
        "Ends on 1 Feb 2027 and won’t renew after that",
        (35000, 7000),
    ),
    "is in the last phase of its schedule": (
        SubscriptionSettings(schedule=build_schedule(25)),
        "",
        (35000, 7000),
    ),
    "ends with its schedule": (
        SubscriptionSettings(schedule=build_schedule(25, end_behavior="cancel")),
        "Ends on 1 Dec 2026 and won’t renew after that",
        None,
    ),
    "is discounted": (
        SubscriptionSettings(coupons=[Coupon("LOYAL", "Loyalty", 20, to_timestamp(date(2027, 6, 1)))]),
        "Discount “Loyalty”: 20% off until 1 Jun 2027",
        (28000, 5600),
    ),
    "itemizes its discounts": (
        SubscriptionSettings(coupons=[Coupon("LOYAL", "Loyalty", 20)], itemizes_proration_discounts=True),
        "Discount “Loyalty”: 20% off",
        (28000, 5600),
    ),
    "is billed in the classic mode": (SubscriptionSettings(billing_mode="classic"), "", (35000, 7000)),
}


@pytest.mark.parametrize("set_up", mark_long_except(SOLD, "ends with its period", "is discounted"))
async def test_r27_upcoming_changes_are_shown_in_every_view_and_seats_are_sold(
    world: StripeWorld, set_up: str
) -> None:
    settings, words, renewal = SOLD[set_up]
    get_subscription(world).settings = settings
    alice = world.get_person("alice")
    assert words in await read_cart(world)
    stored = (await world.load_row(Subscription, id="acme_meeting")).outlook.renewal
    assert (stored and (stored.net, stored.tax)) == renewal
    billing = await read_billing(world)
    review = await world.save_cart(alice, acme_meeting=5)
    assert words in review.text
    assert words in billing
    total = f"€{renewal[0] / 100:.2f}" if renewal else ""
    assert ("Renews on 1 Dec 2026 at" in billing.split("GoTo Webinar")[0]) is (renewal is not None)
    if renewal:
        assert f"Renews on 1 Dec 2026 at {total} before tax" in billing
        quote = await world.load_row(Quote)
        assert quote.recurring == [
            {"period": "month", "net": renewal[0] * 30 // 25, "tax": renewal[1] * 30 // 25}
        ]
    else:
        assert "None of the subscriptions on this quote will renew" in review.text
        assert "From your next renewal" not in review.text
    await world.place_order(alice, acme_meeting=5)
    await world.settle()
    quote, receipt = (await world.load_rows(Quote))[-1], await world.load_row(Receipt)
    assert world.list_paid_totals() == [quote.total] == [receipt.total]
    assert world.records.get_item("acme_meeting").quantity == 30
    assert words in await read_home(world)
    confirmation = read_pdf(world.slack.mail.messages[-1].attachments[-1].content)
    # The document's amounts contain the discount, its price per seat does not.
    assert ("Discount" in words) is (words != "" and words in confirmation)


async def test_r27_a_period_that_is_cut_short_is_priced_and_charged_to_its_end(world: StripeWorld) -> None:
    """`cancel_at` within the period: ten seats from 10 to 20 November cost ten of thirty days."""
    get_subscription(world).settings.cancel_at = to_timestamp(date(2026, 11, 20))
    world.clock.at = datetime(2026, 11, 9, 23, tzinfo=UTC)
    alice = world.get_person("alice")
    review = await world.save_cart(alice, acme_meeting=10)
    assert "valid through 19 Nov 2026" in review.text, "its last day"
    quote = await world.load_row(Quote)
    assert (quote.subtotal, quote.recurring) == (10 * 1400 // 3, [])
    assert quote.expires_at <= get_midnight(date(2026, 11, 20), "Europe/Paris")
    await alice.close_modal(everything=True)
    assert "Current period runs through 19 Nov 2026" in await read_billing(world)
    await world.place_order(alice, acme_meeting=10)
    await world.settle()
    receipt = await world.load_row(Receipt)
    assert world.list_paid_totals() == [receipt.total]
    assert receipt.receipt_lines[0].until == date(2026, 11, 20)


async def test_r27_seats_are_sold_until_an_end_on_the_day_of_the_renewal(world: StripeWorld) -> None:
    """The period is a month: it has not just started with less than a day."""
    subscription, item = world.records.get_subscription_and_item("acme_meeting")
    item.current_period_start = world.records.now - 3600
    item.current_period_end = item.current_period_start + 30 * 86400
    subscription.settings.cancel_at = world.records.now + 6 * 3600
    alice = world.get_person("alice")
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "has just started" not in cart.text
    await alice.close_modal(everything=True)
    await world.place_order(alice, acme_meeting=20)
    await world.settle()
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert quote.subtotal == pytest.approx(20 * 1400 * 6 / 720, abs=1)
    assert quote.expires_at.timestamp() == subscription.settings.cancel_at
    assert world.list_paid_totals() == [quote.total] == [receipt.total]
    line = receipt.receipt_lines[0]
    assert (line.since, line.until) == (date(2026, 11, 10), date(2026, 11, 11))


async def test_r27_a_next_period_that_will_be_cut_short_is_shown_at_what_it_costs(world: StripeWorld) -> None:
    """`cancel_at` within the next period, which Stripe then prorates: 15 of the 31 days of December."""
    get_subscription(world).settings.cancel_at = to_timestamp(date(2026, 12, 16))
    billing = await read_billing(world)
    assert "Renews on 1 Dec 2026 at €169.35 before tax" in billing
    assert "Ends on 16 Dec 2026 and won’t renew after that" in billing
    alice = world.get_person("alice")
    await alice.close_modal(everything=True)
    review = await world.save_cart(alice, acme_meeting=5)
    assert "€203.23 + €40.65 tax" in review.text
    assert "Only the part before the end is billed." in review.text
    await alice.close_modal(everything=True)
    await world.place_order(alice, acme_meeting=5)
    await world.settle()
    quote = (await world.load_rows(Quote))[-1]
    assert world.list_paid_totals() == [quote.total], "what is ordered is charged to the end of this period"
    until_renewal = datetime(2026, 12, 1, tzinfo=UTC) - world.clock.at
    world.clock.move(seconds=until_renewal.total_seconds())
    world.records.apply_due_changes()
    renewal = world.records.invoices[str(get_subscription(world).latest_invoice)]
    assert (renewal.billing_reason, renewal.subtotal) == ("subscription_cycle", 20323)


async def test_r27_items_of_different_intervals_end_together_and_an_empty_item_can_get_seats(
    world: StripeWorld,
) -> None:
    """The first end counts: docs.stripe.com/changelog/basil/2025-07-30/cancel-at-enums. An item may have a
    quantity of 0: docs.stripe.com/api/subscription_items/object, quantity"""
    subscription = get_subscription(world)
    subscription.items += world.records.subscriptions.pop("sub_of_acme_webinar").items
    subscription.settings.cancel_at_period_end = True
    world.records.set_quantity("acme_meeting", 0)
    assert (await read_billing(world)).count("Ends on 1 Dec 2026 and won’t renew after that") == 2
    alice = world.get_person("alice")
    await alice.close_modal(everything=True)
    await world.place_order(alice, acme_meeting=5)
    await world.settle()
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert world.list_paid_totals() == [quote.total] == [receipt.total]
    assert world.records.get_item("acme_meeting").quantity == 5


async def test_r27_a_discount_of_the_customer_counts_for_subscriptions_without_one(
    world: StripeWorld,
) -> None:
    world.records.customers["cus_acme"].coupon = Coupon("PARTNER", "Partner", 10)
    assert await read_cart(world)
    billing = await read_billing(world)
    assert "Discount “Partner”: 10% off" in billing
    assert "Renews on 1 Dec 2026 at €315.00 before tax" in billing
    await world.get_person("alice").close_modal(everything=True)
    await world.save_cart(world.get_person("alice"), acme_meeting=5)
    assert [each.name for each in (await world.load_row(QuoteLine)).discounts] == ["Partner"]


async def test_r27_an_amount_off_is_shown_in_the_currency_of_its_subscription(world: StripeWorld) -> None:
    subscription = get_subscription(world)
    subscription.currency = "usd"
    subscription.settings.coupons = [Coupon("FIXED", "Fixed", amount_off=500, currency="usd")]
    await read_cart(world)
    assert "Discount “Fixed”: US$5.00 off" in await read_billing(world)


REFUSED = {
    "payments void": (
        SubscriptionSettings(pause_collection=PauseCollection("void")),
        "Payments are paused",
        "are paused, so seats can’t be billed",
        "payments for the subscription are paused",
    ),
    "payments as drafts": (
        SubscriptionSettings(
            pause_collection=PauseCollection("keep_as_draft", to_timestamp(date(2026, 11, 20)))
        ),
        "Payments are paused until 20 Nov 2026",
        "are paused until 20 Nov 2026, so seats can’t be billed",
        "payments for the subscription are paused",
    ),
    "payments uncollectible": (
        SubscriptionSettings(pause_collection=PauseCollection("mark_uncollectible")),
        "Payments are paused",
        "are paused, so seats can’t be billed",
        "payments for the subscription are paused",
    ),
    "other seats from the next phase": (
        SubscriptionSettings(schedule=build_schedule(25, 10)),
        "A change scheduled for 1 Dec 2026 sets the subscription to 10 seats",
        "has a change scheduled for 1 Dec 2026 that sets it to 10 seats",
        "a scheduled change to the subscription would undo the order",
    ),
    "the same seats from the next phase": (
        SubscriptionSettings(schedule=build_schedule(25, 25)),
        "A change scheduled for 1 Dec 2026 sets the subscription to 25 seats",
        "has a change scheduled for 1 Dec 2026 that sets it to 25 seats",
        "a scheduled change to the subscription would undo the order",
    ),
    "another price from the next phase": (
        SubscriptionSettings(schedule=build_schedule(25, 40, later_price="price_next_year")),
        "A change scheduled for 1 Dec 2026 sets a different price for 40 seats",
        "has a change scheduled for 1 Dec 2026 that sets a different price for 40 seats",
        "a scheduled change to the subscription would undo the order",
    ),
    "nothing from the next phase": (
        SubscriptionSettings(schedule=build_schedule(25, 0)),
        "A change scheduled for 1 Dec 2026 removes the product from the subscription",
        "has a change scheduled for 1 Dec 2026 that removes the product",
        "a scheduled change to the subscription would undo the order",
    ),
    "trial": (
        SubscriptionSettings(trial_end=to_timestamp(PERIOD_END)),
        "In trial until 1 Dec 2026",
        "is in trial until 1 Dec 2026",
        "the subscription is in trial",
    ),
    "trial offer of the item": (
        SubscriptionSettings(item_trial_end=to_timestamp(PERIOD_END)),
        "In trial until 1 Dec 2026",
        "is in trial until 1 Dec 2026",
        "the subscription is in trial",
    ),
    "scheduled pause": (
        SubscriptionSettings(schedule=replace(build_schedule(25), pause_at=to_timestamp(PERIOD_END))),
        "A change to the subscription is scheduled for 1 Dec 2026",
        "has a change scheduled for 1 Dec 2026",
        "a scheduled change to the subscription would undo the order",
    ),
    "billed in advance": (
        SubscriptionSettings(billed_until=to_timestamp(date(2027, 2, 1))),
        "Already billed through 31 Jan 2027",
        "has been billed in advance, through 31 Jan 2027",
        "the subscription has been billed in advance",
    ),
    "charged in another currency": (
        SubscriptionSettings(presentment_currency="usd"),
        "Billed in USD, converted by the payment provider",
        "is billed in USD, at an exchange rate",
        "the payment provider would bill in a different currency",
    ),
    "sold by Stripe": (
        SubscriptionSettings(has_managed_payments=True),
        "Sold by the payment provider",
        "is sold to you by the payment provider",
        "the subscription is sold by the payment provider",
    ),
    "past_due": (
        SubscriptionSettings(),
        "An invoice is unpaid",
        "has an unpaid invoice",
        "has an unpaid invoice",
    ),
    "unpaid": (
        SubscriptionSettings(),
        "An invoice is unpaid",
        "has an unpaid invoice",
        "has an unpaid invoice",
    ),
    "paused": (SubscriptionSettings(), "Paused", "is paused", "the subscription is paused"),
}
STATUSES = {"trial": "trialing", "past_due": "past_due", "unpaid": "unpaid", "paused": "paused"}


def apply_set_up(world: StripeWorld, set_up: str) -> None:
    subscription = get_subscription(world)
    subscription.settings, subscription.status = REFUSED[set_up][0], STATUSES.get(set_up, "active")


@pytest.mark.parametrize(
    "set_up",
    mark_long_except(
        REFUSED,
        "payments as drafts",
        "the same seats from the next phase",
        "billed in advance",
        "sold by Stripe",
        "past_due",
    ),
)
async def test_r27_seats_that_could_not_be_kept_or_charged_are_refused_before_the_quote(
    world: StripeWorld, set_up: str
) -> None:
    apply_set_up(world, set_up)
    _, note, refusal, _ = REFUSED[set_up]
    assert f"our GoTo Meeting subscription {refusal}" in await read_cart(world)
    assert note in await read_billing(world)
    assert note in await read_home(world)
    assert await world.load_rows(Quote) == []


@pytest.mark.parametrize(
    "set_up",
    mark_long_except(
        REFUSED, "payments void", "another price from the next phase", "charged in another currency"
    ),
)
async def test_r27_a_set_up_that_begins_while_a_cart_is_open_makes_no_quote(
    world: StripeWorld, set_up: str
) -> None:
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    apply_set_up(world, set_up)
    await alice.submit()
    await wait_for_modal_text(alice, REFUSED[set_up][2])
    assert await world.load_rows(Quote) == []


@pytest.mark.parametrize("set_up", mark_long_except(REFUSED, "other seats from the next phase", "paused"))
async def test_r27_an_order_placed_before_is_declined_with_the_reason_and_nothing_is_charged(
    world: StripeWorld, set_up: str
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    apply_set_up(world, set_up)
    await world.pass_time(seconds=20)
    assert (await get_order_line(world)).status == "declined"
    assert find_messages(world.get_person("alice").dms, REFUSED[set_up][3])
    assert world.records.invoices == {}


async def test_r27_a_pause_between_the_checks_and_the_charge_charges_nothing(world: StripeWorld) -> None:
    def pause() -> None:
        get_subscription(world).settings.pause_collection = PauseCollection("void")

    world.fake.before_charge = pause
    await world.place_order(world.get_person("alice"), acme_meeting=5)
    await world.settle()
    assert (await get_order_line(world)).status == "declined"
    assert world.list_paid_totals() == []
    assert world.records.get_item("acme_meeting").quantity == 25


async def test_r27_somebody_elses_pending_update_is_waited_for_before_a_quote(world: StripeWorld) -> None:
    subscription, item = world.records.get_subscription_and_item("acme_meeting")
    world.records.cards["pm_acme"].behaviour = "customer_never"
    world.records.update_quantity(subscription, item, 26, world.records.now)
    world.records.cards["pm_acme"].behaviour = "settles"
    assert "has another change that hasn’t been paid yet" in await read_cart(world)
    assert "Another change is pending until it’s paid" in await read_billing(world)
    await world.pass_time(hours=23, minutes=1)
    assert "hasn’t been paid yet" not in await read_cart(world)
    assert subscription.pending_update is None


async def test_r27_an_orders_own_pending_update_does_not_block_the_next_order(world: StripeWorld) -> None:
    subscription, _ = world.records.get_subscription_and_item("acme_meeting")
    world.records.cards["pm_acme"].behaviour = "customer_never"
    await world.place_order(world.get_person("alice"), acme_meeting=5)
    await world.settle()
    assert subscription.pending_update is not None
    assert "hasn’t been paid yet" not in await read_cart(world)


async def test_r27_seats_of_an_ending_subscription_end_with_it(world: StripeWorld) -> None:
    get_subscription(world).settings.cancel_at_period_end = True
    await world.place_order(world.get_person("alice"), acme_meeting=5)
    until_end = datetime(2026, 12, 1, tzinfo=UTC) - world.clock.at
    await world.pass_time(seconds=(until_end + timedelta(hours=1)).total_seconds())
    world.records.apply_due_changes()
    assert get_subscription(world).status == "canceled"
    await read_cart(world)
    assert not (await world.load_row(Subscription, id="acme_meeting")).active
