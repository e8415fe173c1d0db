"""Who may do what (R1, R5), through the whole program, for every command, button and form."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlmodel import col, update

from handlers.route import Route
from handlers.routes import ROUTES
from models.account import Account
from models.billing_contact import BillingContact
from models.quote import Quote
from models.service_order import ServiceOrder
from models.slack_user import SlackUser
from sandbox.driver import Modal, Person
from sandbox.words import visible_words
from tests.handlers.evidence import add, answer, change, post_button, show_button, show_form, stored
from tests.handlers.steps import opened
from tests.world import World

COMMANDS = [route for route in ROUTES if route.kind == "command"]
# The Home's own are answered there: the last test presses them.
HOME_BUTTONS = [route for route in ROUTES if route.kind == "change" and route.id.startswith("home.")]
BUTTONS = [route for route in ROUTES if route.kind in ("show", "change") and route not in HOME_BUTTONS]
FORMS = [route for route in ROUTES if route.kind == "submit"]

NEUTRAL = "This is not available to you."
NEUTRAL_IN_FRENCH = "Cela ne vous est pas accessible."
NOT_A_CONTACT = (
    "Only an account’s billing contacts can add seats or read its quotes, service orders and receipts."
)
ASK_SERVICES = "Please ask Account Services who they are."
# What nobody but Acme's contacts may read in an answer.
OF_ACME = ("Acme SA", "acme_", "Hugo", "Inès", "4242", "rue de la Paix", "€", "SQ-", "SO-", "GoTo Webinar")
# Of the one receipt there is.
RECEIPT_ID = "1"
NAMES = ("Alice Martin", "Benoît Roche")


async def acme_has_an_order_and_a_quote(world: World) -> str:
    """Something to look at and to change. Returns the ids, as a form carries them."""
    alice = world.person("alice")
    await world.order(alice, acme_meeting=1)
    await world.settle()
    await alice.close_modal(everything=True)
    await world.quote(alice, acme_webinar=1)
    await alice.close_modal(everything=True)
    quote = await world.row(Quote, status="pending")
    order = await world.row(ServiceOrder)
    place = {"account": "acme", "quote": quote.key, "order": order.key, "named": [quote.key]}
    return json.dumps(place)


def value_of(route: Route, metadata: str) -> str:
    """What a button of that id carries."""
    noun, _, verb = route.id.partition(".")
    place = json.loads(metadata)
    if verb == "list" or noun not in ("quote", "service_order", "receipt"):
        return str(place["account"])
    if noun == "receipt":
        return RECEIPT_ID
    return str(place["quote" if noun == "quote" else "order"])


async def press_everything(
    world: World, person: Person, metadata: str, *, leave_out: tuple[str, ...] = ()
) -> dict[str, str]:
    """Every button and every form there is, on the person's own screen: what each answered."""
    answers = {}
    for route in [r for r in BUTTONS if r.id not in leave_out]:
        modal = show_button(person, route.id, value_of(route, metadata), metadata)
        await modal.press(route.id)
        answers[route.id] = await answer(world, person, len(person.ephemerals))
    for route in [r for r in FORMS if r.id not in leave_out]:
        fields = ("seats:acme_webinar", "reason", "payment_method")
        modal = show_form(person, route.id, metadata, *fields)
        modal.fill("seats:acme_webinar", "3").fill("payment_method", "pm_acme")
        await modal.submit()
        answers[f"{route.id} submitted"] = await answer(world, person, len(person.ephemerals))
    return answers


async def type_every_command(world: World, person: Person, channel: str) -> dict[str, str]:
    person.client.stack.clear()
    answers = {}
    for route in COMMANDS:
        for words in ("", "SO-1001", "webinar 5"):
            before = len(person.ephemerals)
            await person.command(route.id, words, channel=channel)
            await world.services.tasks.settle()
            assert person.modal is None, f"{route.id} {words} opened {person.modal}"
            [said] = person.ephemerals[before:]
            answers[f"{route.id} {words}"] = said.words
    return answers


def says_nothing_of_acme(text: str, *, names: bool = False) -> bool:
    return not any(word in text for word in (*OF_ACME, *(() if names else NAMES)))


async def test_a_member_without_the_role_is_told_so_whatever_they_press(world: World) -> None:
    """R1: with no account's channel around, and several accounts, they are sent to Account Services."""
    metadata = await acme_has_an_order_and_a_quote(world)
    nora = world.person("nobody")
    before = await stored(world)
    answers = await press_everything(world, nora, metadata)
    for where, said in answers.items():
        assert f"{NOT_A_CONTACT} {ASK_SERVICES}" in said, (where, said)
        assert "Blanc" not in said, "an account without a channel is nobody's channel"
        assert says_nothing_of_acme(said), (where, said)
    assert await stored(world) == before


