"""E-mail by SMTP."""

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


@measured("mail")
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
    """Refused for good is what the server says of this recipient or this message; all else passes."""
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        codes = [refused.code for refused in error.recipients]
        refused = all(500 <= code < 600 for code in codes)
        return MailRefused(f"recipient refused: {codes}") if refused else MailUnavailable(f"later: {codes}")
    if isinstance(error, aiosmtplib.SMTPDataError) and 500 <= error.code < 600:
        return MailRefused(f"message refused: {error.code}")
    code = f" {error.code}" if isinstance(error, aiosmtplib.SMTPResponseException) else ""
    return MailUnavailable(f"{type(error).__name__}{code}")
