"""The tax of an address while it, the lines or the provider change (R10, R17)."""

import pytest

from bot.billing.gateway import BillingUnavailable
from models.account import Account
from models.quote import Quote
from models.service_order import ServiceOrder
from tests.handlers.carts import follow_steps
from tests.handlers.db_snapshot import change
from tests.handlers.steps import (
    import_account,
    import_quote,
    install_hooked_gateway,
    open_modal,
    wait_for_modal_text,
)
from tests.world import World


async def test_an_address_whose_tax_is_unknown_cannot_be_ordered_for(world: World) -> None:
    """R10, R17: the provider fails while the new address is priced; the screen to place is still open."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=1)
    [open_screen] = alice.modals
    stale = open_screen.copy()
    gateway = install_hooked_gateway(world)

    async def silent() -> None:
        raise BillingUnavailable

    gateway.before["preview"] = silent
    await world.choose_country(alice, "DE")
    reply = await alice.submit()
    assert reply.errors
    await stale.submit()
    await world.dependencies.tasks.wait_until_idle()
    assert await world.load_rows(ServiceOrder) == []
    assert (await world.load_row(Account, id="acme")).country == "FR"


async def test_r10_an_older_quote_is_ordered_with_the_accounts_current_address(
    world: World,
) -> None:
    """Unless another one was typed for it. A screen that still shows the old one places nothing."""
    alice = world.get_person("alice")
    line = {"subscription": "acme_meeting", "seats": 1, "unit_price": "13.00"}
    numbers = ("Q-1", "Q-2", "Q-3")
    quotes = [{"number": number, "expires": "2026-11-30", "lines": [line]} for number in numbers]
    await import_account(world, "acme", quotes=quotes)
    world.clock.move(seconds=1)
    await open_modal(alice, "/quotes", "Q-3", "quote.review")
    await follow_steps(alice, ("", "service_order.place"))
    (await world.open_address(alice)).fill("line1", "3 rue de Q-3")
    await follow_steps(alice, ("", "service_order.place"))
    await alice.close_modal(everything=True)
    tablet = world.get_person("alice", client="tablet")
    await open_modal(tablet, "/quotes", "Q-2", "quote.review")
    await follow_steps(tablet, ("", "service_order.place"))

    await open_modal(alice, "/quotes", "Q-1", "quote.review")
    await follow_steps(alice, ("", "service_order.place"))
    (await world.open_address(alice)).fill("line1", "8 rue Neuve")
    await follow_steps(alice, ("", "service_order.place"), ("", "service_order.show"))
    await alice.close_modal(everything=True)

    await tablet.submit()
    changed = await tablet.wait_for_modal("checkout.save")
    assert "since you opened this screen: the billing address. Nothing has been ordered." in changed.text
    assert "8 rue Neuve" in changed.text
    assert len(await world.load_rows(ServiceOrder)) == 1
    await follow_steps(tablet, ("", "service_order.place"), ("", "service_order.show"))
    assert (await world.load_row(Account, id="acme")).line1 == "8 rue Neuve"

    await open_modal(alice, "/quotes", "Q-3", "quote.review")
    await follow_steps(alice, ("", "service_order.place"), ("", "service_order.show"))
    lines = [order.address["line1"] for order in await world.load_rows(ServiceOrder)]
    assert lines == ["8 rue Neuve", "8 rue Neuve", "3 rue de Q-3"]
    assert world.slack.refusals == []


async def test_the_tax_of_a_quote_is_that_of_the_address_it_names(world: World) -> None:
    """R17: a colleague's order moves the account to another country while a cart is priced."""
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=5)
    gateway = install_hooked_gateway(world)

    async def the_account_moves() -> None:
        gateway.after.clear()
        await change(world, Account, "acme", country="DE")

    gateway.after["preview"] = the_account_moves
    await alice.submit()
    await alice.wait_for_modal("quote.review")
    quote = await world.load_row(Quote)
    assert (quote.address["country"], quote.tax) == ("FR", 961)


@pytest.mark.parametrize("country", ["DE", "FR"])
async def test_lines_changed_elsewhere_during_pricing_are_shown_first(world: World, country: str) -> None:
    """R10, R17: neither ordered at the tax of the lines before, nor replaced with it."""
    alice = world.get_person("alice")
    await import_quote(world)
    await alice.command("/quotes", "Q-2041")
    await alice.wait_for_modal("quote.review")
    await alice.submit()
    form = await world.choose_country(alice, country)
    form.fill("line1", "8 rue Neuve")
    gateway = install_hooked_gateway(world)

    async def other_lines_come() -> None:
        gateway.after.clear()
        lines = [{"subscription": "acme_webinar", "seats": 3, "unit_price": "450.00"}]
        await import_quote(world, lines=lines)

    gateway.after["preview"] = other_lines_come
    await alice.submit()
    await wait_for_modal_text(alice, "This quote’s checkout is incomplete")
    quote = await world.load_row(Quote)
    assert (quote.status, quote.subtotal + quote.tax) == ("pending", quote.total)
    assert await world.load_rows(ServiceOrder) == []
    await alice.press("checkout.edit")
    form = await world.open_address(alice)
    assert form.get_value("line1") == "8 rue Neuve"
