"""A notice that cannot be delivered blocks nobody: it goes another way, and the next one goes out (R24)."""

from datetime import timedelta

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from bot.directory.user_directory import DirectoryRefused
from bot.installations.slack_errors import (
    ERROR_NAMES,
    INVALID_TOKEN_ERRORS,
    KIND_BY_ERROR_NAME,
    SlackErrorKind,
)
from bot.mail.mailer import MailDeferred, MailUnavailable
from bot.messaging.messenger import (
    ChannelUnreachable,
    MessageRejected,
    MessengerRefused,
    MessengerUnavailable,
    OutboundMessage,
    RateLimited,
    UserUnreachable,
)
from bot.use_cases.delivery.fallback import MIN_ATTEMPTS
from bot.use_cases.delivery.next_time import find_next_delivery_time
from models.notice import Notice, NoticeKind, NoticeStatus
from models.notice.payloads import DocumentPayload
from tests.use_cases.outbox import (
    CHANNEL,
    Outbox,
    get_alice_destination,
    get_benoit_destination,
    list_sent_kinds,
    list_sent_numbers,
    read_number,
)
from tests.variants import leave_to_long

HOUR, FIVE_MINUTES = timedelta(hours=1), timedelta(minutes=5)


def test_every_documented_error_has_one_meaning() -> None:
    assert sum(map(len, ERROR_NAMES.values())) == len(KIND_BY_ERROR_NAME)
    assert all([*names] == sorted(names) for names in ERROR_NAMES.values())
    assert {KIND_BY_ERROR_NAME[name] for name in INVALID_TOKEN_ERRORS} == {SlackErrorKind.TOKEN}


def always(outbox: Outbox, error: Exception, *, to: str = "", files: bool | None = None) -> None:
    """From now on this is raised for each message there, or for all those with or without a file."""

    async def refuse(message: OutboundMessage) -> None:
        if (not to or message.channel == to) and (files is None or files == bool(message.files)):
            raise error

    outbox.messenger.before = refuse


async def deliver_for(outbox: Outbox, window: timedelta) -> list[Notice]:
    """Deliveries whenever something is due, except for the long pauses in the middle of the window; returns
    what still waits before its end. Then until nothing waits, which takes some minutes at most."""
    start, waiting = outbox.at, list[Notice]()
    while (at := await find_next_delivery_time(outbox.dependencies)) is not None:
        outbox.at = max(at, outbox.at)
        if outbox.at - start < window - FIVE_MINUTES and at > start + timedelta(minutes=1):
            outbox.at = start + window - FIVE_MINUTES
            await outbox.deliver()
            waiting = await outbox.load_notices(status="waiting")
        await outbox.deliver()
        assert outbox.at - start < window + timedelta(minutes=15)
    return waiting


@pytest.mark.parametrize(
    ("error", "window"),
    [
        (ChannelUnreachable("is_archived"), timedelta(0)),
        (MessengerRefused("something_new"), HOUR),
        (KeyError("a bug"), HOUR),
        (RateLimited(30), 6 * HOUR),
        *leave_to_long(
            (MessageRejected("msg_too_long"), timedelta(0)),
            (MessengerUnavailable("http_503"), 6 * HOUR),
        ),
    ],
    ids=str,
)
async def test_r24_messages_that_a_channel_rejects_go_to_the_contacts_in_order(
    error: Exception, window: timedelta, outbox: Outbox
) -> None:
    always(outbox, error, to="C01BILLING")
    for number in range(3):
        await outbox.enqueue(CHANNEL, number=number)
    with capture_logs() as logs:
        waiting = await deliver_for(outbox, window)
    assert len(waiting) == (3 if window else 0)
    for channel in ("D01ALICE", "D02BENOIT"):
        kinds = [kind for kind in list_sent_kinds(outbox, channel) if kind is NoticeKind.PORTAL_CHANGED]
        assert len(kinds) == 3
    explained = isinstance(error, ChannelUnreachable)
    assert (NoticeKind.CHANNEL_UNREACHABLE in list_sent_kinds(outbox, "D01ALICE")) is explained
    given_up = [log for log in logs if log["event"] == "notice.undeliverable"]
    assert [(log["destination"], log["log_level"]) for log in given_up] == [("channel", "error")] * 3
    assert [log["fallback"] for log in given_up] == [["contact"]] * 3


async def test_r24_notices_go_by_email_if_the_token_no_longer_works(outbox: Outbox) -> None:
    """From the channel to the contacts and on to their mailboxes: the time is not spent three times."""
    always(outbox, MessengerRefused("token_revoked"))
    await outbox.enqueue(CHANNEL, number=1)
    assert await deliver_for(outbox, HOUR)
    assert {mail.to for mail in outbox.mailer.sent} == {"alice@acme.example", "benoit@acme.example"}


