"""R24 and R25: notices are delivered in order, within Slack's limits, and none is lost."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import select

from bot.db import Database, transaction_open
from bot.i18n import Reader
from bot.mail.mailer import Mail, MailRefused, MailUnavailable
from bot.messaging.messenger import (
    ChannelUnreachable,
    FileRefused,
    Letter,
    MessageGone,
    MessengerUnavailable,
    PersonUnreachable,
    RateLimited,
)
from bot.receipts import render_receipt
from bot.use_cases.delivery import deliver_due_notices
from bot.use_cases.delivery_claim import DueNotices, delivery_lease
from bot.use_cases.notice import tell
from bot.use_cases.quote import decide
from models.account import Account
from models.audit_entry import Actor
from models.notice import Notice, NoticeKind, NoticeStatus
from models.quote import Quote, QuoteStatus
from models.service_order import ServiceOrder
from models.sheet import ReceiptSheet
from tests.postgres import database_url, only_sqlite
from tests.use_cases.outbox import START, Outbox

CHANNEL = "channel:C01BILLING"


@pytest.fixture
def outbox(database_with_accounts: Database) -> Outbox:
    return Outbox(database_with_accounts)


@pytest.fixture(params=["sqlite", "postgresql"])
async def any_outbox(request: pytest.FixtureRequest) -> AsyncIterator[Outbox]:
    with database_url("accounts", request.param) as url:
        database = Database(url)
        yield Outbox(database)
        await database.close()


async def alice(outbox: Outbox) -> str:
    return f"contact:{(await outbox.contact()).key}"


async def benoit(outbox: Outbox) -> str:
    return f"contact:{(await outbox.contact('benoit@acme.example')).key}"


def steps(outbox: Outbox, channel: str) -> list[int]:
    return [sent.letter.words["number"] for sent in outbox.messenger.to(channel)]


def told_kinds(outbox: Outbox, channel: str) -> list[NoticeKind]:
    return [sent.letter.kind for sent in outbox.messenger.to(channel)]


# Order and claims


async def test_each_destination_gets_its_notices_in_order_whoever_delivers(any_outbox: Outbox) -> None:
    outbox = any_outbox
    channels = ["C1", "C2", "C3", "C4"]
    for number in range(6):
        await outbox.tell(*(f"channel:{c}" for c in channels), number=number)
    for _ in range(40):
        workers = (deliver_due_notices(outbox.services) for _ in range(3))
        await asyncio.gather(*workers)
        outbox.at += timedelta(milliseconds=300)
    assert {c: steps(outbox, c) for c in channels} == {c: [*range(6)] for c in channels}
    assert await outbox.notices(status="waiting") == []


async def test_what_was_rolled_back_is_not_told(outbox: Outbox) -> None:
    with pytest.raises(KeyError):
        await tell_and_fail(outbox)
    assert await outbox.deliver() == 0
    assert outbox.messenger.sent == []


async def tell_and_fail(outbox: Outbox) -> None:
    async with outbox.database.write() as session:
        account = await session.get_one(Account, "acme")
        await tell(session, NoticeKind.PORTAL_CHANGED, "lost", [CHANNEL], account=account, at=START)
        raise KeyError("after the notice was stored")


async def test_delivering_again_sends_nothing_again(outbox: Outbox) -> None:
    await outbox.tell(CHANNEL, await alice(outbox))
    await outbox.deliver_all()
    await outbox.deliver_all()
    assert sorted(sent.channel for sent in outbox.messenger.sent) == ["C01BILLING", "D01ALICE"]


async def test_a_notice_for_later_waits_and_holds_nobody_back(outbox: Outbox) -> None:
    await outbox.tell(CHANNEL, due_at=START + timedelta(days=1), number=1)
    await outbox.tell(CHANNEL, number=2)
    await outbox.deliver_all()
    assert steps(outbox, "C01BILLING") == [2]
    outbox.at = START + timedelta(days=1)
    await outbox.deliver_all()
    assert steps(outbox, "C01BILLING") == [2, 1]


async def test_after_a_crash_the_notice_goes_out_once_its_lease_has_run_out(any_outbox: Outbox) -> None:
    outbox = any_outbox
    await outbox.tell(CHANNEL, number=1)
    await outbox.tell(CHANNEL, number=2)
    assert len(await DueNotices(outbox.services).claim(16)) == 1
    outbox.at += delivery_lease(outbox.services.settings) - timedelta(seconds=1)
    assert await outbox.deliver() == 0
    outbox.at += timedelta(seconds=1)
    assert await outbox.deliver() == 1
    await outbox.deliver_all()
    assert steps(outbox, "C01BILLING") == [1, 2]


async def test_a_worker_whose_lease_ran_out_changes_nothing_afterwards(outbox: Outbox) -> None:
    await outbox.tell(CHANNEL)

    async def overslept(letter: Letter) -> None:
        outbox.messenger.before = None
        outbox.messenger._busy.clear()
        outbox.at += delivery_lease(outbox.services.settings)
        assert await outbox.deliver() == 1

    outbox.messenger.before = overslept
    assert await outbox.deliver() == 0
    assert (await outbox.notice()).status is NoticeStatus.DELIVERED


async def test_a_destination_that_hangs_stops_no_other(outbox: Outbox) -> None:
    released = asyncio.Event()

    async def hang(letter: Letter) -> None:
        if letter.channel == "C1":
            await released.wait()
        elif letter.words["number"] == 2:
            released.set()
        else:
            asyncio.get_running_loop().call_later(0.1, outbox.move, 1)

    outbox.messenger.before = hang
    await outbox.tell("channel:C1", "channel:C2", number=1)
    await outbox.tell("channel:C2", number=2)
    assert await asyncio.wait_for(outbox.deliver(), 5) == 3


async def test_what_is_on_its_way_when_the_job_is_stopped_is_stored_and_not_sent_again(
    outbox: Outbox,
) -> None:
    under_way, answered = asyncio.Event(), asyncio.Event()

    async def wait(letter: Letter) -> None:
        under_way.set()
        await answered.wait()

    outbox.messenger.before = wait
    await outbox.tell(CHANNEL)
    job = asyncio.create_task(outbox.deliver())
    await under_way.wait()
    job.cancel()
    asyncio.get_running_loop().call_later(0.05, answered.set)
    with pytest.raises(asyncio.CancelledError):
        await job
    assert (await outbox.notice()).status is NoticeStatus.DELIVERED


# Limits and faults


async def test_a_channel_gets_a_message_a_second_and_a_workspace_five(outbox: Outbox) -> None:
    for number in range(2):
        await outbox.tell(*(f"channel:C{i}" for i in range(12)), number=number)
    moments: list[tuple[float, str]] = []

    async def note(letter: Letter) -> None:
        moments.append(((outbox.at - START).total_seconds(), letter.channel))

    outbox.messenger.before = note
    while len(moments) < 24:
        await outbox.deliver()
        outbox.at += timedelta(milliseconds=100)
    for channel in {c for _, c in moments}:
        times = [t for t, c in moments if c == channel]
        assert all(b - a >= 1 for a, b in pairwise(times))
    for start, _ in moments:
        assert sum(start <= t < start + 1 for t, _ in moments) <= 9
    assert moments[-1][0] == pytest.approx((24 - 5) * 0.2, abs=0.2)


async def test_workspaces_do_not_slow_each_other_down(outbox: Outbox) -> None:
    await outbox.tell(*(f"channel:C{i}" for i in range(8)))
    async with outbox.database.write() as session:
        for notice in (await session.exec(select(Notice).where(Notice.destination > "channel:C4"))).all():
            notice.team = "T02OTHER"
    assert await outbox.deliver() == 8


async def test_slacks_rate_limit_is_waited_out_to_the_second_and_costs_no_attempt(outbox: Outbox) -> None:
    await outbox.tell(CHANNEL, number=1)
    outbox.messenger.refusals["C01BILLING"] = [RateLimited(42)]
    assert await outbox.deliver() == 0
    await outbox.tell(await alice(outbox))
    outbox.at = START + timedelta(seconds=41.999)
    assert await outbox.deliver() == 0
    assert len(outbox.messenger.tried) == 1, "the workspace rests as well"
    outbox.at = START + timedelta(seconds=42)
    assert await outbox.deliver() == 1
    outbox.move(0.2)
    assert await outbox.deliver() == 1
    assert (await outbox.notice(destination=CHANNEL)).attempts == 0


async def test_an_outage_is_tried_again_ever_later_and_keeps_the_order(outbox: Outbox) -> None:
    await outbox.tell(CHANNEL, number=1)
    await outbox.tell(CHANNEL, number=2)
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
    assert len(outbox.messenger.tried) == 13
    await outbox.deliver_all()
    assert steps(outbox, "C01BILLING") == [1, 2]
    first, _ = await outbox.notices()
    assert (first.attempts, first.last_error) == (12, None)


async def test_a_fault_of_ours_is_kept_with_the_notice_and_stops_no_other(outbox: Outbox) -> None:
    await outbox.tell("channel:C1", "channel:C2")
    outbox.messenger.refusals["C1"] = [KeyError("a bug")]
    assert await outbox.deliver() == 1
    stuck = await outbox.notice(status="waiting")
    assert (stuck.attempts, stuck.last_error) == (1, "KeyError: 'a bug'")
    await outbox.deliver_all()
    assert await outbox.notices(status="waiting") == []


async def test_what_cannot_be_stored_is_put_off_instead_of_posted_over_and_over(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> timedelta:
        raise KeyError("a bug")

    await outbox.tell(CHANNEL)
    with monkeypatch.context() as patch:
        patch.setattr("bot.use_cases.delivery_outcome.delivered", broken)
        assert await outbox.deliver() == 0
    assert (await outbox.notice()).attempts == 1
    await outbox.deliver_all()
    assert (await outbox.notice()).status is NoticeStatus.DELIVERED


# People, channels and mail


async def test_a_contact_bound_by_email_is_found_and_reads_their_own_language(outbox: Outbox) -> None:
    await outbox.tell(await benoit(outbox))
    await outbox.deliver_all()
    [sent] = outbox.messenger.sent
    assert (sent.letter.channel, sent.letter.reader.tag) == ("U02BENOIT", "fr-FR")
    assert sent.letter.amounts


async def test_a_channel_reads_the_accounts_language_and_no_amounts(outbox: Outbox) -> None:
    await outbox.tell(CHANNEL)
    await outbox.deliver()
    [sent] = outbox.messenger.sent
    assert (sent.letter.reader.tag, sent.letter.reader.time_zone) == ("fr", "Europe/Paris")
    assert not sent.letter.amounts


async def test_a_channel_shows_amounts_where_the_account_wants_them(outbox: Outbox) -> None:
    await outbox.change(await outbox.account(), channel_amounts=True)
    await outbox.tell(CHANNEL)
    await outbox.deliver()
    assert outbox.messenger.sent[0].letter.amounts


async def test_where_a_channel_cannot_be_posted_to_its_contacts_are_told_by_direct_message(
    outbox: Outbox,
) -> None:
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("not_in_channel")] * 2
    order = await outbox.order()
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.tell(CHANNEL, number=2)
    await outbox.deliver_all()
    kinds = {d: [s.letter.kind for s in outbox.messenger.to(d)] for d in ("D01ALICE", "D02BENOIT")}
    told = NoticeKind.CHANNEL_UNREACHABLE
    assert kinds == {
        "D01ALICE": [told, NoticeKind.ORDER_STATUS, NoticeKind.PORTAL_CHANGED],
        "D02BENOIT": [told, NoticeKind.PORTAL_CHANGED],
    }
    refused = await outbox.notices(destination=CHANNEL)
    assert {n.last_error for n in refused} == {"channel unreachable: not_in_channel"}


async def test_that_a_channel_is_unreachable_is_told_once_a_day(outbox: Outbox) -> None:
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("is_archived")] * 3
    for day in (0, 0, 1):
        outbox.at += timedelta(days=day)
        await outbox.tell(CHANNEL)
        await outbox.deliver_all()
    told = await outbox.notices(kind="channel_unreachable", destination=await alice(outbox))
    assert len(told) == 2


async def test_whom_the_event_told_already_is_not_told_again(outbox: Outbox) -> None:
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("not_in_channel")]
    order = await outbox.order()
    await outbox.tell(await alice(outbox), CHANNEL, kind=NoticeKind.ORDER_FAILED, order=order)
    await outbox.deliver_all()
    kinds = [sent.letter.kind for sent in outbox.messenger.to("D01ALICE")]
    assert sorted(kinds) == [NoticeKind.CHANNEL_UNREACHABLE, NoticeKind.ORDER_FAILED]


async def test_account_services_channel_is_tried_until_it_can_be_posted_to(outbox: Outbox) -> None:
    outbox.messenger.refusals["C9"] = [ChannelUnreachable("not_in_channel")]
    order = await outbox.order()
    await outbox.tell("services:C9", kind=NoticeKind.ORDER_OVERDUE, order=order)
    await outbox.deliver_all()
    [sent] = outbox.messenger.sent
    assert sent.letter.words["to"] == "services"
    assert sent.letter.team == "T01ACME"


async def test_someone_who_cannot_be_reached_in_slack_gets_an_email(outbox: Outbox) -> None:
    outbox.messenger.refusals["U01ALICE"] = [PersonUnreachable("user_disabled")]
    quote = await outbox.quote()
    await outbox.tell(await alice(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    [mail] = outbox.mailer.sent
    assert mail.to == "alice@acme.example"
    assert "Q-2041" in mail.subject
    assert "58.80" in mail.text


@pytest.mark.parametrize(
    "who",
    [
        {"is_guest": True},
        {"is_bot": True},
        {"deleted": True},
        {"home_team_id": "T02OTHER"},
        {"is_stranger": True},
    ],
    ids=lambda who: next(iter(who)),
)
async def test_no_stranger_is_written_to_for_their_email(outbox: Outbox, who: dict[str, object]) -> None:
    """R5"""
    outbox.directory.add("U02BENOIT", "benoit@acme.example", **who)
    await outbox.tell(await benoit(outbox))
    await outbox.deliver_all()
    assert outbox.messenger.sent == []
    assert [mail.to for mail in outbox.mailer.sent] == ["benoit@acme.example"]


async def test_who_had_the_address_once_is_not_written_to(outbox: Outbox) -> None:
    """R5: bound by e-mail only as long as the address is the person's."""
    await outbox.tell(await benoit(outbox))
    await outbox.deliver_all()
    assert len(outbox.messenger.to("D02BENOIT")) == 1
    outbox.directory.add("U02BENOIT", "roche@acme.example")
    outbox.at += timedelta(hours=2)
    await outbox.tell(await benoit(outbox))
    await outbox.deliver_all()
    assert len(outbox.messenger.to("D02BENOIT")) == 1
    assert [mail.to for mail in outbox.mailer.sent] == ["benoit@acme.example"]


