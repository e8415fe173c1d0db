"""Scheduled work on quotes: reminders before they expire, and expiring them (R9)."""

from datetime import datetime, timedelta

from sqlmodel import col

from bot.db import Session, lock_account
from bot.dependencies import Dependencies
from bot.job_ids import JobId, build_job_actor
from bot.use_cases.due_rows import find_next_time, process_due_rows
from bot.use_cases.notice.enqueue import (
    build_notices,
    enqueue_notices,
    list_direct_destinations,
    list_recipients,
)
from bot.use_cases.quote.decide import decide_quote
from bot.use_cases.slack_user import find_contact_user
from models.account import Account
from models.account.billing_contact import BillingContact
from models.notice import Notice, NoticeKind
from models.notice.payloads import QuoteReminderPayload
from models.notice.quiet_hours import resolve_time_zone
from models.quote import Quote, QuoteStatus, build_reminder_schedule, find_next_reminder_check

EXPIRY_JOB_ACTOR = build_job_actor(JobId.EXPIRE_QUOTES)


async def expire_quotes(dependencies: Dependencies) -> int:
    pending = Quote.status == QuoteStatus.PENDING
    return await process_due_rows(dependencies, Quote, col(Quote.expires_at), _expire_quote, pending)


async def find_next_expiry_time(dependencies: Dependencies) -> datetime | None:
    return await find_next_time(dependencies, col(Quote.expires_at), Quote.status == QuoteStatus.PENDING)


async def _expire_quote(session: Session, quote: Quote, at: datetime) -> None:
    await lock_account(session, quote.account_id, quote)
    if quote.status is QuoteStatus.PENDING and quote.expires_at <= at:
        await decide_quote(
            session, quote, QuoteStatus.EXPIRED, EXPIRY_JOB_ACTOR, at, decided_at=quote.expires_at
        )


async def enqueue_quote_reminders(dependencies: Dependencies) -> int:
    """Enqueues the reminders of pending quotes that may be due by now, outside each recipient's quiet hours.
    Each person gets a reminder once, and only one if several were missed. Returns how many quotes were
    checked."""
    return await process_due_rows(dependencies, Quote, col(Quote.remind_at), _enqueue_reminders)


async def find_next_reminder_time(dependencies: Dependencies) -> datetime | None:
    return await find_next_time(dependencies, col(Quote.remind_at))


async def _enqueue_reminders(session: Session, quote: Quote, at: datetime) -> None:
    await lock_account(session, quote.account_id, quote)
    due, quote.remind_at = quote.remind_at, find_next_reminder_check(at, quote.expires_at)
    session.add(quote)
    if due is None or not quote.is_pending(at):
        return
    account = await session.get_one(Account, quote.account_id)
    notices: list[Notice] = []
    for contact in await list_recipients(session, quote.account_id, quote.contact_id):
        zone = await _get_time_zone(session, account, contact)
        for before, then in build_reminder_schedule(quote.created_at, quote.expires_at, zone, at).items():
            notices += build_notices(
                NoticeKind.QUOTE_REMINDER,
                f"quote:{quote.id}:reminder:{before}:{quote.expires_at.isoformat()}",
                list_direct_destinations([contact]),
                account=account,
                at=at,
                quote=quote,
                payload=QuoteReminderPayload(
                    expires_at=quote.expires_at, hours_before_expiry=before // timedelta(hours=1)
                ),
                due_at=then,
            )
    await enqueue_notices(session, notices)


async def _get_time_zone(session: Session, account: Account, contact: BillingContact) -> str:
    user = await find_contact_user(session, account.slack_team, contact)
    return resolve_time_zone(user.time_zone if user else None, account.time_zone)
