"""The clock's way into the bot: which jobs there are, what wakes them, and that none stops another."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, MutableMapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlmodel import SQLModel, func, select
from structlog.testing import capture_logs

from bot.db import Database
from bot.dependencies import Dependencies
from bot.job_ids import JobId, build_job_actor
from bot.use_cases.due_rows import process_queue
from models.audit.entry import AuditEntry
from models.notice import Notice
from scheduler import JOBS, Job, JobRunner, build_scheduler, run_scheduler
from scheduler.job_runner import WAKE_UP_DELAY_SECONDS
from tests.time_limits import HANG_SECONDS
from tests.use_cases.outbox import Outbox
from tests.variants import both_databases

pytestmark = both_databases

HOUR_SECONDS = 3600
ROOT = Path(__file__).parent.parent
Logs = list[MutableMapping[str, Any]]


@dataclass
class CountedJob:
    """A job that counts its runs. With `due` it has work at any time, in the number that a run returns."""

    fails: bool = False
    due: bool = True
    due_at: datetime | None = None
    duration_seconds: float = 0
    runs: int = 0
    running: int = 0
    ran_again: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, _: Dependencies) -> int:
        self.runs += 1
        self.running += 1
        assert self.running == 1, "it overlaps itself"
        await asyncio.sleep(self.duration_seconds)
        self.running -= 1
        if self.runs > 1:
            self.ran_again.set()
        if self.fails:
            raise RuntimeError("this job always fails")
        return self.runs if self.due else 0

    async def find_next_time(self, dependencies: Dependencies) -> datetime | None:
        return dependencies.now() if self.due else self.due_at

    def as_job(self, interval_seconds: float = HOUR_SECONDS, *tables: str) -> Job:
        return Job(self.run, self.find_next_time, interval_seconds, frozenset(tables))

    async def wait_until_it_ran_again(self) -> None:
        await asyncio.wait_for(self.ran_again.wait(), HANG_SECONDS)

    async def wait_for_runs(self, count: int) -> None:
        async with asyncio.timeout(HANG_SECONDS):
            while self.runs < count or self.running:  # noqa: ASYNC110 -- of the job itself
                await asyncio.sleep(0.01)


@pytest.fixture
async def dependencies(database: Database) -> AsyncIterator[Dependencies]:
    dependencies = Outbox(database).dependencies
    yield dependencies
    await dependencies.tasks.drain(HANG_SECONDS)


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as logs:
        yield logs


def test_the_jobs_are_the_ones_people_wait_for() -> None:
    assert JOBS.keys() == set(JobId)


def test_scheduled_changes_are_recorded_with_the_id_of_their_job() -> None:
    """A job's actor is built from its id, so that audit entries name what an operator can find."""
    for path in (ROOT / "bot").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert '"job:' not in source, path
        if path.name != "job_ids.py":
            assert not re.search(r"Actor\(\s*\"scheduler\"", source), path
    assert {build_job_actor(job_id).source for job_id in JobId} == JOBS.keys()


@pytest.mark.parametrize("job_id", JOBS)
def test_a_job_has_an_id_of_subject_and_verb_and_runs_rarely_unless_it_is_woken(job_id: str) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", job_id)
    assert 30 <= JOBS[job_id].interval_seconds <= 60


async def test_every_job_is_scheduled_as_its_table_says(dependencies: Dependencies) -> None:
    runners = {job_id: JobRunner(job_id, job, dependencies) for job_id, job in JOBS.items()}
    scheduler = build_scheduler(runners)
    scheduler.start(paused=True)
    try:
        scheduled = {job.id: job for job in scheduler.get_jobs()}
        assert scheduled.keys() == JOBS.keys()
        for job_id, job in scheduled.items():
            assert job.trigger.interval == timedelta(seconds=JOBS[job_id].interval_seconds)
            # A tick that was missed is made up for once.
            assert (job.coalesce, job.misfire_grace_time) == (True, None)
    finally:
        scheduler.shutdown(wait=False)


async def test_wake_ups_during_a_run_are_one_more_run_after_it(dependencies: Dependencies) -> None:
    job = CountedJob(due=False, duration_seconds=2 * WAKE_UP_DELAY_SECONDS)
    runner = JobRunner("quote.wake", job.as_job(), dependencies)
    for _ in range(10):
        runner.wake()
    async with asyncio.timeout(HANG_SECONDS):
        while not job.running:  # noqa: ASYNC110 -- of the job itself
            await asyncio.sleep(0.01)
    for _ in range(10):
        runner.wake()
    await dependencies.tasks.wait_until_idle()
    await job.wait_for_runs(2)
    await dependencies.tasks.wait_until_idle()
    assert job.runs == 2
    assert (runner.seconds_to_next_run or 0) > HOUR_SECONDS - HANG_SECONDS
    runner.stop()


async def test_a_timer_is_set_to_the_earliest_due_time_but_not_past_the_interval(
    dependencies: Dependencies,
) -> None:
    for due_in, expected in ((100.0, 100.0), (2.0 * HOUR_SECONDS, HOUR_SECONDS), (None, HOUR_SECONDS)):
        due_at = None if due_in is None else dependencies.now() + timedelta(seconds=due_in)
        job = CountedJob(due=False, due_at=due_at)
        runner = JobRunner("quote.due_later", job.as_job(), dependencies)
        runner.wake()
        await job.wait_for_runs(1)
        await dependencies.tasks.wait_until_idle()
        assert expected - HANG_SECONDS / 2 < (runner.seconds_to_next_run or 0) < expected + 0.001
        runner.stop()
        assert runner.seconds_to_next_run is None


