"""Service orders from placement to end, whatever the card network does (R11-R14, R18-R21, R25)."""

from datetime import timedelta

import pytest

from bot.billing.gateway import BillingUnavailable
from bot.permissions import Person as Caller
from bot.use_cases.cart import save_cart
from bot.use_cases.checkout import open_checkout, save_checkout
from bot.use_cases.order_watch import tell_overdue
from bot.use_cases.placement import place_service_order
from models.administrator import Administrator
from models.audit_entry import AuditEntry
from models.billing_contact import BillingContact
from models.notice import Notice, NoticeStatus
from models.receipt import Receipt
from models.seat_assignment import SeatAssignment
from models.service_order import ChargeAttempt, LineStatus, OrderLine
from models.subscription import Subscription
from sandbox.driver import Modal, Person
from tests.handlers.evidence import add
from tests.handlers.steps import (
    ForgetfulTasks,
    buttons,
    charges,
    failing,
    hooked,
    import_account,
    newest,
    opened,
    order_of,
    saying,
    shown,
    swap,
    texts,
)
from tests.world import World

# In Alice's words, and in those of the account.
OVERDUE = ("Service order SO-1001 is overdue", "La commande de Service SO-1001 est en retard")
RETRY_BUTTONS = ["service_order.retry", "service_order.give_up", "service_order.open"]


async def ordered(world: World, name: str, **seats: int) -> Person:
    """… placed, and taken as far as it goes by itself."""
    person = world.person(name)
    await world.order(person, **seats)
    await world.settle()
    return person


async def line_statuses(world: World) -> list[str]:
    return [line.status.value for line in await world.lines()]


async def retried(world: World, person: Person, method: str) -> Modal:
    """Through the buttons of the newest direct message that has them."""
    asked = next(m for m in reversed(person.dms) if "service_order.retry" in buttons(m))
    await person.close_modal(everything=True) if person.modal else None
    await person.press_in(asked, "service_order.retry")
    form = await person.wait_for_modal("service_order.retry")
    form.fill("payment_method", method)
    await person.submit()
    return form


async def placed_behind_the_scenes(world: World, subscription_id: str, seats: int = 1) -> str:
    """Alice's order by the use cases alone, for tests that need many. Returns its number."""
    alice = Caller("T01ACME", "U01ALICE", "test")
    sheet = await save_cart(
        world.services, person=alice, account_id="acme", typed={subscription_id: str(seats)}
    )
    key = sheet.quote.key
    form = (await open_checkout(world.services, person=alice, quote_id=key)).form
    await save_checkout(world.services, person=alice, quote_id=key, form=form)
    return (await place_service_order(world.services, person=alice, quote_id=key)).order.number


# --- declined


async def test_a_declined_card_is_told_and_another_one_settles_at_the_same_price(world: World) -> None:
    """R18, R25: a message that notifies in the channel and to the person; retried later, the price stays."""
    dora = await ordered(world, "dora", declined_meeting=5)
    assert await line_statuses(world) == ["declined"]
    asked = newest(dora.dms, "payment declined")
    assert buttons(asked) == RETRY_BUTTONS
    assert "the card was declined" in asked.text
    in_channel = newest(world.channel("C02DECLINED"), "payment declined")
    assert in_channel.thread_ts is None, "a new message: an edit notifies nobody"
    assert buttons(in_channel) == RETRY_BUTTONS
    assert await charges(world) == []
    assert await world.seats("declined_meeting") == (10, 10)

    await world.pass_time(hours=20)
    form = await retried(world, dora, "pm_good_1")
    # 5 seats at £12 from 10 Nov 09:00 to 1 Dec in London: 1,782,000 of 2,592,000 s of £60: £41.25.
    assert "£41.25" in form.text
    await shown(dora, "SO-1001")
    await world.settle()
    order = await order_of(world)
    assert order.status == "completed"
    assert (await world.row(Receipt)).total == 4950
    [charge] = await charges(world)
    assert (charge.amount, charge.tax, charge.payment_method_id) == (4125, 825, "pm_good_1")
    assert await world.seats("declined_meeting") == (15, 15)
    assert [a.outcome for a in await world.rows(ChargeAttempt)] == ["declined", "settled"]
    [mail] = world.slack.mail.messages
    assert "£49.50" in mail.text
    assert "4242" in mail.text, "the card that was charged, not the one that was declined"
    assert "0341" not in mail.text
    assert world.slack.refusals == []