async def test_a_member_without_the_role_is_named_the_contacts_of_the_channels_account(
    world: World,
) -> None:
    """R1: by a private line, for every command and for a button in a message."""
    await acme_has_an_order_and_a_quote(world)
    nora = world.person("nobody")
    before = await stored(world)
    told = await type_every_command(world, nora, "C01BILLING")
    assert set(told.values()) == {f"{NOT_A_CONTACT} Please ask one of them: Alice Martin and Benoît Roche."}
    for said in (await type_every_command(world, nora, "C02DECLINED")).values():
        assert "Dora Lane" in said
        assert "Alice" not in said
    for said in (await type_every_command(world, nora, "C07GENERAL")).values():
        assert ASK_SERVICES in said
    seen = len(nora.ephemerals)
    await nora.press_in(world.channel("C01BILLING")[0], "service_order.open")
    assert "Alice Martin" in await answer(world, nora, seen)
    assert await stored(world) == before
    public = "".join(m.words for c in ("C01BILLING", "C02DECLINED", "C07GENERAL") for m in world.channel(c))
    assert NOT_A_CONTACT not in public, "the reply is private"


async def test_with_one_account_in_the_workspace_its_contacts_are_named_everywhere(world: World) -> None:
    """R1: a withdrawn contact is not named."""
    async with world.services.write() as session:
        await session.exec(update(Account).where(col(Account.id) != "acme").values(active=False))
    benoit = await world.row(BillingContact, email="benoit@acme.example")
    await change(world, BillingContact, benoit.id, active=False)
    for said in (await type_every_command(world, world.person("nobody"), "C07GENERAL")).values():
        assert said == f"{NOT_A_CONTACT} Please ask one of them: Alice Martin."


OUTSIDE = [
    {"is_restricted": True},
    {"is_ultra_restricted": True},
    {"is_bot": True},
    {"deleted": True},
    {"is_stranger": True},
]


async def test_a_guest_with_a_contacts_e_mail_learns_nothing_whatever_they_press(world: World) -> None:
    """R5"""
    metadata = await acme_has_an_order_and_a_quote(world)
    world.slack.set_user("U11GUEST", email="benoit@acme.example")
    guest = world.person("guest")
    before = await stored(world)
    answers = await type_every_command(world, guest, "C01BILLING")
    answers |= await press_everything(world, guest, metadata)
    nothing_has_these_ids = json.dumps({"account": "acme", "quote": 9999, "order": 9999})
    answers |= {
        f"no {k}": v for k, v in (await press_everything(world, guest, nothing_has_these_ids)).items()
    }
    assert {said.split("\n")[0] for said in answers.values()} == {NEUTRAL}, answers
    assert all(says_nothing_of_acme(said) for said in answers.values())
    assert await stored(world) == before


@pytest.mark.parametrize("who", OUTSIDE, ids=lambda who: next(iter(who)))
async def test_no_guest_no_bot_and_nobody_deactivated_learns_anything(
    world: World, who: dict[str, bool]
) -> None:
    """R5: though their e-mail address is a billing contact's."""
    world.slack.set_user("U11GUEST", **{"is_restricted": False, **who}, email="benoit@acme.example")
    guest = world.person("guest")
    before = await stored(world)
    for route in COMMANDS:
        seen = len(guest.ephemerals)
        await guest.command(route.id, channel="C01BILLING")
        assert await answer(world, guest, seen) == NEUTRAL
    modal = show_form(guest, "cart.save", json.dumps({"account": "acme"}), "seats:acme_webinar")
    await modal.fill("seats:acme_webinar", "3").submit()
    assert (await answer(world, guest, len(guest.ephemerals))).split("\n")[0] == NEUTRAL
    await guest.open_home()
    await world.services.tasks.settle()
    assert guest.home is not None
    assert says_nothing_of_acme(guest.home.text)
    assert await stored(world) == before


