"""The messenger port: notices in, messages out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.i18n import Localizer
from models.account import Account
from models.destination import DestinationKind
from models.details import OrderDetails, QuoteDetails
from models.notice import NoticeKind
from models.notice_payloads import NoticePayload


class RateLimited(Exception):
    """Not now: again after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again after {seconds} s")
        self.seconds = seconds


class MessengerUnavailable(Exception):
    """No answer, or a fault over there: it may or may not have been posted."""


class ChannelUnreachable(Exception):
    """The bot is not in the channel, or it is archived or gone."""


class UserUnreachable(Exception):
    """No such person, or nobody who can be written to."""


class FileRejected(Exception):
    """No file is taken from us there: a scope is missing, or the workspace's rules forbid it."""


class MessageGone(Exception):
    """The message to edit is not there, or can no longer be edited."""


@dataclass(frozen=True)
class FileUpload:
    """What is shared with a message; `title` is what people see."""

    name: str
    title: str
    content: bytes


@dataclass(frozen=True)
class OutboundMessage:
    """One notice. `channel` is a channel's id or a person's user id; with `file` it is the id of a direct
    message. `update_ts` is the message to update in place, `thread_ts` the one to reply to."""

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
    shows_amounts: bool = True
    update_ts: str | None = None
    thread_ts: str | None = None
    file: FileUpload | None = None
    digest_items: tuple["OutboundMessage", ...] = ()


@dataclass(frozen=True)
class MessageRef:
    """Where the message stands now: the channel's own id (that of the direct message, for a person). Of a
    shared file Slack does not say the timestamp: it is blank."""

    channel: str
    ts: str


class Messenger(Protocol):
    async def is_installed(self, team_id: str) -> bool:
        """Whether the bot is installed in the workspace."""

    async def deliver_message(self, message: OutboundMessage) -> MessageRef:
        """Raises RateLimited, MessengerUnavailable, ChannelUnreachable, PersonUnreachable, MessageGone,
        and, for a file, FileRefused."""
