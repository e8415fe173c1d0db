"""A message that asks for something about an order is edited once there is nothing left to ask (R25)."""

from datetime import date, timedelta

from bot.messaging.messenger import MessageRef, MessageRejected, MessengerUnavailable, OutboundMessage
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.service_order.process import process_due_orders
from models.account import Account
from models.account.billing_contact import BillingContact
from models.notice import NoticeKind, OrderMessage
from models.subscription import Subscription
from sandbox.driver import PostedMessage
from tests.handlers.carts import follow_steps
from tests.handlers.db_snapshot import change
from tests.handlers.service_order.orders import RETRY_BUTTONS, place_order, retry_order
from tests.handlers.steps import (
    ForgetfulTasks,
    find_messages,
    find_newest_message,
    get_contact,
    get_order,
    import_account,
    import_quote,
    install_hooked_gateway,
    list_buttons,
    make_failing_hook,
    wait_for_modal_text,
)
from tests.world import World

OPEN = ["service_order.open"]


async def test_requests_to_decide_are_resolved_by_a_retry_and_show_its_result(
    world: World,
) -> None:
    """In the channel and in the direct message: while the new charge is pending, and once it has settled."""
    dora = await place_order(world, "dora", declined_meeting=1)
    placed = find_newest_message(dora.dms, "has been placed")
    copies = [
        find_newest_message(dora.dms, "payment declined"),
        find_newest_message(world.list_messages("C02DECLINED"), "payment declined"),
    ]
    assert [list_buttons(copy) for copy in copies] == [RETRY_BUTTONS, RETRY_BUTTONS]
    assert "24 hours" not in placed.text, "it waits for a decision"
    gateway = install_hooked_gateway(world)
    gateway.before["place"] = make_failing_hook(RuntimeError("stuck"))
    await retry_order(world, dora, "pm_good_1")
    await world.settle()
    assert [list_buttons(copy) for copy in copies] == [OPEN, OPEN]
    assert all("Processing" in copy.text and "no longer needs an answer" in copy.text for copy in copies)
    assert "24 hours" in placed.text
    gateway.before.clear()
    await world.pass_time(minutes=2)
    assert all(_says_completed(copy) for copy in copies)
    assert "Completed on" in placed.text
    assert await world.load_rows(OrderMessage) == []
    assert world.slack.refusals == []


def _says_completed(message: PostedMessage) -> bool:
    return "SO-1001: Completed" in message.text


async def test_requests_to_decide_are_resolved_by_a_cancellation_or_the_end_of_retries(
    world: World,
) -> None:
    dora = await place_order(world, "dora", declined_meeting=1)
    given_up = [
        find_newest_message(dora.dms, "payment declined"),
        find_newest_message(world.list_messages("C02DECLINED"), "payment declined"),
    ]
    await dora.close_modal(everything=True)
    await dora.press_in(given_up[0], "service_order.give_up")
    await wait_for_modal_text(dora, "Failed")
    await world.settle()
    await dora.close_modal(everything=True)
    await place_order(world, "dora", declined_meeting=1)
    lapsed = [m for m in find_messages(dora.dms, "payment declined") if "SO-1002" in m.text]
    world.clock.at = (await get_order(world, "SO-1002")).placed_at + timedelta(hours=23)
    await world.settle()
    assert [list_buttons(copy) for copy in (*given_up, *lapsed)] == [OPEN, OPEN, OPEN]
    assert all("You can no longer try again" in copy.text for copy in (*given_up, *lapsed))
    assert await world.load_rows(OrderMessage) == []


async def test_a_message_that_cannot_be_edited_does_not_block_other_edits(world: World) -> None:
    dora = await place_order(world, "dora", declined_meeting=1)
    first, second = (
        find_newest_message(dora.dms, "has been placed"),
        find_newest_message(dora.dms, "payment declined"),
    )
    edit = world.dependencies.messenger.deliver_message

    async def refuse_first(message: OutboundMessage) -> MessageRef:
        if message.update_ts == first.ts:
            raise errors[0]
        return await edit(message)

    world.dependencies.messenger.deliver_message = refuse_first  # type: ignore[method-assign]
    errors: list[Exception] = [MessengerUnavailable("http_503")]
    await dora.close_modal(everything=True)
    await dora.press_in(second, "service_order.give_up")
    await wait_for_modal_text(dora, "Failed")
    await world.dependencies.tasks.wait_until_idle()
    await deliver_due_notices(world.dependencies)
    assert list_buttons(second) == OPEN
    errors[0] = MessageRejected("msg_too_long")
    await world.pass_time(minutes=1)
    assert await world.load_rows(OrderMessage) == []
    assert not find_messages([first], "Failed")