async def test_while_the_directory_is_silent_a_person_unknown_so_far_waits(outbox: Outbox) -> None:
    outbox.directory.silent = True
    await outbox.tell(await alice(outbox))
    assert await outbox.deliver() == 0
    outbox.directory.silent = False
    await outbox.deliver_all()
    assert len(outbox.messenger.to("D01ALICE")) == 1


async def test_mail_waits_until_a_server_is_set(outbox: Outbox) -> None:
    order = await outbox.order()
    await outbox.complete(order)
    contact = await outbox.contact()
    await outbox.tell(f"email:{contact.key}", kind=NoticeKind.RECEIPT_MAIL, order=order)
    outbox.mailer.configured = False
    await outbox.tell(CHANNEL)
    assert await outbox.deliver() == 1
    assert (await outbox.notice(status="waiting")).attempts == 0
    outbox.mailer.configured = True
    await outbox.deliver_all()
    [mail] = outbox.mailer.sent
    assert "R-1001" in mail.subject


async def test_mail_knows_no_pace(outbox: Outbox) -> None:
    contact = await outbox.contact()
    for _ in range(10):
        await outbox.tell(f"email:{contact.key}")
    assert await outbox.deliver() == 10
    assert len({mail.message_id for mail in outbox.mailer.sent}) == 10


