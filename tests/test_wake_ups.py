"""What is stored wakes the jobs, without waiting for their interval: here it is an hour."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from bot.db import Database
from bot.job_ids import JobId
from bot.tasks import BackgroundTasks
from bot.use_cases.operations.check_result import CheckResult
from bot.use_cases.operations.doctor import run_checks
from models.notice import Notice, NoticeStatus
from models.service_order import LineStatus, OrderLine, OrderStatus, ServiceOrder
from scheduler import JOBS, JobRunner, run_scheduler
from scheduler.job_runner import MAX_WAKE_UP_DELAY_SECONDS
from tests.fake_pooler import FakePooler, fake_pooler
from tests.handlers.steps import ForgetfulTasks
from tests.postgres import database_url, open_database
from tests.query_log import log_queries
from tests.time_limits import HANG_SECONDS
from tests.variants import both_databases, only_postgresql
from tests.world import World
from tests.world import world as open_world

pytestmark = both_databases

NOTIFYING_TABLES_QUERY: Any = text(
    "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'notify_jobs'::regproc"
)
RARE_JOBS = {job_id: replace(job, interval_seconds=3600) for job_id, job in JOBS.items()}


async def wait_for(world: World, condition: Callable[[World], Awaitable[bool]]) -> None:
    """Time goes by meanwhile: Slack takes a message a second in a channel."""
    async with asyncio.timeout(HANG_SECONDS):
        while not await condition(world):
            await asyncio.sleep(0.05)
            world.clock.move(seconds=0.05)


async def is_completed_and_announced(world: World) -> bool:
    order = await world.load_row(ServiceOrder)
    waiting = await world.load_rows(Notice, status=NoticeStatus.WAITING)
    return order.status is OrderStatus.COMPLETED and not waiting and bool(world.list_messages("C01BILLING"))


@asynccontextmanager
async def replica_with_jobs(world: World, database: Database) -> AsyncIterator[Mapping[str, JobRunner]]:
    """Another process' jobs, on the same accounts and the same Slack."""
    dependencies = replace(world.dependencies, database=database, tasks=BackgroundTasks())
    async with run_scheduler(dependencies, RARE_JOBS) as runners:
        await dependencies.tasks.wait_until_idle()
        yield runners
    await dependencies.tasks.drain(HANG_SECONDS)


async def test_a_placed_order_is_processed_and_announced_immediately() -> None:
    async with open_world() as world:
        async with run_scheduler(world.dependencies, RARE_JOBS):
            # The process that took the click forgets to start.
            world.dependencies.tasks = ForgetfulTasks()
            await world.place_order(world.get_person("alice"), acme_meeting=1)
            await wait_for(world, is_completed_and_announced)
        await world.dependencies.tasks.wait_until_idle()


@only_postgresql
async def test_an_order_placed_at_one_replica_wakes_another() -> None:
    async with open_world() as world:
        database = open_database(world.dependencies.settings.database_url)
        async with replica_with_jobs(world, database):
            world.dependencies.tasks = ForgetfulTasks()
            await world.place_order(world.get_person("alice"), acme_meeting=1)
            await wait_for(world, is_completed_and_announced)
        await database.close()


@only_postgresql
async def test_each_table_with_work_for_a_job_notifies_it() -> None:
    with database_url("accounts") as url:
        database = open_database(url)
        async with database.read() as session:
            found = await session.exec(NOTIFYING_TABLES_QUERY)
        await database.close()
    assert {table for (table,) in found.all()} >= {table for job in JOBS.values() for table in job.tables}


async def test_a_slow_card_sets_the_timer() -> None:
    """The card pm_slow_60 takes a minute. The timer is the event loop's, which the test does not wait for."""
    async with open_world() as world:
        async with run_scheduler(world.dependencies, RARE_JOBS) as runners:
            runner = runners[JobId.PROCESS_ORDERS]
            await world.place_order(world.get_person("sam"), slow_meeting=1)
            await wait_for(world, is_charge_pending)
            await wait_for(world, partial(is_timer_set, runner, 60))
            world.clock.move(seconds=60)
            runner.wake()
            await wait_for(world, is_charge_settled)
        await world.dependencies.tasks.wait_until_idle()


async def is_charge_pending(world: World) -> bool:
    line = await world.load_row(OrderLine)
    return line.claimed_until is None and line.due_at is not None and line.due_at > world.clock.at


async def is_charge_settled(world: World) -> bool:
    return (await world.load_row(OrderLine)).status is LineStatus.SETTLED


async def is_timer_set(runner: JobRunner, seconds: float, _: World) -> bool:
    """For what is due: a wake-up would run the job earlier."""
    return MAX_WAKE_UP_DELAY_SECONDS < (runner.seconds_to_next_run or 0) <= seconds


