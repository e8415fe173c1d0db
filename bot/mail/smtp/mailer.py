"""E-mail by SMTP."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from bot.mail.mailer import Mail, MailRefused, MailUnavailable
from bot.metrics import measured

TIMEOUT_SECONDS = 10

# RFC 3463. Not 5.1.0, 5.1.7 and 5.1.8, which servers say of the sender too; nor 5.7, which is policy.
ENHANCED = re.compile(r"\d\.\d{1,3}\.\d{1,3}\b")
NO_MAILBOX = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1"})
TOO_LARGE_OR_MALFORMED = frozenset({"5.2.3", "5.3.4", "5.6.0", "5.6.1", "5.6.2", "5.6.3", "5.6.5"})

# RFC 5321, for servers that say no more than that.
NO_MAILBOX_CODES = frozenset({550, 551, 553})
TOO_LARGE_CODES = frozenset({552})


@dataclass(frozen=True)
class Server:
    """`starttls` is none for "where the server offers it"."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool | None

    @classmethod
    def parse(cls, url: str) -> "Server":
        """`smtp://user:password@host:port`, `smtps://…`, with `?starttls=1` (or 0) for smtp."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("must begin with smtp:// or smtps:// and name a host")
        tls = parts.scheme == "smtps"
        wanted = parse_qs(parts.query).get("starttls", [""])[0]
        starttls = False if tls else {"1": True, "0": False}.get(wanted)
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 587 if starttls else 25),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
            starttls=starttls,
        )


@measured("mail", MailRefused, MailUnavailable)
class SmtpMailer:
    def __init__(self, url: str | None, mail_from: str) -> None:
        self._server = Server.parse(url) if url else None
        self._from = mail_from

    @property
    def configured(self) -> bool:
        return self._server is not None

    async def check(self) -> None:
        async with self._connected() as client:
            await client.noop()

    async def send(self, mail: Mail) -> None:
        message = _message(mail, self._from)
        async with self._connected() as client:
            await client.send_message(message)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        """What goes wrong meanwhile is raised in the mailer's words."""
        server = self._server
        if server is None:
            raise MailUnavailable("no server is set")
        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            use_tls=server.tls,
            start_tls=server.starttls,
            timeout=TIMEOUT_SECONDS,
        )
        try:
            async with client:
                yield client
        except (aiosmtplib.SMTPException, OSError) as error:
            raise _translated(error) from error


def _message(mail: Mail, mail_from: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = mail_from
    message["To"] = mail.to
    message["Subject"] = mail.subject
    message["Date"] = localtime()
    message["Message-ID"] = mail.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    for attached in mail.attachments:
        maintype, _, subtype = attached.content_type.partition("/")
        message.add_attachment(attached.content, maintype=maintype, subtype=subtype, filename=attached.name)
    return message


def _translated(error: Exception) -> Exception:
    """Refused for good is what the server says of this mailbox or this message. What it says of the
    sender, of its policy or of itself is for an operator to mend, and waits as an outage does."""
    answers = _answers(error)
    said = f"{type(error).__name__} {', '.join(map(_status, answers))}".rstrip()
    if answers and all(_for_good(answer) for answer in answers):
        return MailRefused(said)
    return MailUnavailable(said)


def _answers(error: Exception) -> list[aiosmtplib.SMTPResponseException]:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return list(error.recipients)
    return [error] if isinstance(error, aiosmtplib.SMTPResponseException) else []


def _for_good(answer: aiosmtplib.SMTPResponseException) -> bool:
    of_recipient = isinstance(answer, aiosmtplib.SMTPRecipientRefused)
    if not (of_recipient or isinstance(answer, aiosmtplib.SMTPDataError)) or not 500 <= answer.code < 600:
        return False
    if enhanced := ENHANCED.match(answer.message.lstrip()):
        return enhanced[0] in NO_MAILBOX | TOO_LARGE_OR_MALFORMED
    # After the message, 550 is what a filter says: the mailbox was taken before.
    return answer.code in (NO_MAILBOX_CODES if of_recipient else TOO_LARGE_CODES)


def _status(answer: aiosmtplib.SMTPResponseException) -> str:
    """Its numbers alone: its words may hold an address."""
    enhanced = ENHANCED.match(answer.message.lstrip())
    return f"{answer.code} {enhanced[0]}" if enhanced else str(answer.code)
