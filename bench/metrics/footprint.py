"""Measures how soon the bot is ready, and how much memory it uses."""

import asyncio
import time

from bench.accounts import create_accounts_database, get_user_id
from bench.fake_slack import FakeSlack, run_fake_slack, run_mail_sink
from bench.metrics.ordering import Buyer, open_bot, wait_until_processed
from bench.processes import Server, run_bot
from bench.raw_http import Connection
from bench.report import Figure, check_max, compute_percentile
from bench.user_flows import run_command
from tests.variants import Kind

PEOPLE, CONCURRENT_PEOPLE = 16, 16
COMMANDS, BASELINE_COMMANDS = 100_000, 1_000
NAMES = ("/add-seats", "/quotes", "/service-orders", "/billing")
MAX_SECONDS = 900.0
MAX_START_SECONDS, MAX_MEMORY_MB, MAX_GROWTH_PERCENT = 1.5, 150.0, 5.0


async def measure_start(_scale: float, kind: Kind) -> list[Figure]:
    seconds = []
    async with (
        create_accounts_database(PEOPLE, kind) as (url, folder),
        run_fake_slack() as slack,
        run_mail_sink() as mail,
    ):
        for _ in range(5):
            async with run_bot(folder, slack.url, url, SMTP_URL=mail) as server:
                seconds.append(server.seconds_to_ready)
    return [check_max("start to ready", compute_percentile(seconds, 0.5), "s", MAX_START_SECONDS)]


async def measure_memory(scale: float, kind: Kind) -> list[Figure]:
    async with open_bot(kind) as (server, slack):
        buyer = await Buyer.connect(server, slack, 0)
        await buyer.place_order()
        await wait_until_processed(server)
        # Until its notices are delivered.
        await asyncio.sleep(5)
        after_one = server.resident_mb
        before, after, done = await _measure_growth(server, slack, scale)
    growth = (after - before) / before * 100
    return [
        check_max("memory after one receipt", after_one, "MB", MAX_MEMORY_MB),
        check_max(
            f"memory growth from {BASELINE_COMMANDS:,} to {done:,} commands", growth, "%", MAX_GROWTH_PERCENT
        ),
    ]


async def _measure_growth(server: Server, slack: FakeSlack, scale: float) -> tuple[float, float, int]:
    """Returns the memory after the first commands and at the end, and the number of commands: fewer on a slow
    machine."""
    numbers, end = iter(range(int(COMMANDS * scale))), time.monotonic() + MAX_SECONDS * scale
    first, done = server.resident_mb, 0

    async def one(n: int) -> None:
        nonlocal first, done
        connection = await Connection.connect(server.port)
        for number in numbers:
            await run_command(connection, slack, get_user_id(n), NAMES[number % len(NAMES)])
            done += 1
            first = server.resident_mb if done == BASELINE_COMMANDS else first
            if time.monotonic() > end:
                break
        connection.close()

    await asyncio.gather(*(one(n) for n in range(CONCURRENT_PEOPLE)))
    return first, server.resident_mb, done
