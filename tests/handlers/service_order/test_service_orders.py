"""Service orders: overdue, told to whom, their seats, and as they are listed (R11, R13, R21, R25)."""

from datetime import timedelta

import pytest

from bot.billing.gateway import BillingUnavailable
from bot.use_cases.service_order.reminders import mark_overdue_orders
from models.account.administrator import Administrator
from models.account.billing_contact import BillingContact
from models.account.seat_assignment import SeatAssignment
from models.audit.entry import AuditEntry
from models.notice import Notice, NoticeStatus
from models.service_order import ServiceOrder
from models.subscription import Subscription
from tests.handlers.db_snapshot import add, change
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
    import_account,
    install_hooked_gateway,
    list_charges,
    list_texts,
    make_failing_hook,
    open_modal,
    wait_for_modal_text,
)
from tests.variants import leave_to_long
from tests.world import World

# In Alice's words, and in those of the account.
OVERDUE = ("Service order SO-1001 is overdue", "La commande de Service SO-1001 est en retard")


# --- R21


async def test_an_overdue_order_is_announced_once_to_everybody_concerned(world: World) -> None:
    """R21: contact, channel and Account Services, 24 hours after placement to the second."""
    alice = world.get_person("alice")
    await world.reach_placement(alice, acme_meeting=1)
    gateway = install_hooked_gateway(world)
    gateway.before["subscriptions"] = make_failing_hook(BillingUnavailable())
    await alice.submit()
    await alice.wait_for_modal("service_order.show")
    world.clock.at = (await get_order(world)).processing_deadline - timedelta(seconds=1)
    assert await mark_overdue_orders(world.dependencies) == 0
    world.clock.move(seconds=1)
    assert await mark_overdue_orders(world.dependencies) == 1
    assert await mark_overdue_orders(world.dependencies) == 0
    await world.settle()
    in_channel = [m for m in world.list_messages("C01BILLING") if m.thread_ts is None]
    for messages, words in (
        (alice.dms, OVERDUE[0]),
        (in_channel, OVERDUE[1]),
        (world.list_messages("C08SERVICES"), OVERDUE[1]),
    ):
        assert len(find_messages(messages, words)) == 1, list_texts(messages)
    assert "alice@acme.example" in world.list_messages("C08SERVICES")[0].text
    placed = find_newest_message(alice.dms, "has been placed")
    assert "There’s no need to order again" in placed.text
    assert "can take up to 24 hours" not in placed.text
    assert world.get_person("benoit").dms == []
    shown_order = await open_modal(alice, "/service-orders", "SO-1001", "service_order.show")
    assert "longer than the promised 24 hours" in shown_order.text
    [card] = find_messages(in_channel, "toujours en cours. Inutile de commander")
    history = [m for m in world.list_messages("C01BILLING") if m.thread_ts == card.ts]
    assert len(find_messages(history, "Commande en retard")) == 1
    [entry] = await world.load_rows(AuditEntry, action="overdue")
    assert (entry.actor_kind, entry.source) == ("scheduler", "service_order.mark_overdue")

    gateway.before.clear()
    await world.pass_time(seconds=15)
    assert (await get_order(world)).status == "completed", "late, and finished all the same"
    for messages, words in (
        (alice.dms, OVERDUE[0]),
        (in_channel, OVERDUE[1]),
        (world.list_messages("C08SERVICES"), OVERDUE[1]),
    ):
        assert find_messages(messages, words) == [], "no longer overdue"
        assert find_messages(messages, "R-1001")


async def test_r21_a_finished_order_is_never_overdue(world: World) -> None:
    await place_order(world, "alice", acme_meeting=1)
    world.clock.move(days=2)
    assert await mark_overdue_orders(world.dependencies) == 0


# --- R13, R25: who is told, and where


async def test_the_receipt_goes_to_all_contacts_once_the_person_lost_the_role(world: World) -> None:
    """R13: Sam ordered and is withdrawn while the slow card is charged: Sue gets message and mail."""
    sam, sue = world.get_person("sam"), world.get_person("sue")
    await world.place_order(sam, slow_meeting=1)
    await world.settle()
    before = len(sam.dms)
    await import_account(world, "slow", billing_contacts=[{"email": "sue@acme.example", "name": "Sue Stone"}])
    await world.pass_time(seconds=61)
    assert (await get_order(world)).status == "completed"
    assert "R-1001" in find_newest_message(sue.dms, "Receipt").text
    assert [mail.recipients for mail in world.slack.mail.messages] == [["sue@acme.example"]]
    assert len(sam.dms) == before