async def test_a_second_decline_is_told_again(world: World) -> None:
    """R24, R25: once an attempt, to the person and in the channel."""
    dora = await ordered(world, "dora", declined_meeting=1)
    await retried(world, dora, "pm_declined_1")
    await shown(dora, "SO-1001")
    await world.settle()
    for messages in (dora.dms, world.channel("C02DECLINED")):
        told = [m for m in saying(messages, "payment declined") if m.thread_ts is None]
        assert len(told) == 2, texts(messages)


async def test_given_up_an_order_of_nothing_settled_has_failed(world: World) -> None:
    """R14, R18: the person is pointed to Account Services; nothing more can be done about it."""
    dora = await ordered(world, "dora", declined_meeting=1)
    asked = newest(dora.dms, "payment declined")
    await dora.close_modal(everything=True)
    await dora.press_in(asked, "service_order.give_up")
    await shown(dora, "Failed")
    await world.settle()
    order = await order_of(world)
    assert (order.status, order.given_up) == ("failed", True)
    assert await world.rows(Receipt) == []
    assert world.slack.mail.messages == []
    failed = newest(dora.dms, "failed")
    assert "support.goto.com" in failed.text
    assert newest(world.channel("C02DECLINED"), "failed").thread_ts is None

    await dora.close_modal(everything=True)
    await dora.press_in(asked, "service_order.retry")
    assert "Dora Lane" in (await dora.wait_for_ephemeral()).text
    assert await line_statuses(world) == ["declined"]


async def test_what_can_be_retried_ends_23_hours_after_placement(world: World) -> None:
    """R18: at the very second; the order fails by itself then."""
    dora = await ordered(world, "dora", declined_meeting=1)
    asked = newest(dora.dms, "payment declined")
    await dora.close_modal(everything=True)
    world.clock.at = (await order_of(world)).placed_at + timedelta(hours=23, seconds=-1)
    await world.settle()
    await dora.press_in(asked, "service_order.retry")
    form = await dora.wait_for_modal("service_order.retry")
    form.fill("payment_method", "pm_good_1")
    world.clock.at = (await order_of(world)).placed_at + timedelta(hours=23)
    await dora.submit()
    assert "the time for it is over" in (await dora.wait_for_modal("refusal.show")).text
    assert (await order_of(world)).status == "processing"
    await world.settle()
    assert (await order_of(world)).status == "failed"
    assert len(saying(dora.dms, "failed")) == 1
    assert await charges(world) == []


async def test_partly_settled_the_receipt_lists_what_settled_and_names_the_others(world: World) -> None:
    """R18: two lines, one card that declines and one that does not; given up, the order is completed."""
    dora = world.person("dora")
    checkout = await world.checkout(dora, declined_meeting=5, declined_training=1)
    checkout.fill("payment_method", "pm_good_1")
    await dora.submit()
    await dora.wait_for_modal("service_order.place")
    swap(world.services, tasks=ForgetfulTasks())
    await dora.submit()
    await dora.wait_for_modal("service_order.show")
    _, training = await world.lines()
    gateway = hooked(world)

    async def network_declines_training() -> None:
        """The bank lets one payment through, then no more: the order's card is exchanged in between."""
        if gateway.calls["place"] == 1:
            async with world.services.write() as session:
                order = await session.merge(await order_of(world))
                order.payment_method_id = "pm_declined_1"

    gateway.after["place"] = network_declines_training
    async with world.services.write() as session:
        # One after the other, as on a day with one worker.
        (await session.merge(training)).due_at = world.clock.at + timedelta(seconds=5)
    await world.settle()
    await world.pass_time(seconds=6)
    assert await line_statuses(world) == ["settled", "declined"]
    assert (await order_of(world)).status == "processing"
    assert await world.rows(Receipt) == []

    await opened(dora, "/service-orders", "SO-1001", "service_order.show")
    await dora.press("service_order.give_up")
    await shown(dora, "Completed")
    await world.settle()
    # 5 × £12 → £41.25 and £8.25 tax; the seat of GoTo Training is not on the receipt.
    receipt = await world.row(Receipt)
    assert (receipt.subtotal, receipt.tax, receipt.total) == (4125, 825, 4950)
    dm = newest(dora.dms, f"Receipt {receipt.number}")
    assert "GoTo Training" in dm.text[dm.text.index("Not bought") :]
    assert "GoTo Meeting" in dm.text[: dm.text.index("Not bought")]
    [mail] = world.slack.mail.messages
    assert "Not bought" in mail.text
    assert "£49.50" in mail.text
    assert await world.seats("declined_meeting") == (15, 15)
    assert await world.seats("declined_training") == (2, 2)


