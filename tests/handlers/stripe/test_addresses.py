"""A billing address that somebody corrects in Stripe, or here, and what each order is taxed by (R10)."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from sqlmodel import col, select
from structlog.testing import capture_logs

from bot.use_cases.billing_webhook import refresh_due_accounts
from bot.use_cases.service_order.retry import retry_service_order
from models.account import Account, Address
from models.audit.entry import AuditEntry
from models.quote import Quote
from models.service_order import ServiceOrder
from tests.fake_stripe.records import Customer
from tests.fake_stripe.server import Fault, RecordedRequest
from tests.handlers.steps import import_account
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    get_order_line,
    place_order,
    place_unprocessed_order,
    refresh_and_open_cart,
)
from tests.stripe_world import StripeWorld, stripe_world

PARIS = {"line1": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country": "FR"}
BERLIN = {"line1": "Lager 7", "postal_code": "10115", "city": "Berlin", "country": "DE"}
LONDON = {"line1": "5 Strand", "postal_code": "WC2N 5HR", "city": "London", "country": "GB"}
# Taxed like Paris.
LYON = {"line1": "2 rue Victor", "postal_code": "69002", "city": "Lyon", "country": "FR"}


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def list_address_requests(world: StripeWorld) -> list[RecordedRequest]:
    return [
        request
        for request in world.fake.requests
        if (request.method, request.path) == ("POST", "/v1/customers/cus_acme")
    ]


async def deliver_events(world: StripeWorld) -> None:
    await world.webhook_sender.send_events(world.webhook_sender.collect_events())
    world.clock.move(seconds=1)
    await refresh_due_accounts(world.dependencies)
    await world.settle()


async def correct_in_stripe(world: StripeWorld, **parts: str) -> None:
    """In the Dashboard or the portal, which report it."""
    world.records.change_address("cus_acme", parts)
    await deliver_events(world)


async def import_address(world: StripeWorld, address: dict[str, str]) -> None:
    await import_account(
        world, "acme", billing_address=address, stripe_customer="cus_acme", payment_methods=None
    )


async def read_address(world: StripeWorld) -> Address:
    return (await world.load_row(Account, id="acme")).billing_address


async def list_corrections(world: StripeWorld) -> list[tuple[str, str]]:
    """From which city to which, as the history says."""
    async with world.dependencies.read() as session:
        entries = await session.exec(
            select(AuditEntry)
            .where(AuditEntry.subject == "account:acme", AuditEntry.actor_kind == "provider")
            .order_by(col(AuditEntry.number))
        )
        changes = [entry.details["billing_address"] for entry in entries.all()]
    return [(old["city"], new["city"]) for old, new in changes]


async def test_r10_an_address_corrected_in_stripe_is_shown_at_checkout_taxed_and_kept(
    world: StripeWorld,
) -> None:
    """Without an event of Stripe: checkout reads it."""
    alice = world.get_person("alice")
    review = await world.save_cart(alice, acme_meeting=5)
    world.clock.move(seconds=60)
    world.records.change_address("cus_acme", BERLIN)
    await review.submit()
    checkout = await alice.wait_for_modal("checkout.save")
    assert "Lager 7" in checkout.text
    await checkout.submit()
    placement = await alice.wait_for_modal("service_order.place")
    assert "Your billing address changes the tax" in placement.text
    assert "different address" not in placement.text
    await placement.submit()
    await world.settle()
    quote = (await world.load_rows(Quote))[-1]
    assert abs(quote.tax - quote.subtotal * 0.19) < 1
    assert world.list_paid_totals() == [quote.total]
    assert await read_address(world) == Address(**BERLIN)
    assert world.records.customers["cus_acme"].address["city"] == "Berlin"
    assert list_address_requests(world) == []
    assert await list_corrections(world) == [("Paris", "Berlin")]


async def test_r10_an_address_of_the_file_wins_over_an_older_one_in_stripe_and_says_so(
    world: StripeWorld,
) -> None:
    await place_order(world, ALICE, "acme_meeting")
    world.clock.move(seconds=60)
    await correct_in_stripe(world, **BERLIN)
    assert await read_address(world) == Address(**BERLIN)
    world.clock.move(seconds=60)
    await import_address(world, PARIS)
    assert await read_address(world) == Address(**BERLIN), "the file has no new address"
    await import_address(world, LONDON)
    placement = await world.reach_placement(world.get_person("alice"), acme_meeting=5)
    words = "The payment provider has a different address: Lager 7, 10115 Berlin, Germany."
    assert words in placement.text
    await placement.submit()
    await world.settle()
    assert world.records.customers["cus_acme"].address["city"] == "London"
    await deliver_events(world)
    assert await read_address(world) == Address(**LONDON)


async def test_r10_an_order_that_writes_its_address_late_overwrites_no_newer_one(world: StripeWorld) -> None:
    """It is taxed as promised. Its own address comes back from Stripe, and is nobody's correction. The newer
    one is restored there, once Stripe responds."""
    await place_unprocessed_order(world, ALICE, "acme_meeting", **LONDON)
    failure = Fault("down", path="/customers/cus_acme$", method="POST", times=9)
    world.fake.after_charge = partial(world.fake.faults.append, failure)
    await correct_in_stripe(world, **BERLIN)
    assert world.records.customers["cus_acme"].address["city"] == "London"
    [invoice] = world.records.list_paid_updates()
    assert invoice.tax == (await world.load_row(Quote)).tax, "Berlin's is another"
    await deliver_events(world)
    assert await read_address(world) == Address(**BERLIN)
    assert failure.times < 9
    failure.times = 0
    world.clock.move(seconds=60)
    await deliver_events(world)
    assert world.records.customers["cus_acme"].address["city"] == "Berlin"
    await deliver_events(world)
    assert await read_address(world) == Address(**BERLIN)
    await correct_in_stripe(world, line1="", city="", postal_code="10115", country="DE")
    assert await read_address(world) == Address(**BERLIN), "it only leaves parts out"
    await correct_in_stripe(world, postal_code="10999")
    assert await read_address(world) == Address(
        **{**BERLIN, "line1": "", "city": "", "postal_code": "10999"}
    ), "it is another place"
    await correct_in_stripe(world, postal_code="WC2N 5HR", country="GB")
    elsewhere = {"line1": "", "city": "", "postal_code": "WC2N 5HR", "country": "GB"}
    assert await read_address(world) == Address(**elsewhere), "in another country it is not"


async def test_r10_a_correction_that_stripe_refuses_to_take_back_is_logged(world: StripeWorld) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting", **LONDON)
    refusal = Fault(
        "reject", path="/customers/cus_acme$", method="POST", code="customer_tax_location_invalid"
    )
    world.fake.after_charge = partial(world.fake.faults.append, refusal)
    with capture_logs() as logs:
        await correct_in_stripe(world, **BERLIN)
        await deliver_events(world)
    [entry] = [each for each in logs if each["log_level"] == "error"]
    assert (entry["event"], entry["error"]) == (
        "customer.address_not_restored",
        "customer_tax_location_invalid",
    )
    assert await read_address(world) == Address(**BERLIN)
    assert (await world.load_row(Account, id="acme")).refresh_due_at is None, "only another event repeats it"


async def retry_older_order_twice(world: StripeWorld) -> None:
    """Of London, after Berlin was entered in Stripe: declined again, and then retried with a card that works,
    while the restoration of Berlin is due."""
    cards = [card for card in world.records.cards.values() if card.customer == "cus_acme"]
    for card in cards:
        card.behaviour = "declined"
    placed = await place_order(world, ALICE, "acme_meeting", 2, **LONDON)
    world.clock.move(seconds=60)
    await correct_in_stripe(world, **BERLIN)
    retry = partial(
        retry_service_order,
        world.dependencies,
        person=ALICE,
        order_id=placed.order.key,
        payment_method_id=placed.order.payment_method_id,
    )
    await retry()
    await world.settle()
    assert (await get_order_line(world)).reason == "card_declined"
    assert world.records.customers["cus_acme"].address["city"] == "London"
    for card in cards:
        card.behaviour = "settles"
    await retry()


async def test_r10_a_correction_is_restored_after_each_retry_of_an_older_order(world: StripeWorld) -> None:
    """One that is retried while the restoration is due waits for it, however long it takes."""
    await retry_older_order_twice(world)
    for seconds in (0, 11, 11):
        await world.pass_time(seconds=seconds)
        assert (await get_order_line(world)).status == "charging"
        assert world.list_paid_totals() == []
    await deliver_events(world)
    await world.pass_time(seconds=11)
    [quote] = await world.load_rows(Quote)
    assert world.list_paid_totals() == [quote.total]
    assert world.records.customers["cus_acme"].address["city"] == "London"
    await deliver_events(world)
    assert world.records.customers["cus_acme"].address["city"] == "Berlin"
    assert await read_address(world) == Address(**BERLIN)
    assert await list_corrections(world) == [("London", "Berlin")]


async def test_r10_an_older_order_is_charged_while_its_account_cannot_be_refreshed(
    world: StripeWorld,
) -> None:
    """What fails is perhaps nothing that a charge needs. The refresh is tried again in a minute."""
    await retry_older_order_twice(world)
    world.fake.faults.append(failure := Fault("down", path="/customers/cus_acme$", method="GET", times=9))
    await refresh_due_accounts(world.dependencies)
    assert failure.times < 9
    failure.times = 0
    await world.pass_time(seconds=11)
    [quote] = await world.load_rows(Quote)
    assert world.list_paid_totals() == [quote.total]


async def test_r10_a_correction_that_is_undone_in_stripe_is_undone_here(world: StripeWorld) -> None:
    """Also if the address is that of an order of the same day."""
    await place_order(world, ALICE, "acme_meeting", 2, **LONDON)
    await correct_in_stripe(world, **BERLIN)
    await correct_in_stripe(world, **LONDON)
    assert await read_address(world) == Address(**LONDON)
    world.clock.move(seconds=60)
    await place_order(world, ALICE, "acme_meeting", 2, **LYON)
    world.clock.move(seconds=60)
    world.webhook_sender.collect_events()
    await correct_in_stripe(world, **LONDON)
    assert await read_address(world) == Address(**LONDON), "what the order wrote needs no event"
    cities = [("London", "Berlin"), ("Berlin", "London"), ("Lyon", "London")]
    assert await list_corrections(world) == cities


async def test_r10_a_correction_nobody_has_read_is_found_before_placing(world: StripeWorld) -> None:
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=5)
    world.clock.move(seconds=60)
    world.records.change_address("cus_acme", BERLIN)
    await placement.submit()
    checkout = await alice.wait_for_modal("checkout.save")
    assert "Lager 7" in checkout.text
    assert await world.load_rows(ServiceOrder) == []
    await checkout.submit()
    await (await alice.wait_for_modal("service_order.place")).submit()
    await world.settle()
    [order] = await world.load_rows(ServiceOrder)
    assert order.billing_address == await read_address(world) == Address(**BERLIN)
    assert list_address_requests(world) == []


async def test_r10_a_correction_nobody_has_read_is_kept_when_a_charge_replaces_it(world: StripeWorld) -> None:
    """Without an event, and though Stripe's answer to the change is lost."""
    await place_unprocessed_order(world, ALICE, "acme_meeting", **LONDON)
    world.clock.move(seconds=60)
    world.records.change_address("cus_acme", BERLIN)
    lost = Fault("cut_after", path="/customers/cus_acme$", method="POST", times=9)
    world.fake.faults.append(lost)
    await world.settle()
    assert (await get_order_line(world)).status == "unknown"
    assert world.records.customers["cus_acme"].address["city"] == "London"
    assert await read_address(world) == Address(**BERLIN)
    await deliver_events(world)
    assert await read_address(world) == Address(**BERLIN), "London is the order's"
    assert world.records.customers["cus_acme"].address["city"] == "London", "it may still be charged"
    lost.times = 0
    await world.pass_time(seconds=30)
    assert (await get_order_line(world)).status == "settled"
    await deliver_events(world)
    assert await read_address(world) == Address(**BERLIN)
    assert await list_corrections(world) == [("London", "Berlin")]
    assert world.records.customers["cus_acme"].address["city"] == "Berlin"
    await correct_in_stripe(world, **PARIS)
    assert await read_address(world) == Address(**PARIS)


