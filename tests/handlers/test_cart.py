"""From cart to service order and back: nothing typed is lost, and whose quote is whose (R6, R7, R10)."""

import copy
from typing import Any

import pytest
import yaml

from models.billing_contact import BillingContact
from models.cart import Cart, CartLine
from models.checkout import Checkout
from models.quote import Quote, QuoteStatus
from models.service_order import ServiceOrder
from models.subscription import Subscription
from sandbox.driver import Person
from tests.handlers.evidence import add, change, stored
from tests.handlers.steps import import_file, import_quote, opened, shown
from tests.world import ACCOUNTS, World

MEETING, WEBINAR = "seats:acme_meeting", "seats:acme_webinar"


async def cart_of(world: World) -> dict[str, int]:
    return {line.subscription_id: line.seats for line in await world.rows(CartLine)}


async def pending(world: World) -> list[str]:
    return [q.number for q in await world.rows(Quote, status=QuoteStatus.PENDING)]


async def go(person: Person, *steps: tuple[str, str]) -> None:
    """Each press or submit (an empty action) and the screen it leads to."""
    for action_id, callback_id in steps:
        await (person.press(action_id) if action_id else person.submit())
        await person.wait_for_modal(callback_id)


# --- Back


async def test_back_at_every_step_keeps_what_was_typed(world: World) -> None:
    """R10: from the placement to the cart, and forward again without typing anything twice."""
    alice = world.person("alice")
    checkout = await world.checkout(alice, acme_meeting=5, acme_webinar=2)
    checkout.fill("administrator", "new").fill("admin_name", "Zoé Neuve")
    checkout.fill("admin_email", "zoe@acme.example").fill("payment_method", "pm_acme_2")
    checkout.fill("line1", "8 rue Neuve").fill("line2", "Bâtiment B")
    await go(alice, ("", "service_order.place"), ("checkout.edit", "checkout.save"))

    def typed() -> list[Any]:
        form = alice.modal
        assert form is not None
        parts = ("administrator", "admin_name", "admin_email", "payment_method", "line1", "line2", "city")
        return [form.value(part) for part in parts]

    kept = ["new", "Zoé Neuve", "zoe@acme.example", "pm_acme_2", "8 rue Neuve", "Bâtiment B", "Paris"]
    assert typed() == kept
    await go(alice, ("checkout.back", "quote.review"), ("cart.edit", "cart.save"))
    assert alice.modal
    assert (alice.modal.value(MEETING), alice.modal.value(WEBINAR)) == ("5", "2")
    await go(alice, ("", "quote.review"), ("", "checkout.save"))
    assert typed() == kept
    await go(alice, ("", "service_order.place"))
    assert len(await world.rows(Quote)) == 1, "nothing changed, so it is the same quote"


async def test_back_from_the_checkout_keeps_even_what_is_wrong(world: World) -> None:
    """R10"""
    alice = world.person("alice")
    checkout = await world.checkout(alice, acme_meeting=5)
    checkout.fill("administrator", "new").fill("admin_email", "no address").fill("city", "")
    await go(alice, ("checkout.back", "quote.review"), ("", "checkout.save"))
    assert alice.modal
    assert alice.modal.value("admin_email") == "no address"
    assert alice.modal.value("city") in (None, "")
    assert not (await world.row(Checkout)).saved
    reply = await alice.submit()
    assert sorted(reply.errors) == ["admin_email", "admin_name", "city"]


async def test_what_was_typed_in_the_checkout_outlives_a_change_of_the_cart(world: World) -> None:
    """R10: back to the cart and on with other numbers is another quote, not another form to fill in."""
    alice = world.person("alice")
    checkout = await world.checkout(alice, acme_meeting=5)
    checkout.fill("administrator", "new").fill("admin_name", "Zoé Neuve").fill("payment_method", "pm_acme_2")
    await go(alice, ("checkout.back", "quote.review"), ("cart.edit", "cart.save"))
    assert alice.modal
    alice.modal.fill(MEETING, 6)
    await go(alice, ("", "quote.review"), ("", "checkout.save"))
    form = alice.modal
    typed = [form.value(part) for part in ("administrator", "admin_name", "payment_method")]
    assert typed == ["new", "Zoé Neuve", "pm_acme_2"]
    assert await pending(world) == ["SQ-1002"]
    assert not any(c.saved for c in await world.rows(Checkout)), "nothing of it has been checked"