# --- slow, the customer, lost answers, a silent provider


async def test_a_slow_card_stays_charging_and_settles_in_its_time(world: World) -> None:
    """R12, R18: 60 seconds."""
    sam = await ordered(world, "sam", slow_meeting=2)
    assert await line_statuses(world) == ["charging"]
    assert saying(sam.dms, "Receipt") == []
    await world.pass_time(seconds=50)
    assert await line_statuses(world) == ["charging"]
    assert await world.seats("slow_meeting") == (4, 4)
    await world.pass_time(seconds=20)
    assert await line_statuses(world) == ["settled"]
    assert await world.seats("slow_meeting") == (6, 6)
    assert len(await world.rows(ChargeAttempt)) == 1
    assert len(saying(sam.dms, "Receipt R-1001")) == 1


async def test_the_customer_is_sent_the_link_in_private_and_confirming_settles(world: World) -> None:
    """R18, R25"""
    carla = await ordered(world, "carla", customer_assist=1)
    assert await line_statuses(world) == ["needs_customer"]
    url = world.services.settings.admin_portal_url
    asked = newest(carla.dms, "confirm the payment")
    links = [e.get("url") for b in asked.blocks if b["type"] == "actions" for e in b["elements"]]
    assert url in links
    assert url not in str([m.blocks for m in world.channel("C04CUSTOMER")])
    assert newest(world.channel("C04CUSTOMER"), "asked to confirm").thread_ts is None
    order = await opened(carla, "/service-orders", "SO-1001", "service_order.show")
    assert url in str(order.blocks)
    asked_at = (await charges(world, "needs_customer"))[0].created_at
    world.clock.at = asked_at + timedelta(seconds=19)
    await world.settle()
    assert await line_statuses(world) == ["needs_customer"]
    world.clock.at = asked_at + timedelta(seconds=30)
    await world.settle()
    assert await line_statuses(world) == ["settled"]
    assert await world.seats("customer_assist") == (8, 8)
    assert len(saying(carla.dms, "confirm the payment")) == 1, "asked once"


async def test_never_confirmed_the_payment_is_declined_and_the_order_fails(world: World) -> None:
    """R18: the network waits 23 hours, as long as a retry is possible: what follows is the order's end."""
    carla = world.person("carla")
    checkout = await world.checkout(carla, customer_assist=1)
    checkout.fill("payment_method", "pm_customer_never_1")
    await carla.submit()
    await carla.wait_for_modal("service_order.place")
    await carla.submit()
    await carla.wait_for_modal("service_order.show")
    await world.settle()
    await world.pass_time(hours=22)
    assert await line_statuses(world) == ["needs_customer"]
    await world.pass_time(hours=1)
    [line] = await world.lines()
    assert (line.status, line.reason) == (LineStatus.DECLINED, "customer_timeout")
    assert (await order_of(world)).status == "failed"
    assert newest(carla.dms, "failed")
    assert await world.seats("customer_assist") == (7, 7)


async def test_a_lost_answer_is_asked_for_and_never_charged_twice(world: World) -> None:
    """R19: unknown until the provider says what became of it."""
    carla = world.person("carla")
    checkout = await world.checkout(carla, customer_assist=3)
    checkout.fill("payment_method", "pm_lost_1")
    await carla.submit()
    await carla.wait_for_modal("service_order.place")
    await carla.submit()
    await carla.wait_for_modal("service_order.show")
    await world.settle()
    assert await line_statuses(world) == ["unknown"]
    assert (await world.row(OrderLine)).seats == 3
    order = await opened(carla, "/service-orders", "SO-1001", "service_order.show")
    assert "do not order again" in order.text
    await world.pass_time(seconds=10)
    assert await line_statuses(world) == ["settled"]
    assert len(await charges(world)) == 1
    assert await world.seats("customer_assist") == (10, 10)


