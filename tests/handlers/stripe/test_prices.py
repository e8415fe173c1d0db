"""Stripe's kinds of prices, intervals and currencies, from the command to the receipt or refusal (R17)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from bot.i18n import Localizer
from bot.presenters.seat_price import format_seat_price
from bot.use_cases.operations.account_checks import check_products
from models.account import Account
from models.quote import Quote
from models.receipt import Receipt
from models.subscription import Subscription
from models.subscription.period_length import PeriodLength
from models.subscription.proration import get_midnight
from tests.fake_stripe import Fault
from tests.fake_stripe.prices import Package, Product, Tier
from tests.fake_stripe.records import Subscription as StripeSubscription
from tests.fake_stripe.records import SubscriptionItem
from tests.handlers.steps import open_modal, wait_for_modal_text
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    get_order_line,
    place_order,
    place_unprocessed_order,
    refresh_and_open_cart,
)
from tests.long_tables import mark_long_except
from tests.stripe_world import StripeWorld, stripe_world


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def get_item(world: StripeWorld) -> SubscriptionItem:
    return world.records.get_item("acme_meeting")


THREE_MONTHS = ("month", 3, 92, "3-month", "every 3 months")
TWO_WEEKS = ("week", 2, 14, "2-week", "every 2 weeks")
INTERVALS = [
    THREE_MONTHS,
    ("month", 6, 181, "6-month", "every 6 months"),
    ("month", 12, 365, "year", "per year"),
    ("week", 1, 7, "week", "per week"),
    TWO_WEEKS,
    ("year", 2, 730, "2-year", "every 2 years"),
    ("day", 30, 30, "30-day", "every 30 days"),
]


@pytest.mark.parametrize(
    ("interval", "count", "days", "length", "text"), mark_long_except(INTERVALS, THREE_MONTHS, TWO_WEEKS)
)
async def test_r17_seats_are_sold_whatever_the_interval(
    world: StripeWorld, interval: str, count: int, days: int, length: str, text: str
) -> None:
    item = get_item(world)
    world.records.use_other_price(item.id, interval=interval, interval_count=count)
    midnight = get_midnight(date(2026, 11, 9), "Europe/Paris")
    item.current_period_start = int(midnight.timestamp())
    item.current_period_end = int((midnight + timedelta(days=days)).timestamp())
    await refresh_and_open_cart(world, ALICE, "acme")
    assert (await world.load_row(Subscription, id="acme_meeting")).period == PeriodLength(length)
    await world.place_order(world.get_person("alice"), acme_meeting=5)
    await world.settle()
    quote = await world.load_row(Quote)
    assert world.list_paid_totals() == [quote.total]
    billing = await open_modal(world.get_person("alice"), "/billing", "", "account.overview")
    assert f"€14.00 per seat {text}" in billing.text


async def test_r17_icelandic_amounts_are_hundredths_in_stripe_and_whole_here(world: StripeWorld) -> None:
    world.records.use_other_price("acme_meeting", currency="isk", unit_amount=500_000)
    async with world.dependencies.write() as session:
        account = await session.get_one(Account, "acme")
        account.currency = "ISK"
        session.add(account)
    await refresh_and_open_cart(world, ALICE, "acme")
    assert (await world.load_row(Subscription, id="acme_meeting")).unit_price == 5000
    await place_order(world, ALICE, "acme_meeting", 2)
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert world.list_paid_totals() == [quote.total * 100]
    assert (receipt.total, receipt.currency) == (quote.total, "ISK")


# As if Stripe listed no lines of a preview beyond the ten that it has.
UNLISTED = Fault("reject", "/v1/invoices/upcoming_in_", status=404, code="resource_missing", times=999)
TIERS = [Tier(10, 1500), Tier(None, 1200)]
# The price, what screens say it is, and what 25 and 30 seats cost per period before tax.
SOLD: dict[str, tuple[dict[str, Any], str, int, int]] = {
    "fractions of a cent": (
        {"unit_amount": Decimal("12.5")},
        "€0.125 per seat per month",
        round(25 * 12.5),
        round(30 * 12.5),
    ),
    "a package": (
        {"unit_amount": 5000, "package": Package(4)},
        "€50.00 per 4 seats per month (billed per started pack of 4)",
        7 * 5000,
        8 * 5000,
    ),
    "full packages": (
        {"unit_amount": 5000, "package": Package(4, "down")},
        "€50.00 per 4 seats per month (partial packs of 4 aren’t billed)",
        6 * 5000,
        7 * 5000,
    ),
    "graduated tiers": (
        {"tiers": TIERS},
        "tiered price per month: each seat costs the price of its tier",
        10 * 1500 + 15 * 1200,
        10 * 1500 + 20 * 1200,
    ),
    "graduated tiers with flat amounts": (
        {"tiers": [Tier(27, 0, flat_amount=9000), Tier(None, 1000, flat_amount=500)]},
        "tiered price per month: each seat costs the price of its tier",
        9000,
        9000 + 3 * 1000 + 500,
    ),
    "volume": (
        {"tiers": TIERS, "tiers_mode": "volume"},
        "tiered price per month: the number of seats sets the price of all of them",
        25 * 1200,
        30 * 1200,
    ),
    "several currencies": (
        {"currency": "usd", "unit_amount": 1600, "currency_options": {"eur": 1300}},
        "€13.00 per seat per month",
        25 * 1300,
        30 * 1300,
    ),
    "tax included": (
        {"tax_behavior": "inclusive"},
        "€14.00 per seat per month, including tax",
        25 * 1400 * 5 // 6,
        30 * 1400 * 5 // 6,
    ),
}


@pytest.mark.parametrize(
    "set_up", mark_long_except(SOLD, "a package", "graduated tiers", "several currencies", "tax included")
)
async def test_r17_seats_are_sold_at_every_kind_of_price_with_the_figures_of_stripe(
    world: StripeWorld, set_up: str
) -> None:
    changes, words, before, after = SOLD[set_up]
    item, alice = get_item(world), world.get_person("alice")
    world.records.use_other_price(item.id, **changes)
    world.records.get_subscription_and_item("acme_meeting")[0].currency = "eur"
    assert words in (await open_modal(alice, "/add-seats", "", "cart.save")).text
    assert words in (await open_modal(alice, "/billing", "", "account.overview")).text
    review = await world.save_cart(alice, acme_meeting=5)
    assert words in review.text
    quote = await world.load_row(Quote)
    assert [each["net"] for each in quote.recurring] == [pytest.approx(after, abs=1)]
    remaining = Fraction(
        item.current_period_end - int(quote.frozen_at.timestamp()),
        item.current_period_end - item.current_period_start,
    )
    assert abs(quote.subtotal - (after - before) * remaining) <= 1
    await world.place_order(alice, acme_meeting=5)
    await world.settle()
    placed, receipt = (await world.load_rows(Quote))[-1], await world.load_row(Receipt)
    assert world.list_paid_totals() == [placed.total] == [receipt.total]
    assert item.quantity == 30
    [line] = receipt.receipt_lines
    assert words == format_seat_price(Localizer(), line, receipt.currency)


async def test_r17_prorations_that_have_a_line_for_each_tier_are_recognised(world: StripeWorld) -> None:
    """Also if a tier is free, and if the invoice is only found later."""
    item, alice = get_item(world), world.get_person("alice")
    world.records.splits_prorated_tiers = True
    tiers = [Tier(10, 0), Tier(27, 1500), Tier(None, 1200, flat_amount=100)]
    world.records.use_other_price(item.id, tiers=tiers)
    await world.place_order(alice, acme_meeting=5)
    await world.settle()
    quote, receipt = await world.load_row(Quote), await world.load_row(Receipt)
    assert world.list_paid_totals() == [quote.total] == [receipt.total]
    [invoice] = world.records.list_paid_updates()
    assert [line.quantity for line in invoice.lines] == [10, 15, 10, 17, 3]
    await alice.close_modal(everything=True)

    world.fake.faults.append(Fault("cut_after", charges_only=True))
    await world.place_order(alice, acme_meeting=1)
    await world.pass_time(minutes=11)
    assert item.quantity == 31
    assert len(world.list_paid_totals()) == len(await world.load_rows(Receipt)) == 2


async def test_more_tiers_than_a_preview_shows_are_listed_or_named(world: StripeWorld) -> None:
    item, alice = get_item(world), world.get_person("alice")
    tiers = [*(Tier(4 * number, 1500 - number) for number in range(1, 6)), Tier(None, 1000)]
    world.records.use_other_price(item.id, tiers=tiers)
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.records.splits_prorated_tiers = True
    world.fake.faults.append(UNLISTED)
    await world.settle()
    assert (await get_order_line(world)).reason == "tiers_preview_incomplete"
    assert world.list_paid_totals() == []
    await world.fill_cart(alice, "", acme_meeting=5)
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "so many tiers that the payment provider doesn’t show us" in refused.text
    await alice.close_modal(everything=True)

    world.fake.faults.clear()
    await world.place_order(alice, acme_meeting=5)
    await world.settle()
    [invoice] = world.records.list_paid_updates()
    assert len(invoice.lines) > 10
    quote, receipt = (await world.load_rows(Quote))[-1], await world.load_row(Receipt)
    assert world.list_paid_totals() == [quote.total] == [receipt.total]


async def test_r17_seats_that_fill_a_started_package_are_free(world: StripeWorld) -> None:
    item = get_item(world)
    world.records.use_other_price(item.id, unit_amount=5000, package=Package(10))
    await place_order(world, ALICE, "acme_meeting", 5)
    assert (await world.load_row(Quote)).total == (await world.load_row(Receipt)).total == 0
    assert item.quantity == 30


@pytest.mark.parametrize(("user", "words"), [("alice", "billed by usage"), ("benoit", "facturé à l’usage")])
async def test_r27_a_subscription_billed_by_usage_is_shown_with_its_reason(
    world: StripeWorld, user: str, words: str
) -> None:
    world.records.use_other_price("acme_meeting", usage_type="metered")
    person = world.get_person(user)
    cart = await open_modal(person, "/add-seats", "", "cart.save")
    assert words in cart.text
    assert "seats:acme_webinar" in str(cart.view)
    assert "seats:acme_meeting" not in str(cart.view)
    billing = (await open_modal(person, "/billing", "", "account.overview")).text
    assert words in billing
    assert "€0.00" not in billing
    assert "25 seats" not in billing


@pytest.mark.parametrize(
    ("user", "reason", "short"),
    [
        ("alice", "Phone System isn’t set up to be ordered here", "not set up to be ordered here"),
        (
            "benoit",
            "Phone System n’est pas configuré pour être commandé ici",
            "pas configuré pour être commandé",
        ),
    ],
)
async def test_r2_a_product_that_the_catalogue_lacks_is_shown_by_its_name_at_stripe_with_its_reason(
    world: StripeWorld, user: str, reason: str, short: str
) -> None:
    add_subscription(world, {} if user == "alice" else {"seatbot_product": "mistyped"})
    world.records.products["prod_phone"] = Product("prod_phone", "Phone System")
    person = world.get_person(user)
    cart = await open_modal(person, "/add-seats", "", "cart.save")
    assert reason in cart.text
    assert "seats:acme_webinar" in str(cart.view)
    assert "seats:si_acme_phone" not in str(cart.view)
    billing = (await open_modal(person, "/billing", "", "account.overview")).text
    assert "Phone System" in billing
    assert short in billing
    check = await check_products(world.dependencies)
    assert check.passed is None
    assert check.message.startswith("1 subscriptions are shown")
    assert "Phone System (si_acme_phone of acme)" in check.message
    world.records.products["prod_phone"] = Product("prod_phone", "Telephones")
    await world.pass_time(minutes=11)
    assert "Telephones" in (await open_modal(person, "/billing", "", "account.overview")).text


def add_subscription(world: StripeWorld, metadata: dict[str, str]) -> SubscriptionItem:
    """Of 3 seats that Acme has at Stripe, and no accounts file lists."""
    seats = get_item(world)
    price = replace(seats.price, id="price_phone", product="prod_phone", metadata=metadata)
    item = SubscriptionItem("si_acme_phone", price, 3, seats.current_period_start, seats.current_period_end)
    world.records.subscriptions["sub_phone"] = StripeSubscription("sub_phone", "cus_acme", [item])
    return item


async def test_r2_seats_are_sold_if_only_the_product_of_the_price_names_the_one_in_the_catalogue(
    world: StripeWorld,
) -> None:
    item, alice = add_subscription(world, {}), world.get_person("alice")
    world.records.products["prod_phone"] = Product(
        "prod_phone", "Training rooms", {"seatbot_product": "goto-training"}
    )
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "seats:si_acme_phone" in str(cart.view)
    assert "Training rooms" not in cart.text
    await place_order(world, ALICE, "si_acme_phone", 2)
    assert item.quantity == 5


async def test_r27_a_first_period_shorter_than_a_day_is_shown_with_when_seats_can_be_ordered(
    world: StripeWorld,
) -> None:
    item, alice = add_subscription(world, {"seatbot_product": "goto-training"}), world.get_person("alice")
    item.current_period_start, item.current_period_end = world.records.now - 60, world.records.now + 3600
    item.billing_cycle_anchor = item.current_period_end
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "has just started, with a first period of less than a day" in cart.text
    assert "seats:si_acme_phone" not in str(cart.view)
    billing = (await open_modal(alice, "/billing", "", "account.overview")).text
    assert "Seats can be ordered from" in billing
    await world.pass_time(hours=1, minutes=1)
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "seats:si_acme_phone" in str(cart.view)


async def test_r27_a_renewal_with_more_lines_than_stripe_previews_is_not_taken_for_none(
    world: StripeWorld,
) -> None:
    subscription, seats = world.records.get_subscription_and_item("acme_meeting")
    for number in range(11):
        price = replace(seats.price, id=f"price_{number}", product="prod_phone", metadata={})
        subscription.items.append(replace(seats, id=f"si_{number}", price=price, metadata={}))
    alice = world.get_person("alice")
    world.fake.faults.append(UNLISTED)
    review = await world.save_cart(alice, acme_meeting=5)
    assert "we can’t tell what they will cost" in review.text
    assert "None of the subscriptions on this quote will renew" not in review.text
    assert (await world.load_row(Quote)).recurring == []
    await alice.close_modal(everything=True)

    world.fake.faults.clear()
    review = await world.save_cart(alice, acme_meeting=6)
    assert "we can’t tell what they will cost" not in review.text
    [recurring] = (await world.load_rows(Quote))[-1].recurring
    assert recurring["net"] == 31 * 1400


@pytest.mark.parametrize("missing", [set(), {"product_read"}])
async def test_usage_that_is_in_no_catalogue_is_shown_and_a_name_that_cannot_be_read_is_stripes_id(
    world: StripeWorld, missing: set[str]
) -> None:
    world.fake.missing_permissions = missing
    world.records.products["prod_minutes"] = Product("prod_minutes", "Call minutes")
    metered = meter_usage_beside(world)
    metered.price = replace(metered.price, product="prod_minutes")
    cart = await open_modal(world.get_person("alice"), "/add-seats", "", "cart.save")
    assert ("prod_minutes" if missing else "Call minutes") in cart.text
    assert "seats:si_minutes" not in str(cart.view)


def meter_usage_beside(world: StripeWorld, name: str = "acme_meeting") -> SubscriptionItem:
    """An item of the same Stripe subscription, of no product in the catalogue, with unbilled usage."""
    subscription, seats = world.records.get_subscription_and_item(name)
    price = replace(seats.price, id="price_minutes", unit_amount=3, usage_type="metered", metadata={})
    start, end = seats.current_period_start, seats.current_period_end
    metered = SubscriptionItem("si_minutes", price, 0, start, end, unbilled_usage=200)
    subscription.items.append(metered)
    return metered


@pytest.mark.parametrize(
    ("user", "words"),
    [
        ("alice", "GoTo Meeting is billed together with usage"),
        ("benoit", "GoTo Meeting est facturé avec une consommation à l’usage"),
    ],
)
async def test_r27_seats_that_are_billed_together_with_usage_are_shown_with_their_reason(
    world: StripeWorld, user: str, words: str
) -> None:
    meter_usage_beside(world)
    person = world.get_person(user)
    cart = await open_modal(person, "/add-seats", "", "cart.save")
    assert words in cart.text
    assert "seats:acme_webinar" in str(cart.view)
    assert "seats:acme_meeting" not in str(cart.view)
    assert "25 seats" in cart.text or "25 postes" in cart.text


async def test_r27_usage_metered_since_the_cart_was_opened_is_refused_before_the_quote(
    world: StripeWorld,
) -> None:
    alice = world.get_person("alice")
    await world.fill_cart(alice, "", acme_meeting=5)
    metered = meter_usage_beside(world)
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "One of these subscriptions is billed together with usage." in refused.text
    assert await world.load_rows(Quote) == []
    assert metered.unbilled_usage == 200


async def test_r18_an_order_whose_subscription_gets_usage_is_declined_and_leaves_the_usage_alone(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    metered = meter_usage_beside(world)
    await world.settle()
    assert (await get_order_line(world)).reason == "billed_with_usage"
    assert world.fake.list_charge_requests() == []
    assert metered.unbilled_usage == 200
    order = await open_modal(world.get_person("alice"), "/service-orders", "SO-1001", "service_order.show")
    assert "the subscription is now billed together with usage" in order.text


async def test_r27_a_subscription_in_another_currency_is_shown_with_its_reason(world: StripeWorld) -> None:
    world.records.use_other_price("acme_meeting", currency="usd")
    alice = world.get_person("alice")
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "billed in a different currency from the account" in cart.text
    assert "seats:acme_webinar" in str(cart.view)
    assert "seats:acme_meeting" not in str(cart.view)
    billing = (await open_modal(alice, "/billing", "", "account.overview")).text
    assert "US$14.00 per seat per month" in billing
    assert "Next renewals total" not in billing


async def test_seats_that_would_make_the_subscription_cheaper_are_refused_by_name(world: StripeWorld) -> None:
    item = get_item(world)
    tiers = [Tier(25, 2000), Tier(None, 1000)]
    world.records.use_other_price(item.id, tiers=tiers, tiers_mode="volume")
    await world.fill_cart(world.get_person("alice"), "", acme_meeting=5)
    await world.get_person("alice").submit()
    await wait_for_modal_text(world.get_person("alice"), "would cost less than now")
    assert await world.load_rows(Quote) == []


async def test_r18_an_order_whose_price_becomes_billed_by_usage_is_declined_with_that_reason(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.records.use_other_price("acme_meeting", usage_type="metered")
    await world.pass_time(minutes=1)
    await world.settle()
    assert (await get_order_line(world)).reason == "priced_by_usage"
    assert world.list_paid_totals() == []
