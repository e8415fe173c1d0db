"""What the clock does to quotes: reminders ahead of their end, and telling of it (R9)."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import lock_account
from bot.services import Services
from bot.use_cases.notice import audience, direct, tell
from bot.use_cases.quote import decide
from models.account import Account
from models.audit_entry import Actor
from models.notice import NoticeKind
from models.quote import Quote, QuoteStatus, next_reminder

SCHEDULER = Actor("scheduler", "seatbot", "job:expire_quotes")
BATCH = 100


async def expire_quotes(services: Services) -> int:
    """Close the quotes whose validity is over, and tell their people. Returns how many were due."""
    at = services.now()
    async with services.read() as session:
        due = await session.exec(
            select(col(Quote.id))
            .where(Quote.status == QuoteStatus.PENDING, col(Quote.expires_at) <= at)
            .order_by(col(Quote.expires_at))
            .limit(BATCH)
        )
        quote_ids = list(due.all())
    for quote_id in quote_ids:
        async with services.write() as session:
            quote = await _locked(session, quote_id)
            if quote.status is QuoteStatus.PENDING and quote.expires_at <= at:
                await decide(session, quote, QuoteStatus.EXPIRED, SCHEDULER, at, decided_at=quote.expires_at)
    return len(quote_ids)


async def remind_of_quotes(services: Services) -> int:
    """Remind of the end of pending quotes: once for each reminder, and one where several were missed."""
    at = services.now()
    async with services.read() as session:
        due = await session.exec(
            select(col(Quote.id))
            .where(col(Quote.remind_at) <= at)
            .order_by(col(Quote.remind_at))
            .limit(BATCH)
        )
        quote_ids = list(due.all())
    for quote_id in quote_ids:
        async with services.write() as session:
            await _remind(session, await _locked(session, quote_id), at)
    return len(quote_ids)


async def _remind(session: AsyncSession, quote: Quote, at: datetime) -> None:
    reminded_for, quote.remind_at = quote.remind_at, next_reminder(at, quote.expires_at)
    session.add(quote)
    if reminded_for is None or not quote.pending_at(at):
        return
    people = await audience(session, quote.account_id, quote.contact_id)
    await tell(
        session,
        NoticeKind.QUOTE_REMINDER,
        f"quote:{quote.id}:reminder:{reminded_for.isoformat()}",
        direct(people),
        account=await session.get_one(Account, quote.account_id),
        at=at,
        quote=quote,
    )


async def _locked(session: AsyncSession, quote_id: int | None) -> Quote:
    quote = await session.get_one(Quote, quote_id)
    await lock_account(session, quote.account_id)
    await session.refresh(quote)
    return quote