async def test_while_the_provider_is_silent_nothing_is_lost(world: World) -> None:
    """R19, R20: the order waits for it; a person is told and keeps what they typed."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=4)
    gateway = hooked(world)
    gateway.before["subscriptions"] = failing(BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert await line_statuses(world) == ["charging"]
    assert await world.rows(ChargeAttempt) == []

    await alice.close_modal(everything=True)
    await alice.command("/add-seats")
    assert "does not answer" in (await alice.wait_for_ephemeral()).text
    gateway.before.clear()
    await world.fill_cart(alice, acme_webinar=2)
    gateway.before["preview"] = failing(BillingUnavailable())
    reply = await alice.submit()
    assert "does not answer" in str(reply.errors)
    gateway.before.clear()
    await alice.submit()
    await shown(alice, "2 new seats")

    await world.pass_time(seconds=10)
    assert await line_statuses(world) == ["settled"]
    assert await world.seats("acme_meeting") == (29, 29)


async def test_a_fault_at_the_provider_is_survived_by_asking_again(world: World) -> None:
    """R19: raised from the call itself; once the lease is over the provider is asked."""
    await world.placement(world.person("alice"), acme_meeting=4)
    gateway = hooked(world)
    gateway.after["place"] = failing(RuntimeError("a bug"))
    await world.person("alice").submit()
    await world.settle()
    assert await line_statuses(world) == ["charging"]
    gateway.after.clear()
    await world.pass_time(seconds=61)
    assert await line_statuses(world) == ["settled"]
    assert len(await charges(world)) == 1
    assert await world.seats("acme_meeting") == (29, 29)


# --- seats changed by others


async def test_seats_changed_by_others_since_the_quote_do_not_void_it(world: World) -> None:
    """R17, R19: what was ordered is added to what there is, at the price promised."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=5)
    await world.services.billing.set_seats("acme_meeting", 40)  # type: ignore[attr-defined]
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    assert await world.seats("acme_meeting") == (45, 45)
    assert (await world.row(ChargeAttempt)).expected_seats == 40
    assert (await world.row(Receipt)).total == 5764


async def test_seats_that_change_between_reading_and_charging_are_read_again(world: World) -> None:
    """R19: the expected number is compared; nothing is charged, and a new key is used."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=5)
    gateway = hooked(world)

    async def another_buyer() -> None:
        if gateway.calls["place"] == 1:
            await gateway.inner.set_seats("acme_meeting", 31)  # type: ignore[attr-defined]

    gateway.before["place"] = another_buyer
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    await world.settle()
    first, second = await world.rows(ChargeAttempt)
    assert (first.expected_seats, first.outcome) == (25, "seats_changed")
    assert (second.expected_seats, second.outcome) == (31, "settled")
    assert first.key != second.key
    assert len(await charges(world)) == 1
    assert await world.seats("acme_meeting") == (36, 36)


# --- R19: one busy line a subscription


async def test_a_second_order_waits_as_a_whole_and_goes_on_after_the_first(world: World) -> None:
    """R19: it stays placed, all its lines waiting, and its person is told once which order it waits for."""
    alice, benoit = world.person("alice"), world.person("benoit")
    gateway = hooked(world)
    gateway.before["place"] = failing(RuntimeError("stuck"))
    await world.order(benoit, acme_webinar=1)
    await world.settle()
    gateway.before.clear()
    await world.order(alice, acme_meeting=2, acme_webinar=3)
    await world.settle()
    second = await order_of(world, "SO-1002")
    assert second.status == "placed"
    assert await line_statuses(world) == ["charging", "waiting", "waiting"]
    waits = saying(alice.dms, "waits for SO-1001")
    assert len(waits) == 1, texts(alice.dms)
    order = await opened(alice, "/service-orders", "SO-1002", "service_order.show")
    assert "Waits for service order SO-1001" in order.text
    await world.pass_time(seconds=30)
    assert len(saying(alice.dms, "waits for SO-1001")) == 1
    card = newest([m for m in world.channel("C01BILLING") if not m.thread_ts], "SO-1002")
    assert "dès que la commande de Service SO-1001 sera traitée" in card.text, "what happens next (R25)"
    steps = [reply.text for reply in card.thread if "SO-1001" in reply.text]
    assert len(steps) == 1, "a line of its history, once"

    await world.pass_time(seconds=31)
    assert await line_statuses(world) == ["settled", "settled", "settled"]
    assert (await order_of(world, "SO-1002")).status == "completed"
    assert await world.seats("acme_webinar") == (9, 9)
    assert await world.seats("acme_meeting") == (27, 27)


async def test_orders_that_wait_for_one_subscription_go_on_in_the_order_they_were_placed(
    world: World,
) -> None:
    """R19: whichever is looked at first."""
    alice = world.person("alice")
    await opened(alice, "/service-orders", "", "service_order.list")
    swap(world.services, tasks=ForgetfulTasks())
    for seats in (1, 2, 3):
        await placed_behind_the_scenes(world, "acme_meeting", seats)
    gateway = hooked(world)
    gateway.before["place"] = failing(RuntimeError("stuck"))
    await world.settle()
    assert await line_statuses(world) == ["charging", "waiting", "waiting"]
    gateway.before.clear()
    await world.pass_time(seconds=61)
    assert await line_statuses(world) == ["settled", "settled", "settled"]
    assert [a.expected_seats for a in await world.rows(ChargeAttempt)] == [25, 26, 28]


async def test_a_line_whose_period_ends_while_it_waits_is_declined(world: World) -> None:
    """R18: never charged for a period that is over; the first order's charge is what it waited for."""
    alice, benoit = world.person("alice"), world.person("benoit")
    world.clock.move(days=20, hours=13, minutes=59)  # 30 Nov, 23:59 in Paris
    gateway = hooked(world)
    gateway.before["place"] = failing(RuntimeError("stuck"))
    for person, seats in ((benoit, 1), (alice, 2)):
        await world.order(person, acme_meeting=seats)
        await world.services.tasks.settle()
    gateway.before["reconcile"] = failing(RuntimeError("stuck"))
    await world.pass_time(seconds=65)
    assert await line_statuses(world) == ["charging", "declined"]
    assert (await world.lines())[1].reason == "period_ended"
    assert (await order_of(world, "SO-1002")).status == "failed"
    assert "period ended" in newest(alice.dms, "SO-1002 failed").text

    gateway.before.clear()
    await world.pass_time(seconds=65)
    assert await line_statuses(world) == ["declined", "declined"], (
        "it was never received, and is too late now"
    )
    assert await charges(world) == []
    assert await world.seats("acme_meeting") == (25, 25)