async def test_a_job_whose_work_another_worker_has_runs_again_ever_later(dependencies: Dependencies) -> None:
    """Its rows are due, but every run finds them locked."""
    runs: list[float] = []

    async def run(_: Dependencies) -> int:
        runs.append(time.monotonic())
        return 0

    async def find_next_time(dependencies: Dependencies) -> datetime:
        return dependencies.now()

    runner = JobRunner("quote.locked", Job(run, find_next_time, HOUR_SECONDS), dependencies)
    runner.wake()
    async with asyncio.timeout(HANG_SECONDS):
        while len(runs) < 3:  # noqa: ASYNC110 -- of the job itself
            await asyncio.sleep(0.05)
    runner.stop()
    # The event loop's timers may be a millisecond early.
    assert runs[1] - runs[0] > 0.99
    assert runs[2] - runs[1] > 1.99


async def test_a_stopped_job_finishes_its_run_and_starts_no_other(dependencies: Dependencies) -> None:
    job = CountedJob(due=False, duration_seconds=0.1)
    async with run_scheduler(dependencies, {"quote.stop": job.as_job()}) as runners:
        async with asyncio.timeout(HANG_SECONDS):
            while not job.running:  # noqa: ASYNC110 -- of the job itself
                await asyncio.sleep(0.01)
        runners["quote.stop"].wake()
    await dependencies.tasks.wait_until_idle()
    assert (job.runs, job.running) == (1, 0)
    runners["quote.stop"].wake()
    assert runners["quote.stop"].seconds_to_next_run is None


@pytest.mark.parametrize("job_id", JOBS)
async def test_a_job_finds_nothing_to_do_in_an_empty_database(
    dependencies: Dependencies, job_id: str
) -> None:
    assert await JOBS[job_id].run(dependencies) == 0
    tables: tuple[type[SQLModel], ...] = (Notice, AuditEntry)
    for table in tables:
        async with dependencies.read() as session:
            assert (await session.exec(select(func.count()).select_from(table))).one() == 0


async def test_a_job_that_fails_is_logged_and_stops_no_other(dependencies: Dependencies, logs: Logs) -> None:
    failing, going_on = CountedJob(fails=True), CountedJob(due=False)
    jobs = {"quote.fail": failing.as_job(0.02), "quote.go_on": going_on.as_job(0.02)}
    async with run_scheduler(dependencies, jobs):
        # It runs again itself, and so does the other.
        await failing.wait_until_it_ran_again()
        runs = going_on.runs
        going_on.ran_again.clear()
        await going_on.wait_until_it_ran_again()
        assert going_on.runs > runs
    await dependencies.tasks.wait_until_idle()
    failures = [entry for entry in logs if entry["event"] == "job.failed"]
    assert {entry["job"] for entry in failures} == {"quote.fail"}
    assert all(isinstance(entry["exc_info"], RuntimeError) for entry in failures)
    assert all(entry["log_level"] == "error" for entry in failures)


async def test_a_job_that_did_something_says_how_much(dependencies: Dependencies, logs: Logs) -> None:
    job = CountedJob()
    await run_twice(job, "quote.count", dependencies)
    said = [entry for entry in logs if entry["event"] == "job.completed"]
    assert said[0]["job"] == "quote.count"
    assert said[0]["items"] == 1


async def run_twice(job: CountedJob, job_id: str, dependencies: Dependencies) -> None:
    async with run_scheduler(dependencies, {job_id: job.as_job(0.02)}):
        await job.wait_until_it_ran_again()
    job.due = False
    await dependencies.tasks.wait_until_idle()


def metric(name: str, job: str) -> float:
    found = REGISTRY.get_sample_value(f"seatbot_job_{name}", {"job": job})
    assert found is not None, "it cannot be missed"
    return found


def read_last_success(job: str) -> float:
    return metric("last_success_timestamp_seconds", job)


async def test_a_job_that_has_failed_since_the_start_has_that_as_its_last_success(
    dependencies: Dependencies,
) -> None:
    job, before = CountedJob(fails=True), time.time()
    async with run_scheduler(dependencies, {"quote.always_fails": job.as_job(0.02)}):
        # The process keeps the counts of its earlier tests, but not their times.
        failures = metric("failures_total", "quote.always_fails")
        started = read_last_success("quote.always_fails")
        assert started >= before
        await job.wait_until_it_ran_again()
    await dependencies.tasks.wait_until_idle()
    assert read_last_success("quote.always_fails") == started
    assert metric("failures_total", "quote.always_fails") - failures == job.runs


async def test_a_run_counts_as_a_success_while_it_makes_progress(
    dependencies: Dependencies,
) -> None:
    """It lasts as long as its backlog: minutes, after Slack was away."""
    went_on, hangs = asyncio.Event(), asyncio.Event()
    claims = iter([[1, 2], [3]])

    async def claim(_: int) -> list[int]:
        return next(claims, [])

    async def do(number: int) -> bool:
        if number == 3:
            went_on.set()
            await hangs.wait()
        return True

    async def run(_: Dependencies) -> int:
        return await process_queue(claim, do)

    async def find_next_time(_: Dependencies) -> None:
        return None

    jobs = {"quote.go_on_long": Job(run, find_next_time, HOUR_SECONDS)}
    async with run_scheduler(dependencies, jobs):
        items = metric("items_total", "quote.go_on_long")
        started = read_last_success("quote.go_on_long")
        await asyncio.wait_for(went_on.wait(), HANG_SECONDS)
        assert read_last_success("quote.go_on_long") > started
        assert metric("items_total", "quote.go_on_long") - items == 2
    hangs.set()
    await dependencies.tasks.wait_until_idle()
    assert metric("items_total", "quote.go_on_long") - items == 3
