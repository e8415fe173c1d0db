"""More time for a quote: a billing contact asks, Account Services decide (R9, R20)."""

import asyncio
from datetime import UTC, date, datetime, timedelta

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.quote.expiry import enqueue_quote_reminders
from models.audit.entry import AuditEntry
from models.quote import Quote
from models.quote.extension import ExtensionStatus, QuoteExtension
from models.receipt import Receipt
from sandbox.driver import Modal, Person, PostedMessage
from tests.handlers.all_screens import ACCOUNT_SERVICES_ROUTES, NEUTRAL_REFUSAL
from tests.handlers.db_snapshot import change, get_answer, load_all_rows, show_button, show_form
from tests.handlers.quote.quotes import QUOTE_BUTTONS
from tests.handlers.steps import (
    find_messages,
    find_newest_message,
    get_quote,
    import_quote,
    list_buttons,
    open_modal,
    wait_for_modal_text,
)
from tests.stripe_world import stripe_world
from tests.world import World

ASK, REQUEST = "quote_extension.ask", "quote_extension.request"
APPROVE, DECLINE = "quote_extension.approve", "quote_extension.decline"
# Q-2041 covers November: its last possible day is the 30th.
ENDS_EARLY = "2026-11-20"


async def ask_for_time(
    world: World, person: Person, until: str = "2026-11-27", reason: str = "", number: str = "Q-2041"
) -> Modal:
    """From `/quotes`, up to the answer to the request."""
    review = await open_modal(person, "/quotes", number, "quote.review")
    await review.press(ASK)
    form = await person.wait_for_modal(REQUEST)
    form.fill("until", until).fill("reason", reason)
    await form.submit()
    await world.settle()
    return form


def request_message(world: World) -> PostedMessage:
    return world.list_messages("C08SERVICES")[-1]


async def open_decision(world: World, person: Person, action_id: str) -> Modal:
    await person.press_in(request_message(world), action_id)
    await world.dependencies.tasks.wait_until_idle()
    return await person.wait_for_modal(action_id)


async def history(world: World, number: str = "Q-2041") -> list[AuditEntry]:
    return [entry for entry in await world.load_rows(AuditEntry) if entry.subject == f"quote:{number}"]


