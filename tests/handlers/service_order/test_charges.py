"""Charges that take their time, or find seats changed by others (R17-R19)."""

from datetime import timedelta
from typing import Any

from sqlmodel import delete

from bot.billing.gateway import BillingUnavailable
from bot.use_cases.service_order.process import process_due_orders
from models.ledger import LedgerCharge
from models.receipt import Receipt
from models.service_order import ChargeAttempt, LineStatus, OrderLine
from tests.database_faults import failing_statements
from tests.handlers.service_order.orders import (
    list_line_statuses,
    place_order,
    place_order_via_use_cases,
)
from tests.handlers.steps import (
    ForgetfulTasks,
    find_messages,
    find_newest_message,
    get_order,
    install_hooked_gateway,
    list_charges,
    make_failing_hook,
    open_modal,
    wait_for_modal_text,
)
from tests.ledger import set_ledger_seats
from tests.variants import both_databases
from tests.world import World

pytestmark = both_databases

# --- slow, the customer, lost answers, a silent provider


async def test_a_slow_card_stays_charging_and_settles_later(world: World) -> None:
    """R12, R18: 60 seconds."""
    gateway = install_hooked_gateway(world)
    sam = await place_order(world, "sam", slow_meeting=2)
    assert await list_line_statuses(world) == ["charging"]
    assert find_messages(sam.dms, "Receipt") == []
    await world.pass_time(seconds=50)
    assert await list_line_statuses(world) == ["charging"]
    assert "reconcile" not in gateway.calls, "the provider said how long it takes"
    assert await world.load_seats("slow_meeting") == (4, 4)
    await world.pass_time(seconds=20)
    assert await list_line_statuses(world) == ["settled"]
    assert await world.load_seats("slow_meeting") == (6, 6)
    assert len(await world.load_rows(ChargeAttempt)) == 1
    assert len([m for m in sam.dms if m.text.startswith("Receipt R-1001")]) == 1


async def test_r18_the_customer_is_sent_the_link_in_private_and_confirming_settles(world: World) -> None:
    carla = await place_order(world, "carla", customer_assist=1)
    assert await list_line_statuses(world) == ["needs_customer"]
    url = world.dependencies.settings.admin_portal_url
    asked = find_newest_message(carla.dms, "confirm your payment")
    links = [e.get("url") for b in asked.blocks if b["type"] == "actions" for e in b["elements"]]
    assert url in links
    assert url not in str([m.blocks for m in world.list_messages("C04CUSTOMER")])
    assert find_newest_message(world.list_messages("C04CUSTOMER"), "needs to confirm").thread_ts is None
    order = await open_modal(carla, "/service-orders", "SO-1001", "service_order.show")
    assert url in str(order.blocks)
    asked_at = (await list_charges(world, "needs_customer"))[0].created_at
    world.clock.at = asked_at + timedelta(seconds=19)
    await world.settle()
    assert await list_line_statuses(world) == ["needs_customer"]
    world.clock.at = asked_at + timedelta(seconds=30)
    await world.settle()
    assert await list_line_statuses(world) == ["settled"]
    assert await world.load_seats("customer_assist") == (8, 8)
    assert len(find_messages(carla.dms, "needed to be confirmed")) == 1, "asked once"


async def test_a_payment_that_is_never_confirmed_is_declined_and_the_order_fails(world: World) -> None:
    """R18: the network waits 23 hours, as long as a retry is possible: what follows is the order's end."""
    carla = world.get_person("carla")
    checkout = await world.reach_checkout(carla, customer_assist=1)
    checkout.fill("payment_method", "pm_customer_never_1")
    await carla.submit()
    await carla.wait_for_modal("service_order.place")
    await carla.submit()
    await carla.wait_for_modal("service_order.show")
    await world.settle()
    await world.pass_time(hours=22)
    assert await list_line_statuses(world) == ["needs_customer"]
    await world.pass_time(hours=1)
    [line] = await world.load_lines()
    assert (line.status, line.reason) == (LineStatus.DECLINED, "customer_timeout")
    assert (await get_order(world)).status == "failed"
    assert find_newest_message(carla.dms, "failed")
    assert await world.load_seats("customer_assist") == (7, 7)


async def test_a_lost_answer_is_reconciled_and_never_charged_twice(world: World) -> None:
    """R19: unknown until the provider says what became of it."""
    carla = world.get_person("carla")
    checkout = await world.reach_checkout(carla, customer_assist=3)
    checkout.fill("payment_method", "pm_lost_1")
    await carla.submit()
    await carla.wait_for_modal("service_order.place")
    await carla.submit()
    await carla.wait_for_modal("service_order.show")
    await world.settle()
    assert await list_line_statuses(world) == ["unknown"]
    assert (await world.load_row(OrderLine)).seats == 3
    order = await open_modal(carla, "/service-orders", "SO-1001", "service_order.show")
    assert "don’t order again" in order.text
    await world.pass_time(seconds=10)
    assert await list_line_statuses(world) == ["settled"]
    assert len(await list_charges(world)) == 1
    assert await world.load_seats("customer_assist") == (10, 10)


