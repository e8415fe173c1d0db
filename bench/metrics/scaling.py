"""Every command, and the Home, with little in the database and with much."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from bench.accounts import accounts_database, user
from bench.bulk_data import ACCOUNTS, place_one
from bench.fake_slack import FakeSlack, fake_slack, mail_sink
from bench.processes import Server, bot
from bench.raw_http import Connection
from bench.report import Figure, milliseconds, ratio_at_most
from bench.user_flows import open_home, open_screen
from tests.past_orders import ORDERS, copy_rows, open_fast_connection

LITTLE, MUCH = 10, 10_000
COMMANDS = ("/add-seats", "/quotes", "/service-orders", "/billing")
ROUNDS = 120


async def measure(scale: float) -> list[Figure]:
    times: dict[tuple[str, int], list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(fake_slack())
        servers = {size: await stack.enter_async_context(_with(size, slack)) for size in (LITTLE, MUCH)}
        connections = {size: await Connection.to(server.port) for size, server in servers.items()}
        for _ in range(max(10, int(ROUNDS * scale))):
            # The two in turn, so that what disturbs one disturbs the other.
            for name in COMMANDS:
                for size, connection in connections.items():
                    opening = await open_screen(connection, slack, user(0), name)
                    times[name, size].append(opening.screen)
            for size, connection in connections.items():
                times["Home", size].append(await open_home(connection, slack, user(0)))
    return [
        ratio_at_most(
            f"{name} at {MUCH:,} accounts and past orders, beside {LITTLE}",
            milliseconds(times[name, MUCH][3:], 0.5),
            milliseconds(times[name, LITTLE][3:], 0.5),
            "ms",
            1.3,
        )
        for name in (*COMMANDS, "Home")
    ]


@asynccontextmanager
async def _with(size: int, slack: FakeSlack) -> AsyncIterator[Server]:
    async with accounts_database(1) as (url, folder), mail_sink() as mail:
        await place_one(url, slack)
        with open_fast_connection(url) as connection:
            connection.exec_driver_sql("UPDATE notice SET status = 'delivered', delivered_at = created_at")
            copy_rows(connection, {**ORDERS, **ACCOUNTS}, size)
        async with bot(folder, slack.url, url, SMTP_URL=mail) as server:
            yield server