async def test_back_from_the_cart_keeps_numbers_not_saved_yet(world: World) -> None:
    """R10: to the account, where there is no warning and no choice; the way on leads to them again."""
    alice = world.person("alice")
    form = await world.fill_cart(alice)
    form.fill(MEETING, 6)
    await go(alice, ("cart.back", "account.overview"), ("cart.open", "cart.save"))
    assert alice.modal
    assert alice.modal.value(MEETING) == "6"
    assert await world.rows(Quote) == []


async def test_back_from_a_cart_with_a_wrong_number_says_so_and_keeps_it_on_the_screen(world: World) -> None:
    """R10: what is no number cannot be stored in a cart, and is not thrown away either."""
    alice = world.person("alice")
    form = await world.fill_cart(alice, acme_meeting="lots", acme_webinar=2)
    await form.press("cart.back")
    form = await shown(alice, "“lots” is not a number of seats.")
    assert form.callback_id == "cart.save"
    assert (form.value(MEETING), form.value(WEBINAR)) == ("lots", "2")
    assert await cart_of(world) == {}
    form.fill(MEETING, 3)
    await go(alice, ("", "quote.review"))
    assert await cart_of(world) == {"acme_meeting": 3, "acme_webinar": 2}
    assert world.slack.refusals == []


async def test_the_way_to_the_payment_methods_and_back_keeps_the_checkout(world: World) -> None:
    """R10, R15"""
    alice = world.person("alice")
    checkout = await world.checkout(alice, acme_meeting=5)
    checkout.fill("line1", "8 rue Neuve")
    await go(alice, ("account.manage_methods", "account.portal"), ("account.switch_portal", "account.portal"))
    await shown(alice, "The link to the payment methods is only for you")
    await go(alice, ("checkout.edit", "checkout.save"))
    assert alice.modal
    assert alice.modal.value("line1") == "8 rue Neuve"


async def test_back_from_the_warning_and_its_screens_leads_where_one_came_from(world: World) -> None:
    """R6, R10"""
    await import_quote(world)
    alice = world.person("alice")
    await opened(alice, "/add-seats", "webinar 3", "cart.warning")
    await go(
        alice,
        ("quote.open", "quote.review"),
        ("cart.warn", "cart.warning"),
        ("quote.reject", "quote.reject"),
        ("quote.open", "quote.review"),
        ("cart.warn", "cart.warning"),
        ("quote.approve", "checkout.save"),
        ("checkout.back", "quote.review"),
        ("cart.warn", "cart.warning"),
        ("cart.continue", "cart.save"),
    )
    assert alice.modal
    assert alice.modal.value(WEBINAR) == "3", "the words after the command are still there"
    await go(alice, ("cart.back", "cart.warning"), ("cart.continue", "cart.save"))
    assert alice.modal.value(WEBINAR) == "3"


# --- a crash


@pytest.mark.parametrize("step", ["quote.review", "checkout.save", "service_order.place"])
async def test_after_a_crash_the_order_is_taken_up_where_it_was(world: World, step: str) -> None:
    """R10: the modal is gone; `/add-seats` has the cart, and its quote to go on with."""
    alice = world.person("alice")
    checkout = None
    await world.quote(alice, acme_meeting=5)
    if step != "quote.review":
        await go(alice, ("", "checkout.save"))
        checkout = alice.modal
        assert checkout
        checkout.fill("line1", "8 rue Neuve")
    if step == "service_order.place":
        await go(alice, ("", "service_order.place"))
    alice.client.stack.clear()

    form = await opened(alice, "/add-seats", "", "cart.save")
    assert form.value(MEETING) == "5"
    assert "SQ-1001" in form.text
    assert await pending(world) == ["SQ-1001"]
    await go(alice, ("cart.go_on", "quote.review"), ("", "checkout.save"))
    assert alice.modal
    kept = "8 rue Neuve" if step == "service_order.place" else "1 rue de la Paix"
    assert alice.modal.value("line1") == kept
    await go(alice, ("", "service_order.place"), ("", "service_order.show"))
    assert (await world.row(ServiceOrder)).quote_id == (await world.row(Quote)).key