async def test_r10_a_correction_made_while_the_charge_is_being_prepared_is_kept(world: StripeWorld) -> None:
    """After the customer was read, and before the address is written."""
    await place_unprocessed_order(world, ALICE, "acme_meeting", **LONDON)
    world.clock.move(seconds=60)
    correct = partial(world.records.change_address, "cus_acme", BERLIN)
    world.fake.faults.append(Fault("cut_before", path="/create_preview$", then=correct))
    await world.settle()
    assert (await get_order_line(world)).status == "settled"
    assert await read_address(world) == Address(**BERLIN)
    assert await list_corrections(world) == [("London", "Berlin")]


async def test_r10_what_an_earlier_version_wrote_is_no_correction(world: StripeWorld) -> None:
    """Its replicas go on during an upgrade, and store neither what they write nor which customer it is of."""
    await place_unprocessed_order(world, ALICE, "acme_meeting", **LONDON)
    world.clock.move(seconds=60)
    world.records.change_address("cus_acme", BERLIN)
    await refresh_and_open_cart(world, ALICE, "acme")
    read_before = (await world.load_row(Account, id="acme")).provider_address
    await world.pass_time(seconds=60)
    assert world.records.customers["cus_acme"].address["city"] == "London"
    await change_account(world, provider_address=read_before)
    await deliver_events(world)
    assert await read_address(world) == Address(**BERLIN)
    world.records.customers["cus_new"] = Customer("cus_new", dict(PARIS))
    await change_account(world, stripe_customer="cus_new")
    await refresh_and_open_cart(world, ALICE, "acme")
    assert await read_address(world) == Address(**BERLIN), "another customer's is no correction"


