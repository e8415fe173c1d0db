"""Requests that Slack delivers again change nothing more (R19)."""

import asyncio

from bot.permissions import SlackIdentity as Caller
from bot.use_cases.service_order.retry import retry_service_order
from models.account import Account
from models.audit.entry import AuditEntry
from models.notice import Notice
from models.quote import Quote
from models.service_order import ChargeAttempt, OrderLine
from sandbox.driver import Modal
from tests.handlers.service_order.orders import (
    assert_charged_once,
    list_callback_ids,
    redeliver_last_request,
)
from tests.handlers.steps import (
    ForgetfulTasks,
    find_messages,
    get_order,
    get_quote,
    import_quote,
    install_hooked_gateway,
    open_modal,
    wait_for_modal_text,
)
from tests.variants import both_databases
from tests.world import World

pytestmark = both_databases


async def test_each_redelivered_step_of_an_order_changes_nothing(world: World) -> None:
    """R19: cart, review, checkout with an address that makes another quote, placement."""
    alice = world.get_person("alice")
    await import_quote(world)
    await alice.command("/add-seats", "meeting 5")
    await alice.wait_for_modal("cart.warning")
    await alice.press("cart.continue")
    await alice.wait_for_modal("cart.save")
    await redeliver_last_request(world)
    await alice.submit()
    assert list_callback_ids(await redeliver_last_request(world)) == {"quote.review"}
    assert {q.number: q.status.value for q in await world.load_rows(Quote)} == {
        "Q-2041": "expired",
        "SQ-1001": "pending",
    }
    await alice.submit()
    assert list_callback_ids(await redeliver_last_request(world)) == {"service_order.place"}
    await world.choose_country(alice, "DE")
    await alice.submit()
    assert list_callback_ids(await redeliver_last_request(world)) == {"service_order.place"}
    assert [q.number for q in await world.load_rows(Quote, status="pending")] == ["SQ-1002"]
    await alice.submit()
    assert list_callback_ids(await redeliver_last_request(world)) == {"service_order.show"}
    await world.settle()
    await assert_charged_once(world, "acme_meeting", 30)
    assert len(await world.load_rows(Quote)) == 3
    assert world.slack.refusals == []


async def test_r8_a_redelivered_rejection_changes_nothing(world: World) -> None:
    alice = world.get_person("alice")
    await import_quote(world)
    await open_modal(alice, "/quotes", "", "quote.list")
    await alice.press("quote.reject")
    (await alice.wait_for_modal("quote.reject")).fill("reason", "No")
    await alice.submit()
    before = await get_quote(world, "Q-2041")
    world.clock.move(minutes=1)
    answers = await redeliver_last_request(world)
    assert all("rejected by Alice Martin" in str(answer) for answer in answers)
    assert await get_quote(world, "Q-2041") == before
    assert len(await world.load_rows(AuditEntry, subject="quote:Q-2041", action="rejected")) == 1


async def test_r18_a_redelivered_retry_charges_once(world: World) -> None:
    dora = world.get_person("dora")
    await world.place_order(dora, declined_meeting=2)
    await world.settle()
    await open_modal(dora, "/service-orders", "SO-1001", "service_order.show")
    await dora.press("service_order.retry")
    (await dora.wait_for_modal("service_order.retry")).fill("payment_method", "pm_good_1")
    stale = dora.modal
    assert isinstance(stale, Modal)
    copy = stale.copy()
    await asyncio.gather(dora.submit(), copy.submit())
    answers = await redeliver_last_request(world)
    assert all("Dora Lane tried the declined seats" in str(answer) for answer in answers)
    await world.settle()
    await assert_charged_once(world, "declined_meeting", 12)
    assert len(await world.load_rows(ChargeAttempt)) == 2


async def test_a_late_answer_is_not_applied_to_the_retry(world: World) -> None:
    """R18, R19: a worker was so slow that another brought its answer, and the person chose another card."""
    dora = world.get_person("dora")
    await world.reach_placement(dora, declined_meeting=2)
    gateway, go_on = install_hooked_gateway(world), asyncio.Event()

    async def slow_at_first_then_stuck() -> None:
        if gateway.calls["place"] == 1:
            await go_on.wait()
        else:
            raise RuntimeError("stuck")

    gateway.after["place"] = slow_at_first_then_stuck
    await dora.submit()
    await dora.wait_until(lambda: gateway.calls.get("place") == 1)
    slow_worker = world.dependencies.tasks
    world.dependencies.tasks = ForgetfulTasks()
    await world.pass_time(seconds=61)
    await retry_service_order(
        world.dependencies,
        person=Caller("T01ACME", dora.id, "test"),
        order_id=(await get_order(world)).key,
        payment_method_id="pm_good_1",
    )
    await world.settle()
    go_on.set()
    await slow_worker.wait_until_idle()
    declined, open_still = await world.load_rows(ChargeAttempt)
    assert (declined.outcome, open_still.outcome) == ("declined", None)
    assert (await world.load_row(OrderLine)).status == "charging"
    gateway.after.clear()
    await world.pass_time(seconds=61)
    await assert_charged_once(world, "declined_meeting", 12)


async def test_a_redelivered_cancellation_of_declined_seats_ends_the_order_once(world: World) -> None:
    """R18, R24: one failure, told once."""
    dora = world.get_person("dora")
    await world.place_order(dora, declined_meeting=2)
    await world.settle()
    await open_modal(dora, "/service-orders", "SO-1001", "service_order.show")
    await dora.press("service_order.give_up")
    await wait_for_modal_text(dora, "Failed")
    await redeliver_last_request(world, 5)
    await world.settle()
    assert (await get_order(world)).status == "failed"
    assert len(await world.load_rows(AuditEntry, action="given_up")) == 1
    assert len(find_messages(dora.dms, "SO-1001 failed")) == 1


async def test_a_redelivered_portal_switch_counts_once(world: World) -> None:
    """R15: one entry, one notice to the other contact."""
    alice = world.get_person("alice")
    await open_modal(alice, "/billing", "", "account.overview")
    await alice.press("account.manage_methods")
    await alice.wait_until(lambda: alice.modal and "account.switch_portal" in alice.modal.action_ids)
    await alice.press("account.switch_portal")
    await redeliver_last_request(world, 5)
    await world.settle()
    assert (await world.load_row(Account, id="acme")).default_portal == "admin"
    assert len(await world.load_rows(AuditEntry, action="portal_switched")) == 1
    assert len(await world.load_rows(Notice, kind="portal_changed")) == 1
    assert len(find_messages(world.get_person("benoit").dms, "Alice Martin")) == 1
