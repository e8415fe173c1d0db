"""Runs one job whenever there may be something to do."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context

import structlog

from bot.db import DATABASE_UNAVAILABLE_ERRORS, get_database_error_kind
from bot.dependencies import Dependencies
from bot.logs import start_job_logs
from bot.metrics import (
    JOB_DURATION_SECONDS,
    JOB_FAILURES_TOTAL,
    JOB_ITEMS_TOTAL,
    JOB_LAST_SUCCESS_TIMESTAMP_SECONDS,
    current_job,
)
from bot.tasks import TooBusy
from scheduler.jobs import Job

log = structlog.get_logger()

# Work is often stored by several transactions in a row: an order is placed, started, charged and completed
# within a moment, and one message can show all of it. A run begins this long after the last one, but does not
# wait for longer than the maximum.
WAKE_UP_DELAY_SECONDS, MAX_WAKE_UP_DELAY_SECONDS = 0.1, 0.3

# After a run that did nothing although something was due: it failed, or another worker has the rows. Doubled
# each time, up to the job's interval.
INITIAL_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_DOUBLINGS = 10


class JobRunner:
    """The job never runs twice at once in a process. Wake-ups close together are one run, and those during
    a run one more.

    Its timers are the event loop's, which changes to the wall clock do not affect. None is set for later
    than the interval: after such a change, rows are due sooner or later than was computed.
    """

    def __init__(self, job_id: str, job: Job, dependencies: Dependencies) -> None:
        self._id, self._job, self._dependencies = str(job_id), job, dependencies
        self._due_timer, self._wake_timer = _Timer(self._start), _Timer(self._start)
        self._first_woken_at: float | None = None
        self._is_running = self._is_woken = self._is_stopped = False
        self._empty_runs = 0
        # A job that has never succeeded raises the alert as one does that has stopped succeeding.
        JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(self._id).set_to_current_time()
        JOB_FAILURES_TOTAL.labels(self._id)
        JOB_ITEMS_TOTAL.labels(self._id)

    @property
    def tables(self) -> frozenset[str]:
        return self._job.tables

    @property
    def seconds_to_next_run(self) -> float | None:
        """The time to the next run; None if no timer is set."""
        times = [timer.at for timer in (self._due_timer, self._wake_timer) if timer.at is not None]
        return min(times) - asyncio.get_running_loop().time() if times else None

    def wake(self) -> None:
        """Runs the job soon, because there may be something to do."""
        if self._is_running:
            self._is_woken = True
        elif not self._is_stopped:
            now = asyncio.get_running_loop().time()
            self._first_woken_at = self._first_woken_at or now
            self._wake_timer.set(
                min(now + WAKE_UP_DELAY_SECONDS, self._first_woken_at + MAX_WAKE_UP_DELAY_SECONDS)
            )

    def stop(self) -> None:
        self._is_stopped = True
        self._cancel_timers()

    def _cancel_timers(self) -> None:
        self._due_timer.cancel()
        self._wake_timer.cancel()
        self._first_woken_at = None

    def _start(self) -> None:
        self._cancel_timers()
        try:
            self._dependencies.tasks.start(self._run_and_reschedule(), self._id)
        except TooBusy:
            self._run_after(INITIAL_BACKOFF_SECONDS)
        else:
            self._is_running = True

    def _run_after(self, seconds: float) -> None:
        if not self._is_stopped:
            seconds = min(seconds, self._job.interval_seconds)
            self._due_timer.set(asyncio.get_running_loop().time() + seconds)

    async def _run_and_reschedule(self) -> None:
        start_job_logs(self._id)
        current_job.set(self._id)
        try:
            with JOB_FAILURES_TOTAL.labels(self._id).count_exceptions():
                delay = await self._run_until_nothing_is_due()
        except DATABASE_UNAVAILABLE_ERRORS as error:
            # Without a traceback: there is one of these for each attempt.
            reason = get_database_error_kind(error)
            log.warning("job.database_unavailable", job=self._id, error=type(error).__name__, reason=reason)
            delay = self._get_next_backoff()
        except Exception as error:
            log.error("job.failed", job=self._id, exc_info=error)
            delay = self._get_next_backoff()
        finally:
            self._is_running = False
        self._run_after(delay)
        if self._is_woken:
            self.wake()

    async def _run_until_nothing_is_due(self) -> float:
        """Returns the seconds until something may be due."""
        while True:
            self._is_woken = False
            item_count = await self._run_once()
            due_at = await self._job.find_next_time(self._dependencies)
            if due_at is None:
                delay = self._job.interval_seconds
            else:
                delay = (due_at - self._dependencies.now()).total_seconds()
            if delay > 0:
                self._empty_runs = 0
                return max(delay, WAKE_UP_DELAY_SECONDS)
            if not item_count:
                return self._get_next_backoff()

    async def _run_once(self) -> int:
        with JOB_DURATION_SECONDS.labels(self._id).time():
            await self._dependencies.tasks.wait_for_interactive_requests()
            item_count = await self._job.run(self._dependencies)
        JOB_LAST_SUCCESS_TIMESTAMP_SECONDS.labels(self._id).set_to_current_time()
        if item_count:
            log.info("job.completed", job=self._id, items=item_count)
        return item_count

    def _get_next_backoff(self) -> float:
        backoff = INITIAL_BACKOFF_SECONDS * 2.0 ** min(self._empty_runs, MAX_BACKOFF_DOUBLINGS)
        self._empty_runs += 1
        return backoff


class _Timer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        # The timer may be set inside a transaction or a log context, which the callback must not inherit.
        self._context = copy_context()
        self._handle: asyncio.TimerHandle | None = None

    @property
    def at(self) -> float | None:
        return self._handle.when() if self._handle else None

    def set(self, at: float) -> None:
        """Replaces the time that was set, by the event loop's clock."""
        self.cancel()
        self._handle = asyncio.get_running_loop().call_at(at, self._callback, context=self._context)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
