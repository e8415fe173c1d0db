"""Quotes, from the warning before the cart to their end (R6-R9, R15, R20)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from bot.use_cases.delivery import deliver_due_notices
from bot.use_cases.quote_validity import expire_quotes, remind_of_quotes
from models.audit_entry import AuditEntry
from models.cart import Cart
from models.checkout import Checkout
from models.notice import Notice
from models.quote import Quote, QuoteLine
from models.receipt import Receipt
from models.service_order import ServiceOrder
from sandbox.driver import Modal, Person
from tests.handlers.steps import (
    buttons,
    charges,
    contact_of,
    hooked,
    import_account,
    import_quote,
    newest,
    opened,
    order_of,
    quote_of,
    saying,
    shown,
    texts,
)
from tests.world import World

QUOTE_BUTTONS = ["quote.open", "quote.approve", "quote.reject"]


async def statuses(world: World) -> dict[str, str]:
    return {quote.number: quote.status.value for quote in await world.rows(Quote)}


async def told(world: World, person: Person, *words: str) -> Modal:
    """R20: what the person reads after acting on what is no longer so."""
    modal = await person.wait_for_modal("refusal.show")
    for word in words:
        assert word in modal.text
    return modal


# --- R6, R7: before the cart


async def test_the_pending_quotes_are_shown_first_and_continue_records_consent_only(world: World) -> None:
    """R6, R7: nothing expires before the cart is saved; the replaced quotes record their replacement."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await import_quote(world)
    await alice.command("/add-seats", "meeting 5")
    warning = await alice.wait_for_modal("cart.warning")
    assert "Q-2041" in warning.text
    assert "do not return, even if you abandon the new order" in warning.text
    assert {*QUOTE_BUTTONS, "cart.continue"} <= set(warning.action_ids)

    await alice.press("cart.continue")
    cart = await alice.wait_for_modal("cart.save")
    assert cart.value("seats:acme_meeting") == "5", "the words after the command are kept on the way"
    assert await statuses(world) == {"Q-2041": "pending"}
    assert (await world.row(Cart)).consented_to == [(await quote_of(world, "Q-2041")).id]

    await alice.submit()
    await alice.wait_for_modal("quote.review")
    old, new = await quote_of(world, "Q-2041"), await quote_of(world, "SQ-1001")
    assert (old.status, old.replaced_by_id, old.decided_by) == ("expired", new.id, "Alice Martin")
    assert (new.status, old.decided_at) == ("pending", new.created_at)
    [entry] = await world.rows(AuditEntry, subject="quote:Q-2041", action="replaced")
    assert (entry.source, entry.details) == ("slack:cart.save", {"replaced_by": "SQ-1001"})

    await alice.close_modal(everything=True)
    await world.pass_time(hours=2)
    assert await statuses(world) == {"Q-2041": "expired", "SQ-1001": "pending"}, "abandoned, it stays"
    told_benoit = newest(benoit.dms, "SQ-1001")
    assert "Q-2041" in told_benoit.text
    assert "Alice Martin" in told_benoit.text


async def test_others_that_became_pending_meanwhile_change_nothing_and_come_back(world: World) -> None:
    """R7: at "continue", and again at saving the cart."""
    alice = world.person("alice")
    one = {"number": "Q-1", "expires": "2026-11-30", "lines": [{"subscription": "acme_meeting", "seats": 1}]}
    two, three = {**one, "number": "Q-2"}, {**one, "number": "Q-3"}
    await import_account(world, "acme", quotes=[one])
    await alice.command("/add-seats")
    await alice.wait_for_modal("cart.warning")

    await import_account(world, "acme", quotes=[one, two])
    await alice.press("cart.continue")
    warning = await shown(alice, "Q-2")
    assert warning.callback_id == "cart.warning"
    assert "Nothing was replaced" in warning.text
    assert await world.rows(Cart) == [], "not even consent is stored"

    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    alice.fill("seats:acme_meeting", 2)
    await import_account(world, "acme", quotes=[one, two, three])
    await alice.submit()
    warning = await shown(alice, "Q-3")
    assert "Nothing was replaced" in warning.text
    assert await statuses(world) == {"Q-1": "pending", "Q-2": "pending", "Q-3": "pending"}

    await alice.press("cart.continue")
    cart = await alice.wait_for_modal("cart.save")
    assert cart.value("seats:acme_meeting") == "2", "what was typed is not lost"
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    new = await quote_of(world, "SQ-1001")
    replaced = [q for q in await world.rows(Quote) if q.replaced_by_id == new.id]
    assert [q.number for q in replaced] == ["Q-1", "Q-2", "Q-3"]
    assert world.slack.refusals == []


