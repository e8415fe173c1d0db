"""Who gets a notice, in Slack or by email, as people and channels come and go (R13, R22, R25)."""

from datetime import timedelta

import pytest

from bot.mail.mailer import MailRejected, MailUnavailable, OutboundEmail
from bot.messaging.messenger import (
    ChannelUnreachable,
    UserUnreachable,
)
from models.notice import NoticeKind
from models.notice.destination import DestinationKind
from models.notice.payloads import QuoteReminderPayload
from tests.use_cases.outbox import (
    CHANNEL,
    Outbox,
    get_alice_destination,
    get_benoit_destination,
    list_sent_kinds,
)


async def test_a_contact_bound_by_email_is_found_and_reads_their_own_language(outbox: Outbox) -> None:
    await outbox.enqueue(await get_benoit_destination(outbox))
    await outbox.deliver_all()
    [sent] = outbox.messenger.sent
    assert (sent.message.channel, sent.message.localizer.language_tag) == ("U02BENOIT", "fr-FR")
    assert sent.message.shows_amounts


async def test_a_channel_reads_the_accounts_language_and_no_amounts(outbox: Outbox) -> None:
    await outbox.enqueue(CHANNEL)
    await outbox.deliver()
    [sent] = outbox.messenger.sent
    assert (sent.message.localizer.language_tag, sent.message.localizer.time_zone) == ("fr", "Europe/Paris")
    assert not sent.message.shows_amounts


async def test_a_channel_shows_amounts_if_the_account_wants_them(outbox: Outbox) -> None:
    await outbox.change(await outbox.load_account(), channel_amounts=True)
    await outbox.enqueue(CHANNEL)
    await outbox.deliver()
    assert outbox.messenger.sent[0].message.shows_amounts


async def test_contacts_get_a_direct_message_if_the_channel_is_unreachable(
    outbox: Outbox,
) -> None:
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("not_in_channel")] * 2
    order = await outbox.store_order()
    await outbox.enqueue(CHANNEL, kind=NoticeKind.ORDER_STATUS, order=order)
    await outbox.enqueue(CHANNEL, number=2)
    await outbox.deliver_all()
    kinds = {d: [s.message.kind for s in outbox.messenger.to(d)] for d in ("D01ALICE", "D02BENOIT")}
    kind = NoticeKind.CHANNEL_UNREACHABLE
    assert kinds == {
        "D01ALICE": [kind, NoticeKind.ORDER_STATUS, NoticeKind.PORTAL_CHANGED],
        "D02BENOIT": [kind, NoticeKind.PORTAL_CHANGED],
    }
    refused = await outbox.load_notices(destination=CHANNEL)
    assert {n.last_error for n in refused} == {"unreachable: not_in_channel"}


async def test_an_unreachable_channel_is_reported_once_a_day(outbox: Outbox) -> None:
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("is_archived")] * 3
    for day in (0, 0, 1):
        outbox.at += timedelta(days=day)
        await outbox.enqueue(CHANNEL)
        await outbox.deliver_all()
    channel_notices = await outbox.load_notices(
        kind="channel_unreachable", destination=await get_alice_destination(outbox)
    )
    assert len(channel_notices) == 2


async def test_a_destination_is_notified_of_an_event_once(outbox: Outbox) -> None:
    outbox.messenger.refusals["C01BILLING"] = [ChannelUnreachable("not_in_channel")]
    order = await outbox.store_order()
    await outbox.enqueue(
        await get_alice_destination(outbox), CHANNEL, kind=NoticeKind.ORDER_FAILED, order=order
    )
    await outbox.deliver_all()
    kinds = [sent.message.kind for sent in outbox.messenger.to("D01ALICE")]
    assert sorted(kinds) == [NoticeKind.CHANNEL_UNREACHABLE, NoticeKind.ORDER_FAILED]


async def test_account_services_channel_is_tried_until_it_can_be_posted_to(outbox: Outbox) -> None:
    outbox.messenger.refusals["C9"] = [ChannelUnreachable("not_in_channel")]
    order = await outbox.store_order()
    await outbox.enqueue("services:C9", kind=NoticeKind.ORDER_OVERDUE, order=order)
    await outbox.deliver_all()
    [sent] = outbox.messenger.sent
    assert sent.message.destination_kind is DestinationKind.ACCOUNT_SERVICES
    assert sent.message.team_id == "T01ACME"


async def test_someone_who_cannot_be_reached_in_slack_gets_an_email(outbox: Outbox) -> None:
    outbox.messenger.refusals["U01ALICE"] = [UserUnreachable("user_disabled")]
    quote = await outbox.store_quote()
    await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.QUOTE_ARRIVED, quote=quote)
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
async def test_r5_a_stranger_with_a_contacts_email_gets_no_message(
    outbox: Outbox, who: dict[str, object]
) -> None:
    outbox.directory.add("U02BENOIT", "benoit@acme.example", **who)
    await outbox.enqueue(await get_benoit_destination(outbox))
    await outbox.deliver_all()
    assert outbox.messenger.sent == []
    assert [mail.to for mail in outbox.mailer.sent] == ["benoit@acme.example"]


