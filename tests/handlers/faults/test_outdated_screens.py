"""A screen or message that is out of date: each button and form on it answers with what is true now (R20)."""

from datetime import timedelta

import pytest

from bot.permissions import FORMER_ROLE_PERIOD
from models.account import Account
from models.account.billing_contact import BillingContact
from models.payment_method import PaymentMethod
from models.quote import Quote, QuoteStatus
from models.service_order import ServiceOrder
from sandbox.driver import Person
from tests.handlers.all_screens import NOT_A_CONTACT, create_order_and_quote, press_everything
from tests.handlers.db_snapshot import add, change, get_answer, load_all_rows, post_button, show_button
from tests.handlers.steps import get_contact, get_quote, open_modal
from tests.world import World

UNEXPECTED = "Something went wrong on our side"
REJECT = "quote.reject"
# They are about the person, or about a row that doesn't exist here, and so about no account.
ROUTES_WITHOUT_ACCOUNT = {
    "billing_contact.cancel",
    "cart.repeat",
    "invoice.open",
    "notification_preferences.open",
    "notification_preferences.save submitted",
    "receipt_export.show",
}
# Those of the other contact, and the last one's.
CONTACT_ROUTES = ("billing_contact.withdraw", "billing_contact.cancel")


async def withdraw_alice(world: World) -> None:
    """By Benoît, on the contacts' screen."""
    benoit, alice = world.get_person("benoit"), await get_contact(world, "alice@acme.example")
    await show_button(benoit, "billing_contact.withdraw", str(alice.key), '{"account": "acme"}').press(
        "billing_contact.withdraw"
    )
    await world.dependencies.tasks.wait_until_idle()
    assert not (await get_contact(world, "alice@acme.example")).active


async def test_a_former_contact_sees_who_removed_them_on_every_open_screen(world: World) -> None:
    """R20: what happened, by whom, when, and whom to ask. Also if they have the role for another account."""
    metadata, alice = await create_order_and_quote(world), world.get_person("alice")
    await withdraw_alice(world)
    before = await load_all_rows(world)
    answers = await press_everything(world, alice, metadata)
    told = "Benoît Roche removed you as a billing contact for Acme SA on 10 Nov 2026, 10:00 (CET)"
    for route, said in answers.items():
        expected = NOT_A_CONTACT if route in ROUTES_WITHOUT_ACCOUNT else told
        assert expected in said, (route, said)
    assert "ask one of the other contacts: Benoît Roche" in answers["quote.open"]
    assert await load_all_rows(world) == before

    await add(
        world,
        BillingContact(account_id="slow", name="Alice", email="alice@acme.example", slack_user=alice.id),
    )
    quote = await world.load_row(Quote, status="pending")
    assert told in await press_button(world, alice, "quote.open", quote.key)
    assert told in await press_button(world, alice, "account.overview", "acme")


async def test_a_former_contact_sees_that_they_left_themselves(world: World) -> None:
    alice = world.get_person("alice")
    key = (await get_contact(world, "alice@acme.example")).key
    await press_button(world, alice, "billing_contact.withdraw", key)
    said = await press_button(world, alice, "account.overview", "acme")
    assert "You left the billing contacts for Acme SA on 10 Nov 2026, 10:00 (CET)" in said


async def test_who_was_removed_by_somebody_of_the_same_name_has_not_left(world: World) -> None:
    alice, benoit = world.get_person("alice"), await get_contact(world, "benoit@acme.example")
    await change(
        world, BillingContact, benoit.key, name=(await get_contact(world, "alice@acme.example")).name
    )
    await withdraw_alice(world)
    said = await press_button(world, alice, "account.overview", "acme")
    assert "Alice Martin removed you as a billing contact for Acme SA" in said


async def test_r1_who_lost_the_role_long_ago_learns_the_contacts_in_the_accounts_channel_only(
    world: World,
) -> None:
    alice = world.get_person("alice")
    await withdraw_alice(world)
    long_ago = world.clock.at - FORMER_ROLE_PERIOD - timedelta(seconds=1)
    key = (await get_contact(world, "alice@acme.example")).key
    await change(world, BillingContact, key, withdrawn_at=long_ago)
    said = await press_button(world, alice, "account.overview", "acme")
    assert "If you need the role, ask Account Services." in said
    message = await post_button(world, "C01BILLING", "account.overview", "acme")
    before = len(alice.ephemerals)
    await alice.press_in(message, "account.overview")
    said = await get_answer(world, alice, before)
    assert "ask one of the other contacts: Benoît Roche" in said


async def press_button(world: World, person: Person, action_id: str, value: object) -> str:
    await show_button(person, action_id, str(value), '{"account": "acme"}').press(action_id)
    return await get_answer(world, person, len(person.ephemerals))


async def test_an_open_screen_orders_nothing_without_a_payment_method_or_self_service(world: World) -> None:
    """R3, R4: without a payment method, and without self-service."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_webinar=1)
    phone = world.get_person("alice", client="phone")
    await open_modal(phone, "/quotes", "SQ-1001", "quote.review")
    method = await world.load_row(PaymentMethod, account_id="acme", is_default=True)
    await change(world, PaymentMethod, method.id, active=False)
    await alice.submit()
    assert "needs a valid payment method" in await get_answer(world, alice, len(alice.ephemerals))
    await change(world, PaymentMethod, method.id, active=True)
    await change(world, Account, "acme", self_service=False)
    await phone.submit()
    await phone.wait_for_modal("service_order.place")
    await phone.submit()
    assert "You can’t order seats for Acme SA here" in await get_answer(world, phone, len(phone.ephemerals))
    assert await world.load_rows(ServiceOrder) == []
    assert (await get_quote(world, "SQ-1001")).status is QuoteStatus.PENDING


@pytest.mark.long
async def test_every_button_answers_after_the_quote_was_decided(world: World) -> None:
    """By a colleague, who rejected it: never an error, never nothing, and nothing is ordered."""
    metadata, alice = await create_order_and_quote(world), world.get_person("alice")
    benoit = world.get_person("benoit")
    await press_button(world, benoit, REJECT, (await world.load_row(Quote, status="pending")).key)
    await benoit.submit()
    await world.dependencies.tasks.wait_until_idle()
    answers = await press_everything(world, alice, metadata, leave_out=CONTACT_ROUTES)
    for route, said in answers.items():
        assert said, route
        assert UNEXPECTED not in said, (route, said)
        assert "You have 0 pending quotes" not in said, route
    refused = [route for route, said in answers.items() if "It was rejected by Benoît Roche" in said]
    assert {"quote.approve", "checkout.edit", "service_order.place submitted"} <= {*refused}
    assert len(await world.load_rows(ServiceOrder)) == 1
    assert await world.load_seats("acme_webinar") == (5, 5)
    assert world.slack.refusals == []
