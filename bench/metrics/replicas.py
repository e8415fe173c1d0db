"""Measures orders per second with three replicas and with one, on the same cores."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from bench.accounts import PRODUCTS, create_accounts_database
from bench.fake_slack import FakeSlack, run_fake_slack, run_mail_sink
from bench.metrics.ordering import Buyer, OrderRefused, wait_until_processed
from bench.postgres import SHORTEST_LOGGED_WAIT_MS, StatementLog, open_statement_log
from bench.processes import Server, run_bot
from bench.report import Figure, check_max, check_min_ratio
from tests.variants import Kind

PEOPLE = 24
ROUNDS = 4
MIN_RATIO = 0.9
MAX_LOCK_WAIT_MS = 50.0


@dataclass
class Installation:
    """Replicas over one database; each buyer talks to one of them."""

    servers: list[Server]
    buyers: list[Buyer]
    log: StatementLog
    refusals: int = 0


async def measure_replicas(scale: float, kind: Kind) -> list[Figure]:
    """Alternates between the installations: everyone places one order for each of their subscriptions."""
    rates: dict[int, list[float]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(run_fake_slack())
        installations = {
            n: await stack.enter_async_context(_open_installation(kind, n, slack)) for n in (1, 3)
        }
        for number in range(-1, max(1, int(ROUNDS * scale))):
            for replicas, installation in installations.items():
                rate = await _measure_order_rate(installation)
                if number >= 0:
                    rates[replicas].append(rate)
        waits = {n: installation.log.get_longest_lock_wait_ms() for n, installation in installations.items()}
        refusals = sum(installation.refusals for installation in installations.values())
    mean = {replicas: sum(found) / len(found) for replicas, found in rates.items()}
    return [
        check_min_ratio("orders a second, three replicas ÷ one", mean[3], mean[1], "/s", MIN_RATIO),
        check_max(
            f"longest wait for a lock, three replicas (0 is under {SHORTEST_LOGGED_WAIT_MS:.0f})",
            waits[3],
            "ms",
            MAX_LOCK_WAIT_MS,
        ),
        check_max("longest wait for a lock, one replica", waits[1], "ms"),
        check_max("forms refused meanwhile, because a lock was waited for too long", refusals, "", 0),
    ]


@asynccontextmanager
async def _open_installation(kind: Kind, replicas: int, slack: FakeSlack) -> AsyncIterator[Installation]:
    async with AsyncExitStack() as stack:
        url, folder = await stack.enter_async_context(create_accounts_database(PEOPLE, kind))
        log = open_statement_log(url, statements=False)
        mail = await stack.enter_async_context(run_mail_sink())
        servers = [
            await stack.enter_async_context(run_bot(folder, slack.url, url, SMTP_URL=mail))
            for _ in range(replicas)
        ]
        buyers = [await Buyer.connect(servers[n % replicas], slack, n) for n in range(PEOPLE)]
        log.rewind()
        yield Installation(servers, buyers, log)


async def _measure_order_rate(installation: Installation) -> float:
    """Returns the orders per second, until the last one is processed."""
    placed, started = 0, time.perf_counter()

    async def place_orders(buyer: Buyer) -> None:
        nonlocal placed
        for i in range(len(PRODUCTS)):
            try:
                await buyer.place_order(i)
            except OrderRefused:
                installation.refusals += 1
            else:
                placed += 1

    await asyncio.gather(*(place_orders(buyer) for buyer in installation.buyers))
    await wait_until_processed(installation.servers[0])
    return placed / (time.perf_counter() - started)