async def test_r24_without_a_mail_server_an_unreachable_persons_notice_is_undeliverable_immediately(
    outbox: Outbox,
) -> None:
    """Nothing else leads to them. Receipts, which are emailed in any case, wait for a server."""
    outbox.mailer.is_configured = False
    always(outbox, UserUnreachable("ekm_access_denied"))
    await outbox.enqueue(await get_alice_destination(outbox), number=1)
    await outbox.enqueue((await get_alice_destination(outbox)).replace("contact", "email"), number=2)
    counted = ("seatbot_undeliverable_notices_total", {"destination": "contact", "reason": "unreachable"})
    before = REGISTRY.get_sample_value(*counted) or 0
    with capture_logs() as logs:
        await outbox.deliver()
    [given_up] = [log for log in logs if log["event"] == "notice.undeliverable"]
    assert (given_up["destination"], given_up["fallback"], given_up["log_level"]) == ("contact", [], "error")
    assert REGISTRY.get_sample_value(*counted) == before + 1
    assert [notice.status for notice in await outbox.load_notices()] == ["undeliverable", "waiting"]
    outbox.mailer.is_configured = True
    await outbox.deliver_all()
    assert len(outbox.mailer.sent) == 1


@pytest.mark.parametrize(
    "error", [UserUnreachable("ekm_access_denied"), MessageRejected("msg_too_long"), MessengerRefused("new")]
)
async def test_r24_what_a_person_cannot_be_sent_is_emailed_and_the_next_message_goes_out(
    error: Exception, outbox: Outbox
) -> None:
    """Only the first one cannot be delivered."""

    async def refuse(message: OutboundMessage) -> None:
        if read_number(message) == 1:
            raise error

    outbox.messenger.before = refuse
    await outbox.enqueue(await get_alice_destination(outbox), number=1)
    await outbox.enqueue(await get_alice_destination(outbox), number=2)
    await deliver_for(outbox, HOUR)
    assert list_sent_numbers(outbox, "D01ALICE") == [2]
    assert [mail.to for mail in outbox.mailer.sent] == ["alice@acme.example"]


async def test_r24_one_failure_after_a_long_pause_does_not_give_a_notice_up(outbox: Outbox) -> None:
    """The process was stopped for a day, or the clock was wrong."""
    await outbox.enqueue(CHANNEL, number=1)
    outbox.at += timedelta(days=1)
    outbox.messenger.refusals["C01BILLING"] = [MessengerUnavailable("http_503")] * (MIN_ATTEMPTS - 1)
    await outbox.deliver_all()
    assert list_sent_numbers(outbox, "C01BILLING") == [1]


async def test_r24_a_person_without_a_slack_profile_gets_an_email(outbox: Outbox) -> None:
    async def refuse(team_id: str, email: str) -> str | None:
        raise DirectoryRefused("missing_scope")

    outbox.directory.find_user_by_email = refuse  # type: ignore[method-assign]
    await outbox.enqueue(await get_benoit_destination(outbox), number=1)
    await deliver_for(outbox, HOUR)
    assert [mail.to for mail in outbox.mailer.sent] == ["benoit@acme.example"]


@pytest.mark.parametrize(
    ("requested", "error"),
    [
        (True, MessengerUnavailable("upload answered HTTP 403")),
        (False, MessengerUnavailable("upload answered HTTP 403")),
        *leave_to_long((True, RateLimited(30))),
    ],
)
async def test_r24_a_file_blocks_no_message_and_is_emailed_if_it_was_requested(
    requested: bool, error: Exception, outbox: Outbox
) -> None:
    always(outbox, error, files=True)
    order = await outbox.store_order()
    await outbox.complete_order(order)
    payload = DocumentPayload(requested=requested)
    await outbox.enqueue(
        await get_alice_destination(outbox), kind=NoticeKind.RECEIPT, order=order, payload=payload
    )
    await outbox.deliver()
    await outbox.enqueue(await get_alice_destination(outbox), number=2)
    await outbox.deliver()
    assert list_sent_kinds(outbox, "D01ALICE") == [NoticeKind.RECEIPT, NoticeKind.PORTAL_CHANGED]
    assert (await outbox.load_notice(status="waiting")).kind is NoticeKind.RECEIPT_FILE
    await deliver_for(outbox, HOUR / 2)
    mails = [[file.name for file in mail.attachments] for mail in outbox.mailer.sent]
    assert mails == ([["R-1001.pdf"]] if requested else []), "the receipt's own email has it"


async def test_r24_account_services_channel_is_given_up_after_a_day(outbox: Outbox) -> None:
    always(outbox, ChannelUnreachable("not_in_channel"), to="C9")
    order = await outbox.store_order()
    await outbox.enqueue("services:C9", kind=NoticeKind.ORDER_OVERDUE, order=order)
    with capture_logs() as logs:
        assert await deliver_for(outbox, 24 * HOUR)
    [given_up] = [log for log in logs if log["event"] == "notice.undeliverable"]
    assert (given_up["destination"], given_up["reason"], given_up["fallback"]) == (
        "services",
        "unreachable",
        [],
    )


@pytest.mark.parametrize(("error", "days"), [(MailDeferred("451 4.7.1"), 1), (MailUnavailable("refused"), 5)])
async def test_r24_an_email_is_given_up_after_days(error: Exception, days: int, outbox: Outbox) -> None:
    contact = await outbox.load_contact()
    await outbox.enqueue(f"email:{contact.key}")
    await outbox.change(await outbox.load_notice(), attempts=MIN_ATTEMPTS)
    outbox.mailer.refusals = [error] * 2
    outbox.at += timedelta(days=days, hours=-1)
    await outbox.deliver()
    assert (await outbox.load_notice()).status is NoticeStatus.WAITING
    outbox.at += HOUR
    await outbox.deliver()
    assert (await outbox.load_notice()).status is NoticeStatus.UNDELIVERABLE