async def change_account(world: StripeWorld, **values: Any) -> None:
    async with world.dependencies.write() as session:
        account = await session.get_one(Account, "acme")
        session.add(account.sqlmodel_update(values))


async def test_r10_an_address_entered_in_stripe_for_the_first_time_is_taken_over(world: StripeWorld) -> None:
    world.records.customers["cus_acme"].address = {}
    await refresh_and_open_cart(world, ALICE, "acme")
    requests = world.fake.requests
    before = len(requests)
    await correct_in_stripe(world, **BERLIN)
    assert await read_address(world) == Address(**BERLIN)
    found = [each for each in requests[before:] if each.path == "/v1/customers/cus_acme"]
    assert len(found) == 3, "subscriptions, payment methods with the address, and the new address again"
    await correct_in_stripe(world, **dict.fromkeys(BERLIN, ""))
    assert await read_address(world) == Address(**BERLIN)
    await import_address(world, LONDON)
    placement = await world.reach_placement(world.get_person("alice"), acme_meeting=5)
    assert "different address" not in placement.text, "Stripe has none"


async def test_r10_an_address_without_a_country_is_shown_before_it_is_replaced(world: StripeWorld) -> None:
    await refresh_and_open_cart(world, ALICE, "acme")
    await correct_in_stripe(world, **{**BERLIN, "country": ""})
    assert await read_address(world) == Address(**PARIS), "an order could not be taxed by it"
    placement = await world.reach_placement(world.get_person("alice"), acme_meeting=5)
    assert "The payment provider has a different address: Lager 7, " in placement.text
    await placement.submit()
    await world.settle()
    assert world.records.customers["cus_acme"].address == {**PARIS, "line2": "", "state": ""}
    await correct_in_stripe(world, country="")
    placement = await world.reach_placement(world.get_person("alice"), acme_meeting=5)
    assert "different address" not in placement.text, "it only leaves the country out"