async def test_numbers_typed_before_going_on_with_the_own_quote_are_kept(world: World) -> None:
    """R10: they are in the cart when one comes back to it; the quote is what it was."""
    alice = world.person("alice")
    await world.quote(alice, acme_meeting=5)
    form = await opened(alice, "/add-seats", "", "cart.save")
    form.fill(WEBINAR, 2)
    await go(alice, ("cart.go_on", "quote.review"))
    assert alice.modal
    assert "Webinar" not in alice.modal.text
    await go(alice, ("cart.edit", "cart.save"))
    assert (alice.modal.value(MEETING), alice.modal.value(WEBINAR)) == ("5", "2")


# --- the cart's own quote


async def test_saved_unchanged_the_cart_gives_its_quote_again_and_changed_another(world: World) -> None:
    """R10: its own is replaced without asking, and records by which."""
    alice = world.person("alice")
    await world.quote(alice, acme_meeting=5)
    await go(alice, ("cart.edit", "cart.save"))
    before = await stored(world)
    world.clock.move(hours=2)
    await go(alice, ("", "quote.review"))
    assert alice.modal
    assert "SQ-1001" in alice.modal.text
    assert await stored(world) == before
    await go(alice, ("cart.edit", "cart.save"))
    alice.fill(MEETING, 6)
    await go(alice, ("", "quote.review"))
    assert "SQ-1002" in alice.modal.text
    old, new = await world.rows(Quote)
    assert (old.status, old.replaced_by_id, new.status) == ("expired", new.id, "pending")
    assert (await world.row(Cart)).quote_id == new.id


async def test_saved_unchanged_once_its_quote_has_expired_the_cart_makes_another(world: World) -> None:
    """R9, R10: reading decides, whether or not a job has closed the old one."""
    alice = world.person("alice")
    await world.quote(alice, acme_webinar=1)
    world.clock.at = (await world.row(Quote)).expires_at
    await go(alice, ("cart.edit", "cart.save"), ("", "quote.review"))
    assert alice.modal
    assert "SQ-1002" in alice.modal.text
    _, new = await world.rows(Quote)
    assert new.pending_at(world.clock.at)
    assert (await world.row(Cart)).quote_id == new.id


async def test_the_own_quote_is_offered_beside_the_warning_of_others(world: World) -> None:
    """R6, R7, R10: only the other is named, and expires; saved unchanged, the own one stays."""
    alice = world.person("alice")
    await world.quote(alice, acme_meeting=5)
    alice.client.stack.clear()
    other = await import_quote(world)
    warning = await opened(alice, "/add-seats", "", "cart.warning")
    assert "You have begun an order already" in warning.text
    assert "Before you order, please approve or reject the pending quote." in warning.text
    approvable = [e["value"] for b in warning.blocks for e in b.get("elements", []) if "approve" in str(e)]
    assert approvable == [str(other.key)]
    await go(alice, ("cart.continue", "cart.save"))
    assert await pending(world) == ["SQ-1001", other.number], "consent alone changes nothing"
    await go(alice, ("", "quote.review"))
    assert alice.modal
    assert "SQ-1001" in alice.modal.text
    assert await pending(world) == ["SQ-1001"]
    own = await world.row(Quote, number="SQ-1001")
    assert (await world.row(Quote, number=other.number)).replaced_by_id == own.id


async def test_a_colleagues_quote_is_not_ones_own(world: World) -> None:
    """R6, R10: one cart for each account and contact."""
    alice, benoit = world.person("alice"), world.person("benoit")
    await world.quote(alice, acme_meeting=5)
    warning = await opened(benoit, "/add-seats", "", "cart.warning")
    assert "SQ-1001" in warning.text
    await go(benoit, ("cart.continue", "cart.save"))
    assert benoit.modal
    assert benoit.modal.value(MEETING) in (None, "")
    benoit.fill(WEBINAR, 1)
    await go(benoit, ("", "quote.review"))
    assert await pending(world) == ["SQ-1002"]
    assert await cart_of(world) == {"acme_meeting": 5, "acme_webinar": 1}
    form = await opened(alice, "/add-seats", "", "cart.warning")
    await form.press("cart.continue")
    form = await alice.wait_for_modal("cart.save")
    assert form.value(MEETING) == "5", "Alice’s cart has outlived her quote"


