"""How the clock reaches what the bot can do: job id → use case and interval.

APScheduler only ticks. What is due is asked of the database, so that a missed tick, a restart or a second
process changes nothing.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.db import AWAY
from bot.logs import start_log_context
from bot.metrics import JOB_DURATION_SECONDS as JOBS_TIMED
from bot.metrics import JOB_FAILURES_TOTAL, JOB_ITEMS_TOTAL, JOB_LAST_SUCCESS_TIMESTAMP_SECONDS, current_job
from bot.services import Services
from bot.tasks import TooBusy
from bot.use_cases.billing_webhook import refresh_due_accounts
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.home.publish import publish_due_homes
from bot.use_cases.quote.expiry import enqueue_quote_reminders, expire_quotes
from bot.use_cases.service_order.deadlines import announce_overdue_orders, remind_customers
from bot.use_cases.service_order.process import process_due_orders

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    run: Callable[[Services], Coroutine[Any, Any, int]]
    interval_seconds: float


JOBS = {
    "service_order.process": Job(process_due_orders, 2),
    "service_order.tell_overdue": Job(announce_overdue_orders, 30),
    "service_order.remind_customer": Job(remind_customers, 60),
    "account.refresh": Job(refresh_due_accounts, 5),
    "quote.expire": Job(expire_quotes, 15),
    "quote.remind": Job(enqueue_quote_reminders, 60),
    "notice.deliver": Job(deliver_due_notices, 0.5),
    "home.redraw": Job(publish_due_homes, 0.25),
}


def build_scheduler(services: Services) -> AsyncIOScheduler:
    """A scheduler with every job, not started. A job never overlaps itself in one process."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = AsyncIOScheduler(job_defaults=defaults, timezone=UTC)
    for job_id, job in JOBS.items():
        _set_initial_metrics(job_id)
        scheduler.add_job(
            _build_tick(job_id, job.run, services),
            "interval",
            seconds=job.interval_seconds,
            id=job_id,
            misfire_grace_time=None,
        )
    scheduler.add_listener(_log_job_error, EVENT_JOB_ERROR)
    return scheduler


def _set_initial_metrics(job_id: str) -> None:
    """A job that never ends well is missed as well as one that does no longer."""
    JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(job_id).set_to_current_time()
    JOB_FAILURES_TOTAL.labels(job_id)
    JOB_ITEMS_TOTAL.labels(job_id)


def _build_tick(
    job_id: str, run: Callable[[Services], Coroutine[Any, Any, int]], services: Services
) -> Callable[[], Awaitable[None]]:
    """A tick, as a task of the bot's own: stopping, APScheduler cancels what runs; the bot finishes it."""

    async def tick() -> None:
        with contextlib.suppress(TooBusy, asyncio.CancelledError):
            await asyncio.shield(
                services.tasks.start(_run_with_metrics(job_id, _run_after_interactive(run, services)), job_id)
            )

    return tick


async def _run_after_interactive(
    run: Callable[[Services], Coroutine[Any, Any, int]], services: Services
) -> int:
    await services.tasks.wait_for_interactive_requests()
    return await run(services)


async def _run_with_metrics(job_id: str, work: Coroutine[Any, Any, int]) -> None:
    start_log_context(job=job_id)
    current_job.set(job_id)
    try:
        with JOBS_TIMED.labels(job_id).time(), JOB_FAILURES_TOTAL.labels(job_id).count_exceptions():
            done = await work
    except AWAY as error:
        # A line for each tick is enough.
        log.warning("job.database_unavailable", job=job_id, error=type(error).__name__)
        return
    JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(job_id).set_to_current_time()
    if done:
        log.info("job.completed", job=job_id, items=done)


def _log_job_error(event: JobExecutionEvent) -> None:
    log.error("job.failed", job=event.job_id, exc_info=event.exception)