async def test_mail_refused_for_good_is_given_up_and_the_reason_kept(outbox: Outbox) -> None:
    contact = await outbox.contact()
    await outbox.tell(f"email:{contact.key}")
    outbox.mailer.refusals = [MailRefused("recipient refused: [550]")]
    await outbox.deliver_all()
    notice = await outbox.notice()
    assert (notice.status, notice.last_error) == ("undeliverable", "recipient refused: [550]")


async def test_a_mail_sent_again_has_the_same_message_id(outbox: Outbox) -> None:
    contact = await outbox.contact()
    await outbox.tell(f"email:{contact.key}")
    ids = []

    async def half(mail: Mail) -> None:
        ids.append(mail.message_id)
        if len(ids) == 1:
            raise MailUnavailable("cut off")

    outbox.mailer.send = half  # type: ignore[method-assign]
    await outbox.deliver_all()
    assert len(ids) == 2
    assert ids[0] == ids[1]


async def test_who_lost_the_role_gets_nothing_more(outbox: Outbox) -> None:
    await outbox.change(await outbox.contact(), active=False)
    await outbox.tell(await alice(outbox))
    await outbox.deliver_all()
    notice = await outbox.notice()
    assert (notice.status, notice.last_error) == ("undeliverable", "contact withdrawn")
    assert outbox.messenger.tried == []


