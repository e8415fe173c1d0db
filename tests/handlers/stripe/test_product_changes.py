"""A subscription whose product changes at Stripe: a new price on the same item (R2, R17)."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest

from bot.use_cases.accounts_import.run import ImportOptions, import_accounts
from bot.use_cases.operations.account_checks import check_products
from models.account import Account
from models.audit.entry import AuditEntry
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import ServiceOrder
from models.subscription import Subscription
from tests.fake_stripe import Fault
from tests.fake_stripe.prices import Product
from tests.handlers.quote.quotes import load_quote_statuses
from tests.handlers.steps import open_modal
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    get_order_line,
    place_unprocessed_order,
    refresh_and_open_cart,
)
from tests.stripe_world import StripeWorld, stripe_world
from tests.world import ACCOUNTS
from tests.yaml_files import read_yaml, write_yaml


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


def change_product(world: StripeWorld, product: str) -> None:
    """The customer portal and the Dashboard keep the item, and give it a price of the other product
    (docs.stripe.com/billing/subscriptions/change-price). Here it costs the same."""
    world.records.use_other_price(
        "acme_meeting", product=f"prod_{product}", metadata={"seatbot_product": product}
    )


async def get_stored(world: StripeWorld) -> Subscription:
    return await world.load_row(Subscription, id="acme_meeting")


async def test_r2_a_product_that_is_not_self_served_is_not_sold_as_the_one_before(world: StripeWorld) -> None:
    alice = world.get_person("alice")
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    await world.reach_placement(alice, acme_meeting=5)
    change_product(world, "rescue")
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "is for a different product now" in refused.text
    assert len(await world.load_rows(ServiceOrder)) == 1

    await world.settle()
    line = await get_order_line(world)
    assert (line.status, line.reason) == ("declined", "product_changed")
    assert world.fake.list_charge_requests() == []
    order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert "the subscription is for a different product now" in order.text
    await alice.close_modal(everything=True)

    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "seats:acme_meeting" not in str(cart.view)
    assert cart.text.count("Rescue is sold by contract only") == 2, "that of the file, and the changed one"
    assert (await get_stored(world)).product_id == "rescue"
    [entry] = await world.load_rows(AuditEntry, action="product_changed")
    assert (entry.subject, entry.details) == (
        "subscription:acme_meeting",
        {"product": ["goto-meeting", "rescue"]},
    )


async def test_r17_a_new_product_is_quoted_charged_and_receipted_by_its_name(world: StripeWorld) -> None:
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await alice.close_modal(everything=True)
    change_product(world, "goto-training")
    review = await world.save_cart(alice, acme_meeting=5)
    assert "GoTo Training" in review.text
    assert "GoTo Meeting" not in review.text
    assert await load_quote_statuses(world) == {"SQ-1001": "expired", "SQ-1002": "pending"}, (
        "the cart's own quote is of the old product"
    )
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    quote, receipt = (await world.load_rows(Quote))[-1], await world.load_row(Receipt)
    assert [line.product for line in receipt.receipt_lines] == ["GoTo Training"]
    assert world.list_paid_totals() == [quote.total] == [receipt.total]


@pytest.mark.parametrize("metadata", [{}, {"seatbot_product": "goto-nothing"}])
async def test_r2_a_product_that_the_catalogue_lacks_is_not_sold_as_the_one_before(
    world: StripeWorld, metadata: dict[str, str]
) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.records.products["prod_phone"] = Product("prod_phone", "Phone System")
    world.records.use_other_price("acme_meeting", product="prod_phone", metadata=metadata)
    await world.settle()
    assert (await get_order_line(world)).reason == "product_changed"
    assert world.fake.list_charge_requests() == []
    cart = await open_modal(world.get_person("alice"), "/add-seats", "", "cart.save")
    assert "Phone System isn’t set up to be ordered here" in cart.text
    assert "seats:acme_meeting" not in str(cart.view)
    revision = (await world.load_row(Account, id="acme")).revision
    await refresh_and_open_cart(world, ALICE, "acme")
    assert (await world.load_row(Account, id="acme")).revision == revision, "nothing more to store"
    change_product(world, "goto-meeting")
    await refresh_and_open_cart(world, ALICE, "acme")
    assert (await get_stored(world)).product_id == "goto-meeting"


def mark_product(world: StripeWorld, metadata: dict[str, str]) -> None:
    """The product has the metadata, and its price has none."""
    world.records.products["prod_meetings"] = Product("prod_meetings", "Meetings", metadata)
    world.records.use_other_price("acme_meeting", product="prod_meetings", metadata={})


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (Fault("reject", "/v1/products/", status=401, code="api_key_expired", times=999), "doesn’t allow"),
        (Fault("reject", "/v1/products/", code="parameter_unknown", times=999), "refused this request"),
    ],
)
async def test_r17_a_product_that_cannot_be_read_is_not_taken_for_another(
    world: StripeWorld, trouble: Fault, words: str
) -> None:
    alice = world.get_person("alice")
    mark_product(world, {"seatbot_product": "goto-meeting"})
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    world.fake.faults.append(trouble)
    await world.pass_time(minutes=11)
    assert (await get_order_line(world)).status in ("charging", "unknown")
    assert world.fake.list_charge_requests() == []
    await alice.command("/add-seats", "meeting 2")
    form = await alice.wait_for_modal("cart.save")
    assert words in str((await form.submit()).errors)
    assert (await get_stored(world)).product_id == "goto-meeting"

    world.fake.faults.clear()
    await world.pass_time(minutes=11)
    assert (await get_order_line(world)).status == "settled"


async def test_doctor_names_subscriptions_that_are_sold_by_the_file_alone(world: StripeWorld) -> None:
    """Before anybody opens their account: until then, the product is that of the accounts file."""
    mark_product(world, {})
    assert (await get_stored(world)).product_id == "goto-meeting"
    check = await check_products(world.dependencies)
    assert check.passed is None
    assert "1 subscriptions are shown, but can't be ordered" in check.message
    assert "Meetings (acme_meeting of acme)" in check.message
    world.fake.faults.append(Fault("down", times=999))
    check = await check_products(world.dependencies)
    assert "7 accounts were not compared with the provider" in check.message
    world.fake.faults.clear()
    mark_product(world, {"seatbot_product": "goto-meeting"})
    await world.pass_time(minutes=11)
    assert (await check_products(world.dependencies)).passed


@pytest.mark.parametrize("is_shown", [True, False])
async def test_r2_a_deleted_product_is_shown_by_its_id(world: StripeWorld, *, is_shown: bool) -> None:
    await place_unprocessed_order(world, ALICE, "acme_meeting")
    mark_product(world, {"seatbot_product": "goto-meeting"})
    if is_shown:
        world.records.products["prod_meetings"] = Product("prod_meetings", "Meetings", is_deleted=True)
    else:
        missing = Fault("reject", "/v1/products/", status=404, code="resource_missing", times=999)
        world.fake.faults.append(missing)
    await world.settle()
    assert (await get_order_line(world)).reason == "product_changed"
    cart = await open_modal(world.get_person("alice"), "/add-seats", "", "cart.save")
    assert "prod_meetings isn’t set up to be ordered here" in cart.text


async def test_r2_a_file_leaves_the_product_that_stripe_names(world: StripeWorld, tmp_path: Path) -> None:
    """Also of a quote that it brings: the refresh after an import would change the subscription back."""
    database, at, path = world.dependencies.database, world.clock(), tmp_path / "accounts.yml"
    file = read_yaml(ACCOUNTS)
    acme = file["accounts"][0] | {"stripe_customer": "cus_acme"}
    del acme["payment_methods"]
    write_yaml(path, {"accounts": [acme], "products": file["products"]})
    await import_accounts(database, path=path, at=at)
    change_product(world, "goto-training")
    await refresh_and_open_cart(world, ALICE, "acme")
    [listed] = [entry for entry in acme["subscriptions"] if entry["id"] == "acme_meeting"]
    assert listed["product"] == "goto-meeting"
    # The first one gives its administrators seats of the new product.
    await import_accounts(database, path=path, at=at)
    for options in (ImportOptions(dry_run=True), ImportOptions()):
        summary = await import_accounts(database, path=path, at=at, options=options)
        assert summary.changed_accounts == 0
        assert "acme_meeting stays goto-training, not goto-meeting" in str(summary.warnings)
    acme["quotes"] = [
        {
            "number": "Q-7001",
            "expires": date(2026, 11, 30),
            "lines": [{"subscription": "acme_meeting", "seats": 2}],
        }
    ]
    write_yaml(path, {"accounts": [acme], "products": file["products"]})
    await import_accounts(database, path=path, at=at)
    [quote] = await world.load_rows(Quote, number="Q-7001")
    [line] = await world.load_rows(QuoteLine, quote_id=quote.key)
    assert line.product_id == (await get_stored(world)).product_id == "goto-training"
