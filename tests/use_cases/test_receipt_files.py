"""The receipt's PDF, shared after the message that tells of it (R13, R24)."""

import asyncio
import threading
from typing import Any

import pytest
import typst

from bot.db import transaction_open
from bot.messaging.messenger import (
    MessageGone,
    MessageRejected,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
)
from bot.use_cases.leases import get_lease_duration
from models.notice import NoticeKind
from models.notice.payloads import DocumentPayload
from models.service_order import ServiceOrder
from tests.use_cases.outbox import Outbox, get_alice_destination, list_sent_kinds


async def receipt_for_alice(outbox: Outbox, **words: Any) -> ServiceOrder:
    order = await outbox.store_order()
    await outbox.complete_order(order)
    await outbox.enqueue(
        await get_alice_destination(outbox),
        kind=NoticeKind.RECEIPT,
        event="order:1:receipt",
        order=order,
        **words,
    )
    return order


@pytest.mark.parametrize("fault", [MessengerUnavailable("silent"), RateLimited(3)], ids=["outage", "limit"])
async def test_r24_sharing_the_pdf_is_retried_without_the_message(fault: Exception, outbox: Outbox) -> None:
    outbox.messenger.refusals["D01ALICE"] = [fault] * 2
    await receipt_for_alice(outbox)
    await outbox.deliver_all()
    assert list_sent_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE]
    assert outbox.messenger.refusals["D01ALICE"] == []


async def test_r24_rate_limits_of_files_do_not_apply_to_the_workspace(outbox: Outbox) -> None:
    await receipt_for_alice(outbox)

    async def limit(message: OutboundMessage) -> None:
        if message.files or message.channel == "C1":
            raise RateLimited(42)

    outbox.messenger.before = limit
    await outbox.enqueue("channel:C1")
    await outbox.deliver()
    assert len(await outbox.load_notices(status="waiting", attempts=1)) == 2, "the file and the channel"
    await outbox.enqueue("channel:C2")
    assert await outbox.deliver() == 1


async def test_r24_after_a_crash_while_sharing_only_the_pdf_is_shared_again(outbox: Outbox) -> None:
    await receipt_for_alice(outbox)

    async def crash(message: OutboundMessage) -> None:
        if message.files:
            raise asyncio.CancelledError

    outbox.messenger.before = crash
    with pytest.raises(asyncio.CancelledError):
        await outbox.deliver()
    outbox.messenger.before = None
    assert list_sent_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT]
    outbox.at += get_lease_duration(outbox.dependencies.settings)
    await outbox.deliver_all()
    assert list_sent_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE]


@pytest.mark.parametrize("fault", [MessageRejected("missing_scope"), MessageGone("channel_not_found")])
async def test_a_pdf_that_slack_rejects_blocks_nothing(fault: Exception, outbox: Outbox) -> None:
    """The receipt's email has it as well; only a person who requested it gets another."""
    outbox.messenger.refusals["D01ALICE"] = [fault]
    await receipt_for_alice(outbox)
    await outbox.enqueue(await get_alice_destination(outbox), number=2)
    await outbox.deliver_all()
    assert list_sent_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT, NoticeKind.PORTAL_CHANGED]
    assert outbox.mailer.sent == []
    outbox.messenger.refusals["D01ALICE"] = [fault]
    order = await outbox.store_order("SO-1002")
    await outbox.complete_order(order, "R-1002")
    await outbox.enqueue(
        await get_alice_destination(outbox),
        kind=NoticeKind.RECEIPT,
        order=order,
        payload=DocumentPayload(requested=True),
    )
    await outbox.deliver_all()
    [mail] = outbox.mailer.sent
    assert [(a.name, a.content_type) for a in mail.attachments] == [("R-1002.pdf", "application/pdf")]


async def test_the_pdf_goes_only_to_the_person_notified(outbox: Outbox) -> None:

    async def rebind(_: OutboundMessage) -> None:
        await outbox.change(await outbox.load_contact(), slack_user="U02BENOIT")

    outbox.messenger.before = rebind
    await receipt_for_alice(outbox)
    await outbox.deliver_all()
    assert list_sent_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT]
    assert outbox.messenger.to("D02BENOIT") == []


async def test_the_pdf_is_rendered_in_a_thread_outside_any_transaction(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the library: the output does not depend on the machine."""
    seen: list[tuple[bool, bool]] = []
    build_compiler = typst.Compiler

    def note(*args: Any, **options: Any) -> typst.Compiler:
        seen.append((threading.current_thread() is threading.main_thread(), transaction_open.get()))
        return build_compiler(*args, **options)

    monkeypatch.setattr(typst, "Compiler", note)
    order = await receipt_for_alice(outbox)
    mailed = f"email:{(await outbox.load_contact()).key}"
    await outbox.enqueue(mailed, kind=NoticeKind.RECEIPT_EMAIL, order=order)
    await outbox.deliver_all()
    assert len(seen) >= 2
    assert set(seen) == {(False, False)}, "the documents, and a probe of their letters"