async def test_requests_to_confirm_are_resolved_once_the_customer_has_confirmed(world: World) -> None:
    carla = await place_order(world, "carla", customer_assist=1)
    asked = find_newest_message(carla.dms, "confirm your payment")
    placed = find_newest_message(carla.dms, "has been placed")
    assert "24 hours" not in placed.text, "it waits for the customer"
    assert "service_order.confirm_payment" in list_buttons(asked)
    await world.pass_time(minutes=2)
    assert _says_completed(asked)
    assert "confirm your" not in asked.text
    assert list_buttons(asked) == OPEN


async def test_each_line_is_confirmed_by_a_message_of_its_own(world: World) -> None:
    carla = world.get_person("carla")
    subscription = {
        **{"id": "customer_meeting", "product": "goto-meeting", "seats": 4, "unit_price": "14.00"},
        **{"period": "month", "period_start": date(2026, 11, 1), "period_end": date(2026, 12, 1)},
    }
    await import_account(world, "customer", subscriptions=[subscription])
    await world.save_cart(carla, customer_assist=1, customer_meeting=1)
    await change(world, Subscription, "customer_meeting", default_payment_method_id="pm_customer_never_1")
    await carla.submit()
    await world.open_placement(carla)
    await follow_steps(carla, ("", "service_order.show"))
    await world.settle()
    meeting, assist = (
        find_newest_message(carla.dms, f"payment for {name}") for name in ("GoTo Meeting", "GoToAssist v5")
    )
    assert [len(list_buttons(message)) for message in (meeting, assist)] == [2, 2]
    await world.pass_time(minutes=2)
    assert list_buttons(assist) == OPEN
    assert "no longer needs an answer" in assist.text
    assert "service_order.confirm_payment" in list_buttons(meeting)
    assert "confirm your payment for GoTo Meeting" in meeting.text


async def test_an_order_that_was_queued_says_that_it_has_started(world: World) -> None:
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    gateway = install_hooked_gateway(world)
    gateway.before["place"] = make_failing_hook(RuntimeError("stuck"))
    await world.place_order(benoit, acme_webinar=1)
    await world.settle()
    await world.place_order(alice, acme_webinar=3)
    await world.settle()
    queued = find_newest_message(alice.dms, "is queued behind SO-1001")
    gateway.before.clear()
    await world.pass_time(seconds=61)
    await world.pass_time(seconds=61)
    assert "is queued" not in queued.text
    assert "SO-1002: Completed" in queued.text


async def test_a_message_posted_while_the_order_is_finished_says_so_too(world: World) -> None:
    """It was rendered before, and is stored as posted afterwards."""
    alice, inner = world.get_person("alice"), world.dependencies.messenger
    world.dependencies.tasks = ForgetfulTasks()
    await world.place_order(alice, acme_webinar=1)

    class LateMessenger:
        is_installed = inner.is_installed

        async def deliver_message(self, message: OutboundMessage) -> MessageRef:
            if message.kind is NoticeKind.ORDER_PLACED:
                await process_due_orders(world.dependencies)
                world.clock.move(seconds=1)
            return await inner.deliver_message(message)

    world.dependencies.messenger = LateMessenger()
    await deliver_due_notices(world.dependencies)
    await world.settle()
    placed = find_newest_message(alice.dms, "has been placed")
    assert len(placed.edits) == 1
    assert "Completed on" in placed.text


async def test_messages_to_a_former_contact_and_a_former_channel_are_edited_too(world: World) -> None:
    """Messages stay where they were posted, even if their reader lost the role or the channel has changed."""
    dora = await place_order(world, "dora", declined_meeting=1)
    copies = [
        find_newest_message(dora.dms, "payment declined"),
        find_newest_message(world.list_messages("C02DECLINED"), "payment declined"),
    ]
    contact = await get_contact(world, "dora@acme.example")
    await change(world, BillingContact, contact.key, active=False)
    await change(world, Account, "declined", channel="C03SLOW")
    world.clock.at = (await get_order(world)).placed_at + timedelta(hours=23)
    await world.settle()
    assert [list_buttons(copy) for copy in copies] == [[], OPEN]
    assert all("You can no longer try again" in copy.text for copy in copies)
    assert await world.load_rows(OrderMessage) == []


async def test_a_copy_of_a_quote_loses_its_buttons_although_its_reader_lost_the_role(world: World) -> None:
    benoit = world.get_person("benoit")
    await import_quote(world)
    await world.settle()
    copy = find_newest_message(benoit.dms, "Q-2041")
    assert "quote.approve" in list_buttons(copy)
    contact = await get_contact(world, "benoit@acme.example")
    await change(world, BillingContact, contact.key, active=False)
    await import_quote(world, decided={"status": "rejected", "at": "2026-11-10T09:00:00Z"})
    await world.settle()
    assert list_buttons(copy) == []
