"""R24: many notices share what they cost, and none suffers for another."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import select
from structlog.testing import capture_logs

from bot.db import Database
from bot.messaging.messenger import MessageRef
from bot.use_cases.delivery.claim import build_notice_queue
from bot.use_cases.delivery.content.compose import compose_message
from bot.use_cases.delivery.results import Posted
from bot.use_cases.delivery.run import DeliveryRun, load_runs
from bot.use_cases.delivery.store import DeliveryResultWriter
from bot.use_cases.leases import get_delivery_timeout
from models.notice import Notice, NoticeKind, NoticeStatus, OrderMessage
from models.notice.payloads import DocumentFilePayload
from tests.database_faults import failing_statements
from tests.query_log import log_queries
from tests.use_cases.outbox import Outbox, is_marking_delivered
from tests.variants import both_databases

pytestmark = both_databases


@pytest.fixture
def outbox(database_with_accounts: Database) -> Outbox:
    return Outbox(database_with_accounts)


async def fill(outbox: Outbox, *numbers: int) -> None:
    """An order's notice to each of so many channels, each in a workspace of its own."""
    order = await outbox.store_order(f"SO-{numbers[0]}")
    await outbox.enqueue(*(f"channel:C{n}" for n in numbers), kind=NoticeKind.ORDER_PLACED, order=order)
    async with outbox.database.write() as session:
        for notice in (await session.exec(select(Notice))).all():
            notice.team = f"T{notice.destination}"