async def test_the_receipt_of_who_lost_the_role_goes_to_all_contacts(outbox: Outbox) -> None:
    """R13"""
    order = await outbox.order()
    await outbox.complete(order)
    contact = await outbox.contact()
    await outbox.change(contact, active=False)
    await outbox.tell(await alice(outbox), kind=NoticeKind.RECEIPT, order=order)
    await outbox.tell(f"email:{contact.key}", kind=NoticeKind.RECEIPT_MAIL, order=order)
    await outbox.deliver_all()
    assert told_kinds(outbox, "D02BENOIT") == [NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE]
    assert {sent.channel for sent in outbox.messenger.sent} == {"D02BENOIT"}
    assert [mail.to for mail in outbox.mailer.sent] == ["benoit@acme.example"]


async def test_the_reminder_of_who_lost_the_role_goes_to_whoever_may_still_decide(outbox: Outbox) -> None:
    """R9, R13"""
    quote = await outbox.quote("SQ-1001")
    await outbox.change(await outbox.contact(), active=False)
    ends = quote.expires_at.isoformat()
    event = "quote:1:reminder"
    await outbox.tell(
        await alice(outbox), kind=NoticeKind.QUOTE_REMINDER, event=event, quote=quote, ends=ends, hours=48
    )
    await outbox.deliver_all()
    assert told_kinds(outbox, "D02BENOIT") == [NoticeKind.QUOTE_REMINDER]
    assert {sent.channel for sent in outbox.messenger.sent} == {"D02BENOIT"}


