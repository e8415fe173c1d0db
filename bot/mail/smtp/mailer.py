"""Email by SMTP."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import localtime, parseaddr
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib

from bot.mail.mailer import MailDeferred, MailRejected, MailUnavailable, OutboundEmail
from bot.metrics import instrument_adapter
from models.text.email_address import ENCODED_WORD_PREFIX, encode_email_domain

TIMEOUT_SECONDS = 10

# RFC 3463. Not 5.1.0, 5.1.7 and 5.1.8, which can be about the sender, nor 5.7, which is policy.
ENHANCED_STATUS_PATTERN = re.compile(r"\d\.\d{1,3}\.\d{1,3}\b")
SENDER_STATUSES = frozenset({"4.1.7", "4.1.8", "5.1.7", "5.1.8"})
POLICY_STATUS_PREFIX = "5.7."
UNKNOWN_MAILBOX_STATUSES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.2.1"})
INVALID_MESSAGE_STATUSES = frozenset({"5.2.3", "5.3.4", "5.6.0", "5.6.1", "5.6.2", "5.6.3", "5.6.5"})

# RFC 5321, for servers without enhanced status codes.
UNKNOWN_MAILBOX_CODES = frozenset({550, 551, 553})
MESSAGE_TOO_LARGE_CODES = frozenset({552})

# Responses about the mailbox or the message, not about the sender or the connection.
ABOUT_MESSAGE = (aiosmtplib.SMTPRecipientRefused, aiosmtplib.SMTPDataError)


@dataclass(frozen=True)
class SmtpServer:
    """`starttls` is none on this machine without a user: then it is used if the server offers it."""

    host: str
    port: int
    user: str | None
    password: str | None
    tls: bool
    starttls: bool | None

    @classmethod
    def parse(cls, url: str) -> "SmtpServer":
        """`smtp://user:password@host:port`, `smtps://…`. Without TLS, STARTTLS is required for a user or
        another machine: somebody in between could remove the server's offer. `?starttls=0` allows
        plain text."""
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("must begin with smtp:// or smtps:// and name a host")
        tls = parts.scheme == "smtps"
        option = parse_qs(parts.query).get("starttls", [""])[0]
        if option not in ("", "0", "1"):
            raise ValueError("may end with ?starttls=0 or ?starttls=1")
        is_required = bool(parts.username) or not _is_loopback(parts.hostname)
        starttls = False if tls else {"1": True, "0": False}.get(option, True if is_required else None)
        return cls(
            host=parts.hostname,
            port=parts.port or (465 if tls else 587 if option == "1" else 25),
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            tls=tls,
            starttls=starttls,
        )


@instrument_adapter("mail", MailRejected, MailDeferred, MailUnavailable)
class SmtpMailer:
    def __init__(self, url: str | None, mail_from: str) -> None:
        self._server = SmtpServer.parse(url) if url else None
        self._mail_from = mail_from

    @property
    def is_configured(self) -> bool:
        return self._server is not None

    @property
    def is_plain_text(self) -> bool:
        server = self._server
        return server is not None and not (server.tls or server.starttls or _is_loopback(server.host))

    async def check_connection(self) -> None:
        async with self._open_connection() as client:
            await client.noop()

    async def check_sender(self) -> None:
        async with self._open_connection() as client:
            sender = parseaddr(self._mail_from)[1]
            await client.mail(sender)
            try:
                # Postfix says only now what it has against a sender. Every server takes mail to this address
                # (RFC 5321, 4.5.1), which others may refuse to their sender's own.
                await client.rcpt(f"postmaster@{sender.rpartition('@')[2]}")
            except aiosmtplib.SMTPRecipientRefused as error:
                if _is_about_sender(error):
                    raise
            await client.rset()

    async def send_email(self, email: OutboundEmail) -> None:
        message = _build_mime_message(email, self._mail_from)
        async with self._open_connection() as client:
            try:
                await client.send_message(message)
            except aiosmtplib.SMTPNotSupported as error:
                if email.to.partition("@")[0].isascii():
                    raise
                raise MailRejected("the server takes no address with such letters (no SMTPUTF8)") from error

    @asynccontextmanager
    async def _open_connection(self) -> AsyncIterator[aiosmtplib.SMTP]:
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
            raise _convert_error(error) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _build_mime_message(email: OutboundEmail, mail_from: str) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = mail_from
    # The mail library decodes what looks encoded, and older releases of Python write what comes out as it is:
    # an encoded line feed would add a header.
    if ENCODED_WORD_PREFIX in email.to:
        raise MailRejected("the address holds an encoded word")
    message["To"] = encode_email_domain(email.to)
    message["Subject"] = email.subject.replace(ENCODED_WORD_PREFIX, "= ?")
    message["Date"] = localtime()
    message["Message-ID"] = email.message_id
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(email.text)
    message.add_alternative(email.html, subtype="html")
    for attachment in email.attachments:
        maintype, _, subtype = attachment.content_type.partition("/")
        message.add_attachment(
            attachment.content, maintype=maintype, subtype=subtype, filename=attachment.name
        )
    return message


def _convert_error(error: Exception) -> Exception:
    # Only a response about this mailbox or this message is permanent. One about the sender, a policy or the
    # server itself can be fixed by an operator, so the message is retried as in an outage.
    if "STARTTLS extension not supported" in str(error):
        return MailUnavailable("the server offers no STARTTLS")
    responses = _list_responses(error)
    message = f"{type(error).__name__} {', '.join(map(_format_status, responses))}".rstrip()
    if responses and all(_is_permanent(response) for response in responses):
        return MailRejected(message)
    if responses and all(isinstance(response, ABOUT_MESSAGE) for response in responses):
        return MailDeferred(message)
    return MailUnavailable(message)


def _list_responses(error: Exception) -> list[aiosmtplib.SMTPResponseException]:
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return list(error.recipients)
    return [error] if isinstance(error, aiosmtplib.SMTPResponseException) else []


def _is_permanent(response: aiosmtplib.SMTPResponseException) -> bool:
    is_about_recipient = isinstance(response, aiosmtplib.SMTPRecipientRefused)
    if not isinstance(response, ABOUT_MESSAGE) or not 500 <= response.code < 600:
        return False
    if enhanced := _find_enhanced_status(response):
        return enhanced in UNKNOWN_MAILBOX_STATUSES | INVALID_MESSAGE_STATUSES
    # After the message itself, 550 comes from a filter: the mailbox was accepted before.
    return response.code in (UNKNOWN_MAILBOX_CODES if is_about_recipient else MESSAGE_TOO_LARGE_CODES)


def _is_about_sender(response: aiosmtplib.SMTPResponseException) -> bool:
    status = _find_enhanced_status(response) or ""
    return status in SENDER_STATUSES or status.startswith(POLICY_STATUS_PREFIX)


def _find_enhanced_status(response: aiosmtplib.SMTPResponseException) -> str | None:
    found = ENHANCED_STATUS_PATTERN.match(response.message.lstrip())
    return found[0] if found else None


def _format_status(response: aiosmtplib.SMTPResponseException) -> str:
    # Codes only: the text may contain an address.
    enhanced = _find_enhanced_status(response)
    return f"{response.code} {enhanced}" if enhanced else str(response.code)
