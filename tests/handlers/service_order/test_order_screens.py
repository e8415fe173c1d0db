"""A modal that shows an order follows it while it is open, but not once it shows something else."""

from bot.use_cases.order_screen import update_due_screens
from models.service_order.order_screen import OrderScreen
from sandbox.faults import Fault
from sandbox.traffic import ApiCall
from tests.handlers.service_order.orders import place_order
from tests.handlers.steps import (
    ForgetfulTasks,
    get_contact,
    get_order,
    install_hooked_gateway,
    make_failing_hook,
    open_modal,
)
from tests.world import World


def _late_updates(world: World) -> list[ApiCall]:
    return [call for call in world.slack.list_calls("views.update") if call.args.get("external_id")]


async def test_the_placed_screen_follows_the_order_up_to_its_receipt(world: World) -> None:
    sam = world.get_person("sam")
    placed = await world.place_order(sam, slow_meeting=2)
    assert "has been placed" in placed.text
    await world.settle()
    assert sam.modal is not None
    assert "charging" in sam.modal.text
    await world.pass_time(seconds=70)
    assert (await get_order(world)).status == "completed"
    assert "Completed" in sam.modal.text
    assert "R-1001" in sam.modal.text
    assert await world.load_rows(OrderScreen) == []
    assert world.slack.refusals == []


async def test_buttons_to_decide_disappear_from_every_open_screen_once_somebody_has_decided(
    world: World,
) -> None:
    dora = await place_order(world, "dora", declined_meeting=1)
    assert dora.modal is not None
    assert "service_order.retry" in str(dora.modal.blocks), "the placed screen asks too"
    assert "We need your decision" in dora.modal.text
    assert "has been placed" not in dora.modal.text
    assert "24 hours" not in dora.modal.text
    elsewhere = world.get_person("dora", client="phone")
    await open_modal(elsewhere, "/service-orders", "SO-1001", "service_order.show")
    await dora.press("service_order.give_up")
    await world.settle()
    assert elsewhere.modal is not None
    assert "Failed" in elsewhere.modal.text
    assert "service_order.retry" not in str(elsewhere.modal.blocks)
    await world.pass_time(seconds=15)
    assert await world.load_rows(OrderScreen) == []


async def test_the_placed_screen_asks_to_confirm_a_payment_until_it_is_confirmed(world: World) -> None:
    carla = await place_order(world, "carla", customer_assist=1)
    assert carla.modal is not None
    assert "We need your confirmation" in carla.modal.text
    assert "service_order.confirm_payment" in str(carla.modal.blocks)
    assert "has been placed" not in carla.modal.text
    await world.pass_time(seconds=40)
    assert "Completed" in carla.modal.text
    assert "service_order.confirm_payment" not in str(carla.modal.blocks)


async def test_a_screen_that_has_moved_on_or_is_closed_is_left_alone(world: World) -> None:
    """The modal keeps its view id; what is typed into it stays. Slack's `not_found` ends the updates."""
    sam, dora = world.get_person("sam"), await place_order(world, "dora", declined_meeting=1)
    await dora.press("service_order.retry")
    form = await dora.wait_for_modal("service_order.retry")
    assert form.get_value("payment_method") == "pm_good_1", "not the one that was declined"
    form.fill("payment_method", "pm_good_1")
    phone = world.get_person("dora", client="phone")
    await open_modal(phone, "/service-orders", "SO-1001", "service_order.show")
    await phone.press("service_order.give_up")
    await world.place_order(sam, slow_meeting=1)
    await sam.close_modal(everything=True)
    await world.settle()
    await world.pass_time(seconds=70)
    await world.pass_time(seconds=15)
    assert dora.modal is not None
    assert dora.modal.callback_id == "service_order.retry"
    assert sam.modal is None
    assert await world.load_rows(OrderScreen) == []
    assert world.slack.refusals == []


async def test_an_update_that_precedes_its_view_is_retried(world: World) -> None:
    """The ack shows the view, and may take longer than the first update."""
    alice = world.get_person("alice")
    world.dependencies.tasks = ForgetfulTasks()
    await world.place_order(alice, acme_meeting=1)
    await world.dependencies.tasks.wait_until_idle()
    world.slack.slack.faults.add(Fault("error", "views.update", times=1, error="not_found"))
    await world.settle()
    assert len(await world.load_rows(OrderScreen)) == 1
    await world.pass_time(seconds=3)
    assert alice.modal is not None
    assert "R-1001" in alice.modal.text


async def test_a_person_who_lost_the_role_no_longer_sees_the_order(world: World) -> None:
    gateway = install_hooked_gateway(world)
    gateway.before["place"] = make_failing_hook(RuntimeError("stuck"))
    sam = await place_order(world, "sam", slow_meeting=1)
    before = len(_late_updates(world))
    async with world.dependencies.write() as session:
        (await session.merge(await get_contact(world, "sam@acme.example"))).active = False
    async with world.dependencies.write() as session:
        [screen] = await world.load_rows(OrderScreen)
        (await session.merge(screen)).due_at = world.clock.at
    await update_due_screens(world.dependencies)
    assert len(_late_updates(world)) == before
    assert await world.load_rows(OrderScreen) == []
    assert sam.modal is not None
