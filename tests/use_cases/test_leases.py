"""Leases and due times that a clock which is hours ahead has stored hold nobody up (docs/reliability.md)."""

from datetime import timedelta

import pytest

from bot.use_cases.billing_webhook import refresh_due_accounts
from bot.use_cases.home.publish import publish_due_homes
from bot.use_cases.order_screen import update_due_screens
from bot.use_cases.service_order.process import process_due_orders
from models.account import Account
from models.home import Home
from models.lease import MAX_LEASE, is_leased
from models.service_order import LineStatus, OrderLine
from models.service_order.order_screen import OrderScreen
from tests.handlers.db_snapshot import change
from tests.handlers.steps import ForgetfulTasks
from tests.world import START, World

HOURS_AHEAD = timedelta(hours=3)


def test_a_lease_counts_until_it_ends_but_no_longer_than_a_lease_can_last() -> None:
    assert not is_leased(None, START)
    assert not is_leased(START, START)
    assert is_leased(START + timedelta(seconds=1), START)
    assert is_leased(START + MAX_LEASE, START)
    assert not is_leased(START + MAX_LEASE + timedelta(seconds=1), START)


async def test_a_line_leased_by_a_clock_that_is_ahead_is_charged_now(world: World) -> None:
    world.dependencies.tasks = ForgetfulTasks()
    await world.place_order(world.get_person("alice"), acme_meeting=1)
    line = await world.load_row(OrderLine)
    for lease, count in ((timedelta(minutes=1), 0), (HOURS_AHEAD, 1)):
        until = world.clock.at + lease
        await change(world, OrderLine, line.key, due_at=until, claimed_until=until)
        assert await process_due_orders(world.dependencies) == count
    assert (await world.load_row(OrderLine)).status is LineStatus.SETTLED


@pytest.mark.parametrize("table", [Home, OrderScreen])
async def test_a_screen_leased_by_a_clock_that_is_ahead_is_updated_now(
    table: type[Home] | type[OrderScreen], world: World
) -> None:
    alice = world.get_person("alice")
    await alice.open_home()
    world.dependencies.tasks = ForgetfulTasks()
    await world.place_order(alice, acme_meeting=1)
    await world.dependencies.tasks.wait_until_idle()
    world.clock.move(minutes=1)
    row = await world.load_row(table)
    key = (row.team_id, row.user_id) if isinstance(row, Home) else row.external_id
    run = publish_due_homes if table is Home else update_due_screens
    for lease, count in ((timedelta(minutes=1), 0), (HOURS_AHEAD, 1)):
        await change(world, table, key, due_at=world.clock.at, claimed_until=world.clock.at + lease)
        assert await run(world.dependencies) == count
    world.clock.move(minutes=1)
    for delay, count in ((timedelta(minutes=1), 0), (HOURS_AHEAD, 1)):
        await change(world, table, key, due_at=world.clock.at + delay, claimed_until=None)
        assert await run(world.dependencies) == count


async def test_a_line_stored_by_a_clock_that_is_ahead_is_charged_now(world: World) -> None:
    """But not one that waits for its customer, or for a retry: that may take days."""
    world.dependencies.tasks = ForgetfulTasks()
    await world.place_order(world.get_person("alice"), acme_meeting=1)
    line = await world.load_row(OrderLine)
    for delay, count in ((timedelta(minutes=1), 0), (HOURS_AHEAD, 1)):
        await change(world, OrderLine, line.key, due_at=world.clock.at + delay, claimed_until=None)
        assert await process_due_orders(world.dependencies) == count
    assert (await world.load_row(OrderLine)).status is LineStatus.SETTLED
    at = world.clock.at
    for status in LineStatus:
        later = OrderLine(**{**line.model_dump(), "status": status, "due_at": at + HOURS_AHEAD})
        assert later.is_due(at) is (status in (LineStatus.WAITING, LineStatus.UNKNOWN))


async def test_an_account_marked_by_a_clock_that_is_ahead_is_refreshed_now(world: World) -> None:
    for delay, count in ((timedelta(minutes=1), 0), (HOURS_AHEAD, 1)):
        await change(world, Account, "acme", refresh_due_at=world.clock.at + delay)
        assert await refresh_due_accounts(world.dependencies) == count
    assert (await world.load_row(Account, id="acme")).refresh_due_at is None
