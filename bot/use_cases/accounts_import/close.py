"""Closing an account: nothing can be ordered for it any more.

Orders that were placed are still processed, and what happened stays readable.
"""

from datetime import datetime

from sqlmodel import col, select

from bot.db import Database, Session, lock_account
from bot.use_cases.accounts_import.import_run import ImportRun
from bot.use_cases.quote.decide import decide_quote
from models.account import Account, AccountNotFound
from models.audit.action import AuditAction
from models.audit.entry import Actor
from models.quote import Quote, QuoteStatus, validate_reason

CLOSE_SOURCE = "close"


async def close_account(
    database: Database, *, account_id: str, reason: str | None, operator: str, at: datetime
) -> bool:
    """Returns whether it was open. Raises AccountNotFound, InvalidInput."""
    run = ImportRun(Actor("operator", operator, CLOSE_SOURCE), at)
    async with database.write() as session:
        if await session.get(Account, account_id) is None:
            raise AccountNotFound
        account = await lock_account(session, account_id)
        was_open = account.closed_at is None
        if was_open:
            await close_locked_account(session, run, account, validate_reason(reason))
        return was_open


async def close_locked_account(
    session: Session, run: ImportRun, account: Account, reason: str | None
) -> None:
    """Expires its pending quotes, of which its contacts are notified."""
    account.closed_at, account.closed_reason = run.at, reason
    session.add(account)
    await run.record_change(session, account.id, account.audit_subject, AuditAction.CLOSED, {}, reason=reason)
    pending = await session.exec(
        select(Quote)
        .where(Quote.account_id == account.id, col(Quote.status) == QuoteStatus.PENDING)
        .order_by(col(Quote.id))
    )
    for quote in pending.all():
        await decide_quote(session, quote, QuoteStatus.EXPIRED, run.actor, run.at, reason=reason)


async def reopen_locked_account(session: Session, run: ImportRun, account: Account) -> None:
    account.closed_at = account.closed_reason = None
    session.add(account)
    await run.record_change(session, account.id, account.audit_subject, AuditAction.REOPENED, {})
