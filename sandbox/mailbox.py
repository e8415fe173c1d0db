"""An SMTP server that stores every email it receives."""

import asyncio
import email
import email.policy
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.errors import Json


@dataclass
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass
class Mail:
    id: str
    sender: str
    recipients: list[str]
    subject: str
    headers: dict[str, str]
    text: str
    html: str
    at: float
    raw: bytes
    attachments: list[Attachment] = field(default_factory=list)


class Mailbox:
    def __init__(self, clock: Callable[[], float], on_change: Callable[[], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._server: asyncio.Server | None = None
        self._sessions: set[asyncio.BaseTransport] = set()
        self.messages: list[Mail] = []
        self.rejection: str | None = None

    @property
    def port(self) -> int:
        assert self._server
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._create_session, "127.0.0.1", port)

    async def stop(self) -> None:
        if self._server:
            self._server.close()
            for transport in list(self._sessions):
                transport.close()
            await self._server.wait_closed()

    def reset(self) -> None:
        self.messages = []
        self.rejection = None

    def _create_session(self) -> asyncio.Protocol:
        return _MailSession(self, self._sessions)

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 -- aiosmtpd's
        if self.rejection:
            return self.rejection
        raw = envelope.content or b""
        content = raw if isinstance(raw, bytes) else raw.encode()
        self.messages.append(self._parse_mail(content, envelope))
        self._on_change()
        return "250 OK"

    def _parse_mail(self, content: bytes, envelope: Envelope) -> Mail:
        parsed: EmailMessage = email.message_from_bytes(content, policy=email.policy.default)
        return Mail(
            id=f"M{len(self.messages) + 1}",
            sender=str(envelope.mail_from or ""),
            recipients=[str(recipient) for recipient in envelope.rcpt_tos],
            subject=str(parsed["Subject"] or ""),
            headers={name: str(value) for name, value in parsed.items()},
            text=_get_body(parsed, "plain"),
            html=_get_body(parsed, "html"),
            at=self._clock(),
            raw=content,
            attachments=[_parse_attachment(part) for part in parsed.iter_attachments()],
        )


class _MailSession(SMTP):
    def __init__(self, handler: Mailbox, sessions: set[asyncio.BaseTransport]) -> None:
        super().__init__(handler, hostname="sandbox", enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._open = sessions

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._open.add(transport)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        if self.transport is not None:
            self._open.discard(self.transport)
        super().connection_lost(error)


def _get_body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _parse_attachment(part: EmailMessage) -> Attachment:
    content = part.get_payload(decode=True)
    return Attachment(
        part.get_filename() or "attachment",
        part.get_content_type(),
        content if isinstance(content, bytes) else b"",
    )


def build_mail_json(mail: Mail) -> Json:
    return {
        "id": mail.id,
        "from": mail.sender,
        "to": mail.recipients,
        "subject": mail.subject,
        "headers": mail.headers,
        "text": mail.text,
        "html": mail.html,
        "at": mail.at,
        "attachments": [
            {"name": a.name, "content_type": a.content_type, "size": len(a.content)} for a in mail.attachments
        ],
    }