async def test_nothing_is_lost_while_the_provider_is_unavailable(world: World) -> None:
    """R19, R20: the order waits for it; a person is told and keeps what they typed."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=4)
    gateway = install_hooked_gateway(world)
    gateway.before["subscriptions"] = make_failing_hook(BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert await list_line_statuses(world) == ["charging"]
    assert await world.load_rows(ChargeAttempt) == []

    await alice.close_modal(everything=True)
    await alice.command("/add-seats")
    assert "isn’t responding" in (await alice.wait_for_ephemeral()).text
    gateway.before.clear()
    await world.fill_cart(alice, acme_webinar=2)
    gateway.before["preview"] = make_failing_hook(BillingUnavailable())
    reply = await alice.submit()
    assert "isn’t responding" in str(reply.errors)
    gateway.before.clear()
    await alice.submit()
    await wait_for_modal_text(alice, "2 new seats")

    await world.pass_time(seconds=10)
    assert await list_line_statuses(world) == ["settled"]
    assert await world.load_seats("acme_meeting") == (29, 29)


async def test_a_payment_to_confirm_that_is_unknown_to_the_provider_is_declined(world: World) -> None:
    """R19: sent again, it might be confirmed twice; only a retry charges once more."""
    carla = world.get_person("carla")
    (await world.reach_checkout(carla, customer_assist=3)).fill("payment_method", "pm_customer_never_1")
    await carla.submit()
    await carla.wait_for_modal("service_order.place")
    await carla.submit()
    await carla.wait_for_modal("service_order.show")
    await world.settle()
    assert await list_line_statuses(world) == ["needs_customer"]
    async with world.dependencies.write() as session:
        await session.exec(delete(LedgerCharge))
    await world.pass_time(seconds=10)
    [line] = await world.load_lines()
    assert (line.status, line.reason) == (LineStatus.DECLINED, "never_received")
    assert await world.load_rows(LedgerCharge) == []


async def test_an_order_that_cannot_be_processed_is_postponed_and_blocks_no_other(world: World) -> None:
    alice = world.get_person("alice")
    await open_modal(alice, "/service-orders", "", "service_order.list")
    tasks, world.dependencies.tasks = world.dependencies.tasks, ForgetfulTasks()
    await place_order_via_use_cases(world, "acme_meeting")
    await place_order_via_use_cases(world, "acme_webinar")
    world.dependencies.tasks = tasks
    [first, _] = await world.load_lines()

    def is_leasing(statement: str, parameters: Any) -> bool:
        if not statement.startswith("SELECT service_order") or "JOIN charge_attempt" not in statement:
            return False
        order_id = parameters["order_id"] if isinstance(parameters, dict) else parameters[-1]
        return bool(order_id == first.order_id)

    with failing_statements(world.dependencies.database, is_leasing):
        await process_due_orders(world.dependencies)
    assert await list_line_statuses(world) == ["waiting", "settled"]
    [first, _] = await world.load_lines()
    assert first.due_at == world.clock.at + world.dependencies.settings.lease_duration
    await world.pass_time(seconds=world.dependencies.settings.lease_seconds)
    assert await list_line_statuses(world) == ["settled", "settled"]


async def test_a_charge_is_reconciled_after_a_failure_of_the_provider(world: World) -> None:
    """R19: raised from the call itself; once the lease is over the provider is asked."""
    await world.reach_placement(world.get_person("alice"), acme_meeting=4)
    gateway = install_hooked_gateway(world)
    gateway.after["place"] = make_failing_hook(RuntimeError("a bug"))
    await world.get_person("alice").submit()
    await world.settle()
    assert await list_line_statuses(world) == ["charging"]
    gateway.after.clear()
    await world.pass_time(seconds=61)
    assert await list_line_statuses(world) == ["settled"]
    assert len(await list_charges(world)) == 1
    assert await world.load_seats("acme_meeting") == (29, 29)


# --- seats changed by others


async def test_seats_changed_by_others_since_the_quote_do_not_void_it(world: World) -> None:
    """R17, R19: what was ordered is added to what there is, at the price promised."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    await set_ledger_seats(world.dependencies.database, "acme_meeting", 40)
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert await world.load_seats("acme_meeting") == (45, 45)
    assert (await world.load_row(ChargeAttempt)).expected_seats == 40
    assert (await world.load_row(Receipt)).total == 5764


async def test_seats_that_change_between_reading_and_charging_are_read_again(world: World) -> None:
    """R19: the expected number is compared; nothing is charged, and a new key is used."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    gateway = install_hooked_gateway(world)

    async def another_buyer() -> None:
        if gateway.calls["place"] == 1:
            await set_ledger_seats(world.dependencies.database, "acme_meeting", 31)

    gateway.before["place"] = another_buyer
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    first, second = await world.load_rows(ChargeAttempt)
    assert (first.expected_seats, first.outcome) == (25, "seats_changed")
    assert (second.expected_seats, second.outcome) == (31, "settled")
    assert first.idempotency_key != second.idempotency_key
    assert len(await list_charges(world)) == 1
    assert await world.load_seats("acme_meeting") == (36, 36)


async def test_seats_that_keep_changing_are_read_three_times_immediately_and_then_later(
    world: World,
) -> None:
    """R19: somebody else changes them again and again."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=5)
    gateway = install_hooked_gateway(world)

    async def another_buyer() -> None:
        await set_ledger_seats(world.dependencies.database, "acme_meeting", 30 + gateway.calls["place"])

    gateway.before["place"] = another_buyer
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.dependencies.tasks.wait_until_idle()
    assert gateway.calls["place"] == 3
    gateway.before.clear()
    await world.pass_time(seconds=10)
    assert gateway.calls["place"] == 4
    assert await list_line_statuses(world) == ["settled"]
    assert await world.load_seats("acme_meeting") == (38, 38)