@pytest.mark.parametrize("trouble", ["archived", *leave_to_long("none", "bot is out")])
async def test_nothing_is_lost_without_a_channel_to_post_to(world: World, trouble: str) -> None:
    """R25: the billing contact is told by direct message what belonged there."""
    dora = world.get_person("dora")
    if trouble == "none":
        await import_account(world, "declined", channel=None)
    elif trouble == "archived":
        world.slack.get_channel("C02DECLINED").archive()
    else:
        world.slack.get_channel("C02DECLINED").remove_bot()
    await world.place_order(dora, declined_meeting=1)
    await world.settle()
    assert world.list_messages("C02DECLINED") == []
    assert len(find_messages(dora.dms, "payment declined")) == 1
    if trouble != "none":
        assert len(find_messages(dora.dms, "We can’t post to")) == 1
    await retry_order(world, dora, "pm_good_1")
    await wait_for_modal_text(dora, "SO-1001")
    await world.settle()
    assert (await get_order(world)).status == "completed"
    assert len(find_messages(dora.dms, "R-1001")) >= 1
    if trouble != "none":
        assert len(find_messages(dora.dms, "Placed by Dora Lane")) == 1, list_texts(dora.dms)
    assert {n.status for n in await world.load_rows(Notice)} <= {
        NoticeStatus.DELIVERED,
        NoticeStatus.UNDELIVERABLE,
    }
    undeliverable = await world.load_rows(Notice, status=NoticeStatus.UNDELIVERABLE)
    assert {n.destination for n in undeliverable} <= {"channel:C02DECLINED"}


async def test_the_channel_shows_amounts_only_if_the_account_wants_them(world: World) -> None:
    """R25: Declined Ltd does, Acme does not; one status message an order, its history in the thread."""
    alice, dora = world.get_person("alice"), world.get_person("dora")
    await world.place_order(alice, acme_meeting=5)
    checkout = await world.reach_checkout(dora, declined_meeting=5)
    checkout.fill("payment_method", "pm_good_1")
    await dora.submit()
    await dora.wait_for_modal("service_order.place")
    await dora.submit()
    await world.settle()
    with_amounts = [m.words for m in world.list_messages("C02DECLINED")]
    assert any("£49.50" in words for words in with_amounts)
    without = [m.words + m.text for m in world.list_messages("C01BILLING")]
    assert not any("€" in words for words in without)
    for channel in ("C01BILLING", "C02DECLINED"):
        cards = [m for m in world.list_messages(channel) if m.thread_ts is None]
        assert len(cards) == 1, list_texts(cards)
        assert len(cards[0].thread) >= 3


# --- R11


async def test_an_administrator_with_a_seat_takes_none_and_a_declined_line_assigns_none(
    world: World,
) -> None:
    """R11: on settling only."""
    await place_order(world, "dora", declined_meeting=2)
    adam = await world.load_row(Administrator, email="adam@acme.example")
    assert await world.load_rows(SeatAssignment, administrator_id=adam.id) == []
    dora = world.get_person("dora")
    await retry_order(world, dora, "pm_good_1")
    await wait_for_modal_text(dora, "SO-1001")
    await world.settle()
    assert len(await world.load_rows(SeatAssignment, administrator_id=adam.id)) == 1
    checkout = await world.reach_checkout(dora, declined_meeting=1)
    checkout.fill("payment_method", "pm_good_1")
    await dora.submit()
    placement = await dora.wait_for_modal("service_order.place")
    assert "won’t use one of the new seats" in placement.text
    await dora.submit()
    await dora.wait_for_modal("service_order.show")
    await world.settle()
    [seat] = await world.load_rows(SeatAssignment, administrator_id=adam.id)
    assert seat.product_id == "goto-meeting"
    assert await world.load_seats("declined_meeting") == (13, 13)


