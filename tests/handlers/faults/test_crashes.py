"""Cut off in the middle: what was begun is taken up, and charged once (R10, R19)."""

import pytest

from models.cart import Cart
from models.quote import Quote
from models.service_order import ChargeAttempt, OrderLine
from tests.handlers.service_order.orders import assert_charged_once
from tests.handlers.steps import (
    ForgetfulTasks,
    install_hooked_gateway,
    list_charges,
    make_failing_hook,
    open_modal,
)
from tests.variants import both_databases
from tests.world import World

pytestmark = both_databases


async def test_the_job_processes_an_order_after_a_crash_between_placement_and_processing(
    world: World,
) -> None:
    """R12, R19: the row is there, and that is enough."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    world.dependencies.tasks = ForgetfulTasks()
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.dependencies.tasks.wait_until_idle()
    assert [line.status.value for line in await world.load_lines()] == ["waiting"]
    await world.settle()
    await assert_charged_once(world, "acme_meeting", 30)


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_crash_around_the_call_leads_to_one_reconciled_charge(world: World, when: str) -> None:
    """R19: the attempt and its key are stored; whether it was sent looks the same from here."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    gateway = install_hooked_gateway(world)
    hooks = gateway.before if when == "before" else gateway.after
    hooks["place"] = make_failing_hook(RuntimeError("killed"))
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    [attempt] = await world.load_rows(ChargeAttempt)
    assert attempt.ended_at is None
    assert len(await list_charges(world)) == (0 if when == "before" else 1)
    hooks.clear()
    await world.settle()
    assert gateway.calls["place"] == 1, "not before the lease is over"
    [line] = await world.load_lines()
    assert line.claimed_until is not None
    world.clock.at = line.claimed_until
    await world.settle()
    assert gateway.calls["place"] == (2 if when == "before" else 1)
    assert [a.idempotency_key for a in await world.load_rows(ChargeAttempt)] == [attempt.idempotency_key]
    assert [charge.idempotency_key for charge in await list_charges(world)] == [attempt.idempotency_key]
    await assert_charged_once(world, "acme_meeting", 30)


async def test_a_crash_before_the_result_is_stored_leads_to_reconciliation(world: World) -> None:
    """R19: the provider answered, and we died before our transaction."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    gateway = install_hooked_gateway(world)

    async def die_when_settled() -> None:
        if gateway.calls.get("place"):
            raise RuntimeError("killed")

    gateway.before["subscriptions"] = die_when_settled
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert (await world.load_row(OrderLine)).status == "charging"
    gateway.before.clear()
    await world.pass_time(seconds=61)
    await assert_charged_once(world, "acme_meeting", 30)


async def test_a_crash_between_the_cart_and_its_price_loses_nothing_typed(world: World) -> None:
    """R10: what was typed is stored before anybody is asked for a price."""
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=7)
    gateway = install_hooked_gateway(world)
    gateway.before["preview"] = make_failing_hook(RuntimeError("killed"))
    await alice.submit()
    assert "reference" in (await alice.wait_for_modal("refusal.show")).text
    gateway.before.clear()
    assert (await world.load_row(Cart)).seats == {"acme_meeting": 7}
    cart = await open_modal(alice, "/add-seats", "", "cart.save")
    assert cart.get_value("seats:acme_meeting") == "7"
    assert await world.load_rows(Quote) == []
