"""The possible results of a delivery. `apply_result` stores them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.messaging.messenger import MessageRef, OutboundMessage
from bot.use_cases.delivery.content.context import NoticeContext


@dataclass(frozen=True)
class Posted:
    """`context` is what the message was rendered from."""

    outbound: OutboundMessage
    message: MessageRef
    context: NoticeContext


@dataclass(frozen=True)
class Completed:
    """An email was sent, or a posted copy is up to date."""


@dataclass(frozen=True)
class DigestPosted:
    """`notice_ids` are all that the digest completes, including obsolete ones."""

    notice_ids: tuple[int, ...]


@dataclass(frozen=True)
class OptedOut:
    """The person has turned this topic off."""


@dataclass(frozen=True)
class DeferredToDigest:
    until: datetime


@dataclass(frozen=True)
class PostedMessageDeleted:
    """The posted copy of a quote can no longer be updated."""

    posted_message_id: int


@dataclass(frozen=True)
class MessagesEdited:
    """Messages of an order. `closed_ids` are the notices of those that will not be edited again: the order is
    finished or its invoices are paid, or the message is gone."""

    closed_ids: tuple[int, ...]


class FailureReason(StrEnum):
    """A label of `seatbot_undeliverable_notices_total`."""

    UNREACHABLE = "unreachable"  # the destination takes nothing
    REJECTED = "rejected"  # the message or file is never accepted
    REFUSED = "refused"  # the token or a permission has to be corrected, or the error is unknown
    UNAVAILABLE = "unavailable"  # no answer
    FAILED = "failed"  # an error of ours


@dataclass(frozen=True)
class RetryLater:
    """For a time that depends on the reason, and on whether it edits a message that is there already; then it
    is undeliverable. Nothing is sent there before `retry_after_seconds`."""

    reason: FailureReason
    error: str
    retry_after_seconds: float = 0.0
    is_edit: bool = False


@dataclass(frozen=True)
class Throttled:
    """Slack limits messages to the destination, or in its workspace: it doesn't say which."""

    retry: RetryLater


@dataclass(frozen=True)
class Undeliverable:
    """Permanently, there: it goes another way if there is one."""

    reason: FailureReason
    error: str


@dataclass(frozen=True)
class ContactWithdrawn:
    """The recipient has lost the role."""


DeliveryResult = (
    Posted
    | Completed
    | DigestPosted
    | OptedOut
    | DeferredToDigest
    | PostedMessageDeleted
    | MessagesEdited
    | Throttled
    | RetryLater
    | Undeliverable
    | ContactWithdrawn
)


def format_error(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
