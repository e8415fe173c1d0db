"""The warning of pending quotes before the cart, and what consent to it means (R6, R7)."""

from models.audit.entry import AuditEntry
from models.cart import Cart
from models.quote import Quote
from tests.handlers.quote.quotes import QUOTE_BUTTONS, load_quote_statuses
from tests.handlers.steps import (
    find_newest_message,
    get_quote,
    import_account,
    import_quote,
    install_hooked_gateway,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World


async def test_the_pending_quotes_are_shown_first_and_continue_records_consent_only(world: World) -> None:
    """R6, R7: nothing expires before the cart is saved; the replaced quotes record their replacement."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world)
    await alice.command("/add-seats", "meeting 5")
    warning = await alice.wait_for_modal("cart.warning")
    assert "Q-2041" in warning.text
    assert "can’t be restored, even if you abandon the new order" in warning.text
    assert {*QUOTE_BUTTONS, "cart.continue"} <= set(warning.action_ids)

    await alice.press("cart.continue")
    cart = await alice.wait_for_modal("cart.save")
    assert cart.get_value("seats:acme_meeting") == "5", "the words after the command are kept on the way"
    assert await load_quote_statuses(world) == {"Q-2041": "pending"}
    assert (await world.load_row(Cart)).replaceable_quote_ids == [(await get_quote(world, "Q-2041")).id]

    await alice.submit()
    await alice.wait_for_modal("quote.review")
    old, new = await get_quote(world, "Q-2041"), await get_quote(world, "SQ-1001")
    assert (old.status, old.replaced_by_id, old.decided_by) == ("expired", new.id, "Alice Martin")
    assert (new.status, old.decided_at) == ("pending", new.created_at)
    [entry] = await world.load_rows(AuditEntry, subject="quote:Q-2041", action="replaced")
    assert (entry.source, entry.details) == ("slack:cart.save", {"replaced_by": "SQ-1001"})

    await alice.close_modal(everything=True)
    await world.pass_time(hours=2)
    assert await load_quote_statuses(world) == {"Q-2041": "expired", "SQ-1001": "pending"}, (
        "abandoned, it stays"
    )
    notified_benoit = find_newest_message(benoit.dms, "SQ-1001")
    assert "Q-2041" in notified_benoit.text
    assert "Alice Martin" in notified_benoit.text


async def test_quotes_that_became_pending_meanwhile_are_shown_and_nothing_is_changed(world: World) -> None:
    """R7: at "continue", and again at saving the cart."""
    alice = world.get_person("alice")
    one = {"number": "Q-1", "expires": "2026-11-30", "lines": [{"subscription": "acme_meeting", "seats": 1}]}
    two, three = {**one, "number": "Q-2"}, {**one, "number": "Q-3"}
    await import_account(world, "acme", quotes=[one])
    await alice.command("/add-seats")
    await alice.wait_for_modal("cart.warning")

    await import_account(world, "acme", quotes=[one, two])
    await alice.press("cart.continue")
    warning = await wait_for_modal_text(alice, "Q-2")
    assert warning.callback_id == "cart.warning"
    assert "Nothing was replaced" in warning.text
    assert await world.load_rows(Cart) == [], "not even consent is stored"

    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    alice.fill("seats:acme_meeting", 2)
    await import_account(world, "acme", quotes=[one, two, three])
    await alice.submit()
    warning = await wait_for_modal_text(alice, "Q-3")
    assert "Nothing was replaced" in warning.text
    assert await load_quote_statuses(world) == {"Q-1": "pending", "Q-2": "pending", "Q-3": "pending"}

    await alice.press("cart.continue")
    cart = await alice.wait_for_modal("cart.save")
    assert cart.get_value("seats:acme_meeting") == "2", "what was typed is not lost"
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    new = await get_quote(world, "SQ-1001")
    replaced = [q for q in await world.load_rows(Quote) if q.replaced_by_id == new.id]
    assert [q.number for q in replaced] == ["Q-1", "Q-2", "Q-3"]
    assert world.slack.refusals == []


async def test_consent_covers_the_named_quotes_and_not_as_many_others(world: World) -> None:
    """R7: the one that was named is decided meanwhile, and another comes."""
    alice = world.get_person("alice")
    one = {"number": "Q-1", "expires": "2026-11-30", "lines": [{"subscription": "acme_meeting", "seats": 1}]}
    await import_account(world, "acme", quotes=[one])
    await open_modal(alice, "/add-seats", "meeting 2", "cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    decided = {**one, "decided": {"status": "rejected", "at": "2026-11-10T08:00:00Z"}}
    await import_account(world, "acme", quotes=[decided, {**one, "number": "Q-2"}])
    await alice.submit()
    assert (await wait_for_modal_text(alice, "Q-2")).callback_id == "cart.warning"
    assert await load_quote_statuses(world) == {"Q-1": "rejected", "Q-2": "pending"}


async def test_a_quote_that_arrives_during_pricing_is_not_replaced(world: World) -> None:
    """R7: asked again in the transaction that would replace it."""
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=2)
    gateway = install_hooked_gateway(world)

    async def a_quote_comes() -> None:
        gateway.after.clear()
        await import_quote(world)

    gateway.after["preview"] = a_quote_comes
    await alice.submit()
    await wait_for_modal_text(alice, "Q-2041")
    assert await load_quote_statuses(world) == {"Q-2041": "pending"}


async def test_deciding_the_pending_quotes_continues_to_the_cart(world: World) -> None:
    """R6: reject from the warning, without a reason; then nothing is pending, and the cart opens."""
    alice = world.get_person("alice")
    await import_quote(world)
    await alice.command("/add-seats", "meeting 3")
    await alice.wait_for_modal("cart.warning")
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()
    cart = await alice.wait_for_modal("cart.save")
    assert cart.get_value("seats:acme_meeting") == "3"
    quote = await get_quote(world, "Q-2041")
    assert (quote.status, quote.reason, quote.decided_by) == ("rejected", None, "Alice Martin")


async def test_a_carts_own_quote_is_continued_and_never_warned_about(world: World) -> None:
    """R10: saved unchanged the same quote, changed another that replaces it without asking."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await world.save_cart(alice, acme_meeting=5)
    await alice.close_modal(everything=True)
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert "SQ-1001" in cart.text
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    assert await load_quote_statuses(world) == {"SQ-1001": "pending"}

    warning = await open_modal(benoit, "/add-seats", "", "cart.warning")
    assert "SQ-1001" in warning.text

    await open_modal(alice, "/add-seats", "meeting 6", "cart.save")
    await alice.submit()
    await wait_for_modal_text(alice, "SQ-1002")
    assert await load_quote_statuses(world) == {"SQ-1001": "expired", "SQ-1002": "pending"}
    assert (await get_quote(world, "SQ-1001")).replaced_by_id == (await get_quote(world, "SQ-1002")).id


async def test_saving_the_cart_unchanged_expires_the_quotes_consented_to(world: World) -> None:
    """R7, R10: the cart's own quote is given again, and replaces the others."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await import_quote(world)
    warning = await open_modal(alice, "/add-seats", "", "cart.warning")
    assert "Continue with SQ-1001" in str(warning.blocks)
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    await alice.submit()
    await wait_for_modal_text(alice, "SQ-1001")
    own, other = await get_quote(world, "SQ-1001"), await get_quote(world, "Q-2041")
    assert (own.status, other.status, other.replaced_by_id) == ("pending", "expired", own.id)
