"""Slack's limits and faults: waited out, and nobody else held up (R24)."""

from datetime import timedelta
from itertools import pairwise

import pytest
from sqlmodel import select

from bot.messaging.messenger import (
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
)
from bot.use_cases.delivery.claim import DeliveryLease, TeamDestination, build_notice_queue
from bot.use_cases.due_rows import ClaimQueue
from models.notice import DeliverySlot, Notice, NoticeStatus
from tests.database_faults import failing_statements
from tests.use_cases.outbox import CHANNEL, START, Outbox, alice, is_marking_delivered, list_sent_numbers

LONG_AFTER = START + timedelta(days=1)


async def test_a_channel_gets_a_burst_and_then_a_message_a_second(outbox: Outbox) -> None:
    for number in range(20):
        await outbox.enqueue(CHANNEL, number=number)
    moments = await note_moments(outbox, 20)
    times = [at for at, _ in moments]
    assert times[:8] == [0] * 8
    assert all(b - a >= 1 for a, b in pairwise(times[7:]))
    assert times[-1] == pytest.approx(20 - 8, abs=0.2)
    assert list_sent_numbers(outbox, "C01BILLING") == [*range(20)]
    outbox.move(4)
    for number in range(20, 26):
        await outbox.enqueue(CHANNEL, number=number)
    assert await outbox.deliver() == 4, "the burst grows again by a message a second"


async def test_a_workspace_gets_a_burst_and_then_five_messages_a_second(outbox: Outbox) -> None:
    for number in range(2):
        await outbox.enqueue(*(f"channel:C{i}" for i in range(20)), number=number)
    moments = await note_moments(outbox, 40)
    for start, _ in moments:
        assert sum(start <= at < start + 1 for at, _ in moments) <= 14
    assert moments[-1][0] == pytest.approx((40 - 10) * 0.2, abs=0.2)
    assert len({channel for _, channel in moments[:10]}) == 10, "each gets one before any gets another"


async def note_moments(outbox: Outbox, count: int) -> list[tuple[float, str]]:
    moments: list[tuple[float, str]] = []

    async def note(letter: OutboundMessage) -> None:
        moments.append(((outbox.at - START).total_seconds(), letter.channel))

    outbox.messenger.before = note
    while len(moments) < count:
        await outbox.deliver()
        outbox.at += timedelta(milliseconds=100)
    outbox.messenger.before = None
    return moments


async def test_workspaces_do_not_slow_each_other_down(outbox: Outbox) -> None:
    await outbox.enqueue(*(f"channel:C{i}" for i in range(8)))
    async with outbox.database.write() as session:
        for notice in (await session.exec(select(Notice).where(Notice.destination > "channel:C4"))).all():
            notice.team = "T02OTHER"
    assert await outbox.deliver() == 8


async def test_slacks_rate_limit_is_waited_out_to_the_second_and_costs_no_attempt(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL, number=1)
    outbox.messenger.refusals["C01BILLING"] = [RateLimited(42)]
    assert await outbox.deliver() == 0
    await outbox.enqueue(await alice(outbox))
    outbox.at = START + timedelta(seconds=41.999)
    assert await outbox.deliver() == 0
    assert len(outbox.messenger.tried) == 1, "the workspace rests as well"
    outbox.at = START + timedelta(seconds=42)
    assert await outbox.deliver() == 1
    outbox.move(0.2)
    assert await outbox.deliver() == 1
    assert (await outbox.notice(destination=CHANNEL)).attempts == 0


async def test_an_outage_backs_off_and_keeps_the_order(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL, number=1)
    await outbox.enqueue(CHANNEL, number=2)
    outbox.messenger.refusals["C01BILLING"] = [MessengerUnavailable("down")] * 12
    pauses = []
    for _ in range(12):
        assert await outbox.deliver() == 0
        pauses.append((await outbox.slot(CHANNEL)).next_at - outbox.at)
        outbox.at += pauses[-1] - timedelta(milliseconds=1)
        assert await outbox.deliver() == 0
        outbox.move(0.001)
    assert [p.seconds for p in pauses] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert await outbox.deliver() == 1
    assert len(outbox.messenger.tried) == 13, "and no burst right after it"
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [1, 2]
    first, _ = await outbox.notices()
    assert (first.attempts, first.last_error) == (12, None)


async def test_a_fault_of_ours_is_kept_with_the_notice_and_stops_no_other(outbox: Outbox) -> None:
    await outbox.enqueue("channel:C1", "channel:C2")
    outbox.messenger.refusals["C1"] = [KeyError("a bug")]
    assert await outbox.deliver() == 1
    stuck = await outbox.notice(status="waiting")
    assert (stuck.attempts, stuck.last_error) == (1, "KeyError: 'a bug'")
    await outbox.deliver_all()
    assert await outbox.notices(status="waiting") == []


async def test_a_delivery_that_cannot_be_stored_is_delayed_and_not_posted_repeatedly(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL)
    with failing_statements(outbox.database, is_marking_delivered(await outbox.notice())):
        assert await outbox.deliver() == 0
    assert (await outbox.notice()).attempts == 1
    await outbox.deliver_all()
    assert (await outbox.notice()).status is NoticeStatus.DELIVERED


async def test_a_destination_that_another_worker_released_comes_before_those_that_were_prefetched(
    outbox: Outbox,
) -> None:
    await outbox.enqueue(*(f"channel:C{i}" for i in range(5)))
    queue = build_notice_queue(outbox.services)
    assert await claim(queue, 1) == ["channel:C0"]
    outbox.at += timedelta(seconds=1)
    async with outbox.database.write() as session:
        session.add(DeliverySlot(destination="channel:C1", next_at=outbox.at, claimed_until=LONG_AFTER))
    assert await claim(queue, 2) == ["channel:C2"], "the other worker has C1"
    outbox.at += timedelta(seconds=1)
    async with outbox.database.write() as session:
        (await session.get_one(DeliverySlot, "channel:C1")).claimed_until = None
    assert await claim(queue, 1) == ["channel:C1"]


async def test_a_worker_whose_prefetched_destinations_are_all_taken_looks_for_others(outbox: Outbox) -> None:
    await outbox.enqueue("channel:C0", "channel:C1")
    queue = build_notice_queue(outbox.services)
    assert await claim(queue, 1) == ["channel:C0"]
    outbox.at += timedelta(seconds=1)
    async with outbox.database.write() as session:
        session.add(DeliverySlot(destination="channel:C1", next_at=outbox.at, claimed_until=LONG_AFTER))
    await outbox.enqueue("channel:C2")
    assert await claim(queue, 1) == ["channel:C2"]


async def claim(queue: ClaimQueue[TeamDestination, DeliveryLease], limit: int) -> list[str]:
    return [lease.destination for lease in await queue.claim(limit)]
