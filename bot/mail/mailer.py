"""The mail port."""

from dataclasses import dataclass
from typing import Protocol


class MailRejected(Exception):
    """Permanent: the mailbox does not exist, or the server accepts this message from nobody."""


class MailUnavailable(Exception):
    """No server is configured, or it did not accept the message for now, or not from us: try again later."""


class MailDeferred(MailUnavailable):
    """The server answered about this mailbox or this message, and not permanently."""


@dataclass(frozen=True)
class Attachment:
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class OutboundEmail:
    """`message_id` stays the same when a message is sent again, so that mail clients can recognise it."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()


class Mailer(Protocol):
    @property
    def is_configured(self) -> bool: ...

    @property
    def is_plain_text(self) -> bool:
        """Whether mail goes to another machine unencrypted."""

    async def check_connection(self) -> None: ...

    async def check_sender(self) -> None:
        """Checks that the server accepts email from our sender; nothing is sent. Raises MailUnavailable."""

    async def send_email(self, email: OutboundEmail) -> None:
        """Raises MailRejected or MailUnavailable."""
