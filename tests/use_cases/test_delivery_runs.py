"""R24: a destination's notices are delivered one after another, and stored together."""

import asyncio
from datetime import timedelta

import pytest

from bot.messaging.messenger import (
    ChannelUnreachable,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
)
from bot.use_cases.delivery import store
from bot.use_cases.leases import get_delivery_timeout
from models.notice import NoticeKind, NoticeStatus
from models.notice.payloads import OrderHistoryPayload
from models.service_order import ServiceOrder
from tests.database_faults import failing_statements
from tests.query_log import log_queries
from tests.time_limits import HANG_SECONDS
from tests.use_cases.outbox import (
    CHANNEL,
    START,
    Outbox,
    get_alice_destination,
    is_marking_delivered,
    list_sent_kinds,
    list_sent_numbers,
    read_number,
)
from tests.variants import both_databases

pytestmark = both_databases

STATUS, HISTORY = NoticeKind.ORDER_STATUS, NoticeKind.ORDER_HISTORY


async def enqueue_progress(outbox: Outbox, order: ServiceOrder, *names: str) -> None:
    """As an order does with each step: its status message, and a line in the thread."""
    for name in names:
        await outbox.enqueue(CHANNEL, kind=STATUS, order=order)
        payload = OrderHistoryPayload(step=name, at=START)
        await outbox.enqueue(CHANNEL, kind=HISTORY, order=order, payload=payload)