# --- the listening connection


@asynccontextmanager
async def listening_through_pooler(
    *, delivers_notifications: bool
) -> AsyncIterator[tuple[World, FakePooler]]:
    with database_url("accounts") as url:
        async with (
            fake_pooler(url, delivers_notifications=delivers_notifications) as pooler,
            open_world(database_url=url, database_listen_url=pooler.url) as world,
        ):
            yield world, pooler


@only_postgresql
async def test_what_was_stored_while_the_listening_connection_was_down_is_found_after_it() -> None:
    async with listening_through_pooler(delivers_notifications=True) as (world, network):
        world.dependencies.tasks = ForgetfulTasks()
        with capture_logs() as logs:
            async with run_scheduler(world.dependencies, RARE_JOBS):
                await wait_for(world, partial(has_logged, logs, "listener.connected"))
                await world.dependencies.tasks.wait_until_idle()
                network.cut()
                await wait_for(world, partial(has_logged, logs, "listener.unavailable"))
                await world.place_order(world.get_person("alice"), acme_meeting=1)
                logs.clear()
                network.mend()
                await wait_for(world, is_completed_and_announced)
        assert await has_logged(logs, "listener.connected", world)
        await world.dependencies.tasks.wait_until_idle()


async def has_logged(logs: Sequence[Mapping[str, Any]], event_id: str, _: World) -> bool:
    return any(entry["event"] == event_id for entry in logs)


@only_postgresql
async def test_an_unexpected_error_is_logged_and_the_connection_opened_again(world: World) -> None:
    connections = 0
    connected_again = asyncio.Event()

    def fail_once(_: str | None) -> None:
        nonlocal connections
        connections += 1
        if connections == 1:
            raise RuntimeError("a bug")
        connected_again.set()

    with capture_logs() as logs:
        async with world.dependencies.database.listen(fail_once):
            await asyncio.wait_for(connected_again.wait(), HANG_SECONDS)
    assert await has_logged(logs, "listener.failed", world)


@only_postgresql
async def test_a_pooler_that_loses_notifications_is_noticed_and_jobs_run_at_their_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.db.postgresql_listener.PROBE_TIMEOUT_SECONDS", 0.2)
    async with listening_through_pooler(delivers_notifications=False) as (world, _):
        result = await check_jobs(world)
        assert result.passed is False
        assert "check DATABASE_LISTEN_URL" in result.message
        world.dependencies.tasks = ForgetfulTasks()
        often = {job_id: replace(job, interval_seconds=0.2) for job_id, job in JOBS.items()}
        with capture_logs() as logs:
            async with run_scheduler(world.dependencies, often):
                await wait_for(world, partial(has_logged, logs, "listener.unavailable"))
                await world.place_order(world.get_person("alice"), acme_meeting=1)
                await wait_for(world, is_completed_and_announced)
        assert not await has_logged(logs, "listener.connected", world)
        await world.dependencies.tasks.wait_until_idle()


@only_postgresql
async def test_doctor_names_the_setting_for_a_pooler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.db.postgresql_listener.PROBE_TIMEOUT_SECONDS", 0.2)
    with database_url("accounts") as url:
        async with (
            fake_pooler(url, delivers_notifications=False) as pooler,
            open_world(database_url=pooler.url) as world,
        ):
            result = await check_jobs(world)
            assert result.passed is None
            assert "set DATABASE_LISTEN_URL" in result.message
        async with open_world(database_url=url) as world:
            assert (await check_jobs(world)).passed


async def check_jobs(world: World) -> CheckResult:
    return next(result for result in await run_checks(world.dependencies, set()) if result.name == "jobs")


# --- what an idle replica costs

HEALTH_CHECK_SECONDS, SCRAPE_SECONDS = 10, 15


async def test_an_idle_replica_asks_a_query_a_second_and_writes_nothing(world: World) -> None:
    """With the load balancer's and Prometheus' requests. Nothing is timed: queries by interval are added."""
    await world.place_order(world.get_person("alice"), acme_meeting=1)
    await world.settle()
    queries_per_second = 0.0
    with log_queries(Engine) as log:
        for job in JOBS.values():
            log.statements.clear()
            assert await job.run(world.dependencies) == 0
            await job.find_next_time(world.dependencies)
            queries_per_second += len(log.statements) / job.interval_seconds
        for path, seconds in (("readyz", HEALTH_CHECK_SECONDS), ("metrics", SCRAPE_SECONDS)):
            log.statements.clear()
            async with httpx.AsyncClient() as client:
                assert (await client.get(f"http://127.0.0.1:{world.port}/{path}")).status_code == 200
            queries_per_second += len(log.statements) / seconds
    assert queries_per_second <= 1
    assert log.commits == 0
