"""Declined cards: retried, given up, or settled in part (R13, R14, R18)."""

from datetime import date, timedelta

from bot.billing.gateway import Charge, ChargeOutcome, PriceChanged
from models.audit.entry import AuditEntry
from models.receipt import Receipt
from models.service_order import ChargeAttempt
from tests.handlers.service_order.orders import (
    RETRY_BUTTONS,
    list_line_statuses,
    place_order,
    retry_order,
)
from tests.handlers.steps import (
    ForgetfulTasks,
    HookedGateway,
    find_messages,
    find_newest_message,
    get_order,
    install_hooked_gateway,
    list_buttons,
    list_charges,
    list_texts,
    open_modal,
    wait_for_modal_text,
)
from tests.handlers.test_receipts import extract_pdf_text
from tests.world import World


async def test_another_card_settles_a_declined_line_at_the_same_price(world: World) -> None:
    """R18, R25: a message that notifies in the channel and to the person; retried later, the price stays."""
    dora = await place_order(world, "dora", declined_meeting=5)
    assert await list_line_statuses(world) == ["declined"]
    asked = find_newest_message(dora.dms, "payment declined")
    assert list_buttons(asked) == RETRY_BUTTONS
    assert "the card was declined" in asked.text
    in_channel = find_newest_message(world.list_messages("C02DECLINED"), "payment declined")
    assert in_channel.thread_ts is None, "a new message: an edit notifies nobody"
    assert list_buttons(in_channel) == RETRY_BUTTONS
    status = world.list_messages("C02DECLINED")[0]
    assert "SO-1001: Action needed" in status.text
    assert "24 hours" not in status.text, "it waits for a decision"
    assert await list_charges(world) == []
    assert await world.load_seats("declined_meeting") == (10, 10)

    await world.pass_time(hours=20)
    form = await retry_order(world, dora, "pm_good_1")
    # 5 seats at £12 from 10 Nov 09:00 to 1 Dec in London: 1,782,000 of 2,592,000 s of £60: £41.25.
    assert "£41.25" in form.text
    await wait_for_modal_text(dora, "SO-1001")
    await world.settle()
    order = await get_order(world)
    assert order.status == "completed"
    assert (await world.load_row(Receipt)).total == 4950
    [charge] = await list_charges(world)
    assert (charge.amount, charge.tax, charge.payment_method_id) == (4125, 825, "pm_good_1")
    assert await world.load_seats("declined_meeting") == (15, 15)
    assert [a.outcome for a in await world.load_rows(ChargeAttempt)] == ["declined", "settled"]
    [mail] = world.slack.mail.messages
    assert "£49.50" in mail.text
    assert "4242" in mail.text, "the card that was charged, not the one that was declined"
    assert "0341" not in mail.text
    completed = await open_modal(dora, "/service-orders", "SO-1001", "service_order.show")
    assert "4242" in completed.text
    assert "0341" not in completed.text, "R26: the declined card was charged nothing"
    assert "charged, seats added (Visa ending in 4242)" in completed.text
    pdf = extract_pdf_text(mail.attachments[0].content)
    assert "Visa ending in 4242" in pdf
    assert "0341" not in pdf
    assert world.slack.refusals == []


async def test_a_second_decline_is_announced_again(world: World) -> None:
    """R24, R25: once an attempt, to the person and in the channel."""
    dora = await place_order(world, "dora", declined_meeting=1)
    await retry_order(world, dora, "pm_declined_1")
    await wait_for_modal_text(dora, "SO-1001")
    await world.settle()
    for messages in (dora.dms, world.list_messages("C02DECLINED")):
        declined_messages = [m for m in find_messages(messages, "payment declined") if m.thread_ts is None]
        assert len(declined_messages) == 2, list_texts(messages)


class DearerGateway(HookedGateway):
    """Nothing can be bought at the promised price any more."""

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        return PriceChanged(charge.amount + 100, charge.tax)


async def test_a_card_that_was_declined_earlier_is_marked_and_not_suggested_again(world: World) -> None:
    """R18: though the last attempt, with another card, ended for another reason."""
    dora = await place_order(world, "dora", declined_meeting=1)
    world.dependencies.billing = DearerGateway(world.dependencies.billing)
    for _ in range(2):
        await world.pass_time(minutes=5)
        await dora.close_modal(everything=True) if dora.modal else None
        await dora.press_in(find_newest_message(dora.dms, "declined"), "service_order.retry")
        form = await dora.wait_for_modal("service_order.retry")
        [element] = [block["element"] for block in form.blocks if block["type"] == "input"]
        assert element["initial_option"]["value"] == "pm_good_1"
        marked = [o["value"] for o in element["options"] if "declined" in str(o)]
        assert marked == ["pm_declined_1"]
        await dora.submit()
        await wait_for_modal_text(dora, "SO-1001")
        await world.settle()
    reasons = [entry.reason for entry in await world.load_rows(AuditEntry) if entry.to_status == "declined"]
    assert reasons == ["card_declined", "price_changed", "price_changed"]


