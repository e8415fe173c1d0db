"""Notices are delivered in order, each once, and none is lost (R24)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from bot.messaging.messenger import (
    MessengerUnavailable,
    OutboundMessage,
)
from bot.use_cases.delivery.claim import build_notice_queue
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.leases import get_lease_duration
from bot.use_cases.notice.enqueue import enqueue_notice
from models.account import Account
from models.notice import NoticeKind, NoticeStatus
from models.notice.destination import Destination
from tests.postgres import explain
from tests.time_limits import HANG_SECONDS
from tests.use_cases.outbox import (
    CHANNEL,
    START,
    Outbox,
    get_alice_destination,
    list_sent_numbers,
    read_number,
)
from tests.variants import both_databases, only_sqlite

pytestmark = both_databases

# Order and claims


async def test_each_destination_gets_its_notices_in_order_from_several_workers(outbox: Outbox) -> None:
    channels = ["C1", "C2", "C3", "C4"]
    for number in range(6):
        await outbox.enqueue(*(f"channel:{c}" for c in channels), number=number)
    async with asyncio.timeout(HANG_SECONDS):
        while await outbox.load_notices(status="waiting"):
            workers = (deliver_due_notices(outbox.dependencies) for _ in range(3))
            await asyncio.gather(*workers)
            outbox.at += timedelta(milliseconds=300)
    assert {c: list_sent_numbers(outbox, c) for c in channels} == {c: [*range(6)] for c in channels}


async def test_a_notice_that_was_rolled_back_is_not_delivered(outbox: Outbox) -> None:
    with pytest.raises(KeyError):
        await enqueue_and_fail(outbox)
    assert await outbox.deliver() == 0
    assert outbox.messenger.sent == []


async def enqueue_and_fail(outbox: Outbox) -> None:
    async with outbox.database.write() as session:
        account = await session.get_one(Account, "acme")
        await enqueue_notice(
            session,
            NoticeKind.PORTAL_CHANGED,
            "lost",
            [Destination.parse(CHANNEL)],
            account=account,
            at=START,
        )
        raise KeyError("after the notice was stored")


async def test_delivering_again_sends_nothing_again(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL, await get_alice_destination(outbox))
    await outbox.deliver_all()
    await outbox.deliver_all()
    assert sorted(sent.channel for sent in outbox.messenger.sent) == ["C01BILLING", "D01ALICE"]


async def test_a_notice_for_later_waits_without_blocking_others(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL, due_at=START + timedelta(days=1), number=1)
    await outbox.enqueue(CHANNEL, number=2)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [2]
    outbox.at = START + timedelta(days=1)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [2, 1]


async def test_a_notice_is_delivered_once_the_lease_of_a_crashed_worker_has_expired(
    outbox: Outbox,
) -> None:
    await outbox.enqueue(CHANNEL, number=1)
    await outbox.enqueue(CHANNEL, number=2)
    assert len(await build_notice_queue(outbox.dependencies).claim(16)) == 1
    outbox.at += get_lease_duration(outbox.dependencies.settings) - timedelta(seconds=1)
    assert await outbox.deliver() == 0
    outbox.at += timedelta(seconds=1)
    assert await outbox.deliver() == 2
    assert list_sent_numbers(outbox, "C01BILLING") == [1, 2]


async def test_a_worker_whose_lease_has_expired_changes_nothing(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL)

    async def outlive_lease(message: OutboundMessage) -> None:
        outbox.messenger.before = None
        outbox.messenger._busy.clear()
        outbox.at += get_lease_duration(outbox.dependencies.settings)
        assert await outbox.deliver() == 1

    outbox.messenger.before = outlive_lease
    assert await outbox.deliver() == 0
    assert (await outbox.load_notice()).status is NoticeStatus.DELIVERED


async def test_a_late_result_does_not_shorten_a_backoff(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL)
    await outbox.change(await outbox.load_notice(), attempts=8)

    async def outlive_lease(_: OutboundMessage) -> None:
        outbox.messenger.before = None
        outbox.messenger._busy.clear()
        outbox.at += get_lease_duration(outbox.dependencies.settings)
        outbox.messenger.refusals["C01BILLING"] = [MessengerUnavailable("down")]
        assert await outbox.deliver() == 0

    outbox.messenger.before = outlive_lease
    assert await outbox.deliver() == 1
    assert (await outbox.load_slot(CHANNEL)).next_at >= outbox.at + timedelta(seconds=256)


async def test_a_late_result_does_not_end_another_workers_lease(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL, number=1)
    await outbox.enqueue(CHANNEL, number=2)
    others: list[asyncio.Task[int]] = []
    has_started, may_end = asyncio.Event(), asyncio.Event()

    async def hang(_: OutboundMessage) -> None:
        has_started.set()
        await may_end.wait()

    async def outlive_lease(_: OutboundMessage) -> None:
        outbox.messenger.before = hang
        outbox.messenger._busy.clear()
        outbox.at += get_lease_duration(outbox.dependencies.settings)
        others.append(asyncio.create_task(outbox.deliver()))
        await has_started.wait()

    outbox.messenger.before = outlive_lease
    async with asyncio.timeout(HANG_SECONDS):
        assert await outbox.deliver() == 1
        outbox.messenger.before = None
        outbox.move(2)
        assert await outbox.deliver() == 0, "the other worker still has the destination"
        may_end.set()
        assert await asyncio.gather(*others) == [1], "the second notice; the first one was delivered before"
        await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [1, 1, 2]


async def test_a_destination_that_hangs_blocks_no_other(outbox: Outbox) -> None:
    released = asyncio.Event()

    async def hang(message: OutboundMessage) -> None:
        if message.channel == "C1":
            await released.wait()
        elif read_number(message) == 2:
            released.set()
        else:
            asyncio.get_running_loop().call_later(0.1, outbox.move, 1)

    outbox.messenger.before = hang
    await outbox.enqueue("channel:C1", "channel:C2", number=1)
    await outbox.enqueue("channel:C2", number=2)
    assert await asyncio.wait_for(outbox.deliver(), HANG_SECONDS) == 3


async def test_a_delivery_under_way_at_shutdown_is_stored_and_not_repeated(
    outbox: Outbox,
) -> None:
    under_way, answered = asyncio.Event(), asyncio.Event()

    async def wait(message: OutboundMessage) -> None:
        under_way.set()
        await answered.wait()

    outbox.messenger.before = wait
    await outbox.enqueue(CHANNEL)
    job = asyncio.create_task(outbox.deliver())
    await under_way.wait()
    job.cancel()
    asyncio.get_running_loop().call_later(0.05, answered.set)
    with pytest.raises(asyncio.CancelledError):
        await job
    assert (await outbox.load_notice()).status is NoticeStatus.DELIVERED


# Size


@only_sqlite
async def test_due_notices_are_found_by_index_among_any_number_of_delivered_ones(outbox: Outbox) -> None:
    await fill(outbox, 20_000)
    order = await outbox.store_order()
    for _ in range(3):
        await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    asked: list[tuple[str, object]] = []

    @event.listens_for(outbox.database.sync_engine, "before_cursor_execute")
    def listen(_c: object, _k: object, sql: str, parameters: object, *_: object) -> None:
        if sql.startswith("SELECT") and "FROM notice" in sql:
            asked.append((sql, parameters))

    for _ in range(3):
        await outbox.deliver()
        outbox.move(1)
    assert len(outbox.messenger.sent) == 1, "the first one shows all three"
    for sql, parameters in asked:
        details = [str(row._mapping["detail"]) for row in explain(outbox.database, sql, parameters)]
        steps = [detail for detail in details if " notice" in detail]
        assert steps
        assert all("INDEX ix_notice_waiting" in s or "PRIMARY KEY" in s for s in steps), steps


async def fill(outbox: Outbox, number: int) -> None:
    async with outbox.database.write() as session:
        await (await session.connection()).execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number) "
                "INSERT INTO notice (event, account_id, team, destination, kind, payload, status, "
                "created_at, due_at, delivered_at, attempts) SELECT 'old:' || i, 'acme', 'T01ACME', "
                "'channel:C01BILLING', 'portal_changed', '{}', 'delivered', '2026-01-01 00:00:00', "
                "'2026-01-01 00:00:00', '2026-01-01 00:00:00', 0 FROM n"
            ),
            {"number": number},
        )
