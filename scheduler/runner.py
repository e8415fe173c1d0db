"""Runs the jobs. APScheduler only ticks: its job store is in memory and holds no state of ours."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.db import DATABASE_UNAVAILABLE_ERRORS
from bot.logs import start_log_context
from bot.metrics import (
    JOB_DURATION_SECONDS,
    JOB_FAILURES_TOTAL,
    JOB_ITEMS_TOTAL,
    JOB_LAST_SUCCESS_TIMESTAMP_SECONDS,
    current_job,
)
from bot.services import Services
from bot.tasks import TooBusy
from scheduler.jobs import JOBS, Job, JobFunction

log = structlog.get_logger()


def build_scheduler(services: Services, jobs: Mapping[str, Job] = JOBS) -> AsyncIOScheduler:
    """A scheduler with every job, not started. A job never overlaps itself in one process."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = AsyncIOScheduler(job_defaults=defaults, timezone=UTC)
    for job_id, job in jobs.items():
        _initialize_metrics(job_id)
        scheduler.add_job(
            _build_tick(job_id, job.run, services),
            "interval",
            seconds=job.interval_seconds,
            id=str(job_id),
            misfire_grace_time=None,
        )
    scheduler.add_listener(_log_job_error, EVENT_JOB_ERROR)
    return scheduler


def _initialize_metrics(job_id: str) -> None:
    """A job that has never succeeded raises the same alert as one that has stopped succeeding."""
    JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(job_id).set_to_current_time()
    JOB_FAILURES_TOTAL.labels(job_id)
    JOB_ITEMS_TOTAL.labels(job_id)


def _build_tick(job_id: str, run: JobFunction, services: Services) -> Callable[[], Awaitable[None]]:
    """On shutdown APScheduler cancels its ticks. The run is a task of our own, so that it can finish."""

    async def tick() -> None:
        with contextlib.suppress(TooBusy, asyncio.CancelledError):
            await asyncio.shield(services.tasks.start(_run_job(job_id, run, services), str(job_id)))

    return tick


async def _run_job(job_id: str, run: JobFunction, services: Services) -> None:
    start_log_context(job=str(job_id))
    current_job.set(job_id)
    try:
        with JOB_DURATION_SECONDS.labels(job_id).time(), JOB_FAILURES_TOTAL.labels(job_id).count_exceptions():
            await services.tasks.wait_for_interactive_requests()
            item_count = await run(services)
    except DATABASE_UNAVAILABLE_ERRORS as error:
        # Without a traceback: there is one of these every tick.
        log.warning("job.database_unavailable", job=job_id, error=type(error).__name__)
        return
    JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(job_id).set_to_current_time()
    if item_count:
        log.info("job.completed", job=job_id, items=item_count)


def _log_job_error(event: JobExecutionEvent) -> None:
    log.error("job.failed", job=event.job_id, exc_info=event.exception)