@pytest.fixture
def patient_commits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Results wait for one another, however slow the machine is."""
    monkeypatch.setattr(store, "GROUP_COMMIT_TIMEOUT_SECONDS", HANG_SECONDS)


@pytest.mark.usefixtures("patient_commits")
async def test_a_burst_takes_one_claim_and_one_commit(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL, await get_alice_destination(outbox), number=-1)
    await outbox.deliver_all()
    outbox.messenger.sent.clear()
    outbox.move(60)
    for number in range(5):
        await outbox.enqueue(CHANNEL, await get_alice_destination(outbox), number=number)
    with log_queries(outbox.database.sync_engine) as log:
        assert await outbox.deliver() == 10
    assert list_sent_numbers(outbox, "C01BILLING") == list_sent_numbers(outbox, "D01ALICE") == [*range(5)]
    assert log.commits == 2, "one claims, one stores the results"
    assert len(log.statements) <= 14, log.statements


async def test_history_goes_into_the_thread_of_a_status_message_posted_with_it(outbox: Outbox) -> None:
    await enqueue_progress(outbox, await outbox.store_order(), "placed", "processing", "completed")
    assert await outbox.deliver() == 4
    status, *history = outbox.messenger.to("C01BILLING")
    assert [sent.message.kind for sent in history] == [HISTORY] * 3
    assert {sent.message.thread_ts for sent in history} == {status.posted.ts}
    assert await outbox.load_notices(status=NoticeStatus.WAITING) == []
    [posted] = await outbox.load_posted_messages()
    assert posted.ts == status.posted.ts


@pytest.mark.parametrize("fault", [MessengerUnavailable("down"), RateLimited(7), KeyError("a bug")])
async def test_after_a_failure_nothing_follows_and_what_was_sent_is_not_repeated(
    fault: Exception, outbox: Outbox
) -> None:
    async def fail_at_third(message: OutboundMessage) -> None:
        if read_number(message) == 2 and len(outbox.messenger.tried) == 3:
            raise fault

    outbox.messenger.before = fail_at_third
    for number in range(5):
        await outbox.enqueue(CHANNEL, number=number)
    assert await outbox.deliver() == 2
    assert [read_number(message) for message in outbox.messenger.tried] == [0, 1, 2]
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [*range(5)]


async def test_an_unreachable_channel_ends_the_run(outbox: Outbox) -> None:
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("is_archived")] * 2
    for number in range(2):
        await outbox.enqueue(CHANNEL, number=number)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == []
    unreachable, *kept = outbox.messenger.to("D01ALICE")
    assert unreachable.message.kind is NoticeKind.CHANNEL_UNREACHABLE
    assert [read_number(sent.message) for sent in kept] == [0, 1]


async def test_what_was_posted_before_a_slow_destination_answers_is_stored(outbox: Outbox) -> None:
    stored, released = asyncio.Event(), asyncio.Event()

    async def hang(message: OutboundMessage) -> None:
        if message.channel == "C1":
            await released.wait()

    async def wait_until_stored() -> None:
        while len(await outbox.load_notices(status=NoticeStatus.DELIVERED)) < 3:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        stored.set()
        released.set()

    outbox.messenger.before = hang
    await outbox.enqueue("channel:C1", "channel:C2", number=1)
    for number in (2, 3):
        await outbox.enqueue("channel:C2", number=number)
    async with asyncio.timeout(HANG_SECONDS):
        _, delivered_count = await asyncio.gather(wait_until_stored(), outbox.deliver())
    assert stored.is_set()
    assert delivered_count == 4


async def test_a_run_adds_no_notice_after_half_of_its_time(outbox: Outbox) -> None:
    async def dawdle(_: OutboundMessage) -> None:
        outbox.at += get_delivery_timeout(outbox.dependencies.settings) * 0.6

    outbox.messenger.before = dawdle
    for number in range(3):
        await outbox.enqueue(CHANNEL, number=number)
    assert await outbox.deliver() == 3, "each claimed again when the one before was stored"
    assert {notice.attempts for notice in await outbox.load_notices()} == {0}


async def test_a_run_is_stored_up_to_the_result_that_cannot_be(outbox: Outbox) -> None:
    for number in range(3):
        await outbox.enqueue(CHANNEL, number=number)
    _, affected, _ = await outbox.load_notices()
    with failing_statements(outbox.database, is_marking_delivered(affected)):
        assert await outbox.deliver() == 1
    waiting = await outbox.load_notices(status=NoticeStatus.WAITING)
    assert [(notice.payload["by"], notice.attempts) for notice in waiting] == [("1", 1), ("2", 0)]
    outbox.at += timedelta(seconds=30)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [0, 1, 2, 1, 2], "sent again, in their order"


async def test_a_run_ends_once_one_of_its_results_cannot_be_stored(outbox: Outbox) -> None:
    for number in range(3):
        await outbox.enqueue(CHANNEL, number=number)
    first, *_ = await outbox.load_notices()

    async def wait_until_first_is_rescheduled(message: OutboundMessage) -> None:
        while read_number(message) == 1 and not await outbox.load_notices(attempts=1):  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    outbox.messenger.before = wait_until_first_is_rescheduled
    async with asyncio.timeout(HANG_SECONDS):
        with failing_statements(outbox.database, is_marking_delivered(first)):
            assert await outbox.deliver() == 0
    assert list_sent_numbers(outbox, "C01BILLING") == [0, 1], "the second was on its way"
    waiting = await outbox.load_notices(status=NoticeStatus.WAITING)
    assert [(notice.payload["by"], notice.attempts) for notice in waiting] == [("0", 1), ("1", 0), ("2", 0)]
    assert (await outbox.load_slot(CHANNEL)).claimed_until is None
    outbox.move(30)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [0, 1, 0, 1, 2], "sent again, in their order"


@pytest.mark.usefixtures("patient_commits")
async def test_a_receipt_and_its_pdf_take_three_commits(outbox: Outbox) -> None:
    order = await outbox.store_order()
    await outbox.complete_order(order)
    await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.ORDER_PLACED, order=order)
    await outbox.deliver_all()
    outbox.move(60)
    await outbox.enqueue(
        await get_alice_destination(outbox), kind=NoticeKind.RECEIPT, event="order:1:receipt", order=order
    )
    with log_queries(outbox.database.sync_engine) as log:
        assert await outbox.deliver() == 2
    assert list_sent_kinds(outbox, "D01ALICE")[1:] == [NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE]
    assert log.commits == 3, "claimed; stored, and the PDF claimed; stored"