async def test_r9_a_contact_asks_for_time_and_account_services_extend_the_quote(world: World) -> None:
    """Prices, number and lines stay; reminders, copies of the quote and history follow; Alice is answered."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    before = await import_quote(world, expires=ENDS_EARLY)
    await world.settle()
    await ask_for_time(world, alice, reason="Our CFO <!channel> is away")
    review = await wait_for_modal_text(alice, "asked for more time")
    assert ASK not in review.action_ids

    asked = request_message(world)
    for words in (
        "Acme SA",
        "Q-2041",
        "Alice Martin",
        "27 nov. 2026",
        "CFO &lt;!channel&gt;",
        "30 nov. 2026",
    ):
        assert words in asked.text
    assert "€" not in asked.text, "R25: the channel gets amounts only if the account wants them"
    assert list_buttons(asked) == [APPROVE, DECLINE]

    form = await open_decision(world, vera, APPROVE)
    assert "Its prices stay the same" in form.text
    assert form.get_value("until") == "2026-11-27"
    form.fill("until", "2026-11-28")
    await form.submit()
    await world.settle()
    assert "now valid through 28 Nov 2026" in (await wait_for_modal_text(vera, "Q-2041")).text

    quote = await get_quote(world, "Q-2041")
    assert quote.expires_at == datetime(2026, 11, 28, 23, tzinfo=UTC), "the end of that day in Paris"
    kept = ("total", "subtotal", "tax", "frozen_at", "number", "status", "created_at")
    assert [getattr(quote, name) for name in kept] == [getattr(before, name) for name in kept]
    extension = await world.load_row(QuoteExtension)
    assert (extension.status, extension.decided_by) == (ExtensionStatus.APPROVED, "Vera Lind")
    assert "Prolongé par Vera Lind" in request_message(world).text
    assert list_buttons(request_message(world)) == []
    answered = find_newest_message(alice.dms, "now valid through 28 Nov 2026")
    assert "Vera Lind" in answered.text
    assert list_buttons(answered) == QUOTE_BUTTONS
    assert (
        "jusqu’au 28 nov. 2026 inclus" in find_newest_message(world.get_person("benoit").dms, "Q-2041").text
    )
    arrived = world.list_messages("C01BILLING")[0]
    assert "jusqu’au 28 nov. 2026 inclus" in arrived.text, "edited in place"

    asked_entry, extended = (await history(world))[-2:]
    assert (asked_entry.action, asked_entry.reason) == ("extension_requested", "Our CFO <!channel> is away")
    assert (extended.action, extended.actor_kind, extended.actor_name) == (
        "extended",
        "services",
        "Vera Lind",
    )
    assert extended.details["expires_at"] == [before.expires_at.isoformat(), quote.expires_at.isoformat()]

    await alice.close_modal(everything=True)
    world.clock.at = before.expires_at
    await enqueue_quote_reminders(world.dependencies)
    await world.settle()
    assert (await open_modal(alice, "/quotes", "", "quote.list")).text.count("Q-2041") == 1, "still pending"
    world.clock.at = datetime(2026, 11, 28, 19, 0, tzinfo=UTC)
    await enqueue_quote_reminders(world.dependencies)
    await world.settle()
    assert "expires at the end of 28 Nov 2026" in alice.dms[-1].text
    assert ASK in list_buttons(alice.dms[-1]), "two more days are possible"


async def test_a_declined_request_changes_nothing_and_says_why(world: World) -> None:
    alice, vera = world.get_person("alice"), world.get_person("vera")
    before = await import_quote(world, expires=ENDS_EARLY)
    await ask_for_time(world, alice)
    form = await open_decision(world, vera, DECLINE)
    assert "prices stay the same" not in form.text
    assert "Reason for declining" in form.text
    form.fill("reason", "The price list changes")
    await form.submit()
    await world.settle()
    quote = await get_quote(world, "Q-2041")
    assert (quote.expires_at, quote.remind_at) == (before.expires_at, before.remind_at)
    answered = find_newest_message(alice.dms, "declined the extension")
    for words in ("Vera Lind", "The price list changes", "Q-2041"):
        assert words in answered.text
    assert "Refusé par Vera Lind" in request_message(world).text
    assert (await history(world))[-1].action == "extension_declined"
    await ask_for_time(world, alice, "2026-11-22")
    assert len(await world.load_rows(QuoteExtension)) == 2, "they may ask again"


IMPOSSIBLE_DAYS = {"2026-12-01": "30 Nov 2026", "2026-11-20": "already valid", "": "Fill in this field"}


async def test_r9_an_impossible_day_is_refused_at_its_field(world: World) -> None:
    """By the contact's form and by Account Services' own: not past the earliest period end."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    before = await import_quote(world, expires=ENDS_EARLY)
    form = await ask_for_time(world, alice, "")
    for until, words in IMPOSSIBLE_DAYS.items():
        form.fill("until", until)
        await form.submit()
        assert words in form.errors["until"]
    assert await world.load_rows(QuoteExtension) == []
    form.fill("until", "2026-11-30")
    await form.submit()
    await world.settle()
    decision = await open_decision(world, vera, APPROVE)
    for until, words in IMPOSSIBLE_DAYS.items():
        decision.fill("until", until)
        await decision.submit()
        assert words in decision.errors["until"]
    assert (await get_quote(world, "Q-2041")).expires_at == before.expires_at


async def test_r9_a_quote_that_ends_with_its_period_cannot_be_extended(world: World) -> None:
    """No button; an old one, and a reminder's, say why."""
    alice = world.get_person("alice")
    quote = await import_quote(world, expires="2026-11-30")
    review = await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    assert ASK not in review.action_ids
    await show_button(alice, ASK, str(quote.key), "{}").press(ASK)
    refused = await alice.wait_for_modal("refusal.show")
    assert "1 Dec 2026" in refused.text
    assert "cart.open" not in refused.action_ids or "quote.open" not in refused.action_ids