async def test_an_order_with_nothing_settled_fails_when_its_declined_seats_are_cancelled(
    world: World,
) -> None:
    """R14, R18: the person is pointed to Account Services; nothing more can be done about it."""
    dora = await place_order(world, "dora", declined_meeting=1)
    asked = find_newest_message(dora.dms, "payment declined")
    await dora.close_modal(everything=True)
    await dora.press_in(asked, "service_order.retry")
    pressed = world.slack.requests[-1]
    await dora.wait_for_modal("service_order.retry")
    await dora.close_modal(everything=True)
    await dora.press_in(asked, "service_order.give_up")
    await wait_for_modal_text(dora, "Failed")
    await world.settle()
    order = await get_order(world)
    assert (order.status, order.retries_abandoned) == ("failed", True)
    assert await world.load_rows(Receipt) == []
    assert world.slack.mail.messages == []
    failed = find_newest_message(dora.dms, "failed")
    assert "support.goto.com" in failed.text
    assert find_newest_message(world.list_messages("C02DECLINED"), "failed").thread_ts is None

    await dora.close_modal(everything=True)
    assert "service_order.retry" not in list_buttons(asked)
    await world.slack.forge(pressed, lambda _: None)
    assert "Dora Lane" in (await dora.wait_for_ephemeral()).text, "pressed before the message had changed"
    assert await list_line_statuses(world) == ["declined"]


async def test_retries_end_23_hours_after_placement(world: World) -> None:
    """R18: at the very second; the order fails by itself then."""
    dora = await place_order(world, "dora", declined_meeting=1)
    asked = find_newest_message(dora.dms, "payment declined")
    await dora.close_modal(everything=True)
    world.clock.at = (await get_order(world)).placed_at + timedelta(hours=23, seconds=-1)
    await world.settle()
    await dora.press_in(asked, "service_order.retry")
    form = await dora.wait_for_modal("service_order.retry")
    form.fill("payment_method", "pm_good_1")
    world.clock.at = (await get_order(world)).placed_at + timedelta(hours=23)
    await dora.submit()
    assert "the time to do so has passed" in (await dora.wait_for_modal("refusal.show")).text
    assert (await get_order(world)).status == "processing"
    await world.settle()
    assert (await get_order(world)).status == "failed"
    assert len(find_messages(dora.dms, "failed")) == 1
    assert await list_charges(world) == []


async def test_the_receipt_of_a_partly_settled_order_lists_settled_lines_and_names_the_others(
    world: World,
) -> None:
    """R18: two lines, one card that declines and one that does not; given up, the order is completed."""
    dora = world.get_person("dora")
    checkout = await world.reach_checkout(dora, declined_meeting=5, declined_training=1)
    checkout.fill("payment_method", "pm_good_1")
    await dora.submit()
    await dora.wait_for_modal("service_order.place")
    world.dependencies.tasks = ForgetfulTasks()
    await dora.submit()
    await dora.wait_for_modal("service_order.show")
    _, training = await world.load_lines()
    gateway = install_hooked_gateway(world)

    async def network_declines_training() -> None:
        """The bank lets one payment through, then no more: the order's card is exchanged in between."""
        if gateway.calls["place"] == 1:
            async with world.dependencies.write() as session:
                order = await session.merge(await get_order(world))
                order.payment_method_id = "pm_declined_1"

    gateway.after["place"] = network_declines_training
    async with world.dependencies.write() as session:
        # One after the other, as on a day with one worker.
        (await session.merge(training)).due_at = world.clock.at + timedelta(seconds=5)
    await world.settle()
    await world.pass_time(seconds=6)
    assert await list_line_statuses(world) == ["settled", "declined"]
    assert (await get_order(world)).status == "processing"
    assert await world.load_rows(Receipt) == []

    await world.pass_time(hours=16)
    await open_modal(dora, "/service-orders", "SO-1001", "service_order.show")
    await dora.press("service_order.give_up")
    await wait_for_modal_text(dora, "Completed")
    await world.settle()
    # 5 × £12 → £41.25 and £8.25 tax; the seat of GoTo Training is not on the receipt.
    receipt = await world.load_row(Receipt)
    assert (receipt.subtotal, receipt.tax, receipt.total) == (4125, 825, 4950)
    dm = find_newest_message(dora.dms, f"Receipt {receipt.number}")
    assert "GoTo Training" in dm.text[dm.text.index("Not bought") :]
    assert "GoTo Meeting" in dm.text[: dm.text.index("Not bought")]
    [mail] = world.slack.mail.messages
    assert "Not bought" in mail.text
    assert "£49.50" in mail.text
    # R26: the receipt was issued on the day after the payment.
    assert receipt.issued_on == date(2026, 11, 11)
    pdf = " ".join(extract_pdf_text(mail.attachments[0].content).split())
    assert "Paid on 10 Nov 2026 with Visa" in pdf
    assert await world.load_seats("declined_meeting") == (15, 15)
    assert await world.load_seats("declined_training") == (2, 2)