async def test_r10_an_address_that_was_put_back_is_not_ordered_with_the_one_between(
    world: StripeWorld,
) -> None:
    alice = world.get_person("alice")
    review = await world.save_cart(alice, acme_meeting=5)
    world.clock.move(seconds=60)
    await correct_in_stripe(world, **LYON)
    await review.submit()
    await (await alice.wait_for_modal("checkout.save")).submit()
    placement = await alice.wait_for_modal("service_order.place")
    assert "Lyon" in placement.text
    await correct_in_stripe(world, **PARIS)
    await placement.submit()
    again = await alice.wait_until(
        lambda: alice.modal if alice.modal and "rue de la Paix" in alice.modal.text else None
    )
    await again.submit()
    await world.settle()
    [order] = await world.load_rows(ServiceOrder)
    assert order.billing_address == await read_address(world) == Address(**PARIS)


async def test_r10_an_address_that_an_order_is_about_to_write_is_not_announced_again(
    world: StripeWorld,
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting", **LONDON)
    placement = await world.reach_placement(world.get_person("alice"), acme_webinar=1)
    assert "different address" not in placement.text


async def test_r10_an_address_that_was_written_here_is_no_correction_whatever_its_blanks(
    world: StripeWorld,
) -> None:
    spaced: dict[str, Any] = {**LYON, "line1": "2\N{NO-BREAK SPACE}rue  Victor"}
    await place_order(world, ALICE, "acme_meeting", **spaced)
    world.clock.move(seconds=20)
    await place_unprocessed_order(world, ALICE, "acme_webinar", **{**LYON, "line1": "9 quai Neuf"})
    world.clock.move(seconds=20)
    await deliver_events(world)
    await world.pass_time(seconds=120)
    await deliver_events(world)
    assert (await read_address(world)).line1 == "9 quai Neuf"
    assert await list_corrections(world) == []
