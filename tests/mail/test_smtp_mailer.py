"""The mailer against a mail server on this machine."""

import email
import email.policy
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.mail.mailer import Attachment, MailRejected, MailUnavailable, OutboundEmail
from bot.mail.smtp.mailer import SmtpMailer, SmtpServer
from tests.mail.inbox import Inbox, run_inbox

MAIL = OutboundEmail(
    to="alice@acme.example",
    subject="Reçu R-1001",
    text="Total : 12,00 €",
    html="<p>Total : 12,00 €</p>",
    message_id="<notice-1@acme.example>",
)


PDF = Attachment("R-1001.pdf", "application/pdf", b"%PDF-1.7\x00\xff")


@pytest.fixture
async def inbox() -> AsyncIterator[Inbox]:
    async with run_inbox() as inbox:
        yield inbox


async def test_a_mail_arrives_as_text_and_html(inbox: Inbox) -> None:
    await SmtpMailer(inbox.url, "seatbot@acme.example").send_email(MAIL)
    [envelope] = inbox.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("seatbot@acme.example", ["alice@acme.example"])
    assert isinstance(envelope.content, bytes)
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message.get_content_type() == "multipart/alternative"
    assert message["Subject"] == "Reçu R-1001"
    assert message["Message-ID"] == "<notice-1@acme.example>"
    assert message["Date"].datetime.tzinfo
    parts = {part.get_content_type(): part.get_content().strip() for part in message.iter_parts()}
    assert parts == {"text/plain": MAIL.text, "text/html": MAIL.html}


async def test_a_mail_brings_its_attachments_beside_text_and_html(inbox: Inbox) -> None:
    await SmtpMailer(inbox.url, "seatbot@acme.example").send_email(replace(MAIL, attachments=(PDF,)))
    content = inbox.envelopes[0].content
    assert isinstance(content, bytes)
    message = email.message_from_bytes(content, policy=email.policy.default)
    assert message.get_content_type() == "multipart/mixed"
    words, attached = message.iter_parts()
    kinds = [part.get_content_type() for part in words.iter_parts()]
    assert (words.get_content_type(), kinds) == ("multipart/alternative", ["text/plain", "text/html"])
    assert (attached.get_filename(), attached.get_content_type()) == (PDF.name, PDF.content_type)
    assert attached.get_content() == PDF.content


async def test_the_urls_user_and_password_are_used(inbox: Inbox) -> None:
    await SmtpMailer(
        f"smtp://me%40x:s%20p@127.0.0.1:{inbox.port}?starttls=0", "seatbot@acme.example"
    ).send_email(MAIL)
    assert inbox.logins == [(b"me@x", b"s p")]
    assert len(inbox.envelopes) == 1


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("RCPT", "550 no such user", MailRejected),
        ("RCPT", "551 user is elsewhere", MailRejected),
        ("RCPT", "553 no such name", MailRejected),
        ("RCPT", "550 5.1.1 <alice@acme.example>: Recipient address rejected", MailRejected),
        ("RCPT", "550-5.1.1 there is no such account\r\n550 5.1.1 look at its spelling", MailRejected),
        ("RCPT", "554 5.1.10 the domain takes no mail", MailRejected),
        ("RCPT", "550 5.2.1 the mailbox is closed", MailRejected),
        ("RCPT", "504 5.5.2 <seatbot@localhost>: Sender address rejected", MailUnavailable),
        ("RCPT", "504 <seatbot@localhost>: Sender address rejected", MailUnavailable),
        ("RCPT", "550 5.1.8 <seatbot@localhost>: Sender address rejected", MailUnavailable),
        ("RCPT", "550 5.1.0 <seatbot@localhost>: Sender address rejected", MailUnavailable),
        ("RCPT", "550 5.7.1 relaying denied", MailUnavailable),
        ("RCPT", "554 5.7.1 your address is on a list", MailUnavailable),
        ("RCPT", "554 no", MailUnavailable),
        ("RCPT", "530 sign in first", MailUnavailable),
        ("RCPT", "450 4.1.1 busy", MailUnavailable),
        ("DATA", "550 5.1.1 no such mailbox after all", MailRejected),
        ("DATA", "552 too large", MailRejected),
        ("DATA", "552 5.3.4 too large", MailRejected),
        ("DATA", "552 5.2.2 the mailbox is full", MailUnavailable),
        ("DATA", "554 we do not want this", MailUnavailable),
        ("DATA", "550 5.7.26 this sender is not authenticated", MailUnavailable),
        ("DATA", "451 later", MailUnavailable),
        ("MAIL", "553 not your address", MailUnavailable),
        ("MAIL", "550 5.1.1 no such sender", MailUnavailable),
    ],
)
async def test_rejections_of_mailbox_or_message_are_final_and_those_of_the_client_are_not(
    command: str, answer: str, expected: type[Exception], inbox: Inbox
) -> None:
    inbox.answers[command] = answer
    with pytest.raises(expected) as refused:
        await SmtpMailer(inbox.url, "seatbot@acme.example").send_email(MAIL)
    assert "12,00" not in str(refused.value)
    assert "@" not in str(refused.value)
    assert answer[:3] in str(refused.value)
    assert inbox.envelopes == []


