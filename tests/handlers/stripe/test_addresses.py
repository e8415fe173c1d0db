"""A billing address that somebody corrects in Stripe, or here, and what each order is taxed by (R10)."""

from collections.abc import AsyncIterator

import pytest
from sqlmodel import select

from bot.use_cases.billing_webhook import refresh_due_accounts
from models.account import Account, Address
from models.audit.entry import AuditEntry
from models.quote import Quote
from tests.fake_stripe.server import RecordedRequest
from tests.handlers.steps import import_account
from tests.handlers.stripe.stripe_orders import ALICE, place_order, place_unprocessed_order
from tests.stripe_world import StripeWorld, stripe_world

PARIS = {"line1": "1 rue de la Paix", "postal_code": "75002", "city": "Paris", "country": "FR"}
BERLIN = {"line1": "Lager 7", "postal_code": "10115", "city": "Berlin", "country": "DE"}
LONDON = {"line1": "5 Strand", "postal_code": "WC2N 5HR", "city": "London", "country": "GB"}


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
    async with world.dependencies.read() as session:
        entries = await session.exec(
            select(AuditEntry).where(AuditEntry.subject == "account:acme", AuditEntry.action == "updated")
        )
        [entry] = entries.all()
    assert entry.details["billing_address"][1]["city"] == "Berlin"
    assert entry.actor_kind == "provider"


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
    """It is taxed as promised. Its own address comes back from Stripe, and is nobody's correction."""
    await place_unprocessed_order(world, ALICE, "acme_meeting", **LONDON)
    await correct_in_stripe(world, **BERLIN)
    assert world.records.customers["cus_acme"].address["city"] == "London"
    await deliver_events(world)
    assert await read_address(world) == Address(**BERLIN)
    await correct_in_stripe(world, line1="", city="", postal_code="10115", country="DE")
    assert await read_address(world) == Address(**BERLIN), "it only leaves parts out"
    await correct_in_stripe(world, postal_code="10999")
    corrected = {**BERLIN, "line1": "", "city": "", "postal_code": "10999"}
    assert await read_address(world) == Address(**corrected), "checkout asks for the rest"
