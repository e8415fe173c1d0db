"""Making, reading and deciding quotes (R6-R9)."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import bindparam
from sqlmodel import col, select

from bot.billing.gateway import Preview, PricedLine
from bot.db import Session
from bot.permissions import (
    Authorized,
    SlackIdentity,
    authorize_row,
    build_actor,
    get_authorized_role,
    lock_authorized_row,
)
from bot.services import Services
from bot.use_cases.audit.write import write_audit_entry
from bot.use_cases.details import find_replacement_number, load_quote_details
from bot.use_cases.document_number import allocate_document_number
from bot.use_cases.notice.enqueue import (
    enqueue_notice,
    enqueue_quote_card_updates,
    list_direct_destinations,
    list_recipients,
)
from models.account import Account, Address
from models.audit_entry import Actor
from models.billing_contact import BillingContact
from models.details import QuoteDetails
from models.document_sequence import QUOTE_PREFIX
from models.notice import NoticeKind
from models.quote import (
    PENDING_QUOTE_CONDITION,
    Quote,
    QuoteLine,
    QuoteNotFound,
    QuoteStatus,
    find_first_reminder_check,
    validate_reason,
)
from models.subscription import Subscription


async def list_quotes(
    services: Services, *, person: SlackIdentity, account_id: str
) -> tuple[Account, list[QuoteDetails]]:
    """The account's pending quotes, the one that ends first at the top."""
    at = services.now()
    async with services.read() as session:
        account, _ = await get_authorized_role(session, person, account_id, at, for_change=False)
        quotes = await list_pending_quotes(session, account_id, at)
        return account, [await load_quote_details(session, quote, at) for quote in quotes]


async def get_quote(services: Services, *, person: SlackIdentity, quote_id: int) -> QuoteDetails:
    at = services.now()
    async with services.read() as session:
        quote = (await authorize_quote(session, person, quote_id, at, for_change=False)).row
        return await load_quote_details(session, quote, at)


async def get_quote_id(
    services: Services, *, person: SlackIdentity, account_ids: list[str], number: str
) -> int:
    """The id of the quote with that number, on one of these accounts. Raises QuoteNotFound."""
    async with services.read() as session:
        found = await session.exec(
            select(Quote.id).where(
                Quote.number == number.strip().upper(), col(Quote.account_id).in_(account_ids)
            )
        )
        quote_id = found.one_or_none()
    if quote_id is None:
        raise QuoteNotFound(number=number[:40])
    return quote_id


async def reject_quote(
    services: Services, *, person: SlackIdentity, quote_id: int, reason: str | None
) -> QuoteDetails:
    """R8. Raises ReasonTooLong, QuoteNotPending, QuoteNotFound."""
    at = services.now()
    stored_reason = validate_reason(reason)
    async with services.write() as session:
        authorized = await lock_quote(session, person, quote_id, at)
        quote, contact = authorized.row, authorized.contact
        await check_pending(session, quote, at)
        actor = build_actor(contact, person)
        await decide_quote(
            session, quote, QuoteStatus.REJECTED, actor, at, reason=stored_reason, decided_by_contact=contact
        )
        return await load_quote_details(session, quote, at)


async def authorize_quote(
    session: Session, person: SlackIdentity, quote_id: int, at: datetime, *, for_change: bool
) -> Authorized[Quote]:
    quote = await session.get(Quote, quote_id)
    return await authorize_row(
        session, person, quote, at, for_change=for_change, not_found=QuoteNotFound(number="")
    )


async def lock_quote(
    session: Session, person: SlackIdentity, quote_id: int, at: datetime
) -> Authorized[Quote]:
    quote = await session.get(Quote, quote_id)
    return await lock_authorized_row(session, person, quote, at, not_found=QuoteNotFound(number=""))


async def check_pending(session: Session, quote: Quote, at: datetime) -> None:
    """Raises QuoteNotPending, with what replaced it."""
    quote.check_pending(at, await find_replacement_number(session, quote) or "")


