"""Which quote is a cart's own, and which ones it replaces (R6, R7, R10)."""

from models.quote import Quote
from tests.handlers.carts import MEETING, WEBINAR, follow_steps, list_pending_quotes, load_cart_seats
from tests.handlers.db_snapshot import load_all_rows
from tests.handlers.steps import import_quote, open_modal
from tests.world import World


async def test_saving_an_unchanged_cart_returns_its_quote_and_a_changed_one_makes_a_new_quote(
    world: World,
) -> None:
    """R10: its own is replaced without asking, and records by which."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    await follow_steps(alice, ("cart.edit", "cart.save"))
    before = await load_all_rows(world)
    world.clock.move(hours=2)
    await follow_steps(alice, ("", "quote.review"))
    assert alice.modal
    assert "SQ-1001" in alice.modal.text
    assert await load_all_rows(world) == before
    await follow_steps(alice, ("cart.edit", "cart.save"))
    alice.fill(MEETING, 6)
    await follow_steps(alice, ("", "quote.review"))
    assert "SQ-1002" in alice.modal.text
    old, new = await world.load_rows(Quote)
    assert (old.status, old.replaced_by_id, new.status) == ("expired", new.id, "pending")


async def test_an_unchanged_cart_makes_a_new_quote_once_its_own_has_expired(world: World) -> None:
    """R9, R10: reading decides, whether or not a job has closed the old one."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_webinar=1)
    await follow_steps(alice, ("cart.edit", "cart.save"))
    assert alice.modal
    assert "SQ-1001" in alice.modal.text
    await follow_steps(alice, ("cart.go_on", "quote.review"))
    world.clock.at = (await world.load_row(Quote)).expires_at
    await follow_steps(alice, ("cart.edit", "cart.save"))
    assert "SQ-1001" not in alice.modal.text, "there is nothing left to go on to"
    await follow_steps(alice, ("", "quote.review"))
    assert "SQ-1002" in alice.modal.text
    _, new = await world.load_rows(Quote)
    assert new.is_pending(world.clock.at)


async def test_ones_own_quote_is_offered_beside_the_warning_about_others(world: World) -> None:
    """R6, R7, R10: only the other is named, and expires; saved unchanged, the own one stays."""
    alice = world.get_person("alice")
    await world.save_cart(alice, acme_meeting=5)
    alice.client.stack.clear()
    other = await import_quote(world)
    warning = await open_modal(alice, "/add-seats", "", "cart.warning")
    assert "You’ve already started an order" in warning.text
    assert "You have a pending quote. Approve or reject it before you order more seats." in warning.text
    approvable = [e["value"] for b in warning.blocks for e in b.get("elements", []) if "approve" in str(e)]
    assert approvable == [str(other.key)]
    await follow_steps(alice, ("cart.continue", "cart.save"))
    assert await list_pending_quotes(world) == ["SQ-1001", other.number], "consent alone changes nothing"
    await follow_steps(alice, ("", "quote.review"))
    assert alice.modal
    assert "SQ-1001" in alice.modal.text
    assert await list_pending_quotes(world) == ["SQ-1001"]
    own = await world.load_row(Quote, number="SQ-1001")
    assert (await world.load_row(Quote, number=other.number)).replaced_by_id == own.id


async def test_a_colleagues_quote_is_not_ones_own(world: World) -> None:
    """R6, R10: one cart for each account and contact."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await world.save_cart(alice, acme_meeting=5)
    warning = await open_modal(benoit, "/add-seats", "", "cart.warning")
    assert "SQ-1001" in warning.text
    await follow_steps(benoit, ("cart.continue", "cart.save"))
    assert benoit.modal
    assert benoit.modal.get_value(MEETING) in (None, "")
    benoit.fill(WEBINAR, 1)
    await follow_steps(benoit, ("", "quote.review"))
    assert await list_pending_quotes(world) == ["SQ-1002"]
    assert await load_cart_seats(world) == {"acme_meeting": 5, "acme_webinar": 1}
    form = await open_modal(alice, "/add-seats", "", "cart.warning")
    await form.press("cart.continue")
    form = await alice.wait_for_modal("cart.save")
    assert form.get_value(MEETING) == "5", "Alice’s cart has outlived her quote"


async def test_the_warning_returns_if_quotes_became_pending_meanwhile(world: World) -> None:
    """R7: nothing changes, and what was typed is still there once it is answered."""
    alice = world.get_person("alice")
    form = await world.fill_cart(alice, acme_meeting=5)
    other = await import_quote(world)
    await form.submit()
    warning = await alice.wait_for_modal("cart.warning")
    assert "Your pending quotes have changed in the meantime." in warning.text
    assert other.number in warning.text
    assert await list_pending_quotes(world) == [other.number]
    await follow_steps(alice, ("cart.continue", "cart.save"))
    assert alice.modal
    assert alice.modal.get_value(MEETING) == "5"
    await follow_steps(alice, ("", "quote.review"))
    assert await list_pending_quotes(world) == ["SQ-1001"]


async def test_the_later_save_of_two_tabs_wins_and_the_earlier_one_sees_a_message(world: World) -> None:
    """R10, R20: one cart; the quote of the first tab is replaced by the second's."""
    first, second = world.get_person("alice"), world.get_person("alice", client="tablet")
    await world.fill_cart(first, acme_meeting=5)
    await world.fill_cart(second, acme_meeting=8)
    await follow_steps(first, ("", "quote.review"))
    await follow_steps(second, ("", "quote.review"))
    assert await list_pending_quotes(world) == ["SQ-1002"]
    await first.submit()
    refused = await first.wait_for_modal("refusal.show")
    assert "replaced with quote SQ-1002 by Alice Martin on 10 Nov 2026, 10:00 (CET)." in refused.text
    await follow_steps(first, ("quote.open", "quote.review"))
    await follow_steps(second, ("", "service_order.place"), ("", "service_order.show"))
    assert await load_cart_seats(world) == {}
    assert (await world.load_row(Quote, number="SQ-1001")).status == "expired"


async def test_the_same_cart_saved_in_two_tabs_is_one_quote(world: World) -> None:
    """R10: saved unchanged it gives the same again."""
    first, second = world.get_person("alice"), world.get_person("alice", client="tablet")
    await world.fill_cart(first, acme_meeting=5)
    await world.fill_cart(second, acme_meeting=5)
    await follow_steps(first, ("", "quote.review"))
    await follow_steps(second, ("", "quote.review"))
    assert await list_pending_quotes(world) == ["SQ-1001"]
    await world.slack.redeliver()
    assert len(await world.load_rows(Quote)) == 1
