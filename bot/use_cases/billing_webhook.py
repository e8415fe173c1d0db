"""Webhook events of the billing provider: each is stored once and schedules a refresh of its account (R19).

The content of an event is never trusted: events arrive late, twice, before the response to our own call, or
not at all. The bot asks the provider what became of a charge, and does so after the gateway's reconcile
interval even if no event arrives.
"""

from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select

from bot.billing.gateway import BillingUnavailable, CustomerNotFound, WebhookEvent
from bot.db import DATABASE_UNAVAILABLE_ERRORS, Session
from bot.dependencies import Dependencies
from bot.use_cases.billing_sync.account import refresh_account
from bot.use_cases.billing_sync.address import restore_address
from bot.use_cases.due_rows import StopProcessing, find_next_time, process_keys
from bot.use_cases.invoice.follow import schedule_invoice_checks
from bot.use_cases.rate_limits import select_due_keys
from bot.use_cases.service_order.process import start_processing
from models.account import Account
from models.billing_event import ReceivedBillingEvent
from models.service_order import BUSY_STATUSES, OrderLine, ServiceOrder

log = structlog.get_logger()

BATCH_SIZE = 20
# Stripe sends an event again for three days, and on request for thirty.
EVENT_RETENTION = timedelta(days=60)
DELETED_EVENTS_LIMIT = 100
# An account that could not be refreshed stays due, behind the others.
RETRY_DELAY = timedelta(minutes=1)


async def handle_provider_event(dependencies: Dependencies, event: WebhookEvent) -> bool:
    """Returns False for an event that is already stored."""
    at = dependencies.now()
    try:
        async with dependencies.write() as session:
            if await session.get(ReceivedBillingEvent, event.id) is not None:
                return False
            account = await _save_event(session, event, at)
            await _delete_old_events(session, at)
    except IntegrityError:
        return False  # The same event was stored by a concurrent request.
    if account is not None:
        start_processing(dependencies)
    return True


async def _save_event(session: Session, event: WebhookEvent, at: datetime) -> Account | None:
    account = await _find_account(session, event)
    account_id = account.id if account else None
    session.add(ReceivedBillingEvent(id=event.id, kind=event.kind, account_id=account_id, received_at=at))
    await session.flush()
    if account is not None:
        account.schedule_refresh(at)
        session.add(account)
        await _schedule_busy_lines(session, account, at)
        await schedule_invoice_checks(session, account.id, at)
    return account


async def _delete_old_events(session: Session, at: datetime) -> None:
    old_ids = (
        select(ReceivedBillingEvent.id)
        .where(ReceivedBillingEvent.received_at < at - EVENT_RETENTION)
        .order_by(col(ReceivedBillingEvent.received_at))
        .limit(DELETED_EVENTS_LIMIT)
        .with_for_update(skip_locked=True)  # Another replica may be deleting them.
    )
    await session.exec(delete(ReceivedBillingEvent).where(col(ReceivedBillingEvent.id).in_(old_ids)))


async def _find_account(session: Session, event: WebhookEvent) -> Account | None:
    if event.customer_id is None:
        return None
    accounts = await session.exec(select(Account).where(Account.stripe_customer == event.customer_id))
    return accounts.one_or_none()


async def _schedule_busy_lines(session: Session, account: Account, at: datetime) -> None:
    lines = await session.exec(
        select(OrderLine)
        .join(ServiceOrder, col(ServiceOrder.id) == OrderLine.order_id)
        .where(ServiceOrder.account_id == account.id, col(OrderLine.status).in_(BUSY_STATUSES))
        .with_for_update(of=OrderLine)
    )
    for line in lines.all():
        line.wake(at)
        session.add(line)


async def refresh_due_accounts(dependencies: Dependencies) -> int:
    async with dependencies.read() as session:
        due = await session.exec(
            select(Account.id, Account.refresh_due_at)
            .where(
                col(Account.id).in_(select_due_keys(Account.id, Account.refresh_due_at, dependencies.now()))
            )
            .order_by(col(Account.refresh_due_at))
            .limit(BATCH_SIZE)
        )
        keys = due.all()
    return await process_keys(keys, partial(_refresh_due_account, dependencies))


async def find_next_refresh_time(dependencies: Dependencies) -> datetime | None:
    return await find_next_time(dependencies, col(Account.refresh_due_at))


async def _refresh_due_account(dependencies: Dependencies, key: tuple[str, datetime | None]) -> bool:
    account_id, due_at = key
    retry_at = dependencies.now() + RETRY_DELAY
    try:
        refreshed = await _try_refresh(dependencies, account_id)
    except BillingUnavailable as error:
        # Probably for every account: stop, and let the next run start with another one.
        await _schedule_refresh(dependencies, account_id, due_at, retry_at)
        raise StopProcessing from error
    await _schedule_refresh(dependencies, account_id, due_at, None if refreshed else retry_at)
    return refreshed


async def _try_refresh(dependencies: Dependencies, account_id: str) -> bool:
    """Returns False if this account alone fails. Raises BillingUnavailable."""
    try:
        await refresh_account(dependencies, account_id)
        await restore_address(dependencies, account_id)
    except CustomerNotFound:
        log.warning("account.missing_at_provider", account=account_id)
    except (BillingUnavailable, *DATABASE_UNAVAILABLE_ERRORS):
        raise
    except Exception:
        log.exception("account.refresh_failed", account=account_id)
        return False
    return True


async def _schedule_refresh(
    dependencies: Dependencies,
    account_id: str,
    expected_due_at: datetime | None,
    next_due_at: datetime | None,
) -> None:
    async with dependencies.write() as session:
        account = await session.get_one(Account, account_id)
        # Another event may have made it due again in the meantime.
        if account.refresh_due_at == expected_due_at:
            account.refresh_due_at = next_due_at
            session.add(account)