async def test_a_stranger_in_a_shared_channel_gets_one_neutral_line(world: World) -> None:
    """R5: Olga of another workspace has Alice's e-mail address, and presses every button there is."""
    metadata = await acme_has_an_order_and_a_quote(world)
    olga = world.person("olga")
    status = world.channel("C01BILLING")[0]
    messages = [
        (route.id, await post_button(world, "C01BILLING", route.id, value_of(route, metadata)))
        for route in BUTTONS
    ]
    before = await stored(world)
    for action_id, message in [("service_order.open", status), *messages]:
        olga.client.stack.clear()
        seen = len(olga.ephemerals)
        await olga.press_in(message, action_id)
        said = await answer(world, olga, seen)
        assert said.split("\n")[0] == NEUTRAL_IN_FRENCH, "in the language of the channel’s account"
    assert await stored(world) == before
    public = "".join(m.words for m in world.channel("C01BILLING"))
    assert NEUTRAL_IN_FRENCH not in public, "the reply is private"


async def test_a_strangers_command_or_form_is_refused_even_with_the_workspaces_own_id(world: World) -> None:
    """R5: Slack lets outsiders type no command; a payload that says otherwise is believed no more."""
    metadata = await acme_has_an_order_and_a_quote(world)
    alice = world.person("alice")
    await alice.command("/quotes", channel="C01BILLING")
    await world.services.tasks.settle()
    command = world.slack.requests[-1]
    await alice.close_modal(everything=True)
    before = await stored(world)

    def by(user_id: str) -> Callable[[dict[str, Any]], None]:
        def edit(payload: dict[str, Any]) -> None:
            if "user" in payload:
                payload["user"] = {"id": user_id, "team_id": "T02OTHER", "name": "x"}
            payload["user_id"] = user_id

        return edit

    seen = len(alice.ephemerals)
    await world.slack.forge(command, by("U20OLGA"))
    assert await answer(world, alice, seen) == NEUTRAL_IN_FRENCH
    for route in FORMS:
        modal = show_form(alice, route.id, metadata, "reason")
        await modal.submit()
        await world.services.tasks.settle()
        request = world.slack.requests[-1]
        before = await stored(world)
        reply = await world.slack.forge(request, by("U20OLGA"))
        said = visible_words(reply.body["view"]["blocks"])
        assert said == NEUTRAL_IN_FRENCH, (route.id, said)
        assert await stored(world) == before


async def test_somebody_whom_slack_does_not_know_is_nobody(world: World) -> None:
    """R5"""
    await acme_has_an_order_and_a_quote(world)
    alice = world.person("alice")
    await alice.command("/quotes", channel="C01BILLING")
    await world.services.tasks.settle()
    await alice.close_modal()
    before = await stored(world)
    seen = len(alice.ephemerals)
    await world.slack.forge(world.slack.requests[-1], lambda payload: payload.update(user_id="U99GHOST"))
    assert await answer(world, alice, seen) == NEUTRAL_IN_FRENCH
    assert await stored(world) == before


async def test_while_slack_is_silent_a_person_without_a_record_may_do_nothing(world: World) -> None:
    """R5: not even read; they are asked to try again, and then it works."""
    metadata = await acme_has_an_order_and_a_quote(world)
    benoit = world.person("benoit")
    async with world.services.write() as session:
        user = await session.get(SlackUser, ("T01ACME", benoit.id))
        if user is not None:
            await session.delete(user)
    world.slack.fault("error_500", "users.info")
    before = await stored(world)
    answers = await type_every_command(world, benoit, "C01BILLING")
    answers |= await press_everything(world, benoit, metadata)
    for where, said in answers.items():
        assert "réessayer" in said, (where, said)
        assert says_nothing_of_acme(said), (where, said)
    assert await stored(world) == before
    world.slack.slack.faults.reset()
    await benoit.command("/quotes")
    benoit.client.stack.clear()
    assert "Acme SA" in (await benoit.wait_for_modal("quote.list")).text


async def test_with_an_identity_older_than_an_hour_and_a_silent_slack_reading_goes_on(world: World) -> None:
    """R5: no change of state is made; what was typed stays where it is."""
    alice = world.person("alice")
    cart = await world.fill_cart(alice, acme_meeting=5)
    world.clock.move(hours=1, seconds=1)
    world.slack.fault("error_500", "users.info")
    before = await stored(world)

    await alice.submit()
    [said] = cart.errors.values()
    assert "Please try again in a moment." in said
    assert cart.value("seats:acme_meeting") == "5"
    await alice.press("cart.back")
    await world.services.tasks.settle()
    form = await alice.wait_for_modal("cart.save")
    assert "Please try again in a moment." in form.text
    assert form.value("seats:acme_meeting") == "5", "what was typed is still there"

    await alice.close_modal()
    for command, view in (
        ("/quotes", "quote.list"),
        ("/service-orders", "service_order.list"),
        ("/billing", "account.overview"),
    ):
        await alice.command(command)
        assert "Acme SA" in (await alice.wait_for_modal(view)).text
        await alice.close_modal()
    assert await stored(world) == before

    world.slack.slack.faults.reset()
    await world.quote(alice, acme_meeting=5)
    assert (await world.row(Quote)).status == "pending"


