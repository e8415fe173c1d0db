"""The clock's way into the bot: which jobs there are, how often they tick, and that none stops another."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, MutableMapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import REGISTRY
from sqlmodel import SQLModel, func, select
from structlog.testing import capture_logs

from bot.db import Database
from bot.jobs import JobId, build_job_actor
from bot.services import Services
from bot.use_cases.due_rows import process_queue
from models.audit.entry import AuditEntry
from models.notice import Notice
from scheduler import JOBS, Job, build_scheduler
from tests.time_limits import HANG_SECONDS
from tests.use_cases.outbox import Outbox

# How long people wait at most for what the clock does for them, in seconds.
PATIENCE = {
    "service_order.process": 2,
    "service_order.mark_overdue": 60,
    "service_order.remind_customer": 60,
    "account.refresh": 10,
    "quote.expire": 60,
    "quote.remind": 60,
    "notice.deliver": 1,
    "home.publish": 0.5,
}
ROOT = Path(__file__).parent.parent
Logs = list[MutableMapping[str, Any]]


@dataclass
class Tick:
    """A job that counts its runs, and fails when it should."""

    fails: bool = False
    runs: int = 0
    again: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, _: Services) -> int:
        self.runs += 1
        if self.runs > 1:
            self.again.set()
        if self.fails:
            raise RuntimeError("this job always fails")
        return self.runs

    async def ran_again(self) -> None:
        await asyncio.wait_for(self.again.wait(), HANG_SECONDS)


@pytest.fixture
async def services(database: Database) -> AsyncIterator[Services]:
    services = Outbox(database).services
    yield services
    await services.tasks.drain(HANG_SECONDS)


@pytest.fixture
def logs() -> Iterator[Logs]:
    with capture_logs() as logs:
        yield logs


def test_the_jobs_are_the_ones_people_wait_for() -> None:
    assert JOBS.keys() == PATIENCE.keys() == set(JobId)


def test_scheduled_changes_are_recorded_with_the_id_of_their_job() -> None:
    """A job's actor is built from its id, so that audit entries name what an operator can find."""
    for path in (ROOT / "bot").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        assert '"job:' not in source, path
        if path.name != "jobs.py":
            assert not re.search(r"Actor\(\s*\"scheduler\"", source), path
    assert {build_job_actor(job_id).source for job_id in JobId} == JOBS.keys()


@pytest.mark.parametrize("job_id", JOBS)
def test_a_job_is_named_by_noun_and_verb_and_ticks_in_time(job_id: str) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", job_id)
    assert 0 < JOBS[job_id].interval_seconds <= PATIENCE[job_id]


async def run_again(ticking: AsyncIOScheduler, tick: Tick, services: Services) -> None:
    """Until the job has run twice."""
    ticking.start()
    try:
        await tick.ran_again()
    finally:
        ticking.shutdown(wait=False)
        await services.tasks.wait_until_idle()


async def test_every_job_is_scheduled_as_its_table_says(services: Services) -> None:
    ticking = build_scheduler(services)
    ticking.start(paused=True)
    try:
        scheduled = {job.id: job for job in ticking.get_jobs()}
        assert scheduled.keys() == JOBS.keys()
        for job_id, job in scheduled.items():
            assert job.trigger.interval == timedelta(seconds=JOBS[job_id].interval_seconds)
            # A tick that was missed is made up for once, and a job never overlaps itself.
            assert (job.coalesce, job.max_instances, job.misfire_grace_time) == (True, 1, None)
    finally:
        ticking.shutdown(wait=False)


@pytest.mark.parametrize("job_id", JOBS)
async def test_a_job_finds_nothing_to_do_in_an_empty_database(services: Services, job_id: str) -> None:
    assert await JOBS[job_id].run(services) == 0
    tables: tuple[type[SQLModel], ...] = (Notice, AuditEntry)
    for table in tables:
        async with services.read() as session:
            assert (await session.exec(select(func.count()).select_from(table))).one() == 0


async def test_a_job_that_fails_is_logged_and_stops_no_other(services: Services, logs: Logs) -> None:
    failing, going_on = Tick(fails=True), Tick()
    jobs = {"quote.fail": Job(failing, 0.02), "quote.go_on": Job(going_on, 0.02)}
    ticking = build_scheduler(services, jobs)
    ticking.start()
    try:
        # It runs again itself, and so does the other.
        await failing.ran_again()
        runs = going_on.runs
        going_on.again.clear()
        await going_on.ran_again()
        assert going_on.runs > runs
    finally:
        ticking.shutdown(wait=False)
        await services.tasks.wait_until_idle()
    told = [entry for entry in logs if entry["event"] == "job.failed"]
    assert {entry["job"] for entry in told} == {"quote.fail"}
    assert all(isinstance(entry["exc_info"], RuntimeError) for entry in told)
    assert all(entry["log_level"] == "error" for entry in told)


async def test_a_job_that_did_something_says_how_much(services: Services, logs: Logs) -> None:
    tick = Tick()
    ticking = build_scheduler(services, {"quote.count": Job(tick, 0.02)})
    await run_again(ticking, tick, services)
    said = [entry for entry in logs if entry["event"] == "job.completed"]
    assert said[0]["job"] == "quote.count"
    assert said[0]["items"] == 1


def metric(name: str, job: str) -> float:
    found = REGISTRY.get_sample_value(f"seatbot_job_{name}", {"job": job})
    assert found is not None, "it cannot be missed"
    return found


def last_well(job: str) -> float:
    return metric("last_success_timestamp_seconds", job)


async def test_a_job_that_has_failed_since_the_start_was_last_well_then(
    services: Services,
) -> None:
    tick, before = Tick(fails=True), time.time()
    ticking = build_scheduler(services, {"quote.never_well": Job(tick, 0.02)})
    assert metric("failures_total", "quote.never_well") == 0
    started = last_well("quote.never_well")
    assert started >= before
    await run_again(ticking, tick, services)
    assert last_well("quote.never_well") == started
    assert metric("failures_total", "quote.never_well") == tick.runs


async def test_a_run_is_well_and_counts_while_it_gets_on_with_its_work(
    services: Services,
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

    async def run(_: Services) -> int:
        return await process_queue(claim, do)

    ticking = build_scheduler(services, {"quote.go_on_long": Job(run, 0.02)})
    started = last_well("quote.go_on_long")
    ticking.start()
    try:
        await asyncio.wait_for(went_on.wait(), HANG_SECONDS)
        assert last_well("quote.go_on_long") > started
        assert metric("items_total", "quote.go_on_long") == 2
    finally:
        ticking.shutdown(wait=False)
        hangs.set()
        await services.tasks.wait_until_idle()
    assert metric("items_total", "quote.go_on_long") == 3
