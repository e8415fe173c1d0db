"""The role (R1): people without it, or without it any more, are told so by every command, button and form."""

from collections.abc import Awaitable, Callable

import pytest
from sqlmodel import col, update

from models.account import Account
from models.account.billing_contact import BillingContact
from models.quote import Quote
from sandbox.driver import Modal
from tests.handlers.all_screens import (
    ASK_SERVICES,
    HOME_BUTTONS,
    NOT_A_CONTACT,
    create_order_and_quote,
    is_free_of_acme,
    press_everything,
    type_every_command,
)
from tests.handlers.db_snapshot import change, get_answer, load_all_rows, show_button
from tests.handlers.steps import import_account, open_modal
from tests.world import World


async def test_every_button_refuses_a_member_without_the_role(world: World) -> None:
    """R1: with no account's channel around, and several accounts, they are sent to Account Services."""
    metadata = await create_order_and_quote(world)
    nora = world.get_person("nobody")
    before = await load_all_rows(world)
    answers = await press_everything(world, nora, metadata)
    for where, said in answers.items():
        assert f"{NOT_A_CONTACT} {ASK_SERVICES}" in said, (where, said)
        assert "Blanc" not in said, "an account without a channel is nobody's channel"
        assert is_free_of_acme(said), (where, said)
    assert await load_all_rows(world) == before


async def test_r22_without_a_language_in_slack_a_contact_reads_that_of_their_own_account(
    world: World,
) -> None:
    """Alice's is French, and Dora's English."""
    for name, words in (("alice", "Ajouter des postes"), ("dora", "Add seats")):
        person = world.get_person(name)
        world.slack.set_user(person.id, locale="")
        await person.command("/billing")
        assert words in (await person.wait_for_modal("account.overview")).text, name


async def test_a_member_without_the_role_is_referred_to_the_contacts_of_the_channels_account(
    world: World,
) -> None:
    """R1: by a private line, for every command and for a button in a message."""
    await create_order_and_quote(world)
    nora = world.get_person("nobody")
    before = await load_all_rows(world)
    replies = await type_every_command(world, nora, "C01BILLING")
    assert set(replies.values()) == {f"{NOT_A_CONTACT} Ask one of them: Alice Martin and Benoît Roche."}
    for said in (await type_every_command(world, nora, "C02DECLINED")).values():
        assert "Dora Lane" in said
        assert "Alice" not in said
    for said in (await type_every_command(world, nora, "C07GENERAL")).values():
        assert ASK_SERVICES in said
    seen = len(nora.ephemerals)
    await nora.press_in(world.list_messages("C01BILLING")[0], "service_order.open")
    assert "Alice Martin" in await get_answer(world, nora, seen)
    assert await load_all_rows(world) == before
    public = "".join(
        m.words for c in ("C01BILLING", "C02DECLINED", "C07GENERAL") for m in world.list_messages(c)
    )
    assert NOT_A_CONTACT not in public, "the reply is private"


async def test_with_one_account_in_the_workspace_its_contacts_are_named_everywhere(world: World) -> None:
    """R1: a withdrawn contact is not named."""
    async with world.dependencies.write() as session:
        await session.exec(update(Account).where(col(Account.id) != "acme").values(active=False))
    benoit = await world.load_row(BillingContact, email="benoit@acme.example")
    await change(world, BillingContact, benoit.id, active=False)
    for said in (await type_every_command(world, world.get_person("nobody"), "C07GENERAL")).values():
        assert said == f"{NOT_A_CONTACT} Ask one of them: Alice Martin."


async def test_a_contact_is_found_by_e_mail_in_whatever_case(world: World) -> None:
    """R5: Slack has `Benoit@acme.example`, the account `benoit@acme.example`."""
    benoit = world.get_person("benoit")
    await world.save_cart(benoit, acme_meeting=1)
    quote = await world.load_row(Quote)
    contact = await world.load_row(BillingContact, email="benoit@acme.example")
    assert quote.contact_id == contact.id


async def test_once_bound_by_user_id_an_e_mail_address_opens_nothing(world: World) -> None:
    """R5: Nora has taken Alice's address; Alice is known by her id, whatever her address is."""
    world.slack.set_user("U10NOBODY", email="alice@acme.example")
    world.slack.set_user("U01ALICE", email="alice.martin@acme.example")
    before = await load_all_rows(world)
    for said in (await type_every_command(world, world.get_person("nobody"), "C07GENERAL")).values():
        assert NOT_A_CONTACT in said
    assert await load_all_rows(world) == before
    await world.save_cart(world.get_person("alice"), acme_meeting=1)


async def test_a_removed_contact_is_no_longer_a_contact(world: World) -> None:
    """R1: what they had open answers by R1 too."""
    metadata = await create_order_and_quote(world)
    alice = world.get_person("alice")
    contact = await world.load_row(BillingContact, email="alice@acme.example")
    await change(world, BillingContact, contact.id, active=False)
    before = await load_all_rows(world)
    answers = await type_every_command(world, alice, "C01BILLING")
    assert set(answers.values()) == {f"{NOT_A_CONTACT} Ask one of them: Benoît Roche."}
    answers = await press_everything(world, alice, metadata)
    assert all(NOT_A_CONTACT in said and is_free_of_acme(said) for said in answers.values()), answers
    await alice.open_home()
    await world.dependencies.tasks.wait_until_idle()
    assert alice.home is not None
    assert is_free_of_acme(alice.home.text)
    assert await load_all_rows(world) == before


@pytest.mark.parametrize("step", ["cart", "quote", "checkout", "placement"])
async def test_losing_the_role_while_a_form_is_open_is_noticed_on_submit(world: World, step: str) -> None:
    """R5: every submission is authorised again."""
    alice = world.get_person("alice")
    steps: dict[str, Callable[..., Awaitable[Modal]]] = {
        "cart": world.fill_cart,
        "quote": world.save_cart,
        "checkout": world.reach_checkout,
        "placement": world.reach_placement,
    }
    form = await steps[step](alice, acme_meeting=5)
    contact = await world.load_row(BillingContact, email="alice@acme.example")
    await change(world, BillingContact, contact.id, active=False)
    before = await load_all_rows(world)
    await form.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert NOT_A_CONTACT in refused.text
    assert is_free_of_acme(refused.text)
    assert await load_all_rows(world) == before


async def test_the_home_of_someone_without_the_role_names_no_account(world: World) -> None:
    """R1: on none of its pages."""
    nora = world.get_person("nobody")
    await nora.open_home()
    await world.dependencies.tasks.wait_until_idle()
    assert nora.home is not None
    for route in (None, *HOME_BUTTONS):
        if route is not None:
            await show_button(nora, route.id, "1", "").press(route.id)
            await world.dependencies.tasks.wait_until_idle()
        assert "aren’t registered as a billing contact" in nora.home.text
        assert is_free_of_acme(nora.home.text)


async def test_a_contact_is_recognised_by_either_spelling_of_their_domain(world: World) -> None:
    """R5: by an internationalised domain in letters, or in the form that mail servers take."""
    contacts = [{"email": "benoit@bücher.example", "name": "Benoît Roy"}]
    await import_account(world, "acme", billing_contacts=contacts)
    benoit = world.get_person("benoit")
    for written in ("benoit@xn--bcher-kva.example", "Benoit@Bücher.example"):
        world.clock.move(hours=2)
        world.slack.set_user(benoit.id, email=written)
        await open_modal(benoit, "/quotes", "", "quote.list")
        assert benoit.ephemerals == [], written
