"""Measures every command, the Home tab and a run of every job, with few and with many rows in the
database."""

import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bench.accounts import create_accounts_database, get_user_id
from bench.bulk_data import ACCOUNTS, open_bot_dependencies, place_first_order
from bench.fake_slack import FakeSlack, run_fake_slack, run_mail_sink
from bench.processes import Server, run_bot
from bench.raw_http import Connection
from bench.report import Figure, check_max, check_max_ratio, compute_percentile_ms
from bench.user_flows import open_home, run_command
from bot.dependencies import Dependencies
from scheduler import JOBS
from tests.past_orders import OLD_NOTICES, ORDERS, copy_rows, open_fast_connection
from tests.query_log import log_queries
from tests.variants import Kind

COMMANDS = ("/add-seats", "/quotes", "/service-orders", "/billing")
ROUNDS, MIN_ROUNDS = 150, 30
MAX_RATIO = 1.2


@dataclass(frozen=True)
class Size:
    accounts: int
    orders: int


SMALL, LARGE = Size(10, 1_000), Size(100_000, 1_000_000)


@dataclass(frozen=True)
class Installation:
    server: Server
    dependencies: Dependencies


async def measure_scale(scale: float, kind: Kind) -> list[Figure]:
    """The past orders are those of the person's own account. The sizes alternate, so that a disturbance
    affects both."""
    large = Size(int(LARGE.accounts * scale), int(LARGE.orders * scale))
    rounds = max(MIN_ROUNDS, int(ROUNDS * scale))
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(run_fake_slack())
        installations = {
            size: await stack.enter_async_context(_open_installation(kind, size, slack))
            for size in (SMALL, large)
        }
        times = await _measure_views(installations, slack, rounds)
        for _ in range(rounds):
            for size, installation in installations.items():
                times["a tick with nothing due", size].append(await _run_jobs(installation.dependencies))
        queries = {size: await _count_queries(i.dependencies) for size, i in installations.items()}
    return [
        *(_compare(name, times, large) for name in (*COMMANDS, "Home", "a tick with nothing due")),
        check_max("queries a tick more", queries[large] - queries[SMALL], "", 0),
    ]


Times = dict[tuple[str, Size], list[float]]


async def _measure_views(installations: dict[Size, Installation], slack: FakeSlack, rounds: int) -> Times:
    times: Times = defaultdict(list)
    connections = {size: await Connection.connect(i.server.port) for size, i in installations.items()}
    for _ in range(rounds):
        for name in COMMANDS:
            for size, connection in connections.items():
                times[name, size].append((await run_command(connection, slack, get_user_id(0), name)).view)
        for size, connection in connections.items():
            times["Home", size].append(await open_home(connection, slack, get_user_id(0)))
    return times


def _compare(name: str, times: Times, large: Size) -> Figure:
    return check_max_ratio(
        f"{name}: {large.accounts:,} accounts and {large.orders:,} orders ÷ "
        f"{SMALL.accounts} and {SMALL.orders:,}",
        compute_percentile_ms(times[name, large][3:], 0.5),
        compute_percentile_ms(times[name, SMALL][3:], 0.5),
        "ms",
        MAX_RATIO,
    )


async def _run_jobs(dependencies: Dependencies) -> float:
    started = time.perf_counter()
    for job in JOBS.values():
        await job.run(dependencies)
        await job.find_next_time(dependencies)
    return time.perf_counter() - started


async def _count_queries(dependencies: Dependencies) -> int:
    """Counts the queries of one run of every job."""
    with log_queries(dependencies.database.sync_engine) as log:
        await _run_jobs(dependencies)
    return len(log.statements)


@asynccontextmanager
async def _open_installation(kind: Kind, size: Size, slack: FakeSlack) -> AsyncIterator[Installation]:
    async with create_accounts_database(1, kind) as (url, folder), run_mail_sink() as mail:
        await place_first_order(url, slack)
        with open_fast_connection(url) as connection:
            connection.exec_driver_sql("UPDATE notice SET status = 'delivered', delivered_at = created_at")
            copy_rows(connection, {**ORDERS, **OLD_NOTICES}, size.orders)
            copy_rows(connection, ACCOUNTS, size.accounts)
        async with (
            run_bot(folder, slack.url, url, SMTP_URL=mail) as server,
            open_bot_dependencies(url, slack) as dependencies,
        ):
            yield Installation(server, dependencies)
