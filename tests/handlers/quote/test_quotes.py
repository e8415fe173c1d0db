"""Quotes that are pending: listed, decided from a message, decided or changed elsewhere (R8, R10, R15)."""

import pytest

from models.checkout import Checkout
from models.notice import Notice, NoticeKind
from models.quote import QuoteLine
from models.receipt import Receipt
from models.service_order import ServiceOrder
from sandbox.driver import Modal
from tests.handlers.db_snapshot import show_button
from tests.handlers.quote.quotes import QUOTE_BUTTONS, load_quote_statuses, wait_for_refusal
from tests.handlers.steps import (
    find_messages,
    find_newest_message,
    get_contact,
    get_order,
    get_quote,
    import_account,
    import_quote,
    list_buttons,
    list_charges,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World

# --- R8: /quotes


async def test_a_quote_made_elsewhere_goes_from_its_arrival_to_the_order(world: World) -> None:
    """R8, R9, R13: contacts and channel are told; approving changes nothing, placing does; all are told."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    quote = await import_quote(world)
    await world.settle()
    # 10 seats at €13 from 10 Nov 10:00 to 1 Dec in Paris: 1,778,400 of 2,592,000 s of €130: €89.194.
    assert (quote.subtotal, quote.tax, quote.total) == (8919, 1784, 10703)
    for person in (alice, benoit):
        assert list_buttons(find_newest_message(person.dms, "Q-2041")) == QUOTE_BUTTONS
        assert "107" in find_newest_message(person.dms, "Q-2041").text
    [card] = world.list_messages("C01BILLING")
    assert list_buttons(card) == QUOTE_BUTTONS
    assert "107" not in card.text, "no amounts in the channel (R25)"

    listed = await open_modal(alice, "/quotes", "", "quote.list")
    assert "€107.03" in listed.text
    await alice.press("quote.approve")
    await alice.wait_for_modal("service_order.place")
    assert (await get_quote(world, "Q-2041")).status == "pending", "approving opens the order, no more"
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    order = await get_order(world)
    assert (order.status, order.quote_id) == ("completed", quote.id)
    assert (await world.load_row(Receipt)).total == 10703
    assert await world.load_seats("acme_meeting") == (35, 35)
    held = await world.dependencies.billing.list_subscriptions("acme")
    meeting = next(s for s in held if s.id == "acme_meeting")
    assert [(b.seats, b.unit_price) for b in meeting.blocks] == [(10, 1300)], "at its own price (R17)"

    for copy in (alice.dms[0], benoit.dms[0], world.list_messages("C01BILLING")[0]):
        assert list_buttons(copy) == [], "decided: nothing is left to press"
        assert "Alice Martin" in copy.text
        assert "SO-1001" in copy.text
        assert copy.edits
    assert find_messages(benoit.dms[1:], "Q-2041"), "all contacts are told of the approval"
    assert sorted(r for mail in world.slack.mail.messages for r in mail.recipients) == [
        "alice@acme.example",
        "benoit@acme.example",
    ]


async def test_a_posted_quote_is_approved_and_rejected_from_its_message(world: World) -> None:
    """R8: from the channel's message; afterwards the buttons of each copy are gone, with who and when."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world)
    await world.settle()
    [card] = world.list_messages("C01BILLING")
    await benoit.press_in(card, "quote.approve")
    await benoit.wait_for_modal("service_order.place")
    await alice.press_in(card, "quote.reject")
    (await alice.wait_for_modal("quote.reject")).fill("reason", "Budget is gone")
    world.clock.move(minutes=3)
    await alice.submit()
    await wait_for_modal_text(alice, "Budget is gone")
    await world.settle()
    for copy in (alice.dms[0], benoit.dms[0], *world.list_messages("C01BILLING")):
        assert list_buttons(copy) == []
        for word in ("Alice Martin", "10:03", "Budget is gone"):
            assert word in copy.text
    await benoit.submit()
    await wait_for_refusal(world, benoit, "Alice Martin", "10:03")


async def test_a_decision_is_announced_to_the_other_contacts_alone(world: World) -> None:
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    quote = await import_quote(world)
    await open_modal(alice, "/quotes", quote.number, "quote.review")
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()
    await world.settle()
    [notice] = await world.load_rows(Notice, kind=NoticeKind.QUOTE_DECIDED)
    assert notice.destination == f"contact:{(await get_contact(world, 'benoit@acme.example')).key}"
    assert len(benoit.dms) == len(alice.dms) + 1


async def test_quotes_are_listed_by_the_end_of_their_validity(world: World) -> None:
    await import_quote(world, "Q-2041", expires="2026-11-30")
    await import_quote(world, "Q-2042", expires="2026-11-20")
    listed = await open_modal(world.get_person("alice"), "/quotes", "", "quote.list")
    assert listed.text.index("Q-2042") < listed.text.index("Q-2041")


async def test_back_from_rejecting_keeps_the_reason_for_that_quote_and_no_other(world: World) -> None:
    """R8: also past the checkout; what is taken out again stays out."""
    alice = world.get_person("alice")
    await import_quote(world)
    other = await import_quote(world, "Q-2042")
    reason = "Budget “gone”\n" + 'é"' * 240
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")

    async def go(action_id: str, callback_id: str) -> Modal:
        await alice.press(action_id)
        return await alice.wait_for_modal(callback_id)

    (await go("quote.reject", "quote.reject")).fill("reason", reason)
    await go("quote.open", "quote.review")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await go("checkout.edit", "checkout.save")
    await go("checkout.back", "quote.review")
    form = await go("quote.reject", "quote.reject")
    assert form.get_value("reason") == reason
    form.fill("reason", "")
    await go("quote.open", "quote.review")
    form = await go("quote.reject", "quote.reject")
    assert form.get_value("reason") in (None, "")
    form.fill("reason", reason)
    await go("quote.open", "quote.review")

    review = alice.modal
    assert review
    show_button(alice, "quote.reject", str(other.key), review.private_metadata)
    assert (await go("quote.reject", "quote.reject")).get_value("reason") in (None, "")
    assert world.slack.refusals == []


async def test_a_stale_button_in_a_message_is_answered_privately(world: World) -> None:
    """R20: pressed in a message before its redrawing arrived."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world)
    await world.settle()
    [card] = world.list_messages("C01BILLING")
    await open_modal(alice, "/quotes", "", "quote.list")
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()
    await benoit.press_in(card, "quote.approve")
    reply = await benoit.wait_for_ephemeral()
    assert "Alice Martin" in reply.text
    assert reply.channel_id == "C01BILLING"
    await benoit.press_in(card, "quote.reject")
    review = await benoit.wait_for_modal("quote.review")
    assert "Alice Martin" in review.text


async def test_a_quote_decided_elsewhere_is_closed_as_decided_there(world: World) -> None:
    """R15, R20: by the import; anybody who acts on it is told, and every copy is updated."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world)
    await world.settle()
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await world.pass_time(hours=3)
    decided = {"status": "accepted", "at": "2026-11-10T11:30:00Z"}
    quote = await import_quote(world, decided=decided)
    assert (quote.status, quote.decided_externally, quote.decided_by) == ("accepted", True, "GoTo Admin")
    await alice.submit()
    await wait_for_refusal(world, alice, "accepted outside Slack", "12:30")
    await world.settle()
    assert list_buttons(world.list_messages("C01BILLING")[0]) == []
    for person in (alice, benoit):
        assert list_buttons(person.dms[0]) == []
        assert len(find_messages(person.dms[1:], "Q-2041")) == 1
    assert await world.load_rows(ServiceOrder) == [], "what is decided there is carried out there"


async def test_an_external_decision_closes_the_quote_that_replaced_it_for_another_address(
    world: World,
) -> None:
    """R10, R15: over there it has its old number; ordered here as well, its seats would be bought twice."""
    alice = world.get_person("alice")
    await import_quote(world)
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await alice.submit()
    await world.choose_country(alice, "DE")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    decided = {"status": "accepted", "at": "2026-11-10T11:30:00Z"}
    await import_quote(world, decided=decided)
    assert await load_quote_statuses(world) == {"Q-2041": "expired", "SQ-1001": "accepted"}
    await alice.submit()
    await wait_for_refusal(world, alice, "SQ-1001", "accepted outside Slack")
    assert await world.load_rows(ServiceOrder) == []


async def test_a_pending_quote_whose_terms_change_twice_is_updated_each_time(world: World) -> None:
    """R8: what is posted shows what would be ordered."""
    alice = world.get_person("alice")
    await import_quote(world)
    await world.settle()
    for day in ("2026-11-28", "2026-11-26"):
        await world.pass_time(hours=1)
        await import_quote(world, expires=day)
        await world.settle()
    assert "Valid through 26 Nov 2026" in alice.dms[0].text
    assert "jusqu’au 26 nov. 2026 inclus" in world.list_messages("C01BILLING")[0].text


async def test_lines_changed_elsewhere_must_be_seen_before_they_are_placed(world: World) -> None:
    """R10: people who checked the old lines out see the new ones first."""
    alice = world.get_person("alice")
    await import_quote(world)
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await import_quote(world, lines=[{"subscription": "acme_meeting", "seats": 99}])
    await alice.submit()
    await wait_for_modal_text(alice, "Nothing has been ordered")
    assert await world.load_rows(ServiceOrder) == []
    modal = await alice.wait_for_modal("service_order.place")
    assert "99 new seats" in modal.text
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    assert (await world.load_row(QuoteLine)).seats == 99
    assert len(await world.load_rows(ServiceOrder)) == 1


async def test_another_address_keeps_the_price_that_was_agreed_elsewhere(world: World) -> None:
    """R10, R17: ten seats at €13, while the subscription's price is €14; only the tax differs."""
    alice = world.get_person("alice")
    await import_quote(world)
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await alice.submit()
    await world.choose_country(alice, "DE")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    old, new = await world.load_rows(QuoteLine)
    assert (old.unit_price, old.tax > 0) == (1300, True)
    assert (new.unit_price, new.amount, new.tax) == (1300, old.amount, 0)
    await alice.submit()
    await world.settle()
    [charge] = await list_charges(world)
    assert (charge.unit_price, charge.amount, charge.tax) == (1300, old.amount, 0)


# --- R10: checkout


async def test_there_is_one_checkout_for_each_quote_and_person(world: World) -> None:
    """R10: what one types is not what the other finds; Back and a closed window lose nothing."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    quote = await import_quote(world)
    for person, street in ((alice, "8 rue Neuve"), (benoit, "9 rue Haute")):
        await open_modal(person, "/quotes", "Q-2041", "quote.review")
        await person.submit()
        (await world.open_address(person)).fill("line1", street).fill("city", "")
        await person.press("checkout.back")
        await person.wait_for_modal("quote.review")
        await person.close_modal(everything=True)
    for person, street in ((alice, "8 rue Neuve"), (benoit, "9 rue Haute")):
        await open_modal(person, "/quotes", "", "quote.list")
        await person.press("quote.approve")
        checkout = await person.wait_for_modal("checkout.save")
        assert checkout.get_value("line1") == street
        assert not checkout.get_value("city"), "kept as typed, though it is not valid"
        reply = await person.submit()
        assert list(reply.errors) == ["city"]
    rows = await world.load_rows(Checkout, quote_id=quote.id)
    ids = [(await get_contact(world, f"{name}@acme.example")).id for name in ("alice", "benoit")]
    assert [(row.contact_id, row.is_saved) for row in rows] == [(ids[0], False), (ids[1], False)]


@pytest.mark.parametrize("number", ["SQ-9999", "Q-OTHER"])
async def test_a_quote_of_another_account_is_reported_like_one_that_does_not_exist(
    world: World, number: str
) -> None:
    """R1: by its number, and by a forged id."""
    lines = [{"subscription": "other_meeting", "seats": 1}]
    await import_account(
        world, "other", quotes=[{"number": "Q-OTHER", "expires": "2026-11-30", "lines": lines}]
    )
    alice = world.get_person("alice")
    await import_quote(world)
    await alice.command("/quotes", number)
    assert f"We can’t find quote {number}" in (await alice.wait_for_ephemeral()).text

    other = await get_quote(world, "Q-OTHER")
    await open_modal(alice, "/quotes", "Q-2041", "quote.review")
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()
    request = world.slack.requests[-1]

    def of_the_other(payload: dict[str, object]) -> None:
        view = payload["view"]
        assert isinstance(view, dict)
        view["private_metadata"] = view["private_metadata"].replace(
            f'"quote":{other.key + 1}', f'"quote":{other.key}'
        )

    reply = await world.slack.forge(request, of_the_other)
    assert "We can’t find that quote" in str(reply.body)
    assert (await get_quote(world, "Q-OTHER")).status == "pending"