# Standing messages


async def test_the_status_message_is_redrawn_in_place_with_its_history_in_the_thread(outbox: Outbox) -> None:
    order = await outbox.order()
    for step in ("placed", "processing"):
        await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
        at = outbox.at.isoformat()
        await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_HISTORY, order=order, step=step, at=at)
        await outbox.deliver_all()
    first, *rest = outbox.messenger.to("C01BILLING")
    ts = first.posted.ts
    assert (first.letter.edits, first.letter.thread) == (None, None)
    assert [(s.letter.edits, s.letter.thread) for s in rest] == [(None, ts), (ts, None), (None, ts)]
    [message] = await outbox.posted_messages()
    assert (message.channel, message.ts, message.order_id) == ("C01BILLING", ts, order.id)


async def test_a_status_message_that_is_gone_is_posted_anew(outbox: Outbox) -> None:
    order = await outbox.order()
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    outbox.messenger.refusals["C01BILLING"] = [MessageGone("message_not_found")]
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    _, anew, redrawn = outbox.messenger.to("C01BILLING")
    assert anew.letter.edits is None
    assert redrawn.letter.edits == anew.posted.ts
    assert len(await outbox.posted_messages()) == 1


async def test_of_several_redrawings_due_the_last_is_enough(outbox: Outbox) -> None:
    order = await outbox.order()
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    for _ in range(4):
        await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    assert len(outbox.messenger.sent) == 2
    assert len(await outbox.notices(status="delivered")) == 5


async def test_the_first_status_message_is_posted_though_a_newer_one_is_due(outbox: Outbox) -> None:
    order = await outbox.order()
    at = outbox.at.isoformat()
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_HISTORY, order=order, step="placed", at=at)
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    card, history, _ = outbox.messenger.to("C01BILLING")
    assert history.letter.thread == card.posted.ts


async def test_a_direct_message_is_redrawn_where_slack_says_it_stands(outbox: Outbox) -> None:
    order = await outbox.order()
    for _ in range(2):
        await outbox.tell(await alice(outbox), kind=NoticeKind.ORDER_STATUS, order=order)
        await outbox.deliver_all()
    posted, redrawn = outbox.messenger.sent
    assert posted.letter.channel == "U01ALICE"
    assert (redrawn.letter.channel, redrawn.letter.edits) == ("D01ALICE", posted.posted.ts)


