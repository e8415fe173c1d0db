"""From pressing "place service order" until the channel shows that the order is completed, one at a time."""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import aiohttp

from bench.report import Figure, at_most, milliseconds
from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts
from sandbox import Sandbox
from sandbox.driver import Person
from tests.postgres import new_database
from tests.replicas.accounts import Buyer, accounts_file
from tests.replicas.processes import ReplicaProcess, build_environment, run_replicas
from tests.world import WORKSPACE

BUYER = Buyer("acme", ["alice"], "pm_1", "C01BILLING")
ORDERS = 20
MAX_MS = 300.0
SCREENS = ("quote.review", "checkout.save", "service_order.place")


async def measure(scale: float) -> list[Figure]:
    times = await _measure_orders(max(3, int(ORDERS * scale)))
    name = "placed to completed and posted in the channel, one at a time, postgresql"
    return [
        at_most(f"{name}, p50", milliseconds(times, 0.5), "ms", MAX_MS),
        Figure(f"{name}, p90", milliseconds(times, 0.9), "ms"),
    ]


async def _measure_orders(count: int) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder, url = Path(name), new_database("bench_latency")
        database = Database(url)
        await database.migrate()
        await import_accounts(database, path=accounts_file(folder, [BUYER]), at=datetime.now(UTC))
        await database.close()
        async with Sandbox.start(WORKSPACE) as slack:
            environment = build_environment(slack, url, transport="http")
            async with run_replicas(1, environment, folder) as [replica]:
                slack.deliver_to(replica.events_url)
                alice = slack.person("U01ALICE")
                # What is run for the first time has to be compiled.
                return [await _measure_order(slack, replica, alice) for _ in range(count + 1)][1:]


async def _measure_order(slack: Sandbox, replica: ReplicaProcess, person: Person) -> float:
    await person.command("/add-seats")
    modal = await person.wait_for_modal("cart.save")
    modal.fill(f"seats:{BUYER.subscription_id}", 1)
    for screen in SCREENS:
        await person.submit()
        await person.wait_for_modal(screen)
    channel = slack.channel(str(BUYER.channel))
    posted_before = len([m for m in channel.messages if "completed" in m.text])
    began = time.perf_counter()
    await person.submit()
    await slack.wait_until(
        lambda: len([m for m in channel.messages if "completed" in m.text]) > posted_before, timeout=60
    )
    taken = time.perf_counter() - began
    await person.close_modal(everything=True)
    await _wait_for_deliveries(replica)
    return taken


async def _wait_for_deliveries(replica: ReplicaProcess) -> None:
    """A channel takes one message a second: what is left would delay the next order's."""
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            async with session.get(f"http://127.0.0.1:{replica.port}/metrics") as response:
                if "\nseatbot_waiting_notices 0.0\n" in await response.text():
                    break
            await asyncio.sleep(0.1)
    await asyncio.sleep(1)