async def test_at_each_further_step_too_a_change_waits_for_slacks_word(world: World) -> None:
    """R5: placing and deciding, where there is no field to put the words at."""
    alice = world.person("alice")
    placement = await world.placement(alice, acme_meeting=5)
    world.clock.move(minutes=61)
    world.slack.fault("error_500", "users.info")
    before = await stored(world)
    await placement.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert "nothing was changed" in refused.text
    assert await stored(world) == before
    world.slack.slack.faults.reset()
    await alice.press("quote.open")
    await alice.wait_for_modal("quote.review")
    await alice.submit()
    await alice.wait_for_modal("checkout.save")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")


@pytest.mark.parametrize("action_id", ["service_order.retry", "service_order.give_up"])
async def test_what_becomes_of_a_declined_order_waits_for_slacks_word_too(
    world: World, action_id: str
) -> None:
    """R5: whether it is tried again, or given up."""
    dora = world.person("dora")
    await world.order(dora, declined_meeting=1)
    await world.settle()
    await opened(dora, "/service-orders", "SO-1001", "service_order.show")
    if action_id == "service_order.retry":
        await dora.press(action_id)
        (await dora.wait_for_modal(action_id)).fill("payment_method", "pm_good_1")
    world.clock.move(minutes=61)
    world.slack.fault("error_500", "users.info")
    before = await stored(world)
    await (dora.submit() if action_id == "service_order.retry" else dora.press(action_id))
    assert "Please try again in a moment." in await answer(world, dora, len(dora.ephemerals))
    assert await stored(world) == before


async def test_a_deactivation_is_noticed_within_the_hour(world: World) -> None:
    """R5: what Slack said is believed for an hour, and asked again after it."""
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    world.slack.set_user(alice.id, deleted=True)
    world.clock.move(minutes=59)
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    world.clock.move(minutes=2)
    before = await stored(world)
    await alice.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert refused.text.split("\n")[0] == NEUTRAL
    assert says_nothing_of_acme(refused.text)
    assert await stored(world) == before


async def test_a_contact_is_found_by_e_mail_in_whatever_case(world: World) -> None:
    """R5: Slack has `Benoit@acme.example`, the account `benoit@acme.example`."""
    benoit = world.person("benoit")
    await world.quote(benoit, acme_meeting=1)
    quote = await world.row(Quote)
    contact = await world.row(BillingContact, email="benoit@acme.example")
    assert quote.contact_id == contact.id


async def test_once_bound_by_user_id_an_e_mail_address_opens_nothing(world: World) -> None:
    """R5: Nora has taken Alice's address; Alice is known by her id, whatever her address is."""
    world.slack.set_user("U10NOBODY", email="alice@acme.example")
    world.slack.set_user("U01ALICE", email="alice.martin@acme.example")
    before = await stored(world)
    for said in (await type_every_command(world, world.person("nobody"), "C07GENERAL")).values():
        assert NOT_A_CONTACT in said
    assert await stored(world) == before
    await world.quote(world.person("alice"), acme_meeting=1)


async def test_a_withdrawn_contact_is_none_any_more(world: World) -> None:
    """R1: what they had open answers by R1 too."""
    metadata = await acme_has_an_order_and_a_quote(world)
    alice = world.person("alice")
    contact = await world.row(BillingContact, email="alice@acme.example")
    await change(world, BillingContact, contact.id, active=False)
    before = await stored(world)
    answers = await type_every_command(world, alice, "C01BILLING")
    assert set(answers.values()) == {f"{NOT_A_CONTACT} Please ask one of them: Benoît Roche."}
    answers = await press_everything(world, alice, metadata)
    assert all(NOT_A_CONTACT in said and says_nothing_of_acme(said) for said in answers.values()), answers
    await alice.open_home()
    await world.services.tasks.settle()
    assert alice.home is not None
    assert says_nothing_of_acme(alice.home.text)
    assert await stored(world) == before


