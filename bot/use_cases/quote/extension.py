"""More time for a quote: a billing contact asks, Account Services decide (R9)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text
from sqlmodel import col, select, update

from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, build_actor
from bot.use_cases.account_services import authorize_services_member
from bot.use_cases.audit.write import NewAuditEntry, write_audit_entry
from bot.use_cases.load_details import find_quote_details
from bot.use_cases.notice.enqueue import (
    build_extension_message_updates,
    build_notices,
    enqueue_notice,
    enqueue_notices,
    enqueue_quote_message_updates,
    list_active_contacts,
    list_direct_destinations,
    list_recipients,
)
from bot.use_cases.quote.read import get_quote, lock_quote
from models.account import Account
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.checkout import FieldRequired
from models.details import QuoteDetails
from models.errors import InvalidInput, Refusal
from models.notice import Notice, NoticeKind, PostedMessage
from models.notice.destination import Destination
from models.notice.payloads import ExtensionUndeliveredPayload, QuoteExtensionPayload, find_extension_id
from models.quote import Quote, QuoteNotPending, validate_reason
from models.quote.extension import (
    REQUESTED_EXTENSION_CONDITION,
    ExtensionImpossible,
    ExtensionLapsed,
    ExtensionNotFound,
    ExtensionPending,
    ExtensionUnavailable,
    QuoteExtension,
    compute_extended_expiry,
)

# The notices of a request that Account Services get.
REQUEST_KINDS = (NoticeKind.QUOTE_EXTENSION_REQUESTED, NoticeKind.QUOTE_EXTENSION_MESSAGE_UPDATE)
# A literal: the planner does not use the partial index for a condition with a parameter.
IS_WAITING_NOTICE = text("notice.status = 'waiting'")


@dataclass(frozen=True)
class ExtensionDetails:
    """A request with its quote, as of now."""

    extension: QuoteExtension
    quote: QuoteDetails

    def check_open(self) -> None:
        """Raises ExtensionDecided and ExtensionLapsed (R20)."""
        self.extension.check_open(self.quote.quote.number)
        try:
            self.quote.check_pending()
        except QuoteNotPending as refusal:
            raise ExtensionLapsed(**refusal.variables) from None


# --- the billing contact


async def get_extendable_quote(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int
) -> QuoteDetails:
    details = await get_quote(dependencies, person=person, quote_id=quote_id)
    _check_requestable(dependencies, details)
    return details


async def request_extension(
    dependencies: Dependencies,
    *,
    person: SlackIdentity,
    quote_id: int,
    until: date | None,
    reason: str | None,
) -> QuoteDetails:
    """Raises InvalidInput if `until` is missing, too late or too early."""
    at = dependencies.now()
    stored_reason = validate_reason(reason)
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        _check_requestable(dependencies, details)
        until, _ = _check_day(details, until)
        extension = QuoteExtension(
            quote_id=quote_id,
            contact_id=contact.key,
            requested_by=contact.name,
            requested_at=at,
            requested_until=until,
            reason=stored_reason,
        )
        session.add(extension)
        await session.flush()
        await write_audit_entry(
            session,
            account_id=details.account.id,
            actor=build_actor(contact, person),
            subject=details.quote.audit_subject,
            action=AuditAction.EXTENSION_REQUESTED,
            at=at,
            reason=stored_reason,
            details={"until": until.isoformat()},
        )
        await _enqueue_request(dependencies, session, details, extension, at)
    return await get_quote(dependencies, person=person, quote_id=quote_id)


def _check_requestable(dependencies: Dependencies, details: QuoteDetails) -> None:
    details.check_pending()
    if dependencies.settings.account_services_channel is None:
        raise ExtensionUnavailable
    if details.extension is not None:
        raise ExtensionPending(
            number=details.quote.number,
            by=details.extension.requested_by,
            at=details.extension.requested_at,
            until=details.extension.requested_until,
        )
    _check_extendable(details)


def _check_extendable(details: QuoteDetails) -> None:
    if not details.is_extendable:
        raise ExtensionImpossible(number=details.quote.number, period_end=min(details.period_ends))


def _check_day(details: QuoteDetails, until: date | None) -> tuple[date, datetime]:
    """Returns the day, and when it ends. Call it once the person is authorized: a refusal reveals something
    about the quote."""
    if until is None:
        raise InvalidInput({"until": FieldRequired()})
    try:
        return until, compute_extended_expiry(details.account, details.quote, details.period_ends, until)
    except Refusal as refusal:
        raise InvalidInput({"until": refusal}) from None


async def _enqueue_request(
    dependencies: Dependencies,
    session: Session,
    details: QuoteDetails,
    extension: QuoteExtension,
    at: datetime,
) -> None:
    settings = dependencies.settings
    assert settings.account_services_channel is not None, "checked before"
    await enqueue_notice(
        session,
        NoticeKind.QUOTE_EXTENSION_REQUESTED,
        f"{extension.event_key}:requested",
        [Destination.account_services(settings.account_services_channel)],
        account=details.account,
        at=at,
        quote=details.quote,
        payload=QuoteExtensionPayload(extension_id=extension.key),
        team=settings.account_services_team,
    )


# --- how else a request ends


async def move_open_extension(
    session: Session, account: Account, old: Quote, new: Quote, actor: Actor, at: datetime
) -> tuple[list[NewAuditEntry], list[Notice]]:
    """Moves it to the quote that replaces this one for another address, which is the same offer (R10). Locks
    the notices first, because delivering them does so too."""
    query = select(QuoteExtension).where(QuoteExtension.quote_id == old.id, REQUESTED_EXTENSION_CONDITION)
    extension = (await session.exec(query)).one_or_none()
    if extension is None:
        return [], []
    await session.exec(
        update(Notice)
        .where(IS_WAITING_NOTICE, col(Notice.quote_id) == old.id, col(Notice.kind).in_(REQUEST_KINDS))
        .values(quote_id=new.id)
        .execution_options(synchronize_session=False)
    )
    await session.exec(
        update(PostedMessage)
        .where(col(PostedMessage.quote_id) == old.id, col(PostedMessage.quote_extension_id) == extension.id)
        .values(quote_id=new.id)
        .execution_options(synchronize_session=False)
    )
    extension.quote_id = new.key
    session.add(extension)
    await session.flush()
    moved = NewAuditEntry(
        actor,
        new.audit_subject,
        AuditAction.EXTENSION_MOVED,
        at,
        details={"from": old.number, "until": extension.requested_until.isoformat()},
    )
    return [moved], await build_extension_message_updates(session, account, new, extension.key, at)


async def report_undelivered_request(
    session: Session, notice: Notice, at: datetime, *, is_final: bool
) -> list[Notice]:
    """Notifies the person who asked that the request could not be posted to Account Services. A final failure
    withdraws the request, because nobody has seen it."""
    extension_id = find_extension_id(notice)
    extension = (
        await session.get(QuoteExtension, extension_id, with_for_update=True) if extension_id else None
    )
    if extension is None or not extension.is_open:
        return []
    if is_final:
        await session.delete(extension)
    return build_notices(
        NoticeKind.QUOTE_EXTENSION_UNDELIVERED,
        f"{extension.event_key}:{'withdrawn' if is_final else 'delayed'}",
        [Destination.contact(extension.contact_id)],
        account=await session.get_one(Account, notice.account_id),
        at=at,
        quote=await session.get_one(Quote, extension.quote_id),
        payload=ExtensionUndeliveredPayload(is_withdrawn=is_final),
    )


# --- Account Services


async def get_open_extension(
    dependencies: Dependencies, *, person: SlackIdentity, extension_id: int
) -> ExtensionDetails:
    await authorize_services_member(dependencies, person)
    async with dependencies.read() as session:
        details = await _get_details(session, extension_id, dependencies.now())
    details.check_open()
    return details


async def approve_extension(
    dependencies: Dependencies, *, person: SlackIdentity, extension_id: int, until: date | None
) -> ExtensionDetails:
    """Raises InvalidInput if `until` is missing, too late or too early."""
    actor = await authorize_services_member(dependencies, person)
    at = dependencies.now()
    async with dependencies.write() as session:
        details = await _lock_extension(session, extension_id, at)
        quote, extension = details.quote.quote, details.extension
        until, expires_at = _check_day(details.quote, until)
        old_expires_at = quote.expires_at
        extension.approve(until, at, actor.name)
        quote.extend(expires_at, at)
        session.add_all([extension, quote])
        await write_audit_entry(
            session,
            account_id=quote.account_id,
            actor=actor,
            subject=quote.audit_subject,
            action=AuditAction.EXTENDED,
            at=at,
            details={"expires_at": [old_expires_at.isoformat(), expires_at.isoformat()]},
        )
        # The copies for Account Services are among them.
        await enqueue_quote_message_updates(session, details.quote.account, quote, at)
        await _enqueue_decision(session, details, at)
        return details


async def decline_extension(
    dependencies: Dependencies, *, person: SlackIdentity, extension_id: int, reason: str | None
) -> ExtensionDetails:
    stored_reason = validate_reason(reason)
    actor = await authorize_services_member(dependencies, person)
    at = dependencies.now()
    async with dependencies.write() as session:
        details = await _lock_extension(session, extension_id, at)
        quote = details.quote.quote
        details.extension.decline(at, actor.name, stored_reason)
        session.add(details.extension)
        await write_audit_entry(
            session,
            account_id=quote.account_id,
            actor=actor,
            subject=quote.audit_subject,
            action=AuditAction.EXTENSION_DECLINED,
            at=at,
            reason=stored_reason,
        )
        updates = await build_extension_message_updates(
            session, details.quote.account, quote, details.extension.key, at
        )
        await enqueue_notices(session, updates)
        await _enqueue_decision(session, details, at)
        return details


async def _lock_extension(session: Session, extension_id: int, at: datetime) -> ExtensionDetails:
    """Reads it with the account locked. Raises as `get_open_extension` does."""
    account_id = (await _get_details(session, extension_id, at)).quote.account.id
    await lock_account(session, account_id)
    details = await _get_details(session, extension_id, at)
    details.check_open()
    return details


async def _get_details(session: Session, extension_id: int, at: datetime) -> ExtensionDetails:
    query = select(QuoteExtension).where(col(QuoteExtension.id) == extension_id)
    extension = (await session.exec(query.execution_options(populate_existing=True))).one_or_none()
    quote = await find_quote_details(session, extension.quote_id, at) if extension else None
    if extension is None or quote is None:
        raise ExtensionNotFound
    return ExtensionDetails(extension, quote)


async def _enqueue_decision(session: Session, details: ExtensionDetails, at: datetime) -> None:
    quote, extension = details.quote.quote, details.extension
    recipients = await list_recipients(session, quote.account_id, quote.contact_id)
    active = await list_active_contacts(session, quote.account_id)
    recipients += [c for c in active if c.id == extension.contact_id and c not in recipients]
    await enqueue_notice(
        session,
        NoticeKind.QUOTE_EXTENSION_DECIDED,
        f"{extension.event_key}:decided",
        list_direct_destinations(recipients),
        account=details.quote.account,
        at=at,
        quote=quote,
        payload=QuoteExtensionPayload(extension_id=extension.key),
    )
