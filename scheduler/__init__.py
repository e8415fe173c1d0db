"""How the clock reaches what the bot can do: job id → use case and interval.

APScheduler only ticks. What is due is asked of the database, so that a missed tick, a restart or a second
process changes nothing.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC

import structlog
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from bot.use_cases.delivery import deliver_due_notices

from bot.services import Services
from bot.use_cases.order_watch import tell_overdue
from bot.use_cases.processing import process_due_orders
from bot.use_cases.quote_validity import expire_quotes, remind_of_quotes

log = structlog.get_logger()


@dataclass(frozen=True)
class Job:
    run: Callable[[Services], Awaitable[int]]
    seconds: float


JOBS = {
    "service_order.process": Job(process_due_orders, 2),
    "service_order.tell_overdue": Job(tell_overdue, 30),
    "quote.expire": Job(expire_quotes, 15),
    "quote.remind": Job(remind_of_quotes, 60),
    "notice.deliver": Job(deliver_due_notices, 1),
}


def build_scheduler(services: Services) -> AsyncIOScheduler:
    """A scheduler with every job, not started. A job never overlaps itself in one process."""
    defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    scheduler = AsyncIOScheduler(job_defaults=defaults, timezone=UTC)
    for job_id, job in JOBS.items():
        scheduler.add_job(
            _logged(job_id, job.run, services),
            "interval",
            seconds=job.seconds,
            id=job_id,
            misfire_grace_time=None,
        )
    scheduler.add_listener(_report, EVENT_JOB_ERROR)
    return scheduler


def _logged(
    job_id: str, run: Callable[[Services], Awaitable[int]], services: Services
) -> Callable[[], Awaitable[None]]:
    async def tick() -> None:
        done = await run(services)
        if done:
            log.info("job ran", job=job_id, done=done)

    return tick


def _report(event: JobExecutionEvent) -> None:
    log.error("job failed", job=event.job_id, exc_info=event.exception)