@pytest.mark.parametrize("step", ["cart", "quote", "checkout", "placement"])
async def test_a_role_lost_with_a_form_open_is_noticed_when_it_is_sent(world: World, step: str) -> None:
    """R5: every submission is authorised again."""
    alice = world.person("alice")
    steps: dict[str, Callable[..., Awaitable[Modal]]] = {
        "cart": world.fill_cart,
        "quote": world.quote,
        "checkout": world.checkout,
        "placement": world.placement,
    }
    form = await steps[step](alice, acme_meeting=5)
    contact = await world.row(BillingContact, email="alice@acme.example")
    await change(world, BillingContact, contact.id, active=False)
    before = await stored(world)
    await form.submit()
    refused = await alice.wait_for_modal("refusal.show")
    assert NOT_A_CONTACT in refused.text
    assert says_nothing_of_acme(refused.text)
    assert await stored(world) == before


async def test_a_contact_of_another_account_gets_nowhere_with_forged_ids(world: World) -> None:
    """R5: Dora's buttons and forms carry Acme's ids; nothing is shown, nothing is changed."""
    metadata = await acme_has_an_order_and_a_quote(world)
    dora = world.person("dora")
    await world.fill_cart(dora)
    await dora.close_modal(everything=True)
    before = await stored(world)
    # Which notices she gets is her own to choose, and of no account.
    own = ("notice_choice.open", "notice_choice.save")
    answers = await press_everything(world, dora, metadata, leave_out=own)
    for where, said in answers.items():
        assert "I do not know that" in said, (where, said)
        assert says_nothing_of_acme(said), (where, said)
    assert await stored(world) == before
    assert world.slack.refusals == []


async def test_another_accounts_subscription_cannot_be_slipped_into_a_cart(world: World) -> None:
    """R5: a forged field, alone and beside a true one; the same in a page turned and in Back."""
    dora = world.person("dora")
    cart = await world.fill_cart(dora, declined_meeting=1)
    await dora.submit()
    await dora.wait_for_modal("quote.review")
    saved = world.slack.requests[-1]
    await dora.close_modal()
    cart = await world.fill_cart(dora)
    await cart.press("cart.back")
    await world.services.tasks.settle()
    went_back = world.slack.requests[-1]
    before = await stored(world)

    def slip_in(payload: dict[str, Any]) -> None:
        values = payload["view"]["state"]["values"]
        values["seats:acme_webinar"] = {"seats": {"type": "number_input", "value": "7"}}

    def only(payload: dict[str, Any]) -> None:
        values = payload["view"]["state"]["values"]
        values.clear()
        slip_in(payload)

    for edit in (slip_in, only):
        for request in (saved, went_back):
            reply = await world.slack.forge(request, edit)
            await world.services.tasks.settle()
            said = json.dumps(reply.body, ensure_ascii=False) + (dora.modal.text if dora.modal else "")
            assert "I do not know that subscription." in said
            assert "GoTo Webinar" not in said, said
            assert await stored(world) == before


async def test_an_account_of_another_workspace_is_never_seen_from_this_one(world: World) -> None:
    """R5: even where the other workspace's account lists a contact with Alice's user id and e-mail."""
    await add(
        world,
        BillingContact(account_id="other", email="alice@acme.example", name="A", slack_user="U01ALICE"),
        BillingContact(account_id="other", email="benoit@acme.example", name="B"),
    )
    await world.fill_cart(world.person("alice"))  # the provider is asked of Acme's subscriptions
    await world.person("alice").close_modal()
    before = await stored(world)
    for name in ("alice", "benoit"):
        person = world.person(name)
        await person.command("/billing")
        assert "Acme SA" in (await person.wait_for_modal("account.overview")).text
        await person.open_home()
        await world.services.tasks.settle()
        assert person.home is not None
        assert "Other Corp" not in person.home.text
        for route in BUTTONS:
            place = json.dumps({"account": "other", "quote": 0, "order": 0})
            if value_of(route, place) == "other":
                modal = show_button(person, route.id, "other", place)
                await modal.press(route.id)
                said = await answer(world, person, len(person.ephemerals))
                assert "Other Corp" not in said, (route.id, said)
        person.client.stack.clear()
    assert await stored(world) == before


async def test_the_home_of_someone_without_the_role_names_no_account(world: World) -> None:
    """R1: on none of its pages."""
    nora = world.person("nobody")
    await nora.open_home()
    await world.services.tasks.settle()
    assert nora.home is not None
    for route in (None, *HOME_BUTTONS):
        if route is not None:
            await show_button(nora, route.id, "1", "").press(route.id)
            await world.services.tasks.settle()
        assert "not registered as a billing contact" in nora.home.text
        assert says_nothing_of_acme(nora.home.text)