async def test_r20_the_second_of_two_requests_sees_the_first(world: World) -> None:
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world, expires=ENDS_EARLY)
    forms = {}
    for person in (alice, benoit):
        await (await open_modal(person, "/quotes", "Q-2041", "quote.review")).press(ASK)
        forms[person.id] = await person.wait_for_modal(REQUEST)
    await asyncio.gather(*(form.submit() for form in forms.values()))
    await world.settle()
    assert len(await world.load_rows(QuoteExtension)) == 1
    assert len(world.list_messages("C08SERVICES")) == 1
    screens = [person.modal.callback_id for person in (alice, benoit) if person.modal]
    assert sorted(screens) == ["quote.review", "refusal.show"]


async def test_r20_the_second_of_two_decisions_sees_who_decided(world: World) -> None:
    """In two browsers, and then with the message's old button."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    other = world.slack.get_person("U12VERA", "other")
    await import_quote(world, expires=ENDS_EARLY)
    await ask_for_time(world, alice)
    stale = request_message(world)
    approval = await open_decision(world, vera, APPROVE)
    await other.press_in(stale, DECLINE)
    decline = await other.wait_for_modal(DECLINE)
    await asyncio.gather(approval.submit(), decline.submit())
    await world.settle()
    screens = {modal.callback_id: modal for person in (vera, other) if (modal := person.modal)}
    assert set(screens) == {"quote_extension.show", "refusal.show"}
    assert "Vera Lind has already" in screens["refusal.show"].text
    assert len(find_messages(alice.dms, "Vera Lind")) == 1


async def test_r20_a_quote_decided_meanwhile_leaves_nothing_to_decide(world: World) -> None:
    """The message in the channel says so, and so does a form that was open already."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    numbers = {"accepted": "Q-1", "rejected": "Q-2", "expired": "Q-3"}
    ends = {}
    for number in numbers.values():
        ends[number] = (await import_quote(world, number, expires=ENDS_EARLY)).expires_at
    for ending, number in numbers.items():
        await ask_for_time(world, alice, number=number)
        form = await open_decision(world, vera, APPROVE)
        if ending == "expired":
            world.clock.at = ends[number]
        else:
            decided = {"status": ending, "at": "2026-11-10T09:00:00Z"}
            await import_quote(world, number, expires=ENDS_EARLY, decided=decided)
            await world.settle()
            assert "plus rien à décider" in request_message(world).text
            assert list_buttons(request_message(world)) == []
        await form.submit()
        refused = await vera.wait_for_modal("refusal.show")
        assert f"{number} is no longer pending" in refused.text
        await vera.close_modal(everything=True)
        assert (await get_quote(world, number)).expires_at == ends[number]
    assert find_messages(alice.dms, "now valid") == []


