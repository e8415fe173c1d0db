"""Notices of one transaction are stored with one statement, in their order (R24)."""

from bot.use_cases.notice.enqueue import build_notices, enqueue_notices
from models.account import Account
from models.notice import Notice, NoticeKind
from models.notice.destination import Destination
from models.notice.payloads import PortalChangedPayload
from tests.query_log import log_queries
from tests.use_cases.outbox import START, Outbox
from tests.variants import both_databases

pytestmark = both_databases


async def enqueue(outbox: Outbox, *events: str) -> None:
    async with outbox.database.write() as session:
        account = await session.get_one(Account, "acme")
        notices: list[Notice] = []
        for name in events:
            notices += build_notices(
                NoticeKind.PORTAL_CHANGED,
                name,
                [Destination.channel("C1"), Destination.channel("C2")],
                account=account,
                at=START,
                payload=PortalChangedPayload(by=name),
            )
        await enqueue_notices(session, notices)


async def test_notices_are_stored_with_one_insert_in_their_order(outbox: Outbox) -> None:
    names = [f"event:{number}" for number in range(9, -1, -1)]
    with log_queries(outbox.database.sync_engine) as log:
        await enqueue(outbox, *names)
    assert len([sql for sql, _ in log.queries if sql.startswith("INSERT INTO notice ")]) == 1
    stored = await outbox.load_notices()
    assert [notice.payload["by"] for notice in stored] == [name for name in names for _ in range(2)]


async def test_a_notice_that_exists_is_left_unchanged(outbox: Outbox) -> None:
    await enqueue(outbox, "a", "b")
    before = await outbox.load_notices()
    await enqueue(outbox, "b", "c")
    after = await outbox.load_notices()
    assert after[: len(before)] == before
    assert [notice.event for notice in after[len(before) :]] == ["c>channel:C1", "c>channel:C2"]


async def test_no_notices_take_no_statement(outbox: Outbox) -> None:
    with log_queries(outbox.database.sync_engine) as log:
        await enqueue(outbox)
    assert [sql for sql, _ in log.queries if sql.startswith("INSERT INTO notice ")] == []
