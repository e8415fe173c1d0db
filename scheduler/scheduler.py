"""Runs the jobs: when work is stored for them, when it is due, and at intervals. APScheduler keeps the
intervals: its job store is in memory, and no state of ours is in it.

APScheduler computes with the wall clock: after a step backwards it would run nothing until that time has come
again. So its intervals start over whenever the wall clock has stepped.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.dependencies import Dependencies
from scheduler.job_runner import JobRunner
from scheduler.jobs import JOBS, Job

CLOCK_CHECK_SECONDS, MIN_STEP_SECONDS = 5.0, 2.0


@asynccontextmanager
async def run_scheduler(
    dependencies: Dependencies, jobs: Mapping[str, Job] = JOBS
) -> AsyncIterator[Mapping[str, JobRunner]]:
    """Runs each job once at the beginning. On exit no run starts any more, and those in progress finish."""
    runners = {job_id: JobRunner(job_id, job, dependencies) for job_id, job in jobs.items()}
    scheduler = build_scheduler(runners, jobs)

    def wake_jobs(table: str | None) -> None:
        for runner in runners.values():
            if table is None or table in runner.tables:
                runner.wake()

    async with dependencies.database.listen(wake_jobs):
        scheduler.start()
        wake_jobs(None)
        watching = asyncio.create_task(_watch_clock(lambda: restart_intervals(scheduler, jobs, wake_jobs)))
        try:
            yield runners
        finally:
            watching.cancel()
            scheduler.shutdown(wait=False)
            for runner in runners.values():
                runner.stop()


async def _watch_clock(
    on_step: Callable[[], None],
    wall_clock: Callable[[], float] = time.time,
    interval_seconds: float = CLOCK_CHECK_SECONDS,
) -> None:
    loop = asyncio.get_running_loop()
    difference = wall_clock() - loop.time()
    while True:
        await asyncio.sleep(interval_seconds)
        previous, difference = difference, wall_clock() - loop.time()
        if abs(difference - previous) >= MIN_STEP_SECONDS:
            on_step()


def restart_intervals(
    scheduler: AsyncIOScheduler, jobs: Mapping[str, Job], wake_jobs: Callable[[str | None], None]
) -> None:
    for job_id, job in jobs.items():
        scheduler.reschedule_job(str(job_id), trigger="interval", seconds=job.interval_seconds)
    wake_jobs(None)


def build_scheduler(runners: Mapping[str, JobRunner], jobs: Mapping[str, Job] = JOBS) -> AsyncIOScheduler:
    scheduler = AsyncIOScheduler(
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}, timezone=UTC
    )
    for job_id, job in jobs.items():
        scheduler.add_job(
            _build_tick(runners[job_id]), "interval", seconds=job.interval_seconds, id=str(job_id)
        )
    return scheduler


def _build_tick(runner: JobRunner) -> Callable[[], Awaitable[None]]:
    # A coroutine function: APScheduler calls others in a thread.

    async def tick() -> None:
        runner.wake()

    return tick
