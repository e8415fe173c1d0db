"""What Stripe sends word of: what waited goes on, and copies are made again."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import aiohttp
import httpx
import pytest
from structlog.testing import capture_logs

from bot.billing.gateway import (
    BillingUnavailable,
    SubscriptionState,
)
from bot.use_cases.accounts_import.run import ImportOptions, import_accounts
from bot.use_cases.billing_sync.subscriptions import refresh_subscriptions
from bot.use_cases.billing_webhook import refresh_due_accounts
from models.account import Account
from models.billing_event import ReceivedBillingEvent
from models.subscription import Subscription
from tests.fake_stripe.webhook_sender import shuffle_events, sign_event
from tests.handlers.steps import HookedGateway, install_hooked_gateway
from tests.handlers.stripe.stripe_orders import (
    ALICE,
    CARLA,
    DORA,
    get_order_line,
    place_order,
    refresh_and_open_cart,
)
from tests.stripe_world import SECRET, StripeWorld, stripe_world
from tests.variants import leave_to_long
from tests.world import ACCOUNTS
from tests.yaml_files import read_yaml, write_yaml


@pytest.fixture
async def world() -> AsyncIterator[StripeWorld]:
    async with stripe_world() as world:
        yield world


async def test_an_event_settles_a_confirmed_payment_immediately(world: StripeWorld) -> None:
    await place_order(world, CARLA, "customer_assist")
    await world.pass_time(seconds=30)
    assert (await get_order_line(world)).status == "needs_customer", "nobody asks before ten minutes"
    world.records.apply_due_changes()
    assert set(await world.webhook_sender.send_events(world.webhook_sender.collect_events())) == {200}
    await world.settle()
    assert (await get_order_line(world)).status == "settled"
    assert await world.load_seats("customer_assist") == (9, 9)


async def test_events_that_stripe_no_longer_sends_again_are_deleted(world: StripeWorld) -> None:
    await place_order(world, CARLA, "customer_assist")
    await world.webhook_sender.send_events(world.webhook_sender.collect_events())
    before = {event.id for event in await world.load_rows(ReceivedBillingEvent)}
    world.clock.move(days=61)
    world.records.apply_due_changes()
    await world.webhook_sender.send_events(world.webhook_sender.collect_events())
    after = {event.id for event in await world.load_rows(ReceivedBillingEvent)}
    assert before
    assert after
    assert not before & after


async def test_an_event_during_a_lease_causes_one_more_check(world: StripeWorld) -> None:
    """The customer confirms before what Stripe answered first is stored: nobody waits ten minutes for it."""

    async def confirm() -> None:
        [invoice] = world.records.invoices.values()
        assert invoice.status == "open", "it needs the customer"
        world.records.pay_invoice(invoice)
        await world.webhook_sender.send_events(world.webhook_sender.collect_events())

    install_hooked_gateway(world).after["place"] = confirm
    await place_order(world, CARLA, "customer_assist")
    assert (await get_order_line(world)).status == "settled"
    assert (await get_order_line(world)).due_at is None


async def test_a_charge_without_an_event_is_reconciled_after_ten_minutes(world: StripeWorld) -> None:
    await place_order(world, CARLA, "customer_assist")
    await world.pass_time(minutes=9)
    assert (await get_order_line(world)).status == "needs_customer"
    await world.pass_time(minutes=1, seconds=1)
    assert (await get_order_line(world)).status == "settled"


@pytest.mark.parametrize("seed", [0, *leave_to_long(1, 2)])
async def test_late_duplicate_lost_and_reordered_events_lead_to_the_same_result(
    world: StripeWorld, seed: int
) -> None:
    random = Random(seed)
    await place_order(world, CARLA, "customer_assist")
    await place_order(world, DORA, "declined_meeting", payment_method="pm_good_1")
    await world.pass_time(seconds=30)
    world.records.apply_due_changes()
    sent = shuffle_events(world.webhook_sender.collect_events(), random)
    assert set(await world.webhook_sender.send_events(sent)) <= {200}
    assert len(await world.load_rows(ReceivedBillingEvent)) == len({event["id"] for event in sent})
    await world.settle()
    await world.pass_time(minutes=11)
    assert {each.status.value for each in await world.load_lines()} == {"settled"}
    assert await world.webhook_sender.send_events(sent) == [200] * len(sent), "days later, once more"
    await world.pass_time(minutes=11)
    assert len(world.list_paid_totals()) == len(world.fake.list_charge_requests()) == 2


async def test_a_thin_event_is_rejected_with_the_setting_to_change(world: StripeWorld) -> None:
    """It is Stripe's, but names no customer; Stripe's dashboard shows the answer beside the delivery."""
    event = world.webhook_sender.build_thin_event("evt_thin", "v1.invoice.paid", "in_1")
    async with aiohttp.ClientSession() as session:
        with capture_logs() as logs:
            answers = [await world.webhook_sender.post_event(session, event) for _ in range(2)]
    assert {status for status, _ in answers} == {400}
    assert "the endpoint needs snapshot events" in answers[0][1]
    [entry] = [entry for entry in logs if entry["event"].startswith("provider_event.")]
    assert (entry["event"], entry["log_level"]) == ("provider_event.unsupported", "error")
    assert "snapshot events" in entry["reason"]
    assert await world.load_rows(ReceivedBillingEvent) == []


EVENT = json.dumps({"id": "evt_1", "object": "event", "type": "invoice.paid", "data": {"object": {}}})
REJECTED_EVENTS = [
    ("whsec_another", 0, EVENT),
    (SECRET, 301, EVENT),
    (SECRET, -301, EVENT),
    (SECRET, 0, "not json"),
    (SECRET, 0, "[]"),
    (SECRET, 0, '{"object": "list"}'),
]


async def test_an_event_with_an_old_or_wrong_signature_is_rejected(world: StripeWorld) -> None:
    async with httpx.AsyncClient() as client:
        for secret, age, text in REJECTED_EVENTS:
            beyond_ascii = f"t={int(world.records.now)},v1=é"
            at, digest = sign_event(text, SECRET, world.records.now).split(",")
            # The library takes what is between the first two signs for the instant.
            ambiguous = f"{at}=3,{digest}"
            forged = (sign_event(text, secret, world.records.now - age), "t=,v1=", beyond_ascii, ambiguous)
            wrong = [{b"Stripe-Signature": each.encode()} for each in forged]
            for headers in (*wrong, {}):
                answer = await client.post(world.webhook_sender.url, content=text, headers=headers)
                assert (answer.status_code, answer.text) == (400, "unsigned"), (secret, age, text)
    assert await world.load_rows(ReceivedBillingEvent) == []


async def test_a_change_in_stripe_is_copied_after_its_event(world: StripeWorld) -> None:
    await refresh_and_open_cart(world, ALICE, "acme")
    world.records.set_quantity("acme_meeting", 40)
    await world.webhook_sender.send_events(world.webhook_sender.collect_events())
    assert (await world.load_row(Account, id="acme")).refresh_due_at == world.clock.at
    assert await refresh_due_accounts(world.dependencies) == 1
    assert (await world.load_row(Subscription, id="acme_meeting")).seats == 40
    assert await refresh_due_accounts(world.dependencies) == 0


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("customer.subscription.created", "subscription"),
        ("payment_method.automatically_updated", "payment_method"),
        ("invoice.marked_uncollectible", "invoice"),
    ],
)
async def test_an_event_that_names_a_customer_refreshes_the_account(
    world: StripeWorld, kind: str, what: str
) -> None:
    thing = {"id": "of_1", "object": what, "customer": "cus_acme"}
    event = {"id": "evt_1", "object": "event", "type": kind, "data": {"object": thing}}
    assert await world.webhook_sender.send_events([event]) == [200]
    assert (await world.load_row(ReceivedBillingEvent)).kind == kind
    assert (await world.load_row(Account, id="acme")).refresh_due_at == world.clock.at


async def test_a_detached_card_refreshes_the_account_it_belonged_to(world: StripeWorld) -> None:
    """It is nobody's any more: only what changed says whose it was."""
    await refresh_and_open_cart(world, ALICE, "acme")
    customer = (await world.load_row(Account, id="acme")).stripe_customer
    thing = {"id": "pm_good_1", "object": "payment_method", "customer": None}
    data = {"object": thing, "previous_attributes": {"customer": customer}}
    event = {"id": "evt_1", "object": "event", "type": "payment_method.detached", "data": data}
    assert await world.webhook_sender.send_events([event]) == [200]
    assert (await world.load_row(ReceivedBillingEvent)).account_id == "acme"
    assert (await world.load_row(Account, id="acme")).refresh_due_at == world.clock.at


