"""The port for sending messages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.i18n import Localizer
from models.account import Account
from models.account.contact_invitation import InvitationDetails
from models.details import OrderDetails, QuoteDetails
from models.notice import NoticeKind
from models.notice.destination import DestinationKind
from models.notice.payloads import NoticePayload
from models.quote.extension import QuoteExtension


class RateLimited(Exception):
    def __init__(self, seconds: float) -> None:
        super().__init__(f"retry after {seconds} s")
        self.seconds = seconds


class MessengerUnavailable(Exception):
    """No answer, or a server error: the message may or may not have been posted."""


class MessengerRefused(MessengerUnavailable):
    """The message was not posted, but may be later: the token has to be corrected, or the error is
    unknown."""


class MessageRejected(Exception):
    """This message or file is never accepted, wherever it is sent."""


class ChannelUnreachable(Exception):
    """The bot is not in the channel, or the channel is archived or deleted."""


class UserUnreachable(Exception):
    """No such user, or one who cannot receive messages."""


class MessageGone(Exception):
    """The message to update does not exist, or can no longer be updated."""


@dataclass(frozen=True)
class FileUpload:
    """`title` is what people see."""

    name: str
    title: str
    content: bytes


@dataclass(frozen=True)
class OutboundMessage:
    """`channel` is the id of a channel or user; with `files`, the channel id of a direct message. `update_ts`
    is the message to update, `thread_ts` the one to reply to. `can_act` is false for a former contact."""

    team_id: str
    channel: str
    kind: NoticeKind
    destination_kind: DestinationKind
    localizer: Localizer
    account: Account
    payload: NoticePayload
    created_at: datetime
    order: OrderDetails | None = None
    quote: QuoteDetails | None = None
    extension: QuoteExtension | None = None
    invitation: InvitationDetails | None = None
    shows_amounts: bool = True
    can_act: bool = True
    has_mail: bool = True
    update_ts: str | None = None
    thread_ts: str | None = None
    files: tuple[FileUpload, ...] = ()
    # The provider's, whose PDFs are not among its files.
    missing_invoices: tuple[str, ...] = ()
    digest_items: tuple["OutboundMessage", ...] = ()


@dataclass(frozen=True)
class MessageRef:
    """`channel` is a channel's id, also for a direct message. `ts` is empty for an uploaded file, because
    Slack doesn't return one."""

    channel: str
    ts: str


class Messenger(Protocol):
    async def is_installed(self, team_id: str) -> bool:
        """Raises MessengerUnavailable."""

    async def deliver_message(self, message: OutboundMessage) -> MessageRef:
        """Raises RateLimited, MessengerUnavailable, MessageRejected, ChannelUnreachable, UserUnreachable and,
        if it updates or replies to a message or has files, MessageGone."""
