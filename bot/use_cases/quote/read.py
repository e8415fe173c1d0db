"""Reading quotes, for people and for other use cases."""

from datetime import datetime

from sqlmodel import col, select

from bot.db import Session
from bot.dependencies import Dependencies
from bot.permissions import (
    Authorized,
    SlackIdentity,
    authorize_row,
    get_authorized_role,
    is_unchanged,
    lock_account_role,
)
from bot.use_cases.load_details import find_quote_details, find_replacement_number, list_pending_quote_details
from models.account import Account
from models.account.billing_contact import BillingContact
from models.details import QuoteDetails
from models.quote import PENDING_QUOTE_CONDITION, Quote, QuoteLine, QuoteNotFound


async def list_quotes(
    dependencies: Dependencies, *, person: SlackIdentity, account_id: str
) -> tuple[Account, list[QuoteDetails]]:
    at = dependencies.now()
    async with dependencies.read() as session:
        account, _ = await get_authorized_role(session, person, account_id, at, for_change=False)
        return account, await list_pending_quote_details(session, account_id, at)


async def get_quote(dependencies: Dependencies, *, person: SlackIdentity, quote_id: int) -> QuoteDetails:
    at = dependencies.now()
    async with dependencies.read() as session:
        details, _ = await authorize_quote(session, person, quote_id, at)
        return details


async def get_quote_id(dependencies: Dependencies, *, account_ids: list[str], number: str) -> int:
    async with dependencies.read() as session:
        found = await session.exec(
            select(Quote.id).where(
                Quote.number == number.strip().upper(), col(Quote.account_id).in_(account_ids)
            )
        )
        quote_id = found.one_or_none()
    if quote_id is None:
        raise QuoteNotFound(number=number[:40])
    return quote_id


async def authorize_quote(
    session: Session, person: SlackIdentity, quote_id: int, at: datetime
) -> tuple[QuoteDetails, BillingContact]:
    """Returns the quote, and the person's role for it. Raises as `authorize_row` does."""
    details = await find_quote_details(session, quote_id, at)
    authorized = await _authorize_details(session, person, details, at, for_change=False)
    assert details is not None, "a quote was authorized"
    return details, authorized.contact


async def lock_quote(
    session: Session, person: SlackIdentity, quote_id: int, at: datetime
) -> tuple[QuoteDetails, BillingContact]:
    """The same for a change: locks the account, and then reads the quote."""
    details = await find_quote_details(session, quote_id, at)
    await _authorize_details(session, person, details, at, for_change=True)
    assert details is not None, "a quote was authorized"
    return await lock_loaded_quote(session, person, details, at)


async def lock_loaded_quote(
    session: Session, person: SlackIdentity, details: QuoteDetails, at: datetime
) -> tuple[QuoteDetails, BillingContact]:
    """Like `lock_quote`, for a quote that the request has already read: it is read again only if the account
    has changed since. Raises as `get_authorized_role` does."""
    account, contact = await lock_account_role(session, person, details.account.id, at)
    if await is_unchanged(session, person, account):
        return details, contact
    reloaded = await find_quote_details(session, details.quote.key, at)
    assert reloaded is not None, "quotes are never deleted"
    return reloaded, contact


async def _authorize_details(
    session: Session, person: SlackIdentity, details: QuoteDetails | None, at: datetime, *, for_change: bool
) -> Authorized[Quote]:
    return await authorize_row(
        session,
        person,
        details.quote if details else None,
        at,
        for_change=for_change,
        not_found=QuoteNotFound(number=""),
    )


async def check_pending(session: Session, quote: Quote, at: datetime) -> None:
    quote.check_pending(at, await find_replacement_number(session, quote) or "")


async def list_pending_quotes(session: Session, account_id: str, at: datetime) -> list[Quote]:
    """Lists them by the end of their validity, which counts whether or not a job has expired them (R9)."""
    found = await session.exec(
        select(Quote)
        .where(Quote.account_id == account_id, PENDING_QUOTE_CONDITION, Quote.expires_at > at)
        .order_by(col(Quote.expires_at), col(Quote.id))
    )
    return list(found.all())


async def list_quote_lines(session: Session, quote: Quote) -> list[QuoteLine]:
    found = await session.exec(
        select(QuoteLine).where(QuoteLine.quote_id == quote.id).order_by(col(QuoteLine.id))
    )
    return list(found.all())
