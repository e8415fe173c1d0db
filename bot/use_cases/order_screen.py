"""Updating a modal that shows an order, an invoice or emails while it is open, until it is final."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from bot.billing.gateway import BillingUnavailable
from bot.dependencies import Dependencies
from bot.job_ids import JobId
from bot.messaging.messenger import MessengerUnavailable, RateLimited
from bot.messaging.screen_updater import (
    ExportScreenContent,
    InvoiceScreenContent,
    OrderScreenContent,
    ScreenClosed,
    ScreenContent,
)
from bot.permissions import SlackIdentity
from bot.use_cases.due_rows import ClaimQueue, find_next_time, get_later, process_queue
from bot.use_cases.invoice.read import open_invoice
from bot.use_cases.leases import get_delivery_timeout, get_lease_duration, is_unclaimed
from bot.use_cases.rate_limits import compute_backoff, is_due, select_due_keys
from bot.use_cases.receipt_export import get_export_progress
from bot.use_cases.service_order.read import get_order
from bot.use_cases.slack_user import BACKGROUND_TIMEOUT, load_localizer, load_refreshed_principal
from models.errors import Refusal
from models.service_order.order_screen import OrderScreen

log = structlog.get_logger()

# Until then, Slack may not have shown the view yet: it is shown by the ack.
VIEW_OPEN_GRACE_PERIOD = timedelta(seconds=10)
OPENING_RETRY_DELAY = timedelta(seconds=2)
# What Slack keeps refusing is not worth more calls: the messages say the same.
MAX_ATTEMPTS = 5
# While the billing provider is unavailable. A modal that has been open for a day is hardly looked at.
MAX_LOADING_RETRY_DELAY = timedelta(minutes=1)
MAX_LOADING_RETRY_AGE = timedelta(days=1)


async def update_due_screens(dependencies: Dependencies) -> int:
    queue = ClaimQueue(
        dependencies, partial(_find_due_screens, dependencies), partial(_claim_screens, dependencies)
    )
    return await process_queue(queue.claim, partial(_update_screen, dependencies))


async def find_next_screen_time(dependencies: Dependencies) -> datetime | None:
    free_at = get_later(col(OrderScreen.due_at), col(OrderScreen.claimed_until))
    return await find_next_time(dependencies, free_at, col(OrderScreen.due_at).is_not(None))


def _is_due_and_unclaimed(at: datetime) -> tuple[ColumnElement[bool], ...]:
    return is_due(OrderScreen.due_at, at), is_unclaimed(OrderScreen, at)


async def _find_due_screens(dependencies: Dependencies, limit: int) -> Sequence[str]:
    at = dependencies.now()
    due_ids = select_due_keys(OrderScreen.external_id, OrderScreen.due_at, at)
    async with dependencies.read() as session:
        result = await session.exec(
            select(OrderScreen.external_id)
            .where(col(OrderScreen.external_id).in_(due_ids), is_unclaimed(OrderScreen, at))
            .order_by(col(OrderScreen.due_at))
            .limit(limit)
        )
        return result.all()


async def _claim_screens(dependencies: Dependencies, external_ids: Sequence[str]) -> list[OrderScreen]:
    at = dependencies.now()
    async with dependencies.write() as session:
        result = await session.exec(
            select(OrderScreen)
            .where(col(OrderScreen.external_id).in_(external_ids), *_is_due_and_unclaimed(at))
            .order_by(OrderScreen.external_id)
            .with_for_update(skip_locked=True)
        )
        screens = list(result.all())
        for screen in screens:
            screen.claimed_until = at + get_lease_duration(dependencies.settings)
        return screens


async def _update_screen(dependencies: Dependencies, screen: OrderScreen) -> int:
    """Never raises, so that other screens are still updated."""
    content: ScreenContent | None = None
    try:
        async with asyncio.timeout(get_delivery_timeout(dependencies.settings).total_seconds()):
            content = await _load_content(dependencies, screen)
            await dependencies.screen_updater.update_screen(content)
    except (BillingUnavailable, MessengerUnavailable, TimeoutError) as error:
        log.info("order_screen.retry_scheduled", error=f"{type(error).__name__}: {error}")
        if content is None:
            await _postpone_loading(dependencies, screen)
        else:
            await _postpone(dependencies, screen, compute_backoff(screen.attempts), failed=True)
        return 0
    except Refusal:
        await _stop_following(dependencies, screen)  # They may no longer see it (R5).
        return 0
    except ScreenClosed:
        is_opening = dependencies.now() - screen.shown_at < VIEW_OPEN_GRACE_PERIOD
        await (
            _postpone(dependencies, screen, OPENING_RETRY_DELAY)
            if is_opening
            else _stop_following(dependencies, screen)
        )
        return 0
    except RateLimited as limit:
        await _postpone(dependencies, screen, timedelta(seconds=limit.seconds))
        return 0
    except Exception:
        log.exception("order_screen.update_failed", order=screen.order_id)
        await _postpone(dependencies, screen, compute_backoff(screen.attempts), failed=True)
        return 0
    if content.is_final:
        await _stop_following(dependencies, screen)
    else:
        await _mark_updated(dependencies, screen)
    return 1


async def _load_content(dependencies: Dependencies, screen: OrderScreen) -> ScreenContent:
    person = SlackIdentity(screen.team_id, screen.user_id, JobId.UPDATE_ORDER_SCREENS.value)
    principal = await load_refreshed_principal(dependencies, person, max_wait=BACKGROUND_TIMEOUT)
    person = replace(person, principal=principal)
    localizer = await load_localizer(dependencies, person)
    if screen.invoice_id is not None:
        page = await open_invoice(dependencies, person=person, invoice_id=screen.invoice_id)
        return InvoiceScreenContent(screen.team_id, screen.external_id, localizer, page)
    if screen.order_id is None:
        account, progress = await get_export_progress(
            dependencies, person=person, export_id=screen.receipt_export_id or 0
        )
        return ExportScreenContent(screen.team_id, screen.external_id, localizer, account, progress)
    return OrderScreenContent(
        screen.team_id,
        screen.external_id,
        localizer,
        await get_order(dependencies, person=person, order_id=screen.order_id),
        screen.is_placement,
    )


async def _stop_following(dependencies: Dependencies, claimed: OrderScreen) -> None:
    async with dependencies.write() as session:
        screen = await session.get(OrderScreen, claimed.external_id, with_for_update=True)
        if screen is not None:
            await session.delete(screen)


async def _mark_updated(dependencies: Dependencies, claimed: OrderScreen) -> None:
    at = dependencies.now()
    async with dependencies.write() as session:
        screen = await session.get(OrderScreen, claimed.external_id, with_for_update=True)
        if screen is not None:
            is_current = screen.change_count == claimed.change_count
            screen.due_at = None if is_current else at
            screen.claimed_until, screen.attempts = None, 0


async def _postpone_loading(dependencies: Dependencies, claimed: OrderScreen) -> None:
    """However often it has failed: an outage says nothing about the modal. The delay grows with its age."""
    age = dependencies.now() - claimed.shown_at
    if age > MAX_LOADING_RETRY_AGE:
        await _stop_following(dependencies, claimed)
    else:
        delay = min(max(age, OPENING_RETRY_DELAY), MAX_LOADING_RETRY_DELAY)
        await _postpone(dependencies, claimed, delay)


async def _postpone(
    dependencies: Dependencies, claimed: OrderScreen, delay: timedelta, *, failed: bool = False
) -> None:
    async with dependencies.write() as session:
        screen = await session.get(OrderScreen, claimed.external_id, with_for_update=True)
        if screen is None:
            return
        screen.claimed_until, screen.due_at = None, dependencies.now() + delay
        screen.attempts += failed
        if screen.attempts >= MAX_ATTEMPTS:
            await session.delete(screen)