async def test_an_event_during_a_refresh_causes_another_refresh(world: StripeWorld) -> None:
    """Though the process that took it has a clock which is a little behind."""
    await refresh_and_open_cart(world, ALICE, "acme")
    usual = world.dependencies.billing

    class Interrupted(HookedGateway):
        async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
            states = await usual.list_subscriptions(account_id)
            world.records.set_quantity("acme_meeting", 41)
            world.clock.move(seconds=-1)
            await world.webhook_sender.send_events(world.webhook_sender.collect_events())
            world.clock.move(seconds=1)
            return states

    world.records.set_quantity("acme_meeting", 40)
    await world.webhook_sender.send_events(world.webhook_sender.collect_events())
    world.dependencies.billing = Interrupted(usual)
    assert await refresh_due_accounts(world.dependencies) == 1
    assert (await world.load_row(Subscription, id="acme_meeting")).seats == 40
    world.dependencies.billing = usual
    world.clock.move(seconds=1)
    assert await refresh_due_accounts(world.dependencies) == 1
    assert (await world.load_row(Subscription, id="acme_meeting")).seats == 41


async def test_a_file_with_another_price_during_a_refresh_causes_another_refresh(
    world: StripeWorld, tmp_path: Path
) -> None:
    """The refresh leaves a row alone that changes meanwhile: what it has read may be older."""
    await refresh_and_open_cart(world, ALICE, "acme")
    usual, accounts = world.dependencies.billing, read_yaml(ACCOUNTS)
    acme = accounts["accounts"][0]
    acme["stripe_customer"], acme["subscriptions"][0]["unit_price"] = "cus_acme", "15.00"
    del acme["payment_methods"]
    path = tmp_path / "accounts.yml"
    write_yaml(path, {"accounts": [acme], "products": accounts["products"]})

    class Interrupted(HookedGateway):
        async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
            states = await usual.list_subscriptions(account_id)
            await import_accounts(world.dependencies.database, path=path, at=world.clock.at)
            return states

    world.records.set_quantity("acme_meeting", 40)
    await world.webhook_sender.send_events(world.webhook_sender.collect_events())
    world.clock.move(seconds=1)
    world.dependencies.billing = Interrupted(usual)
    await refresh_due_accounts(world.dependencies)
    assert (await world.load_row(Subscription, id="acme_meeting")).unit_price == 1500
    world.dependencies.billing = usual
    assert await refresh_due_accounts(world.dependencies) == 1
    copy = await world.load_row(Subscription, id="acme_meeting")
    assert (copy.seats, copy.unit_price) == (40, 1400)


