"""How long a notice is tried at its destination, and where it goes instead (R24)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.db import Session
from bot.use_cases.delivery.results import FailureReason
from bot.use_cases.notice.enqueue import (
    build_notices,
    build_related_notices,
    get_event_key,
    list_active_contacts,
    list_direct_destinations,
    list_order_recipients,
)
from bot.use_cases.quote.extension import report_undelivered_request
from models.account import Account
from models.account.billing_contact import BillingContact
from models.account.contact_invitation import ContactInvitation
from models.notice import Notice, NoticeKind
from models.notice.destination import Destination, DestinationKind
from models.notice.payloads import (
    ChannelUnreachablePayload,
    ContactsChangedPayload,
    find_invitation_id,
    is_requested,
    parse_payload,
)
from models.service_order import ServiceOrder

# However long a notice has waited: one failure right after a long pause says little.
MIN_ATTEMPTS = 5

# Counted from its due time. An outage ends by itself; the rest may need an operator, and later notices wait.
SLACK_RETRY_WINDOWS = {
    FailureReason.REFUSED: timedelta(hours=1),
    FailureReason.FAILED: timedelta(hours=1),
    FailureReason.UNAVAILABLE: timedelta(hours=6),
}
# An edit corrects what is there already; the messages behind it say something new.
EDIT_RETRY_WINDOWS = {
    FailureReason.REFUSED: timedelta(minutes=10),
    FailureReason.FAILED: timedelta(minutes=10),
    FailureReason.UNAVAILABLE: timedelta(minutes=30),
}
# A file only repeats what a message has said, and there is an email with it.
FILE_RETRY_WINDOW = timedelta(minutes=30)
# Nothing else leads to Account Services: an operator has time to invite the bot to their channel.
SERVICES_RETRY_WINDOW = timedelta(days=1)
# Nothing comes after an email, so mail servers' own customs apply (RFC 5321, section 4.5.4.1).
EMAIL_RETRY_WINDOWS = {
    FailureReason.REFUSED: timedelta(days=1),
    FailureReason.FAILED: timedelta(days=1),
    FailureReason.UNAVAILABLE: timedelta(days=5),
}

# An update of a message that exists already says nothing new to anybody else.
KINDS_WITHOUT_FALLBACK = frozenset(
    {
        NoticeKind.QUOTE_MESSAGE_UPDATE,
        NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE,
        NoticeKind.ORDER_MESSAGES,
        NoticeKind.CONTACT_INVITATION_MESSAGE_UPDATE,
    }
)
# They are emailed in any case (R13); only a copy that a person requested has no email of its own.
RECEIPT_MESSAGE_KINDS = (NoticeKind.RECEIPT, NoticeKind.RECEIPT_FILE)


@dataclass(frozen=True)
class UndeliverableNotice:
    """`fallback` are the kinds of destination to which it goes instead."""

    notice: Notice
    reason: FailureReason
    error: str
    fallback: tuple[DestinationKind, ...]


def has_failed_for_too_long(
    notice: Notice, reason: FailureReason, at: datetime, *, is_edit: bool = False
) -> bool:
    window = _get_retry_window(notice.parsed_destination.kind, reason, is_edit=is_edit)
    return notice.attempts >= MIN_ATTEMPTS and at - notice.due_at >= window


def _get_retry_window(kind: DestinationKind, reason: FailureReason, *, is_edit: bool) -> timedelta:
    if is_edit and reason in EDIT_RETRY_WINDOWS:
        return EDIT_RETRY_WINDOWS[reason]
    match kind:
        case DestinationKind.EMAIL:
            return EMAIL_RETRY_WINDOWS[reason]
        case DestinationKind.FILE:
            return FILE_RETRY_WINDOW
        case DestinationKind.ACCOUNT_SERVICES:
            return SERVICES_RETRY_WINDOW
        case _:
            return SLACK_RETRY_WINDOWS[reason]


async def build_fallback_notices(
    session: Session, notice: Notice, reason: FailureReason, at: datetime
) -> list[Notice]:
    """Builds the notices that replace it; none if no other way is left."""
    if notice.kind in KINDS_WITHOUT_FALLBACK:
        return []
    match notice.parsed_destination.kind:
        case DestinationKind.CHANNEL:
            return await _build_direct_notices(session, notice, reason, at)
        case DestinationKind.CONTACT | DestinationKind.FILE:
            if notice.kind in RECEIPT_MESSAGE_KINDS and not is_requested(notice):
                return []
            email = Destination(DestinationKind.EMAIL, notice.parsed_destination.id)
            return await build_notice_copies(session, notice, [email], at)
        case DestinationKind.ACCOUNT_SERVICES if notice.kind is NoticeKind.QUOTE_EXTENSION_REQUESTED:
            return await report_undelivered_request(session, notice, at, is_final=True)
        case DestinationKind.INVITEE:
            return await _build_invitation_failure(session, notice, at)
        case _:
            return []


async def build_delay_notices(
    session: Session, notice: Notice, reason: FailureReason, at: datetime
) -> list[Notice]:
    """Builds one once per notice, after its first failures, so that the person who waits for an answer can
    act in the meantime."""
    is_request = notice.kind is NoticeKind.QUOTE_EXTENSION_REQUESTED
    if not is_request or reason is not FailureReason.UNREACHABLE or notice.attempts != MIN_ATTEMPTS:
        return []
    return await report_undelivered_request(session, notice, at, is_final=False)


async def _build_invitation_failure(session: Session, notice: Notice, at: datetime) -> list[Notice]:
    # The invited person has not confirmed anything, so nothing is emailed to them: the inviter is notified.
    invitation = await session.get(ContactInvitation, find_invitation_id(notice) or 0)
    if invitation is None:
        return []
    account = await session.get_one(Account, notice.account_id)
    return build_notices(
        NoticeKind.CONTACTS_CHANGED,
        f"contact_invitation:{invitation.key}:undelivered",
        [Destination.contact(invitation.inviter_id)],
        account=account,
        at=at,
        payload=ContactsChangedPayload(change="undelivered", name=invitation.name),
    )


async def _build_direct_notices(
    session: Session, notice: Notice, reason: FailureReason, at: datetime
) -> list[Notice]:
    account = await session.get_one(Account, notice.account_id)
    recipients = await _list_recipients(session, notice)
    copies = await build_notice_copies(session, notice, list_direct_destinations(recipients), at)
    if reason is not FailureReason.UNREACHABLE:
        return copies
    contacts = await list_active_contacts(session, account.id)
    channel = notice.parsed_destination.id
    explanations = build_notices(
        NoticeKind.CHANNEL_UNREACHABLE,
        f"account:{account.id}:channel:{channel}:{account.get_local_date(at)}",
        list_direct_destinations(contacts),
        account=account,
        at=at,
        payload=ChannelUnreachablePayload(channel=channel),
    )
    return explanations + copies


async def _list_recipients(session: Session, notice: Notice) -> Sequence[BillingContact]:
    order = await session.get(ServiceOrder, notice.order_id) if notice.order_id else None
    return await (
        list_order_recipients(session, order) if order else list_active_contacts(session, notice.account_id)
    )


async def build_notice_copies(
    session: Session, notice: Notice, destinations: Sequence[Destination], at: datetime
) -> list[Notice]:
    """Copies the notice to other destinations; none gets it twice. The copies are due since the original was,
    so that they are not retried for as long again."""
    account = await session.get_one(Account, notice.account_id)
    return build_related_notices(
        notice,
        destinations,
        at,
        kind=notice.kind,
        event=get_event_key(notice),
        payload=parse_payload(notice),
        team=account.slack_team,
        due_at=min(notice.due_at, at),
    )