async def test_a_quote_that_was_extended_stays_so_when_the_file_is_imported_again(world: World) -> None:
    """Unless the file now names another end: then that is what they decided elsewhere."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    await import_quote(world, expires=ENDS_EARLY)
    await ask_for_time(world, alice)
    await (await open_decision(world, vera, APPROVE)).submit()
    await world.settle()
    extended = (await get_quote(world, "Q-2041")).expires_at
    assert extended == datetime(2026, 11, 27, 23, tzinfo=UTC)
    assert (await import_quote(world, expires=ENDS_EARLY)).expires_at == extended
    assert (await import_quote(world, expires="2026-11-25")).expires_at < extended


async def test_a_carts_own_quote_can_be_extended_too(world: World) -> None:
    alice, vera = world.get_person("alice"), world.get_person("vera")
    await world.save_cart(alice, acme_webinar=1)
    assert alice.modal
    assert ASK not in alice.modal.action_ids, "it was made a moment ago"
    await alice.close_modal(everything=True)
    before = await get_quote(world, "SQ-1001")
    await ask_for_time(world, alice, "2026-12-20", number="SQ-1001")
    await (await open_decision(world, vera, APPROVE)).submit()
    await world.settle()
    quote = await get_quote(world, "SQ-1001")
    assert quote.expires_at > before.expires_at
    assert quote.total == before.total
    assert find_messages(world.get_person("benoit").dms, "SQ-1001") == [], "it is Alice's"
    await open_modal(alice, "/quotes", "SQ-1001", "quote.review")


async def test_only_full_members_in_the_channel_may_decide(world: World) -> None:
    """R5: the contact who asked, colleagues and guests are refused by every button and form."""
    alice = world.get_person("alice")
    await import_quote(world, expires=ENDS_EARLY)
    await ask_for_time(world, alice)
    extension = await world.load_row(QuoteExtension)
    world.slack.set_user("U12VERA", is_restricted=True)
    before = await load_all_rows(world)
    for name in ("alice", "nobody", "dora", "guest", "vera"):
        person = world.get_person(name)
        for action_id in ACCOUNT_SERVICES_ROUTES:
            metadata = f'{{"extension": {extension.key}}}'
            await show_button(person, action_id, str(extension.key), metadata).press(action_id)
            assert (await get_answer(world, person, 99)).split("\n")[0] == NEUTRAL_REFUSAL, name
            form = show_form(person, action_id, metadata, "until", "reason").fill("until", "2026-11-28")
            await form.submit()
            assert (await get_answer(world, person, 99)).split("\n")[0] == NEUTRAL_REFUSAL, name
    assert await load_all_rows(world) == before


async def test_a_person_who_left_the_channel_can_no_longer_decide(world: World) -> None:
    """Each click is authorised again; without Slack's answer nothing is decided."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    await import_quote(world, expires=ENDS_EARLY)
    await ask_for_time(world, alice)
    form = await open_decision(world, vera, APPROVE)
    world.slack.inject_fault("error_500", "conversations.members")
    await form.submit()
    assert "Try again in a moment" in form.errors["until"]
    world.slack.slack.faults.reset()
    world.slack.slack.workspace.channels["C08SERVICES"].members.remove("U12VERA")
    await form.submit()
    assert (await vera.wait_for_modal("refusal.show")).text.startswith(NEUTRAL_REFUSAL)
    assert (await world.load_row(QuoteExtension)).status is ExtensionStatus.REQUESTED


async def test_without_a_channel_of_account_services_their_page_is_linked(world: World) -> None:
    """R14"""
    world.dependencies.settings = world.dependencies.settings.model_copy(
        update={"account_services_channel": None}
    )
    alice = world.get_person("alice")
    await import_quote(world, expires=ENDS_EARLY)
    await (await open_modal(alice, "/quotes", "Q-2041", "quote.review")).press(ASK)
    refused = await alice.wait_for_modal("refusal.show")
    assert "Ask Account Services for more time" in refused.text
    assert "account.contact_services" in refused.action_ids


async def test_a_decision_made_while_the_request_is_posted_reaches_its_message(world: World) -> None:
    """R25: the copy was not stored yet when the quote was rejected."""
    alice = world.get_person("alice")
    quote = await import_quote(world, expires=ENDS_EARLY)
    await world.settle()
    review = await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await review.press(ASK)
    await (await alice.wait_for_modal(REQUEST)).submit()
    await change(world, Quote, quote.key, expires_at=datetime(2026, 11, 21, 23, tzinfo=UTC))
    await world.settle()
    assert (await world.load_row(QuoteExtension)).requested_until == date(2026, 11, 27)
    assert "jusqu’au 21 nov. 2026 inclus" in request_message(world).text


