"""The bot's clock never runs backwards and never stands still, whatever the wall clock does (R24)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.bootstrap import catch_up_clock
from bot.clock import SteadyClock
from bot.db import Database
from bot.job_ids import JobId
from bot.use_cases.operations.recorded_time import find_latest_recorded_time
from scheduler import JOBS
from scheduler.scheduler import restart_intervals
from tests.models.examples import make_slack_user
from tests.use_cases.outbox import CHANNEL, Outbox

START = datetime(2026, 11, 30, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Machine:
    """Its wall clock can be set; its monotonic clock only runs."""

    def __init__(self) -> None:
        self.wall, self.uptime = START, timedelta()
        self.steady = SteadyClock(self._read_wall_clock, self._read_monotonic_clock)

    def _read_wall_clock(self) -> float:
        return self.wall.timestamp()

    def _read_monotonic_clock(self) -> float:
        return self.uptime.total_seconds()

    def run(self, by: timedelta) -> datetime:
        self.wall, self.uptime = self.wall + by, self.uptime + by
        return self.steady()


def test_the_clock_equals_the_wall_clock_while_that_runs_evenly() -> None:
    machine = Machine()
    for _ in range(10):
        assert machine.run(HOUR) == machine.wall


@pytest.mark.parametrize("hours", [1, 12])
def test_after_a_step_back_it_runs_on_at_half_speed_until_the_wall_clock_has_caught_up(hours: int) -> None:
    machine = Machine()
    before = machine.run(HOUR)
    machine.wall -= hours * HOUR
    assert machine.steady() == before, "never backwards"
    assert machine.run(HOUR / 60) - before == HOUR / 120
    assert machine.run(hours * HOUR) > machine.wall
    machine.run(hours * HOUR)
    assert machine.run(HOUR) == machine.wall


@pytest.mark.parametrize("step", [HOUR / 4, HOUR, 5 * HOUR, 23 * HOUR, 30 * HOUR])
def test_r5_a_profile_is_never_used_for_more_than_a_real_hour(step: timedelta) -> None:
    """Also while the clock catches up after a step back, or follows a larger one."""
    machine = Machine()
    user = make_slack_user(refreshed_at=machine.run(HOUR))
    machine.wall -= step
    age = timedelta()
    while user.is_fresh(machine.run(HOUR / 60)):
        age += HOUR / 60
    assert age <= HOUR


def test_a_step_forward_is_followed_immediately() -> None:
    machine = Machine()
    machine.wall += 9 * HOUR
    assert machine.steady() == START + 9 * HOUR
    machine.wall -= HOUR
    machine.wall += HOUR / 2
    assert machine.run(HOUR / 60) > START + 9 * HOUR


def test_a_date_that_was_wrong_is_corrected() -> None:
    """A year ahead is not waited for."""
    machine = Machine()
    machine.wall += 365 * 24 * HOUR
    machine.steady()
    machine.wall -= 365 * 24 * HOUR
    assert machine.steady() == machine.wall


async def test_r24_after_a_restart_delivery_continues_after_the_last_recorded_result(
    database_with_accounts: Database,
) -> None:
    """The wall clock stepped back while no process ran: what was due then is due now."""
    machine, outbox = Machine(), Outbox(database_with_accounts)
    assert await find_latest_recorded_time(outbox.dependencies) is not None, "the import is in the history"
    outbox.at = START + HOUR
    await outbox.enqueue(CHANNEL, number=1)
    latest = await find_latest_recorded_time(outbox.dependencies)
    assert latest == START + HOUR
    machine.steady.catch_up(latest)
    outbox.at = machine.steady()
    assert await outbox.deliver() == 1


async def test_another_replicas_wrong_clock_is_not_taken_over(database_with_accounts: Database) -> None:
    """The database server's clock agrees with this machine's. If it is as far on as what is recorded, it is
    this machine's that was set back."""
    machine, outbox = Machine(), Outbox(database_with_accounts)
    outbox.at = START + 9 * HOUR
    await outbox.enqueue(CHANNEL, number=1)
    dependencies = replace(outbox.dependencies, now=machine.steady)

    server_times = iter((START, START + HOUR, START + 10 * HOUR))

    async def fetch_server_time() -> datetime:
        return next(server_times)

    dependencies.database.fetch_server_time = fetch_server_time  # type: ignore[method-assign]
    for hours_ahead in (0, 1, 9):
        await catch_up_clock(dependencies)
        assert machine.steady.seconds_ahead == hours_ahead * HOUR.total_seconds()


async def test_jobs_keep_their_interval_after_a_step_of_the_wall_clock() -> None:
    """As if the wall clock had stepped back: the next runs are hours ahead."""
    scheduler = AsyncIOScheduler(timezone=UTC)

    async def tick() -> None: ...

    for job_id, job in JOBS.items():
        scheduler.add_job(
            tick,
            "interval",
            seconds=job.interval_seconds,
            id=str(job_id),
            start_date=datetime.now(UTC) + 5 * HOUR,
        )
    scheduler.start()
    woken: list[str | None] = []
    try:
        restart_intervals(scheduler, JOBS, woken.append)
        seconds = JOBS[JobId.DELIVER_NOTICES].interval_seconds
        next_run = scheduler.get_job(str(JobId.DELIVER_NOTICES)).next_run_time
        assert next_run - datetime.now(UTC) <= timedelta(seconds=seconds)
    finally:
        scheduler.shutdown(wait=False)
    assert woken == [None]
