"""How soon the bot is ready, and how much memory it takes."""

import asyncio
import time

from bench.accounts import accounts_database, user
from bench.fake_slack import FakeSlack, fake_slack, mail_sink
from bench.metrics.ordering import Buyer, open_bot, until_processed
from bench.processes import Server, bot
from bench.raw_http import Connection
from bench.report import Figure, at_most, percentile
from bench.user_flows import open_screen
from tests.postgres import Kind

PEOPLE, AT_ONCE = 16, 16
COMMANDS, FIRST = 100_000, 1_000
NAMES = ("/add-seats", "/quotes", "/service-orders", "/billing")
MOST_SECONDS = 900.0
MAX_START_SECONDS, MAX_MEMORY_MB, MAX_GROWTH_PERCENT = 1.5, 150.0, 5.0


async def measure_start(_scale: float, kind: Kind) -> list[Figure]:
    seconds = []
    async with accounts_database(PEOPLE, kind) as (url, folder), fake_slack() as slack, mail_sink() as mail:
        for _ in range(5):
            async with bot(folder, slack.url, url, SMTP_URL=mail) as server:
                seconds.append(server.seconds_to_ready)
    return [at_most("start to ready", percentile(seconds, 0.5), "s", MAX_START_SECONDS)]


async def measure_memory(scale: float, kind: Kind) -> list[Figure]:
    async with open_bot(kind) as (server, slack):
        buyer = await Buyer.at(server, slack, 0)
        await buyer.order()
        await until_processed(server)
        # Until its notices are delivered.
        await asyncio.sleep(5)
        after_one = server.resident_mb
        before, after, done = await _worked(server, slack, scale)
    growth = (after - before) / before * 100
    return [
        at_most("memory after one receipt", after_one, "MB", MAX_MEMORY_MB),
        at_most(f"memory growth from {FIRST:,} to {done:,} commands", growth, "%", MAX_GROWTH_PERCENT),
    ]


async def _worked(server: Server, slack: FakeSlack, scale: float) -> tuple[float, float, int]:
    """Memory after the first commands and at the end, and how many they were: a slow machine does fewer."""
    numbers, end = iter(range(int(COMMANDS * scale))), time.monotonic() + MOST_SECONDS * scale
    first, done = server.resident_mb, 0

    async def one(n: int) -> None:
        nonlocal first, done
        connection = await Connection.to(server.port)
        for number in numbers:
            await open_screen(connection, slack, user(n), NAMES[number % len(NAMES)])
            done += 1
            first = server.resident_mb if done == FIRST else first
            if time.monotonic() > end:
                break
        connection.close()

    await asyncio.gather(*(one(n) for n in range(AT_ONCE)))
    return first, server.resident_mb, done