async def test_a_seat_of_the_product_counts_on_any_subscription(world: World) -> None:
    """R11: Hugo has one of GoTo Meeting already, on the first of the account's two subscriptions."""
    another = (await world.load_row(Subscription, id="acme_meeting")).model_copy(
        update={"id": "acme_meeting_2"}
    )
    await add(world, Subscription(**another.model_dump()))
    await open_modal(world.get_person("alice"), "/service-orders", "", "service_order.list")
    await place_order_via_use_cases(world, "acme_meeting_2")
    await world.settle()
    assert await list_line_statuses(world) == ["settled"]
    hugo = await world.load_row(Administrator, email="hugo@acme.example")
    assert (await get_order(world)).administrator_id == hugo.id
    assert (await world.load_row(SeatAssignment, administrator_id=hugo.id)).subscription_id == "acme_meeting"


# --- /service-orders


async def test_orders_are_listed_ten_at_a_time_newest_first(world: World) -> None:
    """12 of them: ten, then the other two."""
    alice = world.get_person("alice")
    empty = await open_modal(alice, "/service-orders", "", "service_order.list")
    assert "no service orders yet" in empty.text
    world.dependencies.tasks = ForgetfulTasks()
    numbers = [await place_order_via_use_cases(world, "acme_meeting") for _ in range(12)]
    page = await open_modal(alice, "/service-orders", "", "service_order.list")
    positions = [page.text.find(number) for number in reversed(numbers)]
    assert positions[:10] == sorted(positions[:10])
    assert positions[0] >= 0
    assert positions[10:] == [-1, -1]
    await alice.press("service_order.more")
    older = await wait_for_modal_text(alice, "SO-1001")
    assert "SO-1002" in older.text
    assert "SO-1003" not in older.text
    assert "service_order.more" not in older.action_ids

    await alice.close_modal(everything=True)
    for order in (await world.load_rows(ServiceOrder))[:11]:
        await change(world, ServiceOrder, order.key, po_number="PO-7")
    found = await open_modal(alice, "/service-orders", "po-7", "service_order.list")
    assert "SO-1002" in found.text
    assert "SO-1001" not in found.text
    await alice.press("service_order.more")
    older = await wait_for_modal_text(alice, "SO-1001")
    assert "purchase-order number *PO-7*" in older.text
    assert "SO-1002" not in older.text
    assert "service_order.more" not in older.action_ids


async def test_an_order_by_its_number_shows_its_whole_history(world: World) -> None:
    """R18: who did what, when, from the quote to the receipt, in the reader's words."""
    await place_order(world, "alice", acme_meeting=5)
    alice = world.get_person("alice")
    order = await open_modal(alice, "/service-orders", "so-1001", "service_order.show")
    history = order.text[order.text.index("History") :]
    steps = ["Quote SQ-1001 created", "Quote SQ-1001 accepted", "Order placed", "Processing started"]
    steps += ["GoTo Meeting: charging", "GoTo Meeting: charged, seats added", "Order completed"]
    positions = [history.find(step) for step in steps]
    assert -1 not in positions, history
    assert positions == sorted(positions)
    assert "Alice Martin" in history
    assert "R-1001" in order.text
    await alice.close_modal()
    for words in ("SO-9999", "nonsense"):
        seen = len(alice.ephemerals)
        await alice.command("/service-orders", words)
        assert "We can’t find" in (await alice.wait_for_ephemeral(seen + 1)).text
    subjects = {e.subject for e in await world.load_rows(AuditEntry, account_id="acme")}
    assert {"quote:SQ-1001", "service_order:SO-1001"} <= subjects


async def test_a_late_decision_says_what_the_other_person_decided(world: World) -> None:
    """R20: Dora gives up while her colleague has the retry form open, and the other way round."""
    async with world.dependencies.write() as session:
        session.add(BillingContact(account_id="declined", email="nobody@acme.example", name="Nora Body"))
    nora = world.get_person("nobody")
    dora = await place_order(world, "dora", declined_meeting=1)
    asked = find_newest_message(world.list_messages("C02DECLINED"), "payment declined")
    await nora.press_in(asked, "service_order.retry")
    form = await nora.wait_for_modal("service_order.retry")
    form.fill("payment_method", "pm_good_1")
    await dora.close_modal(everything=True)
    await dora.press_in(asked, "service_order.give_up")
    await wait_for_modal_text(dora, "Failed")
    world.clock.move(minutes=5)
    await nora.submit()
    refusal = await nora.wait_for_modal("refusal.show")
    assert "Dora Lane cancelled" in refusal.text
    assert "SO-1001" in refusal.text
    assert await list_charges(world) == []