@contextmanager
def slow_order_queries(outbox: Outbox, duration: timedelta) -> Iterator[None]:
    """The clock moves on by so much with each query of orders."""
    engine = outbox.database.sync_engine

    def move_clock(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM service_order" in statement:
            outbox.at += duration

    event.listen(engine, "before_cursor_execute", move_clock)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", move_clock)


async def waiting(outbox: Outbox) -> list[tuple[str, int]]:
    return [(n.destination, n.attempts) for n in await outbox.load_notices(status=NoticeStatus.WAITING)]


async def test_sixteen_notices_take_few_more_queries_than_one(outbox: Outbox) -> None:
    await fill(outbox, 1)
    with log_queries(outbox.database.sync_engine) as few:
        assert await outbox.deliver() == 1
    await fill(outbox, *range(2, 18))
    with log_queries(outbox.database.sync_engine) as many:
        assert await outbox.deliver() == 16
    assert len(many.statements) <= len(few.statements) + 8


async def test_results_that_arrive_during_a_commit_share_the_next_transaction(outbox: Outbox) -> None:
    await fill(outbox, *range(16))
    with log_queries(outbox.database.sync_engine) as log:
        assert await outbox.deliver() == 16
    assert log.commits <= 4, "one claims, one stores the first that ends, one the others"


async def test_a_result_that_cannot_be_stored_blocks_no_other(outbox: Outbox) -> None:
    await fill(outbox, *range(5))
    affected = await outbox.load_notice(destination="channel:C3")
    with failing_statements(outbox.database, is_marking_delivered(affected)):
        assert await outbox.deliver() == 4
    assert await waiting(outbox) == [("channel:C3", 1)]
    assert len(outbox.messenger.sent) == 5


async def test_a_notice_with_a_damaged_payload_blocks_no_other(outbox: Outbox) -> None:
    await fill(outbox, *range(5))
    await outbox.change(await outbox.load_notice(destination="channel:C3"), payload=["damaged"])
    assert await outbox.deliver() == 4
    assert await waiting(outbox) == [("channel:C3", 1)]
    assert "channel:C3" not in {f"channel:{message.channel}" for message in outbox.messenger.tried}


async def test_a_notice_that_cannot_be_sent_within_its_lease_is_not_sent(outbox: Outbox) -> None:
    await fill(outbox, 1)
    with slow_order_queries(outbox, get_delivery_timeout(outbox.dependencies.settings)):
        assert await outbox.deliver() == 0
    assert outbox.messenger.tried == []
    await outbox.deliver_all()
    assert len(outbox.messenger.sent) == 1


async def test_two_simultaneous_workers_take_each_notice_once(outbox: Outbox) -> None:
    await fill(outbox, *range(8))
    one, other = build_notice_queue(outbox.dependencies), build_notice_queue(outbox.dependencies)
    claims = [*await one.claim(2), *await other.claim(6)]
    await fill(outbox, 8)
    claims += [*await one.claim(8), *await other.claim(8)]
    assert [claim.destination for claim in claims] == [f"channel:C{n}" for n in range(9)]


async def test_a_notice_that_two_runs_of_one_process_have_delivered_is_stored_once(outbox: Outbox) -> None:
    """The lease of the first one ran out while Slack hung, and their results are stored together."""
    await fill(outbox, 1)
    dependencies, runs = outbox.dependencies, list[DeliveryRun]()
    for _ in range(2):
        runs += await load_runs(dependencies, await build_notice_queue(dependencies).claim(1))
        outbox.move(3600)
    writer = DeliveryResultWriter(dependencies)
    writer.expect(len(runs))
    for run, ts in zip(runs, ("1.1", "2.2"), strict=True):
        [notice] = run.lease.notices
        context = await run.get_context(dependencies, notice)
        posted = Posted(compose_message(notice, context, "C1"), MessageRef("C1", ts), context)
        writer.add(run.add_result(notice, posted, outbox.at))
    with capture_logs() as logs:
        await asyncio.gather(*(writer.end_run(run) for run in runs))
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert (await outbox.load_notice()).status is NoticeStatus.DELIVERED
    async with outbox.database.read() as session:
        messages = (await session.exec(select(OrderMessage.ts))).all()
    assert len(messages) == 1
    assert [run.results[0].is_delivered for run in runs].count(True) == 1


async def test_r24_a_status_that_two_runs_have_shown_is_edited_once_more(outbox: Outbox) -> None:
    """The lease of the first run ran out while Slack hung, and the second one found a newer status. Nobody
    knows whose message Slack took last, and the first one's is the one that is stored."""
    order, dependencies, runs = await outbox.store_order("SO-1"), outbox.dependencies, list[DeliveryRun]()
    for _ in range(2):
        await outbox.enqueue("channel:C1", kind=NoticeKind.ORDER_STATUS, order=order)
        runs += await load_runs(dependencies, await build_notice_queue(dependencies).claim(1))
        outbox.move(3600)
    assert [len(run.lease.covered_ids) for run in runs] == [0, 1]
    for run, ts in zip(runs, ("1.1", "2.2"), strict=True):
        [notice] = run.lease.notices
        context = await run.get_context(dependencies, notice)
        posted = Posted(compose_message(notice, context, "C1"), MessageRef("C1", ts), context)
        writer = DeliveryResultWriter(dependencies)
        writer.expect(1)
        writer.add(run.add_result(notice, posted, outbox.at))
        await writer.end_run(run)
    assert await outbox.deliver() == 1
    assert [sent.message.update_ts for sent in outbox.messenger.sent] == ["1.1"]
    assert await waiting(outbox) == []


async def test_a_file_that_is_next_for_two_runs_goes_to_one_of_them(outbox: Outbox) -> None:
    """A message that a file follows ends together with an earlier file for the same person."""
    dependencies, alice, quote = outbox.dependencies, await outbox.load_contact(), await outbox.store_quote()
    await outbox.enqueue(f"contact:{alice.key}", kind=NoticeKind.QUOTE_PDF_REQUESTED, quote=quote)
    earlier = DocumentFilePayload(channel="D01", user_id="U01ALICE")
    await outbox.enqueue(f"file:{alice.key}", kind=NoticeKind.QUOTE_FILE, quote=quote, payload=earlier)
    runs = await load_runs(dependencies, await build_notice_queue(dependencies).claim(2))
    writer = DeliveryResultWriter(dependencies)
    writer.expect(len(runs))
    for run in runs:
        [notice] = run.lease.notices
        context = await run.get_context(dependencies, notice)
        posted = Posted(compose_message(notice, context, "U01ALICE"), MessageRef("D01", "2.0"), context)
        writer.add(run.add_result(notice, posted, outbox.at))
    async with asyncio.timeout(30):
        next_runs = await asyncio.gather(*(writer.end_run(run) for run in runs))
    assert [run.lease.destination for run in next_runs if run is not None] == [f"file:{alice.key}"]
