"""Placing orders what the screen showed; if that has changed since, it is shown again (R10, R26)."""

from collections.abc import Awaitable, Callable

from models.quote import Quote
from models.service_order import ServiceOrder
from models.subscription import Subscription
from models.subscription.upcoming_changes import InvoiceTerms, UpcomingChanges
from tests.handlers.carts import follow_steps
from tests.handlers.db_snapshot import change
from tests.handlers.steps import import_account, list_charges, wait_for_modal_text
from tests.world import World, choose

NOT_ORDERED = "Nothing has been ordered."


async def change_po_number_elsewhere(world: World) -> None:
    tablet = world.get_person("alice", client="tablet")
    await tablet.command("/add-seats")
    await tablet.wait_for_modal("cart.save")
    await follow_steps(
        tablet,
        ("cart.go_on", "quote.review"),
        ("", "service_order.place"),
        ("checkout.edit", "checkout.save"),
    )
    tablet.fill("po_number", "PO-77").fill("payment_method", "pm_acme_2")
    await follow_steps(tablet, ("", "service_order.place"))


async def send_invoices_instead(world: World) -> None:
    terms = InvoiceTerms(days_until_due=30, is_order_allowed=True)
    await change(world, Subscription, "acme_meeting", outlook=UpcomingChanges(invoice_terms=terms))


async def charge_the_card_again(world: World) -> None:
    await change(world, Subscription, "acme_meeting", outlook=UpcomingChanges())


async def rename_administrator(world: World) -> None:
    await import_account(world, "acme", administrators=[{"email": "hugo@acme.example", "name": "Hugo Grand"}])


async def test_r10_an_order_that_has_changed_since_it_was_shown_is_shown_again_and_then_placed(
    world: World,
) -> None:
    """On another device, by an import, or at the provider, and each time somewhere else in the order."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5, acme_webinar=1)
    changes: tuple[tuple[Callable[[World], Awaitable[None]], str, str], ...] = (
        (change_po_number_elsewhere, "how it’s paid and the purchase-order number.", "PO-77"),
        (rename_administrator, "the admin contact.", "Hugo Grand"),
        (send_invoices_instead, "how it’s paid.", "get an invoice for"),
        (charge_the_card_again, "how it’s paid.", "will be charged"),
    )
    for make_change, named, now_shown in changes:
        await make_change(world)
        await alice.submit()
        again = await wait_for_modal_text(alice, named)
        assert again.callback_id == "service_order.place"
        assert NOT_ORDERED in again.text
        assert now_shown in again.text
        assert "PO-77" in again.text
        assert await world.load_rows(ServiceOrder) == []
    assert (await world.load_row(Quote)).status == "pending"
    await follow_steps(alice, ("", "service_order.show"))
    await world.settle()
    assert (await world.load_row(ServiceOrder)).po_number == "PO-77"
    assert {charge.payment_method_id for charge in await list_charges(world)} == {"pm_acme_2"}
    assert world.slack.refusals == []


async def test_r10_a_checkout_that_is_open_on_another_device_blocks_no_order(world: World) -> None:
    """Opening a field of it stores it, valid or not: what changed is named, and the rest is placed."""
    alice, tablet = world.get_person("alice"), world.get_person("alice", client="tablet")
    await world.reach_placement(alice, acme_meeting=5)
    await tablet.command("/add-seats")
    await tablet.wait_for_modal("cart.save")
    await follow_steps(
        tablet,
        ("cart.go_on", "quote.review"),
        ("", "service_order.place"),
        ("checkout.edit", "checkout.save"),
    )
    tablet.fill("payment_method", "pm_acme_2")
    await choose(tablet, "checkout.choose_administrator", "1")
    await alice.submit()
    again = await wait_for_modal_text(alice, "how it’s paid.")
    assert again.callback_id == "service_order.place"
    assert NOT_ORDERED in again.text
    await choose(tablet, "checkout.choose_administrator", "1")
    await follow_steps(alice, ("", "service_order.show"))