async def test_a_wrong_password_waits_for_the_operator(inbox: Inbox) -> None:
    with pytest.raises(MailUnavailable) as refused:
        await SmtpMailer(
            f"smtp://me:wrong@127.0.0.1:{inbox.port}?starttls=0", "seatbot@acme.example"
        ).send_email(MAIL)
    assert "wrong" not in str(refused.value)


async def test_a_check_signs_in_and_sends_nothing(inbox: Inbox) -> None:
    await SmtpMailer(
        f"smtp://me%40x:s%20p@127.0.0.1:{inbox.port}?starttls=0", "seatbot@acme.example"
    ).check_connection()
    with pytest.raises(MailUnavailable):
        await SmtpMailer(
            f"smtp://me:wrong@127.0.0.1:{inbox.port}?starttls=0", "seatbot@acme.example"
        ).check_connection()
    assert {password for _, password in inbox.logins} == {b"s p", b"wrong"}
    assert inbox.envelopes == []


@pytest.mark.parametrize("url", ["smtp://127.0.0.1:{}?starttls=1", "smtp://me:secret@127.0.0.1:{}"])
async def test_a_server_that_must_encrypt_and_cannot_gets_nothing(inbox: Inbox, url: str) -> None:
    """Neither mail nor password: the offer may have been removed on the way."""
    with pytest.raises(MailUnavailable, match="offers no STARTTLS"):
        await SmtpMailer(url.format(inbox.port), "seatbot@acme.example").send_email(MAIL)
    assert (inbox.envelopes, inbox.logins) == ([], [])


async def test_no_server_is_an_outage() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(MailUnavailable):
        await SmtpMailer(f"smtp://127.0.0.1:{port}", "seatbot@acme.example").send_email(MAIL)


async def test_without_a_url_nothing_is_configured() -> None:
    mailer = SmtpMailer(None, "seatbot@acme.example")
    assert not mailer.is_configured
    with pytest.raises(MailUnavailable):
        await mailer.send_email(MAIL)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", SmtpServer("mail.example", 25, None, None, False, True)),
        ("smtp://10.0.0.1", SmtpServer("10.0.0.1", 25, None, None, False, True)),
        ("smtp://localhost", SmtpServer("localhost", 25, None, None, False, None)),
        ("smtp://[::1]:2525", SmtpServer("::1", 2525, None, None, False, None)),
        ("smtp://a:b@localhost", SmtpServer("localhost", 25, "a", "b", False, True)),
        ("smtp://mail.example?starttls=1", SmtpServer("mail.example", 587, None, None, False, True)),
        ("smtp://mail.example:2525?starttls=0", SmtpServer("mail.example", 2525, None, None, False, False)),
        ("smtps://a:b@mail.example", SmtpServer("mail.example", 465, "a", "b", True, False)),
    ],
)
def test_the_url_says_how_to_connect(url: str, server: SmtpServer) -> None:
    assert SmtpServer.parse(url) == server


@pytest.mark.parametrize(
    ("url", "is_plain_text"),
    [
        ("smtp://mail.example", False),
        ("smtps://mail.example", False),
        ("smtp://localhost", False),
        ("smtp://mail.example?starttls=0", True),
    ],
)
def test_only_an_explicit_option_allows_plain_text_to_another_machine(url: str, is_plain_text: bool) -> None:
    assert SmtpMailer(url, "seatbot@acme.example").is_plain_text is is_plain_text


@pytest.mark.parametrize(
    "url", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example?starttls=no"]
)
def test_a_url_that_names_no_mail_server_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"smtp|starttls"):
        SmtpMailer(url, "seatbot@acme.example")


# A name in the subject, and an address, that decode to a line of their own.
INJECTED = "=?UTF-8?Q?=0A?=Bcc: injected@acme.example"


async def test_no_encoded_word_becomes_a_header(inbox: Inbox) -> None:
    """Whatever the release of Python does with what it decodes."""
    mailer = SmtpMailer(inbox.url, "seatbot@acme.example")
    await mailer.send_email(replace(MAIL, subject=f"Acme {INJECTED}"))
    [envelope] = inbox.envelopes
    assert b"=?UTF-8?Q?=0A?=" not in (envelope.original_content or b"")
    parsed = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.SMTP)
    assert parsed["Bcc"] is None
    assert "injected@acme.example" in parsed["Subject"]
    with pytest.raises(MailRejected, match="encoded word"):
        await mailer.send_email(replace(MAIL, to="=?utf-8?q?=0A?=x@acme.example"))


async def test_a_domain_is_sent_in_the_form_that_every_server_takes(inbox: Inbox) -> None:
    await SmtpMailer(inbox.url, "seatbot@acme.example").send_email(replace(MAIL, to="benoit@bücher.example"))
    [envelope] = inbox.envelopes
    assert envelope.rcpt_tos == ["benoit@xn--bcher-kva.example"]
    assert b"To: benoit@xn--bcher-kva.example" in (envelope.original_content or b"")


async def test_an_address_that_the_server_cannot_take_ends_as_rejected(inbox: Inbox) -> None:
    """The server has no SMTPUTF8, and will not have it in an hour."""
    with pytest.raises(MailRejected, match="SMTPUTF8"):
        await SmtpMailer(inbox.url, "seatbot@acme.example").send_email(replace(MAIL, to="jörg@acme.example"))
    assert inbox.envelopes == []