async def test_quotes_that_became_pending_meanwhile_bring_the_warning_back(world: World) -> None:
    """R7: nothing changes, and what was typed is still there once it is answered."""
    alice = world.person("alice")
    form = await world.fill_cart(alice, acme_meeting=5)
    other = await import_quote(world)
    await form.submit()
    warning = await alice.wait_for_modal("cart.warning")
    assert "Meanwhile the pending quotes have changed." in warning.text
    assert other.number in warning.text
    assert await pending(world) == [other.number]
    await go(alice, ("cart.continue", "cart.save"))
    assert alice.modal
    assert alice.modal.value(MEETING) == "5"
    await go(alice, ("", "quote.review"))
    assert await pending(world) == ["SQ-1001"]


# --- several accounts


async def sam_buys_for_two(world: World) -> None:
    await add(world, BillingContact(account_id="declined", email="sam@acme.example", name="Sam Stone"))


async def test_a_person_of_several_accounts_chooses_one_first(world: World) -> None:
    """R10: for every command; each account has its own cart and its own quotes."""
    await sam_buys_for_two(world)
    sam = world.person("sam")
    for account_id, account in (("slow", "Slow Inc"), ("declined", "Declined Ltd")):
        chooser = await opened(sam, "/add-seats", "meeting 3", "cart.choose")
        assert "Slow Inc" in chooser.text
        assert "Declined Ltd" in chooser.text
        assert "Acme" not in chooser.text
        await chooser.press("cart.account", account_id)
        form = await sam.wait_for_modal("cart.save")
        assert account in form.text
        assert form.value(f"seats:{account_id}_meeting") == "3"
        await go(sam, ("cart.back", "cart.choose"))
        assert sam.modal
        await sam.modal.press("cart.account", account_id)
        form = await sam.wait_for_modal("cart.save")
        assert form.value(f"seats:{account_id}_meeting") == "3"
        await go(sam, ("", "quote.review"))
    assert {q.account_id for q in await world.rows(Quote)} == {"slow", "declined"}
    assert await pending(world) == ["SQ-1001", "SQ-1002"]
    for command, callback_id, words in (
        ("/quotes", "quote.list", "SQ-1002"),
        ("/service-orders", "service_order.list", "Declined Ltd"),
        ("/billing", "account.overview", "Declined Ltd"),
    ):
        chooser = await opened(sam, command, "", "cart.choose")
        await chooser.press(chooser.element(None)["action_id"], "declined")
        modal = await sam.wait_for_modal(callback_id)
        assert words in modal.text
        assert "Slow Inc" not in modal.text
    assert "SQ-1001" in (await opened(sam, "/quotes", "SQ-1001", "quote.review")).text


async def test_words_far_too_long_for_a_screen_wait_for_the_choice_all_the_same(world: World) -> None:
    """A view carries 3,000 characters of its own."""
    await sam_buys_for_two(world)
    sam = world.person("sam")
    chooser = await opened(sam, "/add-seats", "é" * 3900, "cart.choose")
    await chooser.press("cart.account", "slow")
    await shown(sam, "There is no subscription to “ééé")
    assert world.slack.refusals == []


# --- many subscriptions


async def import_many(world: World, count: int = 90) -> None:
    listed = yaml.safe_load(ACCOUNTS.read_text(encoding="utf-8"))
    account = copy.deepcopy(next(a for a in listed["accounts"] if a["id"] == "slow"))
    [one] = account["subscriptions"]
    more = [{**one, "id": f"slow_{n:02}", "product": f"product-{n:02}"} for n in range(1, count)]
    account["subscriptions"] += more
    products = [
        {"id": m["product"], "name": f"Product {m['product'][-2:]}", "additional_seats": True} for m in more
    ]
    await import_file(world, account, [*listed["products"], *products])


