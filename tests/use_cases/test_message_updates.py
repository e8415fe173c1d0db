"""Messages that are kept up to date in place: an order's status, copies of a quote (R25)."""

import pytest
from sqlalchemy import event

from bot.messaging.messenger import (
    ChannelUnreachable,
    MessageGone,
    OutboundMessage,
)
from bot.use_cases.quote.decide import decide_quote
from models.audit.entry import Actor
from models.notice import NoticeKind
from models.notice.payloads import OrderHistoryPayload
from models.quote import Quote, QuoteStatus
from tests.use_cases.outbox import CHANNEL, Outbox, get_alice_destination, list_sent_kinds
from tests.variants import both_databases

pytestmark = both_databases

# Standing messages


async def test_the_status_message_is_updated_in_place_with_its_history_in_the_thread(outbox: Outbox) -> None:
    order = await outbox.store_order()
    for step in ("placed", "processing"):
        await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
        payload = OrderHistoryPayload(step=step, at=outbox.at)
        await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_HISTORY, order=order, payload=payload)
        await outbox.deliver_all()
    first, *rest = outbox.messenger.to("C01BILLING")
    ts = first.posted.ts
    assert (first.message.update_ts, first.message.thread_ts) == (None, None)
    assert [(s.message.update_ts, s.message.thread_ts) for s in rest] == [(None, ts), (ts, None), (None, ts)]
    [message] = await outbox.load_posted_messages()
    assert (message.channel, message.ts, message.order_id) == ("C01BILLING", ts, order.id)


async def test_a_deleted_status_message_is_posted_again(outbox: Outbox) -> None:
    order = await outbox.store_order()
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    outbox.messenger.refusals["C01BILLING"] = [MessageGone("message_not_found")]
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    _, reposted, updated = outbox.messenger.to("C01BILLING")
    assert reposted.message.update_ts is None
    assert updated.message.update_ts == reposted.posted.ts
    assert len(await outbox.load_posted_messages()) == 1


async def test_only_the_last_of_several_due_updates_is_sent(outbox: Outbox) -> None:
    order = await outbox.store_order()
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    for _ in range(4):
        await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    assert len(outbox.messenger.sent) == 2
    assert len(await outbox.load_notices(status="delivered")) == 5


async def test_a_status_message_shows_all_that_was_stored_before_it_is_posted(outbox: Outbox) -> None:
    order = await outbox.store_order()
    placed = OrderHistoryPayload(step="placed", at=outbox.at)
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_HISTORY, order=order, payload=placed)
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    card, history = outbox.messenger.to("C01BILLING")
    assert history.message.thread_ts == card.posted.ts
    assert await outbox.load_notices(status="waiting") == []


async def test_a_change_while_the_status_message_is_posted_updates_it_afterwards(outbox: Outbox) -> None:
    order = await outbox.store_order()

    async def change(_: OutboundMessage) -> None:
        outbox.messenger.before = None
        await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)

    outbox.messenger.before = change
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    posted, updated = outbox.messenger.to("C01BILLING")
    assert updated.message.update_ts == posted.posted.ts


async def test_a_direct_message_is_updated_in_the_channel_that_slack_named(outbox: Outbox) -> None:
    order = await outbox.store_order()
    for _ in range(2):
        await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.ORDER_STATUS, order=order)
        await outbox.deliver_all()
    posted, updated = outbox.messenger.sent
    assert posted.message.channel == "U01ALICE"
    assert (updated.message.channel, updated.message.update_ts) == ("D01ALICE", posted.posted.ts)


async def test_the_receipt_in_a_channel_answers_the_status_message(outbox: Outbox) -> None:
    order = await outbox.store_order()
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    await outbox.complete_order(order)
    await outbox.enqueue(CHANNEL, await get_alice_destination(outbox), kind=NoticeKind.RECEIPT, order=order)
    await outbox.deliver_all()
    card, receipt = outbox.messenger.to("C01BILLING")
    assert receipt.message.thread_ts == card.posted.ts
    personal, pdf = outbox.messenger.to("D01ALICE")
    assert (personal.message.thread_ts, personal.message.shows_amounts) == (None, True)
    assert pdf.message.files


# The receipt's PDF


async def test_posted_copies_of_a_quote_are_updated_when_it_is_decided(outbox: Outbox) -> None:
    quote = await outbox.store_quote()
    await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    await reject(outbox, quote)
    await outbox.deliver_all()
    posted, *rest = outbox.messenger.to("D01ALICE")
    cards = [s for s in rest if s.message.kind is NoticeKind.QUOTE_MESSAGE_UPDATE]
    assert [(c.message.channel, c.message.update_ts) for c in cards] == [("D01ALICE", posted.posted.ts)]
    assert cards[0].message.quote
    assert not cards[0].message.quote.is_pending


async def test_a_quote_decided_while_its_message_is_posted_is_updated_as_well(outbox: Outbox) -> None:
    quote = await outbox.store_quote()

    async def meanwhile(message: OutboundMessage) -> None:
        outbox.messenger.before = None
        await reject(outbox, quote)

    outbox.messenger.before = meanwhile
    await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    cards = [s for s in outbox.messenger.sent if s.message.kind is NoticeKind.QUOTE_MESSAGE_UPDATE]
    assert len(cards) == 1


async def test_r20_what_has_read_the_copies_of_a_quote_before_a_new_one_reads_them_again(
    outbox: Outbox,
) -> None:
    """Even if the process ends right after storing the copy: the account's new revision comes with it."""
    quote = await outbox.store_quote()
    await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    statements: list[str] = []

    def record_statement(_connection: object, _cursor: object, sql: str, *_: object) -> None:
        statements.append(sql)

    def record_commit(_connection: object) -> None:
        statements.append("COMMIT")

    engine = outbox.database.sync_engine
    event.listen(engine, "before_cursor_execute", record_statement)
    event.listen(engine, "commit", record_commit)
    await outbox.deliver()
    transactions = ";".join(statements).split("COMMIT")
    [storing] = [each for each in transactions if "INSERT INTO posted_message" in each]
    assert "UPDATE account SET revision" in storing


async def test_a_deleted_copy_is_forgotten(outbox: Outbox) -> None:
    quote = await outbox.store_quote()
    await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    outbox.messenger.refusals["D01ALICE"] = [MessageGone("message_not_found")]
    await reject(outbox, quote)
    await outbox.deliver_all()
    assert await outbox.load_posted_messages() == []
    assert await outbox.load_notices(status="waiting") == []


@pytest.mark.parametrize("gone", [MessageGone("message_not_found"), ChannelUnreachable("is_archived")])
async def test_a_deleted_copy_is_not_posted_again(outbox: Outbox, gone: Exception) -> None:
    """R25: a decided quote needs nobody, so it is no new message to anybody."""
    quote = await outbox.store_quote()
    await outbox.enqueue(CHANNEL, kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    outbox.messenger.refusals["C01BILLING"] = [gone]
    await reject(outbox, quote)
    await outbox.deliver_all()
    assert list_sent_kinds(outbox, "C01BILLING") == [NoticeKind.QUOTE_ARRIVED]
    assert await outbox.load_posted_messages() == []
    assert await outbox.load_notices(kind=NoticeKind.CHANNEL_UNREACHABLE) == []


async def reject(outbox: Outbox, quote: Quote) -> None:
    async with outbox.database.write() as session:
        row = await session.get_one(Quote, quote.key)
        await decide_quote(session, row, QuoteStatus.REJECTED, Actor("contact", "Bea", "test"), outbox.at)
