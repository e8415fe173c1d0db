"""`serve` in a process of its own, with an account whose period includes today."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts
from sandbox import Sandbox
from sandbox.driver import Modal, Person
from tests.handlers.steps import find_messages
from tests.postgres import database_url
from tests.replicas.accounts import Buyer, write_accounts_file
from tests.replicas.processes import ReplicaProcess, build_environment, run_replicas
from tests.time_limits import HANG_SECONDS
from tests.variants import Kind
from tests.world import WORKSPACE

BUYER = Buyer("acme", ["alice"], "pm_1", "C01BILLING")


@dataclass
class BotProcess:
    slack: Sandbox
    replica: ReplicaProcess
    url: str

    @property
    def alice(self) -> Person:
        return self.slack.get_person("U01ALICE")

    async def place_order(self) -> None:
        modal = await self._open_cart()
        modal.fill(f"seats:{BUYER.subscription_id}", 1)
        for following in ("quote.review", "service_order.place", "service_order.show"):
            await self.alice.submit()
            await self.alice.wait_for_modal(following, timeout=HANG_SECONDS)
        await self.alice.close_modal(everything=True)

    async def _open_cart(self) -> Modal:
        """Sends the command again if nothing opens: on a busy machine, the bot may be too late for Slack."""
        async with asyncio.timeout(HANG_SECONDS):
            while True:
                await self.alice.command("/add-seats")
                with contextlib.suppress(TimeoutError):
                    return await self.alice.wait_for_modal("cart.save", timeout=HANG_SECONDS / 10)

    async def wait_for_notices(self, order: str, receipt: str) -> None:
        channel = self.slack.get_channel("C01BILLING")
        await self.slack.slack.workspace.changes.wait_until(
            lambda: find_messages(self.alice.dms, receipt) and find_messages(channel.messages, order),
            HANG_SECONDS,
        )


@asynccontextmanager
async def run_bot_process(
    folder: Path, *, transport: str, kind: Kind = "sqlite", **settings: str
) -> AsyncIterator[BotProcess]:
    with database_url("migrated", kind) as url:
        database = Database(url)
        await import_accounts(database, path=write_accounts_file(folder, [BUYER]), at=datetime.now(UTC))
        await database.close()
        async with _start_process(url, folder, transport, settings) as bot:
            yield bot


@asynccontextmanager
async def _start_process(
    url: str, folder: Path, transport: str, settings: dict[str, str]
) -> AsyncIterator[BotProcess]:
    async with Sandbox.start(WORKSPACE, ack_seconds=HANG_SECONDS) as slack:
        slack.slack.workspace.trigger_seconds = HANG_SECONDS
        environment = build_environment(slack, url, transport=transport, **settings)
        async with run_replicas(1, environment, folder) as [replica]:
            if transport == "http":
                slack.deliver_to(replica.events_url)
            yield BotProcess(slack, replica, url)


async def stop_within(process: ReplicaProcess, seconds: float) -> float:
    """SIGTERM; returns how long it took."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with asyncio.timeout(HANG_SECONDS):
        assert await process.stop() == 0
    duration = loop.time() - started
    assert duration < seconds
    return duration