_PENDING_QUOTES_QUERY = (
    select(Quote)
    .where(
        Quote.account_id == bindparam("account"),
        PENDING_QUOTE_CONDITION,
        col(Quote.expires_at) > bindparam("at"),
    )
    .order_by(col(Quote.expires_at), col(Quote.id))
)


async def list_pending_quotes(session: Session, account_id: str, at: datetime) -> list[Quote]:
    """R9: by their validity, whether or not a job has run."""
    return list((await session.exec(_PENDING_QUOTES_QUERY, params={"account": account_id, "at": at})).all())


async def decide_quote(
    session: Session,
    quote: Quote,
    status: QuoteStatus,
    actor: Actor,
    at: datetime,
    *,
    reason: str | None = None,
    replacement: Quote | None = None,
    decided_by_contact: BillingContact | None = None,
    decided_at: datetime | None = None,
) -> None:
    """Change a quote's status with its history, its posted copies and the word to its people.

    The account is locked by the caller. `told_by` did it, and so need not be told.
    """
    before = quote.status
    if replacement is None:
        quote.change_status(status, decided_at or at, actor.name, reason)
    else:
        quote.mark_replaced(replacement, at, actor.name)
    session.add(quote)
    await write_audit_entry(
        session,
        account_id=quote.account_id,
        actor=actor,
        subject=f"quote:{quote.number}",
        action="replaced" if replacement else status.value,
        at=at,
        status_change=(before.value, status.value),
        reason=reason,
        details={"replaced_by": replacement.number} if replacement else {},
    )
    account = await session.get_one(Account, quote.account_id)
    await enqueue_quote_card_updates(session, account, quote, at)
    people = await list_recipients(session, account.id, quote.contact_id)
    others = [c for c in people if decided_by_contact is None or c.id != decided_by_contact.id]
    await enqueue_notice(
        session,
        NoticeKind.QUOTE_DECIDED,
        f"quote:{quote.id}:decided",
        list_direct_destinations(others),
        account=account,
        at=at,
        quote=quote,
    )


async def create_quote(
    session: Session,
    *,
    account: Account,
    contact_id: int | None,
    actor: Actor,
    preview: Preview,
    address: Address,
    frozen_at: datetime,
    expires_at: datetime,
    at: datetime,
    created_externally: bool = False,
    reason: str | None = None,
) -> Quote:
    """Store a pending quote at the prices of `preview`. `contact_id` is whose it is; none for all."""
    quote = Quote(
        number=await allocate_document_number(session, QUOTE_PREFIX),
        account_id=account.id,
        created_externally=created_externally,
        contact_id=contact_id,
        created_at=at,
        frozen_at=frozen_at,
        expires_at=expires_at,
        remind_at=find_first_reminder_check(at, expires_at),
        currency=account.currency,
        address=address.model_dump(),
        subtotal=preview.subtotal,
        tax=preview.tax,
        total=preview.subtotal + preview.tax,
        recurring=[{**asdict(r), "period": r.period.value} for r in preview.recurring],
    )
    session.add(quote)
    await session.flush()
    for line in preview.lines:
        # Mostly it was read to check what may be ordered, and is not asked for again.
        held = await session.get_one(Subscription, line.subscription_id)
        session.add(_build_quote_line(quote, line, held.product_id))
    await write_audit_entry(
        session,
        account_id=account.id,
        actor=actor,
        subject=f"quote:{quote.number}",
        action="made",
        at=at,
        status_change=(None, QuoteStatus.PENDING.value),
        reason=reason,
        details={"total": quote.total, "currency": quote.currency},
    )
    return quote


def _build_quote_line(quote: Quote, priced_line: PricedLine, product_id: str) -> QuoteLine:
    return QuoteLine(quote_id=quote.key, product_id=product_id, **asdict(priced_line))


_QUOTE_LINES_QUERY = (
    select(QuoteLine).where(QuoteLine.quote_id == bindparam("quote")).order_by(col(QuoteLine.id))
)


async def list_quote_lines(session: Session, quote: Quote) -> list[QuoteLine]:
    return list((await session.exec(_QUOTE_LINES_QUERY, params={"quote": quote.id})).all())
