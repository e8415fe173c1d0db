"""A closed account can order nothing by any way, and its contacts can still read what happened."""

from bot.use_cases.accounts_import.close import close_account
from models.quote import QuoteStatus
from models.service_order import OrderStatus, ServiceOrder
from tests.handlers.steps import get_quote, import_quote
from tests.world import World

REASON = "The contract has ended."


async def close(world: World, account_id: str) -> None:
    database = world.dependencies.database
    await close_account(database, account_id=account_id, reason=REASON, operator="bob", at=world.clock.at)


async def test_neither_a_cart_nor_a_quote_can_be_ordered_and_orders_stay_readable(world: World) -> None:
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=1)
    await alice.close_modal(everything=True)
    await world.settle()
    await world.reach_placement(alice, acme_meeting=2)
    await import_quote(world)
    await close(world, "acme")
    assert (await get_quote(world, "Q-2041")).status is QuoteStatus.EXPIRED
    await alice.submit()
    await alice.wait_for_modal("refusal.show")
    assert len(await world.load_rows(ServiceOrder)) == 1
    await alice.close_modal(everything=True)
    await alice.command("/add-seats")
    modal = await alice.wait_for_modal("cart.blocked")
    assert "is closed, so nothing can be ordered for it. Reason: The contract has ended." in modal.text
    await alice.close_modal(everything=True)
    await alice.command("/service-orders", "SO-1001")
    assert "SO-1001" in (await alice.wait_for_modal("service_order.show")).text


async def test_an_order_that_was_placed_is_still_processed(world: World) -> None:
    sam = world.get_person("sam")
    await world.place_order(sam, slow_meeting=1)
    await close(world, "slow")
    for _ in range(2):
        await world.pass_time(minutes=5)
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.COMPLETED


async def test_a_declined_order_cannot_be_retried_and_can_be_cancelled(world: World) -> None:
    dora = world.get_person("dora")
    await world.place_order(dora, declined_meeting=2)
    await dora.close_modal(everything=True)
    await world.settle()
    await close(world, "declined")
    await dora.command("/service-orders", "SO-1001")
    await dora.wait_for_modal("service_order.show")
    await dora.press("service_order.retry")
    assert "is closed" in (await dora.wait_for_modal("refusal.show")).text
    await dora.close_modal(everything=True)
    await dora.command("/service-orders", "SO-1001")
    await dora.wait_for_modal("service_order.show")
    await dora.press("service_order.give_up")
    await world.settle()
    assert (await world.load_row(ServiceOrder)).status is OrderStatus.FAILED
