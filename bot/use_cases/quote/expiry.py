"""What the clock does to quotes: reminders ahead of their end, and telling of it (R9)."""

from datetime import datetime, timedelta

from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.db import lock_account
from bot.services import Services
from bot.use_cases.due_rows import each_due
from bot.use_cases.notice.enqueue import audience, direct, tell
from bot.use_cases.quote.decide import decide
from bot.use_cases.slack_user import known_user
from models.account import Account
from models.audit_entry import Actor
from models.billing_contact import BillingContact
from models.notice import NoticeKind
from models.quiet_hours import zone_or
from models.quote import Quote, QuoteStatus, next_preparation, reminders

SCHEDULER = Actor("scheduler", "seatbot", "job:expire_quotes")


async def expire_quotes(services: Services) -> int:
    """Close the quotes whose validity is over, and tell their people. Returns how many were due."""
    pending = Quote.status == QuoteStatus.PENDING
    return await each_due(services, Quote, col(Quote.expires_at), _expire, pending)


async def _expire(session: AsyncSession, quote: Quote, at: datetime) -> None:
    await lock_account(session, quote.account_id, quote)
    if quote.status is QuoteStatus.PENDING and quote.expires_at <= at:
        await decide(session, quote, QuoteStatus.EXPIRED, SCHEDULER, at, decided_at=quote.expires_at)


async def remind_of_quotes(services: Services) -> int:
    """Store the reminders of pending quotes that may be due by now, each at a decent hour of who gets it.

    Once for each reminder and person; one where several were missed. Returns how many quotes were looked at.
    """
    return await each_due(services, Quote, col(Quote.remind_at), _remind)


async def _remind(session: AsyncSession, quote: Quote, at: datetime) -> None:
    await lock_account(session, quote.account_id, quote)
    due, quote.remind_at = quote.remind_at, next_preparation(at, quote.expires_at)
    session.add(quote)
    if due is None or not quote.pending_at(at):
        return
    account = await session.get_one(Account, quote.account_id)
    for contact in await audience(session, quote.account_id, quote.contact_id):
        zone = await _zone_of(session, account, contact)
        for before, then in reminders(quote.created_at, quote.expires_at, zone, at).items():
            await tell(
                session,
                NoticeKind.QUOTE_REMINDER,
                f"quote:{quote.id}:reminder:{before}:{quote.expires_at.isoformat()}",
                direct([contact]),
                account=account,
                at=at,
                quote=quote,
                words={"ends": quote.expires_at.isoformat(), "hours": before // timedelta(hours=1)},
                due_at=then,
            )


async def _zone_of(session: AsyncSession, account: Account, contact: BillingContact) -> str:
    """Their own, as far as it is known."""
    user = await known_user(session, account.slack_team, contact)
    return zone_or(user.time_zone if user else None, account.time_zone)
