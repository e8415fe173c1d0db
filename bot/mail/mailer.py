"""The mail port."""

from dataclasses import dataclass
from typing import Protocol


class MailRejected(Exception):
    """The server has no such mailbox, or takes this message from nobody: for good."""


class MailUnavailable(Exception):
    """No server is set, or it did not take the message now, or not from us: try again later."""


@dataclass(frozen=True)
class Attachment:
    """`content_type` as in `application/pdf`."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class OutboundEmail:
    """`message_id` is the same each time a message is sent again, so that readers can tell."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()


class Mailer(Protocol):
    @property
    def is_configured(self) -> bool:
        """Whether a server is set at all."""

    async def check_connection(self) -> None:
        """Connect and sign in, sending nothing. Raises MailUnavailable."""

    async def send_email(self, email: OutboundEmail) -> None:
        """Raises MailRefused or MailUnavailable."""
