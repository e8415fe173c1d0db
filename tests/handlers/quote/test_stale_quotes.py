"""People who have an outdated quote open are told so at every step (R7, R9, R20)."""

from bot.use_cases.quote.expiry import expire_quotes
from models.service_order import ServiceOrder
from sandbox.driver import Person
from tests.handlers.quote.quotes import load_quote_statuses, wait_for_refusal
from tests.handlers.steps import (
    find_messages,
    find_newest_message,
    get_quote,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World


async def benoit_everywhere(world: World) -> dict[str, Person]:
    """Benoît's own quote SQ-1001, open in a browser at every step there is."""
    at = {
        step: world.get_person("benoit", step)
        for step in ("review", "reject", "approve", "checkout", "place")
    }
    await world.reach_placement(at["place"], acme_webinar=1)
    await open_modal(at["review"], "/quotes", "SQ-1001", "quote.review")
    await open_modal(at["reject"], "/quotes", "", "quote.list")
    await at["reject"].press("quote.reject")
    (await at["reject"].wait_for_modal("quote.reject")).fill("reason", "trop cher")
    await open_modal(at["approve"], "/quotes", "", "quote.list")
    await open_modal(at["checkout"], "/quotes", "SQ-1001", "quote.review")
    await at["checkout"].submit()
    await world.open_checkout(at["checkout"])
    return at


async def press_on_everywhere(at: dict[str, Person]) -> None:
    await at["review"].submit()
    await at["reject"].submit()
    await at["approve"].press("quote.approve")
    await at["checkout"].submit()
    await at["place"].submit()


async def test_an_open_view_of_a_replaced_quote_is_refused_at_every_step(world: World) -> None:
    """R7, R20: what happened, by whom, when, and the way on."""
    alice, at = world.get_person("alice"), await benoit_everywhere(world)
    world.clock.move(minutes=5)
    await open_modal(alice, "/add-seats", "", "cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    alice.fill("seats:acme_meeting", 3)
    await alice.submit()
    await wait_for_modal_text(alice, "SQ-1002")
    world.clock.move(minutes=5)
    await press_on_everywhere(at)
    for step, benoit in at.items():
        modal = await wait_for_refusal(world, benoit, "SQ-1001", "Alice Martin", "SQ-1002", "10:05")
        assert "quote.list" in modal.action_ids, step
    assert await load_quote_statuses(world) == {"SQ-1001": "expired", "SQ-1002": "pending"}
    assert await world.load_rows(ServiceOrder) == []
    assert world.slack.refusals == []


async def test_r8_an_open_view_of_a_rejected_quote_is_refused_at_every_step(world: World) -> None:
    alice, at = world.get_person("alice"), await benoit_everywhere(world)
    world.clock.move(minutes=7)
    await open_modal(alice, "/quotes", "", "quote.list")
    await alice.press("quote.reject")
    (await alice.wait_for_modal("quote.reject")).fill("reason", "  Too <expensive> & late ")
    await alice.submit()
    await alice.wait_for_modal("quote.list")
    quote = await get_quote(world, "SQ-1001")
    assert (quote.status, quote.reason) == ("rejected", "Too <expensive> & late")
    await press_on_everywhere(at)
    for benoit in at.values():
        await wait_for_refusal(world, benoit, "SQ-1001", "Alice Martin", "10:07")
    assert (await get_quote(world, "SQ-1001")).reason == quote.reason, "his own reason changed nothing"
    await world.settle()
    dm = find_newest_message(at["review"].dms, "SQ-1001")
    assert "Too &lt;expensive&gt; &amp; late" in dm.text, "its own contact is told, why included"
    review = await open_modal(alice, "/quotes", "sq-1001", "quote.review")
    assert "Alice Martin" in review.text
    assert review.submit_label is None


async def test_a_quote_is_refused_everywhere_from_the_very_second_it_expires(world: World) -> None:
    """R9: by the clock, without any job; the job afterwards only tells."""
    at = await benoit_everywhere(world)
    made = await get_quote(world, "SQ-1001")
    world.clock.at = made.expires_at
    await press_on_everywhere(at)
    for benoit in at.values():
        await wait_for_refusal(world, benoit, "SQ-1001", "11 déc. 2026", "00:00")
    assert "SQ-1001" not in (await open_modal(world.get_person("alice"), "/quotes", "", "quote.list")).text
    assert (await get_quote(world, "SQ-1001")).status == "pending", "nothing was written"
    assert await world.load_rows(ServiceOrder) == []

    world.clock.move(hours=1)
    assert await expire_quotes(world.dependencies) == 1
    assert await expire_quotes(world.dependencies) == 0
    await world.settle()
    quote = await get_quote(world, "SQ-1001")
    assert (quote.status, quote.decided_at, quote.decided_by) == ("expired", made.expires_at, "seatbot")
    assert len(find_messages(at["review"].dms, "SQ-1001")) == 1
    assert "00:00" in find_newest_message(at["review"].dms, "SQ-1001").text


async def test_in_its_last_second_a_quote_can_be_placed(world: World) -> None:
    """R9: the end is excluded, the second before it is not."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_webinar=1)
    world.clock.at = (await get_quote(world, "SQ-1001")).expires_at
    world.clock.move(seconds=-1)
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    assert await load_quote_statuses(world) == {"SQ-1001": "accepted"}