async def test_a_retry_waits_its_turn_while_another_order_charges_the_subscription(world: World) -> None:
    """R19, R20: refused with the other order's number, and possible once that is done."""
    dora = await ordered(world, "dora", declined_meeting=1)
    gateway = hooked(world)
    gateway.after["place"] = failing(RuntimeError("stuck"))
    (await world.checkout(dora, declined_meeting=2)).fill("payment_method", "pm_good_1")
    await dora.submit()
    await dora.wait_for_modal("service_order.place")
    await dora.submit()
    await dora.wait_for_modal("service_order.show")
    await world.settle()
    gateway.after.clear()
    await retried(world, dora, "pm_good_1")
    assert "SO-1002" in (await dora.wait_for_modal("refusal.show")).text
    assert await line_statuses(world) == ["declined", "charging"]
    await world.pass_time(seconds=61)
    await retried(world, dora, "pm_good_1")
    await shown(dora, "SO-1001")
    await world.settle()
    assert await line_statuses(world) == ["settled", "settled"]
    assert await world.seats("declined_meeting") == (13, 13)


# --- R21


async def test_an_overdue_order_is_told_of_once_to_everybody_it_concerns(world: World) -> None:
    """R21: contact, channel and Account Services, 24 hours after placement to the second."""
    alice = world.person("alice")
    await world.placement(alice, acme_meeting=1)
    gateway = hooked(world)
    gateway.before["subscriptions"] = failing(BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    world.clock.at = (await order_of(world)).promised_by - timedelta(seconds=1)
    assert await tell_overdue(world.services) == 0
    world.clock.move(seconds=1)
    assert await tell_overdue(world.services) == 1
    assert await tell_overdue(world.services) == 0
    await world.settle()
    in_channel = [m for m in world.channel("C01BILLING") if m.thread_ts is None]
    for messages, words in (
        (alice.dms, OVERDUE[0]),
        (in_channel, OVERDUE[1]),
        (world.channel("C07GENERAL"), OVERDUE[1]),
    ):
        assert len(saying(messages, words)) == 1, texts(messages)
    assert "alice@acme.example" in world.channel("C07GENERAL")[0].text
    assert world.person("benoit").dms == []
    shown_order = await opened(alice, "/service-orders", "SO-1001", "service_order.show")
    assert "longer than the promised 24 hours" in shown_order.text

    gateway.before.clear()
    await world.pass_time(seconds=15)
    assert (await order_of(world)).status == "completed", "late, and finished all the same"


async def test_a_finished_order_is_never_overdue(world: World) -> None:
    """R21"""
    await ordered(world, "alice", acme_meeting=1)
    world.clock.move(days=2)
    assert await tell_overdue(world.services) == 0


# --- R13, R25: who is told, and where


async def test_the_receipt_goes_to_all_contacts_once_the_person_lost_the_role(world: World) -> None:
    """R13: Sam ordered and is withdrawn while the slow card is charged: Sue gets message and mail."""
    sam, sue = world.person("sam"), world.person("sue")
    await world.order(sam, slow_meeting=1)
    await world.settle()
    before = len(sam.dms)
    await import_account(world, "slow", billing_contacts=[{"email": "sue@acme.example", "name": "Sue Stone"}])
    await world.pass_time(seconds=61)
    assert (await order_of(world)).status == "completed"
    assert "R-1001" in newest(sue.dms, "Receipt").text
    assert [mail.recipients for mail in world.slack.mail.messages] == [["sue@acme.example"]]
    assert len(sam.dms) == before


@pytest.mark.parametrize("trouble", ["none", "bot is out", "archived"])
async def test_without_a_channel_to_post_to_nothing_is_lost(world: World, trouble: str) -> None:
    """R25: the billing contact is told by direct message what belonged there."""
    dora = world.person("dora")
    if trouble == "none":
        await import_account(world, "declined", channel=None)
    elif trouble == "archived":
        world.slack.channel("C02DECLINED").archive()
    else:
        world.slack.channel("C02DECLINED").remove_bot()
    await world.order(dora, declined_meeting=1)
    await world.settle()
    assert world.channel("C02DECLINED") == []
    assert len(saying(dora.dms, "payment declined")) == 1
    if trouble != "none":
        assert len(saying(dora.dms, "I cannot post to")) == 1
    await retried(world, dora, "pm_good_1")
    await shown(dora, "SO-1001")
    await world.settle()
    assert (await order_of(world)).status == "completed"
    assert len(saying(dora.dms, "R-1001")) >= 1
    if trouble != "none":
        assert len(saying(dora.dms, "Service order SO-1001: completed")) == 1, texts(dora.dms)
    assert {n.status for n in await world.rows(Notice)} <= {
        NoticeStatus.DELIVERED,
        NoticeStatus.UNDELIVERABLE,
    }
    undeliverable = await world.rows(Notice, status=NoticeStatus.UNDELIVERABLE)
    assert {n.destination for n in undeliverable} <= {"channel:C02DECLINED"}


async def test_the_channel_shows_amounts_only_where_the_account_wants_them(world: World) -> None:
    """R25: Declined Ltd does, Acme does not; one status message an order, its history in the thread."""
    alice, dora = world.person("alice"), world.person("dora")
    await world.order(alice, acme_meeting=5)
    checkout = await world.checkout(dora, declined_meeting=5)
    checkout.fill("payment_method", "pm_good_1")
    await dora.submit()
    await dora.wait_for_modal("service_order.place")
    await dora.submit()
    await world.settle()
    with_amounts = [m.words for m in world.channel("C02DECLINED")]
    assert any("£49.50" in words for words in with_amounts)
    without = [m.words + m.text for m in world.channel("C01BILLING")]
    assert not any("€" in words for words in without)
    for channel in ("C01BILLING", "C02DECLINED"):
        cards = [m for m in world.channel(channel) if m.thread_ts is None]
        assert len(cards) == 1, texts(cards)
        assert len(cards[0].thread) >= 3


# --- R11


async def test_whoever_has_a_seat_of_the_product_takes_none_and_a_declined_line_seats_nobody(
    world: World,
) -> None:
    """R11: on settling only."""
    await ordered(world, "dora", declined_meeting=2)
    adam = await world.row(Administrator, email="adam@acme.example")
    assert await world.rows(SeatAssignment, administrator_id=adam.id) == []
    dora = world.person("dora")
    await retried(world, dora, "pm_good_1")
    await shown(dora, "SO-1001")
    await world.settle()
    assert len(await world.rows(SeatAssignment, administrator_id=adam.id)) == 1
    checkout = await world.checkout(dora, declined_meeting=1)
    checkout.fill("payment_method", "pm_good_1")
    await dora.submit()
    placement = await dora.wait_for_modal("service_order.place")
    assert "takes none of the new ones" in placement.text
    await dora.submit()
    await dora.wait_for_modal("service_order.show")
    await world.settle()
    [seat] = await world.rows(SeatAssignment, administrator_id=adam.id)
    assert seat.product_id == "goto-meeting"
    assert await world.seats("declined_meeting") == (13, 13)


async def test_a_seat_of_the_product_counts_whichever_subscription_it_is_on(world: World) -> None:
    """R11: Hugo has one of GoTo Meeting already, on the first of the account's two subscriptions."""
    another = (await world.row(Subscription, id="acme_meeting")).model_copy(update={"id": "acme_meeting_2"})
    await add(world, Subscription(**another.model_dump()))
    await opened(world.person("alice"), "/service-orders", "", "service_order.list")
    await placed_behind_the_scenes(world, "acme_meeting_2")
    await world.settle()
    assert await line_statuses(world) == ["settled"]
    hugo = await world.row(Administrator, email="hugo@acme.example")
    assert (await order_of(world)).administrator_id == hugo.id
    assert (await world.row(SeatAssignment, administrator_id=hugo.id)).subscription_id == "acme_meeting"


# --- /service-orders


async def test_orders_are_listed_ten_at_a_time_newest_first(world: World) -> None:
    """12 of them: ten, then the other two."""
    alice = world.person("alice")
    empty = await opened(alice, "/service-orders", "", "service_order.list")
    assert "no service orders yet" in empty.text
    swap(world.services, tasks=ForgetfulTasks())
    numbers = [await placed_behind_the_scenes(world, "acme_meeting") for _ in range(12)]
    page = await opened(alice, "/service-orders", "", "service_order.list")
    positions = [page.text.find(number) for number in reversed(numbers)]
    assert positions[:10] == sorted(positions[:10])
    assert positions[0] >= 0
    assert positions[10:] == [-1, -1]
    await alice.press("service_order.more")
    older = await shown(alice, "SO-1001")
    assert "SO-1002" in older.text
    assert "SO-1003" not in older.text
    assert "service_order.more" not in older.action_ids


async def test_an_order_by_its_number_shows_its_whole_history(world: World) -> None:
    """R18: who did what, when, from the quote to the receipt, in the reader's words."""
    await ordered(world, "alice", acme_meeting=5)
    alice = world.person("alice")
    order = await opened(alice, "/service-orders", "so-1001", "service_order.show")
    history = order.text[order.text.index("History") :]
    steps = ["made quote SQ-1001", "accepted quote SQ-1001", "placed the service order", "processing started"]
    steps += ["GoTo Meeting is being charged", "GoTo Meeting charged, seats added", "service order completed"]
    positions = [history.find(step) for step in steps]
    assert -1 not in positions, history
    assert positions == sorted(positions)
    assert "Alice Martin" in history
    assert "R-1001" in order.text
    await alice.close_modal()
    for words in ("SO-9999", "nonsense"):
        seen = len(alice.ephemerals)
        await alice.command("/service-orders", words)
        assert "I do not know" in (await alice.wait_for_ephemeral(seen + 1)).text
    subjects = {e.subject for e in await world.rows(AuditEntry, account_id="acme")}
    assert {"quote:SQ-1001", "service_order:SO-1001"} <= subjects


async def test_one_persons_decision_is_told_to_the_other_who_decides_too_late(world: World) -> None:
    """R20: Dora gives up while her colleague has the retry form open, and the other way round."""
    async with world.services.write() as session:
        session.add(BillingContact(account_id="declined", email="nobody@acme.example", name="Nora Body"))
    nora = world.person("nobody")
    dora = await ordered(world, "dora", declined_meeting=1)
    asked = newest(world.channel("C02DECLINED"), "payment declined")
    await nora.press_in(asked, "service_order.retry")
    form = await nora.wait_for_modal("service_order.retry")
    form.fill("payment_method", "pm_good_1")
    await dora.close_modal(everything=True)
    await dora.press_in(asked, "service_order.give_up")
    await shown(dora, "Failed")
    world.clock.move(minutes=5)
    await nora.submit()
    told = await nora.wait_for_modal("refusal.show")
    assert "Dora Lane gave up" in told.text
    assert "SO-1001" in told.text
    assert await charges(world) == []