async def test_a_former_owner_of_an_address_gets_no_messages(outbox: Outbox) -> None:
    """R5: bound by email only as long as the address is the person's."""
    await outbox.enqueue(await get_benoit_destination(outbox))
    await outbox.deliver_all()
    assert len(outbox.messenger.to("D02BENOIT")) == 1
    outbox.directory.add("U02BENOIT", "roche@acme.example")
    outbox.at += timedelta(hours=2)
    await outbox.enqueue(await get_benoit_destination(outbox))
    await outbox.deliver_all()
    assert len(outbox.messenger.to("D02BENOIT")) == 1
    assert [mail.to for mail in outbox.mailer.sent] == ["benoit@acme.example"]


async def test_notices_to_an_unknown_person_wait_until_the_directory_answers(outbox: Outbox) -> None:
    outbox.directory.silent = True
    await outbox.enqueue(await get_alice_destination(outbox))
    assert await outbox.deliver() == 0
    outbox.directory.silent = False
    await outbox.deliver_all()
    assert len(outbox.messenger.to("D01ALICE")) == 1


async def test_mail_waits_until_a_server_is_configured(outbox: Outbox) -> None:
    order = await outbox.store_order()
    await outbox.complete_order(order)
    contact = await outbox.load_contact()
    await outbox.enqueue(f"email:{contact.key}", kind=NoticeKind.RECEIPT_EMAIL, order=order)
    outbox.mailer.is_configured = False
    await outbox.enqueue(CHANNEL)
    assert await outbox.deliver() == 1
    assert (await outbox.load_notice(status="waiting")).attempts == 0
    outbox.mailer.is_configured = True
    await outbox.deliver_all()
    [mail] = outbox.mailer.sent
    assert "R-1001" in mail.subject


async def test_mail_has_no_rate_limit(outbox: Outbox) -> None:
    contact = await outbox.load_contact()
    for _ in range(10):
        await outbox.enqueue(f"email:{contact.key}")
    assert await outbox.deliver() == 10
    assert len({mail.message_id for mail in outbox.mailer.sent}) == 10


async def test_permanently_rejected_mail_is_undeliverable_and_keeps_its_reason(outbox: Outbox) -> None:
    contact = await outbox.load_contact()
    await outbox.enqueue(f"email:{contact.key}")
    outbox.mailer.refusals = [MailRejected("recipient refused: [550]")]
    await outbox.deliver_all()
    notice = await outbox.load_notice()
    assert (notice.status, notice.last_error) == ("undeliverable", "rejected: recipient refused: [550]")


async def test_a_mail_sent_again_has_the_same_message_id(outbox: Outbox) -> None:
    contact = await outbox.load_contact()
    await outbox.enqueue(f"email:{contact.key}")
    ids = []

    async def half(email: OutboundEmail) -> None:
        ids.append(email.message_id)
        if len(ids) == 1:
            raise MailUnavailable("cut off")

    outbox.mailer.send_email = half  # type: ignore[method-assign]
    await outbox.deliver_all()
    assert len(ids) == 2
    assert ids[0] == ids[1]


async def test_a_person_who_lost_the_role_gets_no_more_notices(outbox: Outbox) -> None:
    await outbox.change(await outbox.load_contact(), active=False)
    await outbox.enqueue(await get_alice_destination(outbox))
    await outbox.deliver_all()
    notice = await outbox.load_notice()
    assert (notice.status, notice.last_error) == ("undeliverable", "contact withdrawn")
    assert outbox.messenger.tried == []


async def test_r13_the_receipt_of_a_person_who_lost_the_role_goes_to_all_contacts(outbox: Outbox) -> None:
    order = await outbox.store_order()
    await outbox.complete_order(order)
    contact = await outbox.load_contact()
    await outbox.change(contact, active=False)
    await outbox.enqueue(await get_alice_destination(outbox), kind=NoticeKind.RECEIPT, order=order)
    await outbox.enqueue(f"email:{contact.key}", kind=NoticeKind.RECEIPT_EMAIL, order=order)
    await outbox.deliver_all()
    assert list_sent_kinds(outbox, "D02BENOIT") == [NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE]
    assert {sent.channel for sent in outbox.messenger.sent} == {"D02BENOIT"}
    assert [mail.to for mail in outbox.mailer.sent] == ["benoit@acme.example"]


async def test_r9_the_reminder_of_a_person_who_lost_the_role_goes_to_those_who_may_decide(
    outbox: Outbox,
) -> None:
    quote = await outbox.store_quote("SQ-1001")
    await outbox.change(await outbox.load_contact(), active=False)
    payload = QuoteReminderPayload(expires_at=quote.expires_at, hours_before_expiry=48)
    event = "quote:1:reminder"
    await outbox.enqueue(
        await get_alice_destination(outbox),
        kind=NoticeKind.QUOTE_REMINDER,
        event=event,
        quote=quote,
        payload=payload,
    )
    await outbox.deliver_all()
    assert list_sent_kinds(outbox, "D02BENOIT") == [NoticeKind.QUOTE_REMINDER]
    assert {sent.channel for sent in outbox.messenger.sent} == {"D02BENOIT"}
