"""Every copy of a decided quote, wherever it was decided."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.quote.expiry import enqueue_quote_reminders, expire_quotes
from sandbox.driver import Person
from tests.handlers.quote.quotes import QUOTE_BUTTONS
from tests.handlers.steps import (
    get_quote,
    import_quote,
    install_hooked_gateway,
    list_buttons,
    open_modal,
)
from tests.variants import leave_to_long
from tests.world import World


async def _rejected_in_the_channel(world: World, alice: Person) -> None:
    [card] = [m for m in world.list_messages("C01BILLING") if list_buttons(m)]
    await alice.press_in(card, "quote.reject")
    await alice.wait_for_modal("quote.reject")
    await alice.submit()


async def _accepted_on_home(world: World, alice: Person) -> None:
    await alice.press("quote.approve")
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
    world.clock.at = (await get_quote(world, "Q-2041")).expires_at
    await expire_quotes(world.dependencies)


@pytest.mark.parametrize(
    ("decide", "says"),
    [
        (_rejected_in_the_channel, "Rejected by Alice Martin on 24 Nov 2026"),
        (_replaced_by_a_cart, "Replaced with quote SQ-1001 by Alice Martin on 24 Nov 2026"),
        (_expired, "Expired on 1 Dec 2026"),
        *leave_to_long(
            (_accepted_on_home, "Accepted by Alice Martin on 24 Nov 2026"),
            (_accepted_elsewhere, "Accepted outside Slack on 23 Nov 2026"),
        ),
    ],
)
async def test_every_copy_of_a_decided_quote_shows_who_decided_and_when_without_buttons(
    world: World, decide: Callable[[World, Person], Awaitable[None]], says: str
) -> None:
    """R20, R25: in the channel, in direct messages, in reminders, and on Home."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    await import_quote(world)
    await world.settle()
    world.clock.at = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    await enqueue_quote_reminders(world.dependencies)
    await alice.open_home()
    await world.settle()
    copies = [*alice.dms, *benoit.dms, *world.list_messages("C01BILLING")]
    assert [list_buttons(copy) for copy in copies] == [QUOTE_BUTTONS] * 5
    await decide(world, alice)
    await world.settle()
    for copy in (*alice.dms[:2], *benoit.dms[:2], world.list_messages("C01BILLING")[0]):
        assert list_buttons(copy) == []
    assert says in alice.dms[0].text
    assert says in alice.dms[1].text
    assert "Q-2041" in world.list_messages("C01BILLING")[0].text
    assert alice.home is not None
    assert "Approve the quote Q-2041" not in str(alice.home.blocks)
    assert "Q-2041" not in alice.home.text.partition("Subscription")[0]


async def test_a_copy_posted_while_the_order_is_being_placed_shows_that_the_quote_is_accepted(
    world: World,
) -> None:
    """R25: it was not there yet when the quote was read."""
    alice = world.get_person("alice")
    await import_quote(world)
    await open_modal(alice, "/quotes", "", "quote.list")
    await alice.press("quote.approve")
    form = await alice.wait_for_modal("service_order.place")

    async def post_copies() -> None:
        assert await deliver_due_notices(world.dependencies)

    install_hooked_gateway(world).before["preview"] = post_copies
    await form.submit()
    await alice.wait_for_modal("service_order.show")
    assert [list_buttons(copy) for copy in alice.dms] == [QUOTE_BUTTONS]
    await world.settle()
    assert list_buttons(alice.dms[0]) == []
    assert "Accepted by Alice Martin" in alice.dms[0].text