async def test_consent_is_to_the_quotes_that_were_named_and_not_to_as_many(world: World) -> None:
    """R7: the one that was named is decided meanwhile, and another comes."""
    alice = world.person("alice")
    one = {"number": "Q-1", "expires": "2026-11-30", "lines": [{"subscription": "acme_meeting", "seats": 1}]}
    await import_account(world, "acme", quotes=[one])
    await opened(alice, "/add-seats", "meeting 2", "cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    decided = {**one, "decided": {"status": "rejected", "at": "2026-11-10T08:00:00Z"}}
    await import_account(world, "acme", quotes=[decided, {**one, "number": "Q-2"}])
    await alice.submit()
    assert (await shown(alice, "Q-2")).callback_id == "cart.warning"
    assert await statuses(world) == {"Q-1": "rejected", "Q-2": "pending"}


async def test_a_quote_that_comes_while_the_price_is_asked_is_not_replaced(world: World) -> None:
    """R7: asked again in the transaction that would replace it."""
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=2)
    gateway = hooked(world)

    async def a_quote_comes() -> None:
        gateway.after.clear()
        await import_quote(world)

    gateway.after["preview"] = a_quote_comes
    await alice.submit()
    await shown(alice, "Q-2041")
    assert await statuses(world) == {"Q-2041": "pending"}


async def test_decided_on_the_way_the_quotes_lead_to_the_cart(world: World) -> None:
    """R6: reject from the warning, without a reason; then nothing is pending, and the cart opens."""
    alice = world.person("alice")
    await import_quote(world)
    await alice.command("/add-seats", "meeting 3")
    await alice.wait_for_modal("cart.warning")
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()
    cart = await alice.wait_for_modal("cart.save")
    assert cart.value("seats:acme_meeting") == "3"
    quote = await quote_of(world, "Q-2041")
    assert (quote.status, quote.reason, quote.decided_by) == ("rejected", None, "Alice Martin")


async def test_a_carts_own_quote_is_gone_on_with_and_never_warned_of(world: World) -> None:
    """R10: saved unchanged the same quote, changed another that replaces it without asking."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await world.quote(alice, acme_meeting=5)
    await alice.close_modal(everything=True)
    cart = await opened(alice, "/add-seats", "", "cart.save")
    assert "SQ-1001" in cart.text
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert await statuses(world) == {"SQ-1001": "pending"}

    warning = await opened(benoit, "/add-seats", "", "cart.warning")
    assert "SQ-1001" in warning.text

    await opened(alice, "/add-seats", "meeting 6", "cart.save")
    await alice.submit()
    await shown(alice, "SQ-1002")
    assert await statuses(world) == {"SQ-1001": "expired", "SQ-1002": "pending"}
    assert (await quote_of(world, "SQ-1001")).replaced_by_id == (await quote_of(world, "SQ-1002")).id


async def test_saving_the_cart_unchanged_expires_the_quotes_consented_to(world: World) -> None:
    """R7, R10: the cart's own quote is given again, and replaces the others."""
    alice = world.person("alice")
    await world.quote(alice, acme_meeting=5)
    await import_quote(world)
    warning = await opened(alice, "/add-seats", "", "cart.warning")
    assert "Go on with SQ-1001" in str(warning.blocks)
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    await alice.submit()
    await shown(alice, "SQ-1001")
    own, other = await quote_of(world, "SQ-1001"), await quote_of(world, "Q-2041")
    assert (own.status, other.status, other.replaced_by_id) == ("pending", "expired", own.id)


# --- R7, R20: someone else has the old quote open