async def test_the_receipt_in_a_channel_answers_the_status_message(outbox: Outbox) -> None:
    order = await outbox.order()
    await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.deliver_all()
    await outbox.complete(order)
    await outbox.tell(CHANNEL, await alice(outbox), kind=NoticeKind.RECEIPT, order=order)
    await outbox.deliver_all()
    card, receipt = outbox.messenger.to("C01BILLING")
    assert receipt.letter.thread == card.posted.ts
    personal, pdf = outbox.messenger.to("D01ALICE")
    assert (personal.letter.thread, personal.letter.amounts) == (None, True)
    assert pdf.letter.file is not None


# The receipt's PDF


async def receipt_for_alice(outbox: Outbox, **words: Any) -> ServiceOrder:
    order = await outbox.order()
    await outbox.complete(order)
    await outbox.tell(
        await alice(outbox), kind=NoticeKind.RECEIPT, event="order:1:receipt", order=order, **words
    )
    return order


@pytest.mark.parametrize("fault", [MessengerUnavailable("silent"), RateLimited(3)], ids=["outage", "limit"])
async def test_r24_sharing_the_pdf_is_tried_again_without_the_message(
    fault: Exception, outbox: Outbox
) -> None:
    outbox.messenger.refusals["D01ALICE"] = [fault] * 2
    await receipt_for_alice(outbox)
    await outbox.deliver_all()
    assert told_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE]
    assert outbox.messenger.refusals["D01ALICE"] == []


async def test_r24_after_a_crash_while_sharing_the_pdf_alone_is_shared_again(any_outbox: Outbox) -> None:
    outbox = any_outbox
    await receipt_for_alice(outbox)
    assert await outbox.deliver() == 1
    outbox.move(1)
    [claim] = await DueNotices(outbox.services).claim(16)
    assert claim.notice.kind is NoticeKind.RECEIPT_FILE
    outbox.at += delivery_lease(outbox.services.settings)
    await outbox.deliver_all()
    assert told_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE]


@pytest.mark.parametrize("fault", [FileRefused("missing_scope"), MessageGone("channel_not_found")])
async def test_a_pdf_that_slack_does_not_take_holds_nothing_up(fault: Exception, outbox: Outbox) -> None:
    """The receipt's e-mail has it as well; only whoever asked for it gets another."""
    outbox.messenger.refusals["D01ALICE"] = [fault]
    await receipt_for_alice(outbox)
    await outbox.tell(await alice(outbox), number=2)
    await outbox.deliver_all()
    assert told_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT, NoticeKind.PORTAL_CHANGED]
    assert outbox.mailer.sent == []
    outbox.messenger.refusals["D01ALICE"] = [fault]
    order = await outbox.order("SO-1002")
    await outbox.complete(order, "R-1002")
    await outbox.tell(await alice(outbox), kind=NoticeKind.RECEIPT, order=order, asked=True)
    await outbox.deliver_all()
    [mail] = outbox.mailer.sent
    assert [(a.name, a.content_type) for a in mail.attachments] == [("R-1002.pdf", "application/pdf")]


async def test_the_pdf_goes_to_nobody_but_who_was_told(outbox: Outbox) -> None:
    await receipt_for_alice(outbox)
    assert await outbox.deliver() == 1
    await outbox.change(await outbox.contact(), slack_user="U02BENOIT")
    await outbox.deliver_all()
    assert told_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT]
    assert outbox.messenger.to("D02BENOIT") == []


async def test_the_pdf_is_set_in_a_thread_and_in_no_transaction(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, bool]] = []

    def noted(reader: Reader, sheet: ReceiptSheet) -> bytes:
        seen.append((threading.current_thread() is threading.main_thread(), transaction_open.get()))
        return render_receipt(reader, sheet)

    monkeypatch.setattr("bot.use_cases.letter.render_receipt", noted)
    order = await receipt_for_alice(outbox)
    mailed = f"email:{(await outbox.contact()).key}"
    await outbox.tell(mailed, kind=NoticeKind.RECEIPT_MAIL, order=order)
    await outbox.deliver_all()
    assert seen == [(False, False)] * 2


