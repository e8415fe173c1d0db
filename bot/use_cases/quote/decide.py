"""Deciding quotes: rejecting them, and what every decision does (R7-R9)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import SlackIdentity, build_actor
from bot.use_cases.audit.write import NewAuditEntry, write_audit_entries
from bot.use_cases.notice.enqueue import (
    build_notices,
    build_quote_message_updates,
    enqueue_notices,
    list_direct_destinations,
    list_quote_copies,
    list_recipients,
)
from bot.use_cases.quote.read import lock_quote
from models.account import Account
from models.account.billing_contact import BillingContact
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.details import QuoteDetails
from models.notice import Notice, NoticeKind, PostedMessage
from models.quote import Quote, QuoteStatus, validate_reason
from models.quote.extension import REQUESTED_EXTENSION_CONDITION, QuoteExtension


async def reject_quote(
    dependencies: Dependencies, *, person: SlackIdentity, quote_id: int, reason: str | None
) -> QuoteDetails:
    at = dependencies.now()
    stored_reason = validate_reason(reason)
    async with dependencies.write() as session:
        details, contact = await lock_quote(session, person, quote_id, at)
        details.check_pending()
        actor = build_actor(contact, person)
        await decide_quote(
            session,
            details.quote,
            QuoteStatus.REJECTED,
            actor,
            at,
            reason=stored_reason,
            decided_by_contact=contact,
        )
        return details


async def decide_quote(
    session: Session,
    quote: Quote,
    status: QuoteStatus,
    actor: Actor,
    at: datetime,
    *,
    reason: str | None = None,
    decided_by_contact: BillingContact | None = None,
    decided_at: datetime | None = None,
) -> None:
    """Changes one quote's status, with its history, its posted messages and the notices to its contacts."""
    account = await session.get_one(Account, quote.account_id)
    decision = await change_quote_status(
        session,
        account,
        quote,
        status,
        actor,
        at,
        reason=reason,
        decided_by_contact=decided_by_contact,
        decided_at=decided_at,
    )
    await write_audit_entries(session, account.id, [decision.audit_entry])
    await enqueue_notices(session, decision.notices)


@dataclass(frozen=True)
class QuoteDecision:
    """What a quote's new status adds to the history and the outbox."""

    audit_entry: NewAuditEntry
    notices: list[Notice]


async def change_quote_status(
    session: Session,
    account: Account,
    quote: Quote,
    status: QuoteStatus,
    actor: Actor,
    at: datetime,
    *,
    reason: str | None = None,
    replacement: Quote | None = None,
    decided_by_contact: BillingContact | None = None,
    decided_at: datetime | None = None,
    copies: Sequence[PostedMessage] | None = None,
) -> QuoteDecision:
    """The caller holds the account's lock, and stores what is returned together with what its transaction
    adds. `decided_by_contact` gets no notice, unless the quote is replaced and a request of theirs ends with
    it. `copies` are the quote's posted ones, if the caller has read them."""
    before = quote.status
    if replacement is None:
        quote.change_status(status, decided_at or at, actor.name, reason)
    else:
        quote.mark_replaced(replacement, at, actor.name)
    session.add(quote)
    entry = NewAuditEntry(
        actor,
        quote.audit_subject,
        AuditAction.REPLACED if replacement else AuditAction(status.value),
        at,
        status_change=(before.value, status.value),
        reason=reason,
        details={"replaced_by": replacement.number} if replacement else {},
    )
    if copies is None:
        copies = await list_quote_copies(session, quote)
    notices = build_quote_message_updates(account, quote, copies, at)
    people = await _list_decision_recipients(session, account, quote, decided_by_contact)
    if status is not QuoteStatus.ACCEPTED:
        people += await _list_requesters(
            session, quote, people, None if replacement is not None else decided_by_contact
        )
    notices += build_notices(
        NoticeKind.QUOTE_DECIDED,
        f"quote:{quote.id}:decided",
        list_direct_destinations(people),
        account=account,
        at=at,
        quote=quote,
    )
    return QuoteDecision(entry, notices)


async def _list_decision_recipients(
    session: Session, account: Account, quote: Quote, decided_by_contact: BillingContact | None
) -> list[BillingContact]:
    if decided_by_contact is not None and decided_by_contact.id == quote.contact_id:
        return []  # No other contact needs to be notified.
    people = await list_recipients(session, account.id, quote.contact_id)
    return [c for c in people if decided_by_contact is None or c.id != decided_by_contact.id]


async def _list_requesters(
    session: Session,
    quote: Quote,
    notified: Sequence[BillingContact],
    decided_by_contact: BillingContact | None,
) -> list[BillingContact]:
    found = await session.exec(
        select(BillingContact)
        .join(QuoteExtension, col(QuoteExtension.contact_id) == BillingContact.id)
        .where(QuoteExtension.quote_id == quote.id, REQUESTED_EXTENSION_CONDITION, col(BillingContact.active))
    )
    others = {contact.id for contact in notified} | {decided_by_contact.id if decided_by_contact else None}
    return [contact for contact in found.all() if contact.id not in others]