async def benoit_everywhere(world: World) -> dict[str, Person]:
    """Benoît's own quote SQ-1001, open in a browser at every step there is."""
    at = {step: world.person("benoit", step) for step in ("review", "reject", "approve", "checkout", "place")}
    await world.placement(at["place"], acme_webinar=1)
    await opened(at["review"], "/quotes", "SQ-1001", "quote.review")
    await opened(at["reject"], "/quotes", "", "quote.list")
    await at["reject"].press("quote.reject")
    (await at["reject"].wait_for_modal("quote.reject")).fill("reason", "trop cher")
    await opened(at["approve"], "/quotes", "", "quote.list")
    await opened(at["checkout"], "/quotes", "SQ-1001", "quote.review")
    await at["checkout"].submit()
    await at["checkout"].wait_for_modal("checkout.save")
    return at


async def press_on_everywhere(at: dict[str, Person]) -> None:
    await at["review"].submit()
    await at["reject"].submit()
    await at["approve"].press("quote.approve")
    await at["checkout"].submit()
    await at["place"].submit()


async def test_whoever_has_the_replaced_quote_open_is_told_at_every_step(world: World) -> None:
    """R7, R20: what happened, by whom, when, and the way on."""
    alice, at = world.person("alice"), await benoit_everywhere(world)
    world.clock.move(minutes=5)
    await opened(alice, "/add-seats", "", "cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    alice.fill("seats:acme_meeting", 3)
    await alice.submit()
    await shown(alice, "SQ-1002")
    world.clock.move(minutes=5)
    await press_on_everywhere(at)
    for step, benoit in at.items():
        modal = await told(world, benoit, "SQ-1001", "Alice Martin", "SQ-1002", "10:05")
        assert "quote.list" in modal.action_ids, step
    assert await statuses(world) == {"SQ-1001": "expired", "SQ-1002": "pending"}
    assert await world.rows(ServiceOrder) == []
    assert world.slack.refusals == []


async def test_whoever_has_the_rejected_quote_open_is_told_at_every_step(world: World) -> None:
    """R8, R20"""
    alice, at = world.person("alice"), await benoit_everywhere(world)
    world.clock.move(minutes=7)
    await opened(alice, "/quotes", "", "quote.list")
    await alice.press("quote.reject")
    (await alice.wait_for_modal("quote.reject")).fill("reason", "  Too <expensive> & late ")
    await alice.submit()
    await alice.wait_for_modal("quote.list")
    quote = await quote_of(world, "SQ-1001")
    assert (quote.status, quote.reason) == ("rejected", "Too <expensive> & late")
    await press_on_everywhere(at)
    for benoit in at.values():
        await told(world, benoit, "SQ-1001", "Alice Martin", "10:07")
    assert (await quote_of(world, "SQ-1001")).reason == quote.reason, "his own reason changed nothing"
    await world.settle()
    dm = newest(at["review"].dms, "SQ-1001")
    assert "Too &lt;expensive&gt; &amp; late" in dm.text, "its own contact is told, why included"
    review = await opened(alice, "/quotes", "sq-1001", "quote.review")
    assert "Alice Martin" in review.text
    assert review.submit_label is None


async def test_a_quote_is_refused_everywhere_from_the_very_second_it_expires(world: World) -> None:
    """R9: by the clock, without any job; the job afterwards only tells."""
    at = await benoit_everywhere(world)
    made = await quote_of(world, "SQ-1001")
    world.clock.at = made.expires_at
    await press_on_everywhere(at)
    for benoit in at.values():
        await told(world, benoit, "SQ-1001", "10 déc. 2026", "10:00")
    assert "SQ-1001" not in (await opened(world.person("alice"), "/quotes", "", "quote.list")).text
    assert (await quote_of(world, "SQ-1001")).status == "pending", "nothing was written"
    assert await world.rows(ServiceOrder) == []

    world.clock.move(hours=1)
    assert await expire_quotes(world.services) == 1
    assert await expire_quotes(world.services) == 0
    await world.settle()
    quote = await quote_of(world, "SQ-1001")
    assert (quote.status, quote.decided_at, quote.decided_by) == ("expired", made.expires_at, "seatbot")
    assert len(saying(at["review"].dms, "SQ-1001")) == 1
    assert "10:00" in newest(at["review"].dms, "SQ-1001").text


async def test_in_its_last_second_a_quote_can_be_placed(world: World) -> None:
    """R9: the end is excluded, the second before it is not."""
    alice = world.person("alice")
    await world.placement(alice, acme_webinar=1)
    world.clock.at = (await quote_of(world, "SQ-1001")).expires_at
    world.clock.move(seconds=-1)
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    assert await statuses(world) == {"SQ-1001": "accepted"}


# --- R8: /quotes


async def test_a_quote_made_elsewhere_goes_from_its_arrival_to_the_order(world: World) -> None:
    """R8, R9, R13: contacts and channel are told; approving changes nothing, placing does; all are told."""
    alice, benoit = world.person("alice"), world.person("benoit")
    quote = await import_quote(world)
    await world.settle()
    # 10 seats at €13 from 10 Nov 10:00 to 1 Dec in Paris: 1,778,400 of 2,592,000 s of €130: €89.194.
    assert (quote.subtotal, quote.tax, quote.total) == (8919, 1784, 10703)
    for person in (alice, benoit):
        assert buttons(newest(person.dms, "Q-2041")) == QUOTE_BUTTONS
        assert "107" in newest(person.dms, "Q-2041").text
    [card] = world.channel("C01BILLING")
    assert buttons(card) == QUOTE_BUTTONS
    assert "107" not in card.text, "no amounts in the channel (R25)"

    listed = await opened(alice, "/quotes", "", "quote.list")
    assert "€107.03" in listed.text
    await alice.press("quote.approve")
    await alice.wait_for_modal("checkout.save")
    assert (await quote_of(world, "Q-2041")).status == "pending", "approving opens checkout, no more"
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    order = await order_of(world)
    assert (order.status, order.quote_id) == ("completed", quote.id)
    assert (await world.row(Receipt)).total == 10703
    assert await world.seats("acme_meeting") == (35, 35)
    held = await world.services.billing.subscriptions("acme")
    meeting = next(s for s in held if s.id == "acme_meeting")
    assert [(b.seats, b.unit_price) for b in meeting.blocks] == [(10, 1300)], "at its own price (R17)"

    for copy in (alice.dms[0], benoit.dms[0], world.channel("C01BILLING")[0]):
        assert buttons(copy) == [], "decided: nothing is left to press"
        assert "Alice Martin" in copy.text
        assert "SO-1001" in copy.text
        assert copy.edits
    assert saying(benoit.dms[1:], "Q-2041"), "all contacts are told of the approval"
    assert sorted(r for mail in world.slack.mail.messages for r in mail.recipients) == [
        "alice@acme.example",
        "benoit@acme.example",
    ]


async def test_a_posted_quote_is_approved_and_rejected_where_it_stands(world: World) -> None:
    """R8: from the channel's message; afterwards the buttons of each copy are gone, with who and when."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await import_quote(world)
    await world.settle()
    [card] = world.channel("C01BILLING")
    await benoit.press_in(card, "quote.approve")
    await benoit.wait_for_modal("checkout.save")
    await alice.press_in(card, "quote.reject")
    (await alice.wait_for_modal("quote.reject")).fill("reason", "Budget is gone")
    world.clock.move(minutes=3)
    await alice.submit()
    await shown(alice, "Budget is gone")
    await world.settle()
    for copy in (alice.dms[0], benoit.dms[0], *world.channel("C01BILLING")):
        assert buttons(copy) == []
        for word in ("Alice Martin", "10:03", "Budget is gone"):
            assert word in copy.text
    await benoit.submit()
    await told(world, benoit, "Alice Martin", "10:03")


async def test_a_stale_button_in_a_message_is_answered_privately(world: World) -> None:
    """R20: pressed in a message before its redrawing arrived."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await import_quote(world)
    await world.settle()
    [card] = world.channel("C01BILLING")
    await opened(alice, "/quotes", "", "quote.list")
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
    """R15, R20: by the import; whoever acts on it is told, and every copy is redrawn."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await import_quote(world)
    await world.settle()
    await opened(alice, "/quotes", "Q-2041", "quote.review")
    await world.pass_time(hours=3)
    decided = {"status": "accepted", "at": "2026-11-10T11:30:00Z"}
    quote = await import_quote(world, decided=decided)
    assert (quote.status, quote.decided_elsewhere, quote.decided_by) == ("accepted", True, "GoTo Admin")
    await alice.submit()
    await told(world, alice, "accepted outside Slack", "12:30")
    await world.settle()
    assert buttons(world.channel("C01BILLING")[0]) == []
    for person in (alice, benoit):
        assert buttons(person.dms[0]) == []
        assert len(saying(person.dms[1:], "Q-2041")) == 1
    assert await world.rows(ServiceOrder) == [], "what is decided there is carried out there"


async def test_decided_elsewhere_closes_the_quote_that_an_address_put_in_its_place(world: World) -> None:
    """R10, R15: over there it has its old number; ordered here as well, its seats would be bought twice."""
    alice = world.person("alice")
    await import_quote(world)
    await opened(alice, "/quotes", "Q-2041", "quote.review")
    await alice.submit()
    form = await alice.wait_for_modal("checkout.save")
    form.fill("country", "DE")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    decided = {"status": "accepted", "at": "2026-11-10T11:30:00Z"}
    await import_quote(world, decided=decided)
    assert await statuses(world) == {"Q-2041": "expired", "SQ-1001": "accepted"}
    await alice.submit()
    await told(world, alice, "SQ-1001", "accepted outside Slack")
    assert await world.rows(ServiceOrder) == []


async def test_a_pending_quote_whose_terms_change_twice_is_redrawn_each_time(world: World) -> None:
    """R8: what is posted shows what would be ordered."""
    alice = world.person("alice")
    await import_quote(world)
    await world.settle()
    for day in ("2026-11-28", "2026-11-26"):
        await world.pass_time(hours=1)
        await import_quote(world, expires=day)
        await world.settle()
    # Valid through 26 November in Paris: until the first midnight after it.
    assert "27 Nov 2026, 00:00" in alice.dms[0].text
    assert "27 nov. 2026" in world.channel("C01BILLING")[0].text


async def test_lines_changed_elsewhere_must_be_seen_before_they_are_placed(world: World) -> None:
    """R10: whoever checked the old lines out sees the new ones first."""
    alice = world.person("alice")
    await import_quote(world)
    await opened(alice, "/quotes", "Q-2041", "quote.review")
    await alice.submit()
    await alice.wait_for_modal("checkout.save")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await import_quote(world, lines=[{"subscription": "acme_meeting", "seats": 99}])
    await alice.submit()
    modal = await alice.wait_for_modal("refusal.show")
    assert await world.rows(ServiceOrder) == []
    assert (await world.row(QuoteLine)).seats == 99
    await modal.press("checkout.edit")
    await alice.wait_for_modal("checkout.save")
    await alice.submit()
    await shown(alice, "99 new seats")


async def test_another_address_keeps_the_price_that_was_agreed_elsewhere(world: World) -> None:
    """R10, R17: ten seats at €13, where the subscription's price is €14; only the tax is another."""
    alice = world.person("alice")
    await import_quote(world)
    await opened(alice, "/quotes", "Q-2041", "quote.review")
    await alice.submit()
    (await alice.wait_for_modal("checkout.save")).fill("country", "DE")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    old, new = await world.rows(QuoteLine)
    assert (old.unit_price, old.tax > 0) == (1300, True)
    assert (new.unit_price, new.amount, new.tax) == (1300, old.amount, 0)
    await alice.submit()
    await world.settle()
    [charge] = await charges(world)
    assert (charge.unit_price, charge.amount, charge.tax) == (1300, old.amount, 0)


# --- every copy of a quote, wherever it was decided


async def _rejected_in_the_channel(world: World, alice: Person) -> None:
    [card] = [m for m in world.channel("C01BILLING") if buttons(m)]
    await alice.press_in(card, "quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()


async def _accepted_on_home(world: World, alice: Person) -> None:
    await alice.press("quote.approve")
    await alice.wait_for_modal("checkout.save")
    await alice.submit()
    await alice.wait_for_modal("service_order.place")
    await alice.submit()
    await alice.wait_for_modal("service_order.show")


async def _replaced_by_a_cart(world: World, alice: Person) -> None:
    await alice.command("/add-seats", "meeting 1")
    await alice.wait_for_modal("cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    await alice.submit()
    await alice.wait_for_modal("quote.review")


async def _accepted_elsewhere(world: World, alice: Person) -> None:
    await import_quote(world, decided={"status": "accepted", "at": "2026-11-23T10:00:00Z"})


async def _expired(world: World, alice: Person) -> None:
    world.clock.at = (await quote_of(world, "Q-2041")).expires_at
    await expire_quotes(world.services)


@pytest.mark.parametrize(
    ("decide", "says"),
    [
        (_rejected_in_the_channel, "Rejected by Alice Martin on 24 Nov 2026"),
        (_accepted_on_home, "Accepted by Alice Martin on 24 Nov 2026"),
        (_replaced_by_a_cart, "Replaced by quote SQ-1001 on 24 Nov 2026"),
        (_accepted_elsewhere, "Accepted outside Slack on 23 Nov 2026"),
        (_expired, "Expired on 1 Dec 2026"),
    ],
)
async def test_every_copy_of_a_decided_quote_says_by_whom_and_when_and_has_no_buttons(
    world: World, decide: Callable[[World, Person], Awaitable[None]], says: str
) -> None:
    """R20, R25: in the channel, in direct messages, in reminders, and on Home."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await import_quote(world)
    await world.settle()
    world.clock.at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    await remind_of_quotes(world.services)
    await alice.open_home()
    await world.settle()
    copies = [*alice.dms, *benoit.dms, *world.channel("C01BILLING")]
    assert [buttons(copy) for copy in copies] == [QUOTE_BUTTONS] * 5
    await decide(world, alice)
    await world.settle()
    for copy in (*alice.dms[:2], *benoit.dms[:2], world.channel("C01BILLING")[0]):
        assert buttons(copy) == []
    assert says in alice.dms[0].text
    assert says in alice.dms[1].text
    assert "Q-2041" in world.channel("C01BILLING")[0].text
    assert alice.home is not None
    assert "Approve the quote Q-2041" not in str(alice.home.blocks)
    assert "Q-2041" not in alice.home.text.partition("Subscription")[0]


# --- R9: reminders


async def test_reminders_come_7_days_48_hours_and_4_hours_ahead_once_each(world: World) -> None:
    """R9: the quote ends at midnight in Paris, where both are: the first two come at eight in the morning."""
    alice, benoit = world.person("alice"), world.person("benoit")
    quote = await import_quote(world, expires="2026-11-25")
    await world.settle()
    assert f"{quote.expires_at:%m-%dT%H}" == "11-25T23"
    for count, day, hour in ((1, 19, 7), (2, 24, 7), (3, 25, 19)):
        world.clock.at = datetime(2026, 11, day, hour, 0, tzinfo=UTC) - timedelta(seconds=1)
        await remind_of_quotes(world.services)
        assert await remind_of_quotes(world.services) == 0
        await deliver_due_notices(world.services)
        for person in (alice, benoit):
            assert len(person.dms[1:]) == count - 1, texts(person.dms)
        world.clock.move(seconds=1)
        await world.settle()
        for person in (alice, benoit):
            assert len(person.dms[1:]) == count, texts(person.dms)
            assert buttons(person.dms[-1]) == QUOTE_BUTTONS
    assert "expires on" in alice.dms[-1].text


async def test_a_reminder_comes_at_a_decent_hour_of_whoever_reads_it(world: World) -> None:
    """R9, R22: one in New York, the other in Paris."""
    alice, benoit = world.person("alice"), world.person("benoit")
    world.slack.set_user("U02BENOIT", tz="America/New_York")
    quote = await import_quote(world, expires="2026-11-25")
    await world.settle()
    world.clock.at = quote.expires_at - timedelta(hours=48 + 11)
    await remind_of_quotes(world.services)
    await world.settle()
    # 48 h ahead it is midnight in Paris, and 18:00 in New York.
    world.clock.at = quote.expires_at - timedelta(hours=48)
    await world.settle()
    assert (len(alice.dms), len(benoit.dms)) == (2, 3), "with the one missed before"
    world.clock.at = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    await world.settle()
    assert (len(alice.dms), len(benoit.dms)) == (3, 3)


async def test_a_reminder_of_a_quote_that_was_decided_meanwhile_does_not_come(world: World) -> None:
    """R9: nor one of an end that was moved."""
    alice = world.person("alice")
    quote = await import_quote(world, expires="2026-11-25")
    other = await import_quote(world, "Q-2042", expires="2026-11-25")
    await world.settle()
    before = len(alice.dms)
    world.clock.at = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    await world.settle()
    assert await remind_of_quotes(world.services) == 2
    stored = [n for n in await world.rows(Notice, kind="quote_reminder") if n.due_at > world.clock.at]
    assert len(stored) == 4, "two people, two quotes, at eight in the evening"
    await import_quote(world, decided={"status": "rejected", "at": "2026-11-25T12:00:00Z"})
    await import_quote(world, "Q-2042", expires="2026-11-28")
    await world.settle()
    missed = len(saying(alice.dms, "expires on"))
    world.clock.at = datetime(2026, 11, 25, 19, 0, tzinfo=UTC)
    await world.settle()
    assert len(saying(alice.dms, "expires on")) == missed
    assert before == 2
    assert quote.id != other.id


async def test_of_several_reminders_missed_one_comes_and_of_a_decided_quote_none(world: World) -> None:
    """R9"""
    alice = world.person("alice")
    quote = await import_quote(world, expires="2026-11-25")
    await world.settle()
    world.clock.at = quote.expires_at
    world.clock.move(hours=-7)
    assert await remind_of_quotes(world.services) == 1
    await world.settle()
    assert len(alice.dms) == 2
    await import_quote(world, decided={"status": "rejected", "at": "2026-11-25T19:00:00Z"})
    world.clock.move(hours=2)
    assert await remind_of_quotes(world.services) == 0


async def test_a_carts_quote_reminds_its_own_contact_alone(world: World) -> None:
    """R13: the billing contact is whoever made it."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await world.quote(alice, acme_webinar=1)
    world.clock.at = (await quote_of(world, "SQ-1001")).expires_at
    world.clock.move(hours=-2)  # at ten in Paris: four hours ahead it was six
    await remind_of_quotes(world.services)
    await world.settle()
    assert len(alice.dms) == 1
    assert benoit.dms == []
    assert world.channel("C01BILLING") == []


# --- R10: checkout


async def test_there_is_one_checkout_for_each_quote_and_person(world: World) -> None:
    """R10: what one types is not what the other finds; Back and a closed window lose nothing."""
    alice, benoit = world.person("alice"), world.person("benoit")
    quote = await import_quote(world)
    for person, street in ((alice, "8 rue Neuve"), (benoit, "9 rue Haute")):
        await opened(person, "/quotes", "Q-2041", "quote.review")
        await person.submit()
        (await person.wait_for_modal("checkout.save")).fill("line1", street).fill("city", "")
        await person.press("checkout.back")
        await person.wait_for_modal("quote.review")
        await person.close_modal(everything=True)
    for person, street in ((alice, "8 rue Neuve"), (benoit, "9 rue Haute")):
        await opened(person, "/quotes", "", "quote.list")
        await person.press("quote.approve")
        checkout = await person.wait_for_modal("checkout.save")
        assert checkout.value("line1") == street
        assert not checkout.value("city"), "kept as typed, though it is not valid"
        reply = await person.submit()
        assert list(reply.errors) == ["city"]
    rows = await world.rows(Checkout, quote_id=quote.id)
    ids = [(await contact_of(world, f"{name}@acme.example")).id for name in ("alice", "benoit")]
    assert [(row.contact_id, row.saved) for row in rows] == [(ids[0], False), (ids[1], False)]


@pytest.mark.parametrize("number", ["SQ-9999", "Q-OTHER"])
async def test_a_quote_of_others_is_as_unknown_as_one_that_is_not_there(world: World, number: str) -> None:
    """R1: by its number, and by a forged id."""
    lines = [{"subscription": "other_meeting", "seats": 1}]
    await import_account(
        world, "other", quotes=[{"number": "Q-OTHER", "expires": "2026-11-30", "lines": lines}]
    )
    alice = world.person("alice")
    await import_quote(world)
    await alice.command("/quotes", number)
    assert f"I do not know a quote {number}" in (await alice.wait_for_ephemeral()).text

    other = await quote_of(world, "Q-OTHER")
    await opened(alice, "/quotes", "Q-2041", "quote.review")
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
    assert "I do not know that quote" in str(reply.body)
    assert (await quote_of(world, "Q-OTHER")).status == "pending"