async def test_posted_copies_of_a_quote_are_redrawn_when_it_is_decided(outbox: Outbox) -> None:
    quote = await outbox.quote()
    await outbox.tell(await alice(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    await reject(outbox, quote)
    await outbox.deliver_all()
    posted, *rest = outbox.messenger.to("D01ALICE")
    cards = [s for s in rest if s.letter.kind is NoticeKind.QUOTE_CARD]
    assert [(c.letter.channel, c.letter.edits) for c in cards] == [("D01ALICE", posted.posted.ts)]
    assert cards[0].letter.quote
    assert not cards[0].letter.quote.pending


async def test_a_quote_decided_while_its_message_is_posted_is_redrawn_as_well(outbox: Outbox) -> None:
    quote = await outbox.quote()

    async def meanwhile(letter: Letter) -> None:
        outbox.messenger.before = None
        await reject(outbox, quote)

    outbox.messenger.before = meanwhile
    await outbox.tell(await alice(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    cards = [s for s in outbox.messenger.sent if s.letter.kind is NoticeKind.QUOTE_CARD]
    assert len(cards) == 1


async def test_a_copy_that_is_gone_is_forgotten(outbox: Outbox) -> None:
    quote = await outbox.quote()
    await outbox.tell(await alice(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    outbox.messenger.refusals["D01ALICE"] = [MessageGone("message_not_found")]
    await reject(outbox, quote)
    await outbox.deliver_all()
    assert await outbox.posted_messages() == []
    assert await outbox.notices(status="waiting") == []


@pytest.mark.parametrize("gone", [MessageGone("message_not_found"), ChannelUnreachable("is_archived")])
async def test_a_copy_that_is_gone_from_a_channel_is_not_posted_anew(outbox: Outbox, gone: Exception) -> None:
    """R25: a decided quote needs nobody, so it is no new message to anybody."""
    quote = await outbox.quote()
    await outbox.tell(CHANNEL, kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
    await outbox.deliver_all()
    outbox.messenger.refusals["C01BILLING"] = [gone]
    await reject(outbox, quote)
    await outbox.deliver_all()
    assert told_kinds(outbox, "C01BILLING") == [NoticeKind.QUOTE_ARRIVED]
    assert await outbox.posted_messages() == []
    assert await outbox.notices(kind=NoticeKind.CHANNEL_UNREACHABLE) == []


async def reject(outbox: Outbox, quote: Quote) -> None:
    async with outbox.database.write() as session:
        row = await session.get_one(Quote, quote.key)
        await decide(session, row, QuoteStatus.REJECTED, Actor("contact", "Bea", "test"), outbox.at)


# Size


@only_sqlite
async def test_the_due_ones_are_found_by_index_among_any_number_of_delivered_ones(outbox: Outbox) -> None:
    await fill(outbox, 20_000)
    order = await outbox.order()
    for _ in range(3):
        await outbox.tell(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    asked: list[tuple[str, object]] = []
    for engine in (outbox.database._reader, outbox.database._writer):

        @event.listens_for(engine.sync_engine, "before_cursor_execute")
        def listen(_c: object, _k: object, sql: str, parameters: object, *_: object) -> None:
            if sql.startswith("SELECT") and "FROM notice" in sql:
                asked.append((sql, parameters))

    for _ in range(3):
        await outbox.deliver()
        outbox.move(1)
    assert len(outbox.messenger.sent) == 2
    async with outbox.database.read() as session:
        connection = await session.connection()
        for sql, parameters in asked:
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", parameters)  # type: ignore[arg-type]
            details = [str(row._mapping["detail"]) for row in plan]
            steps = [detail for detail in details if " notice" in detail]
            assert steps
            assert all("INDEX ix_notice_waiting" in s or "PRIMARY KEY" in s for s in steps), steps


async def fill(outbox: Outbox, number: int) -> None:
    async with outbox.database.write() as session:
        await (await session.connection()).execute(
            text(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :number) "
                "INSERT INTO notice (event, account_id, team, destination, kind, words, status, created_at, "
                "due_at, delivered_at, attempts) SELECT 'old:' || i, 'acme', 'T01ACME', "
                "'channel:C01BILLING', 'portal_changed', '{}', 'delivered', '2026-01-01 00:00:00', "
                "'2026-01-01 00:00:00', '2026-01-01 00:00:00', 0 FROM n"
            ),
            {"number": number},
        )
