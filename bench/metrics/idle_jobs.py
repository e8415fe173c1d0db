"""The scheduler's jobs with nothing due, after a short past and after a long one."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from sqlalchemy import event

from bench.accounts import accounts_database
from bench.bulk_data import place_one, services_on
from bench.fake_slack import FakeSlack, fake_slack
from bench.report import Figure, at_most, milliseconds, ratio_at_most
from bot.services import Services
from scheduler import JOBS
from tests.past_orders import OLD_NOTICES, ORDERS, copy_rows, open_fast_connection

SHORT, LONG = 1_000, 1_000_000
ROUNDS = 150


async def measure(scale: float) -> list[Figure]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        slack = await enter(fake_slack())
        after = {
            name: await enter(_after(rows, slack))
            for name, rows in (("short", SHORT), ("long", int(LONG * scale)))
        }
        times: dict[str, list[float]] = defaultdict(list)
        for _ in range(max(20, int(ROUNDS * scale))):
            for name, services in after.items():
                begun = time.perf_counter()
                await _tick(services)
                times[name].append(time.perf_counter() - begun)
        queries = {name: await _queries(services) for name, services in after.items()}
    p50 = {name: milliseconds(samples[3:], 0.5) for name, samples in times.items()}
    rows = int(LONG * scale)
    return [
        ratio_at_most(
            f"a tick with nothing due, {rows:,} past orders beside {SHORT:,}",
            p50["long"],
            p50["short"],
            "ms",
            1.2,
        ),
        at_most("queries a tick more", queries["long"] - queries["short"], "", 0),
        Figure("queries a tick", queries["long"], ""),
    ]


async def _tick(services: Services) -> None:
    """All the jobs, once."""
    for job in JOBS.values():
        await job.run(services)


async def _queries(services: Services) -> int:
    asked: list[str] = []

    def note(_c: object, _k: object, sql: str, *_: object) -> None:
        asked.append(sql)

    event.listen(services.database.sync_engine, "before_cursor_execute", note)
    await _tick(services)
    return len(asked)


@asynccontextmanager
async def _after(rows: int, slack: FakeSlack) -> AsyncIterator[Services]:
    async with accounts_database(1) as (url, _):
        await place_one(url, slack)
        with open_fast_connection(url) as connection:
            connection.exec_driver_sql("UPDATE notice SET status = 'delivered', delivered_at = created_at")
            connection.exec_driver_sql("DELETE FROM account_change")
            copy_rows(connection, {**ORDERS, **OLD_NOTICES}, rows)
        async with services_on(url, slack) as services:
            yield services
