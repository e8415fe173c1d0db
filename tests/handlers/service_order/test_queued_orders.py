"""A subscription has one busy line at a time: other orders are queued (R19)."""

from models.service_order import ChargeAttempt
from tests.handlers.service_order.orders import (
    list_line_statuses,
    place_order,
    place_order_via_use_cases,
    retry_order,
)
from tests.handlers.steps import (
    ForgetfulTasks,
    find_messages,
    find_newest_message,
    get_order,
    install_hooked_gateway,
    list_charges,
    list_texts,
    make_failing_hook,
    open_modal,
    wait_for_modal_text,
)
from tests.variants import both_databases
from tests.world import World

pytestmark = both_databases


async def test_a_second_order_is_queued_as_a_whole_until_the_first_has_ended(world: World) -> None:
    """R19: it stays placed, all its lines waiting, and its person is told once which order it waits for."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    gateway = install_hooked_gateway(world)
    gateway.before["place"] = make_failing_hook(RuntimeError("stuck"))
    await world.place_order(benoit, acme_webinar=1)
    await world.settle()
    gateway.before.clear()
    await world.place_order(alice, acme_meeting=2, acme_webinar=3)
    await world.settle()
    second = await get_order(world, "SO-1002")
    assert second.status == "placed"
    assert await list_line_statuses(world) == ["charging", "waiting", "waiting"]
    waits = find_messages(alice.dms, "is queued behind SO-1001")
    assert len(waits) == 1, list_texts(alice.dms)
    order = await open_modal(alice, "/service-orders", "SO-1002", "service_order.show")
    assert "Queued behind service order SO-1001" in order.text
    await world.pass_time(seconds=30)
    assert len(find_messages(alice.dms, "is queued behind SO-1001")) == 1
    card = find_newest_message([m for m in world.list_messages("C01BILLING") if not m.thread_ts], "SO-1002")
    assert "dès que la commande de Service SO-1001 sera traitée" in card.text, "what happens next (R25)"
    steps = [reply.text for reply in card.thread if "SO-1001" in reply.text]
    assert len(steps) == 1, "a line of its history, once"

    await world.pass_time(seconds=31)
    assert await list_line_statuses(world) == ["settled", "settled", "settled"]
    assert (await get_order(world, "SO-1002")).status == "completed"
    assert await world.load_seats("acme_webinar") == (9, 9)
    assert await world.load_seats("acme_meeting") == (27, 27)


async def test_orders_queued_for_one_subscription_run_in_the_order_they_were_placed(
    world: World,
) -> None:
    """R19: whichever is looked at first."""
    alice = world.get_person("alice")
    await open_modal(alice, "/service-orders", "", "service_order.list")
    world.dependencies.tasks = ForgetfulTasks()
    for seats in (1, 2, 3):
        await place_order_via_use_cases(world, "acme_meeting", seats)
    gateway = install_hooked_gateway(world)
    gateway.before["place"] = make_failing_hook(RuntimeError("stuck"))
    await world.settle()
    assert await list_line_statuses(world) == ["charging", "waiting", "waiting"]
    assert [len(find_messages(alice.dms, f"is queued behind SO-100{n}")) for n in (1, 2)] == [2, 0]
    gateway.before.clear()
    await world.pass_time(seconds=61)
    assert await list_line_statuses(world) == ["settled", "settled", "settled"]
    assert [a.expected_seats for a in await world.load_rows(ChargeAttempt)] == [25, 26, 28]


async def test_a_line_whose_period_ends_while_it_is_queued_is_declined(world: World) -> None:
    """R18: never charged for a period that is over; the first order's charge is what it waited for."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    world.clock.move(days=20, hours=13, minutes=59)  # 30 Nov, 23:59 in Paris
    gateway = install_hooked_gateway(world)
    gateway.before["place"] = make_failing_hook(RuntimeError("stuck"))
    for person, seats in ((benoit, 1), (alice, 2)):
        await world.place_order(person, acme_meeting=seats)
        await world.dependencies.tasks.wait_until_idle()
    gateway.before["reconcile"] = make_failing_hook(RuntimeError("stuck"))
    await world.pass_time(seconds=60)
    assert await list_line_statuses(world) == ["charging", "declined"]
    assert (await world.load_lines())[1].reason == "period_ended"
    assert (await get_order(world, "SO-1002")).status == "failed"
    assert "period ended" in find_newest_message(alice.dms, "SO-1002 failed").text

    gateway.before.clear()
    await world.pass_time(seconds=65)
    assert await list_line_statuses(world) == ["declined", "declined"], (
        "it was never received, and is too late now"
    )
    assert await list_charges(world) == []
    assert await world.load_seats("acme_meeting") == (25, 25)


async def test_a_retry_is_queued_while_another_order_charges_the_subscription(world: World) -> None:
    """R19, R20: refused with the other order's number, and possible once that is done."""
    dora = await place_order(world, "dora", declined_meeting=1)
    gateway = install_hooked_gateway(world)
    gateway.after["place"] = make_failing_hook(RuntimeError("stuck"))
    (await world.reach_checkout(dora, declined_meeting=2)).fill("payment_method", "pm_good_1")
    await dora.submit()
    await dora.wait_for_modal("service_order.place")
    await dora.submit()
    await dora.wait_for_modal("service_order.show")
    await world.settle()
    gateway.after.clear()
    await retry_order(world, dora, "pm_good_1")
    assert "SO-1002" in (await dora.wait_for_modal("refusal.show")).text
    assert await list_line_statuses(world) == ["declined", "charging"]
    await world.pass_time(seconds=61)
    await retry_order(world, dora, "pm_good_1")
    await wait_for_modal_text(dora, "SO-1001")
    await world.settle()
    assert await list_line_statuses(world) == ["settled", "settled"]
    assert await world.load_seats("declined_meeting") == (13, 13)