@pytest.mark.parametrize("fault", [BillingUnavailable(), RuntimeError("a fault of ours")])
async def test_an_account_that_cannot_be_refreshed_delays_no_other(
    world: StripeWorld, fault: Exception
) -> None:
    await refresh_and_open_cart(world, ALICE, "acme")
    await refresh_and_open_cart(world, DORA, "declined")
    usual = world.dependencies.billing

    class Failing(HookedGateway):
        async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
            if account_id == "acme":
                raise fault
            return await usual.list_subscriptions(account_id)

    for subscription in ("acme_meeting", "declined_meeting"):
        world.records.set_quantity(subscription, 44)
        await world.webhook_sender.send_events(world.webhook_sender.collect_events())
        world.clock.move(seconds=1)
    world.dependencies.billing = Failing(usual)
    looked = [await refresh_due_accounts(world.dependencies) for _ in range(3)]
    assert (sum(looked), looked[-1]) == (1, 0), "the failing one is left alone for a while"
    assert (await world.load_row(Subscription, id="declined_meeting")).seats == 44
    world.dependencies.billing = usual
    world.clock.move(minutes=1)
    assert await refresh_due_accounts(world.dependencies) == 1, "and is still due"
    assert (await world.load_row(Subscription, id="acme_meeting")).seats == 44


async def test_values_an_import_overwrote_are_read_from_stripe_again(
    world: StripeWorld, tmp_path: Path
) -> None:
    """`--overwrite` takes the file's seats; those that Stripe holds come back by themselves."""
    file = read_yaml(ACCOUNTS)
    for listed in file["accounts"]:
        listed["stripe_customer"] = f"cus_{listed['id']}"
        del listed["payment_methods"]
    path = tmp_path / "accounts.yml"
    write_yaml(path, file)
    world.records.set_quantity("acme_meeting", 40)
    await refresh_and_open_cart(world, ALICE, "acme")
    database, options = world.dependencies.database, ImportOptions(overwrite=frozenset({"acme"}))
    await import_accounts(database, path=path, at=world.clock(), options=options)
    assert (await world.load_row(Subscription, id="acme_meeting")).seats == 25
    assert await refresh_due_accounts(world.dependencies) == 1
    assert (await world.load_row(Subscription, id="acme_meeting")).seats == 40


async def test_a_copy_that_is_refreshed_while_a_charge_settles_is_refreshed_once_more(
    world: StripeWorld,
) -> None:
    """What the charge read is older than what the refresh stored."""
    gateway = install_hooked_gateway(world)

    async def refresh_after_charge() -> None:
        gateway.after.pop("subscriptions")
        world.records.set_quantity("acme_meeting", 50)
        await refresh_subscriptions(world.dependencies, "acme")

    async def wait_for_states() -> None:
        gateway.after["subscriptions"] = refresh_after_charge

    gateway.after["place"] = wait_for_states
    await place_order(world, ALICE, "acme_meeting")
    assert (await get_order_line(world)).status == "settled"
    await refresh_due_accounts(world.dependencies)
    assert await world.load_seats("acme_meeting") == (50, 50)
