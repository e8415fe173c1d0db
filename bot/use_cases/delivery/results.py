"""What a delivery may come to. `apply_result` turns each into rows."""

from dataclasses import dataclass
from datetime import datetime

from bot.messaging.messenger import MessageRef, OutboundMessage
from bot.use_cases.delivery.context import NoticeContext


@dataclass(frozen=True)
class Posted:
    """As a message in Slack; `context` is what it was rendered from."""

    outbound: OutboundMessage
    message: MessageRef
    context: NoticeContext


@dataclass(frozen=True)
class Completed:
    """Nothing more to do: an e-mail was sent, or a posted copy is up to date."""


@dataclass(frozen=True)
class DigestPosted:
    """With the other notices of the digest, and those of them that no longer matter."""

    notice_ids: tuple[int, ...]


@dataclass(frozen=True)
class OptedOut:
    """The person has switched this kind of notice off."""


@dataclass(frozen=True)
class HeldForDigest:
    until: datetime


@dataclass(frozen=True)
class CopyGone:
    """The posted copy of a quote cannot be updated any more, and need not be."""

    posted_message_id: int


@dataclass(frozen=True)
class Throttled:
    """Slack's rate limit."""

    retry_after_seconds: float


@dataclass(frozen=True)
class RetryLater:
    error: str


@dataclass(frozen=True)
class Undeliverable:
    """For good, and no other way is known."""

    error: str


@dataclass(frozen=True)
class ContactWithdrawn:
    """The recipient has lost the role."""


@dataclass(frozen=True)
class UndeliverableToChannel:
    """The contacts get it by direct message instead."""

    error: str


@dataclass(frozen=True)
class UndeliverableToContact:
    """The contact gets it by e-mail instead."""

    error: str


DeliveryResult = (
    Posted
    | Completed
    | DigestPosted
    | OptedOut
    | HeldForDigest
    | CopyGone
    | Throttled
    | RetryLater
    | Undeliverable
    | ContactWithdrawn
    | UndeliverableToChannel
    | UndeliverableToContact
)