async def test_r24_a_request_that_reaches_nobody_is_reported_and_finally_withdrawn(world: World) -> None:
    """The channel of Account Services is gone: who asked hears of it after a minute, and after a day can ask
    again."""
    alice = world.get_person("alice")
    await import_quote(world, expires=ENDS_EARLY)
    await world.settle()
    channels = world.slack.slack.workspace.channels
    services_channel = channels.pop("C08SERVICES")
    await (await open_modal(alice, "/quotes", "Q-2041", "quote.review")).press(ASK)
    await (await alice.wait_for_modal(REQUEST)).submit()
    for _ in range(10):
        await deliver_due_notices(world.dependencies)
        world.clock.move(seconds=20)
    delayed = find_newest_message(alice.dms, "hasn’t reached Account Services yet")
    assert world.dependencies.settings.account_services_url in delayed.text
    assert list_buttons(delayed) == QUOTE_BUTTONS
    assert len(await world.load_rows(QuoteExtension)) == 1, "it is still tried"
    for _ in range(26):
        await deliver_due_notices(world.dependencies)
        world.clock.move(hours=1)
    await world.settle()
    assert len(find_messages(alice.dms, "hasn’t reached Account Services yet")) == 1
    assert "it was withdrawn" in find_newest_message(alice.dms, "didn’t reach Account Services").text
    assert await world.load_rows(QuoteExtension) == []
    undelivered = find_newest_message(alice.dms, "didn’t reach Account Services")
    channels["C08SERVICES"] = services_channel
    await ask_for_time(world, alice)
    assert "Q-2041" in request_message(world).text
    decided = {"status": "rejected", "at": "2026-11-11T09:00:00Z"}
    await import_quote(world, expires=ENDS_EARLY, decided=decided)
    await world.settle()
    assert [list_buttons(delayed), list_buttons(undelivered)] == [[], []], "there is nothing left to decide"


async def test_r10_a_request_moves_to_the_quote_that_replaces_its_own_for_another_address(
    world: World,
) -> None:
    """The message in Account Services' channel is edited, and its buttons extend the new quote."""
    alice, vera = world.get_person("alice"), world.get_person("vera")
    await import_quote(world, expires=ENDS_EARLY)
    await world.settle()
    await ask_for_time(world, alice)
    review = await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await review.submit()
    checkout = await world.choose_country(alice, "DE")
    checkout.fill("postal_code", "10115")
    await checkout.submit()
    await alice.wait_for_modal("service_order.place")
    await world.settle()
    new = await get_quote(world, "SQ-1001")
    assert len(world.list_messages("C08SERVICES")) == 1
    asked = request_message(world)
    assert "SQ-1001" in asked.text
    assert list_buttons(asked) == [APPROVE, DECLINE]
    assert find_messages(alice.dms, "was replaced") == [], "the request goes on"
    assert [entry.action for entry in await history(world, "SQ-1001")] == ["made", "extension_moved"]
    await (await open_decision(world, vera, APPROVE)).submit()
    await world.settle()
    assert (await get_quote(world, "SQ-1001")).expires_at > new.expires_at
    assert find_newest_message(alice.dms, "Quote SQ-1001 is now valid through")


async def test_r20_the_requester_is_notified_that_the_quote_was_replaced(world: World) -> None:
    """Also if they did it themselves: the warning says nothing of their request."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world, expires=ENDS_EARLY)
    await world.settle()
    await ask_for_time(world, alice)
    await alice.close_modal(everything=True)
    await alice.command("/add-seats", "meeting 1")
    await alice.wait_for_modal("cart.warning")
    await alice.press("cart.continue")
    await (await alice.wait_for_modal("cart.save")).submit()
    await alice.wait_for_modal("quote.review")
    await world.settle()
    replaced = find_newest_message(alice.dms, "Quote Q-2041 was replaced")
    assert "Alice Martin asked for more time on" in replaced.text
    assert "That request ended with the quote." in replaced.text
    assert "Cette demande a pris fin avec le devis." in find_newest_message(benoit.dms, "Q-2041").text
    assert list_buttons(request_message(world)) == []


async def test_with_stripe_an_extended_quote_is_charged_as_it_was_quoted() -> None:
    """R17: at its frozen instant and prices, after its first end of validity."""
    async with stripe_world() as world:
        alice, vera = world.get_person("alice"), world.get_person("vera")
        await world.save_cart(alice, acme_webinar=2)
        await alice.close_modal(everything=True)
        before = await get_quote(world, "SQ-1001")
        await ask_for_time(world, alice, "2026-12-20", number="SQ-1001")
        await (await open_decision(world, vera, APPROVE)).submit()
        await world.settle()
        world.clock.at = before.expires_at + timedelta(days=1)
        await open_modal(alice, "/quotes", "SQ-1001", "quote.review")
        await alice.submit()
        await (await alice.wait_for_modal("service_order.place")).submit()
        await alice.wait_for_modal("service_order.show")
        await world.settle()
        assert world.list_paid_totals() == [before.total]
        assert (await world.load_row(Receipt)).total == before.total