async def test_more_than_forty_subscriptions_page_and_every_page_is_saved(world: World) -> None:
    """R10: turning a page keeps what stands on it."""
    await import_many(world)
    sam = world.person("sam")
    form = await opened(sam, "/add-seats", "", "cart.save")
    assert "Page 1 of 3" in form.text
    assert len([b for b in form.blocks if b["type"] == "input"]) == 40
    form.fill("seats:slow_meeting", 1)
    await sam.press(text="Next page")
    form = await shown(sam, "Page 2 of 3")
    form.fill("seats:slow_50", 2)
    await sam.press(text="Next page")
    form = await shown(sam, "Page 3 of 3")
    form.fill("seats:slow_89", "x")
    await sam.press(text="Previous page")
    form = await shown(sam, "“x” is not a number of seats.")
    assert "Page 3 of 3" in form.text
    assert form.value("seats:slow_89") == "x"
    form.fill("seats:slow_89", 3)
    await sam.press(text="Previous page")
    form = await shown(sam, "Page 2 of 3")
    assert form.value("seats:slow_50") == "2"
    await sam.submit()
    review = await sam.wait_for_modal("quote.review")
    for product in ("GoTo Meeting", "Product 50", "Product 89"):
        assert product in review.text
    assert await cart_of(world) == {"slow_meeting": 1, "slow_50": 2, "slow_89": 3}
    assert world.slack.refusals == []


async def test_a_product_named_after_the_command_is_shown_on_whatever_page_it_is(world: World) -> None:
    """R10: what is not on the screen would not be saved."""
    await import_many(world)
    sam = world.person("sam")
    form = await opened(sam, "/add-seats", "product-77 4", "cart.save")
    assert "Page 2 of 3" in form.text
    assert form.value("seats:slow_77") == "4"
    await sam.submit()
    review = await sam.wait_for_modal("quote.review")
    assert "Product 77" in review.text
    assert await cart_of(world) == {"slow_77": 4}


async def test_a_page_with_nothing_to_order_on_it_still_says_what_is_wrong(world: World) -> None:
    """There is no field to put the words at: they stand above."""
    await import_many(world)
    for n in range(30, 90):
        await change(world, Subscription, f"slow_{n:02}", self_service=False)
    sam = world.person("sam")
    await opened(sam, "/add-seats", "", "cart.save")
    await sam.press(text="Next page")
    await shown(sam, "Page 2 of 3")
    await sam.submit()
    form = await shown(sam, "Please type the number of new seats for at least one subscription.")
    assert "Page 2 of 3" in form.text
    assert world.slack.refusals == []


# --- two tabs


async def test_of_two_tabs_the_later_save_wins_and_the_earlier_one_is_told(world: World) -> None:
    """R10, R20: one cart; the quote of the first tab is replaced by the second's."""
    first, second = world.person("alice"), world.person("alice", client="tablet")
    await world.fill_cart(first, acme_meeting=5)
    await world.fill_cart(second, acme_meeting=8)
    await go(first, ("", "quote.review"))
    await go(second, ("", "quote.review"))
    assert await pending(world) == ["SQ-1002"]
    await first.submit()
    refused = await first.wait_for_modal("refusal.show")
    assert "Alice Martin replaced it by quote SQ-1002 on 10 Nov 2026, 10:00 (CET)." in refused.text
    await go(first, ("quote.open", "quote.review"))
    await go(second, ("", "checkout.save"), ("", "service_order.place"), ("", "service_order.show"))
    assert await cart_of(world) == {}
    assert (await world.row(Quote, number="SQ-1001")).status == "expired"


async def test_the_same_cart_saved_in_two_tabs_is_one_quote(world: World) -> None:
    """R10: saved unchanged it gives the same again."""
    first, second = world.person("alice"), world.person("alice", client="tablet")
    await world.fill_cart(first, acme_meeting=5)
    await world.fill_cart(second, acme_meeting=5)
    await go(first, ("", "quote.review"))
    await go(second, ("", "quote.review"))
    assert await pending(world) == ["SQ-1001"]
    await world.slack.redeliver()
    assert len(await world.rows(Quote)) == 1
