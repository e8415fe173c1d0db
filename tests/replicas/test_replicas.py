"""Three `serve` processes on one database, killed at any time: nothing is lost or repeated (R18-R20, R24)."""

import asyncio
import random
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts
from models.service_order import OrderStatus
from sandbox import Sandbox
from sandbox.driver import Person
from tests.postgres import create_database, database_url
from tests.replicas.accounts import SEATS_BEFORE, Buyer, write_accounts_file
from tests.replicas.processes import ReplicaProcess, build_environment, run_replicas
from tests.replicas.snapshot import DatabaseSnapshot
from tests.variants import Kind
from tests.world import WORKSPACE

COUNT, KILLS, ORDERS = 3, 2, 2
# Shorter than in production, since the test waits until the leases of killed replicas expire.
LEASE_SECONDS = 6
TIMEOUT_SECONDS = 300
# After this, an order whose replica was killed is started again.
STEP_TIMEOUT_SECONDS = 4
BUYERS = {
    "alice": Buyer("north", ["alice"], "pm_1", "C01BILLING"),
    "dora": Buyer("south", ["dora"], "pm_slow_1", "C02DECLINED"),
    "sam": Buyer("east", ["sam"], "pm_lost", "C03SLOW"),
}


@dataclass
class Deployment:
    """Replicas behind one address, and the people who buy through them."""

    slack: Sandbox
    database: Database
    replicas: list[ReplicaProcess]
    transport: str
    shown: set[str] = field(default_factory=set)

    async def balance(self) -> None:
        """Sends the next request to another replica, as a load balancer does."""
        turn = 0
        while True:
            up = [replica for replica in self.replicas if replica.is_up]
            if up and self.transport == "http":
                turn += 1
                self.slack.deliver_to(up[turn % len(up)].events_url)
            await asyncio.sleep(0.02)

    async def buy(self, name: str, orders: int) -> None:
        """Places this many orders, each until the person has seen its screen."""
        person = next(u.id for u in self.slack.slack.workspace.users.values() if u.name == name)
        for number in range(orders):
            await self.order(self.slack.get_person(person), BUYERS[name].subscription_id, number + 1)

    async def order(self, person: Person, subscription_id: str, seats: int) -> None:
        """Starts again as often as necessary."""
        while not await self._order(person, subscription_id, seats):  # noqa: ASYNC110 -- as people do
            await asyncio.sleep(0.2)

    async def _order(self, person: Person, subscription_id: str, seats: int) -> bool:
        """R10 from the command to the order. False if a step got no response: then it starts again."""
        if person.modal:
            await person.close_modal(everything=True)
        try:
            await person.command("/add-seats")
            modal = await person.wait_for_modal("cart.save", timeout=STEP_TIMEOUT_SECONDS)
            modal.fill(f"seats:{subscription_id}", seats)
            for screen in ("quote.review", "service_order.place", "service_order.show"):
                await person.submit()
                modal = await person.wait_for_modal(screen, timeout=STEP_TIMEOUT_SECONDS)
        except TimeoutError:
            return False
        self.shown |= set(re.findall(r"\bSO-\d+", modal.text))
        return True

    async def kill_some(self, seed: int) -> None:
        seeded = random.Random(seed)
        for _ in range(KILLS):
            await asyncio.sleep(seeded.uniform(0.2, 1.2))
            victim = seeded.choice([replica for replica in self.replicas if replica.is_up])
            await victim.kill()
            await victim.start()

    async def wait_until_finished(self) -> DatabaseSnapshot:
        """The rows once nothing is left to do."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while (evidence := await DatabaseSnapshot(self.database).read()).unfinished:  # noqa: ASYNC110 -- others write
                await asyncio.sleep(0.2)
        return evidence


@asynccontextmanager
async def run_deployment(
    kind: Kind, transport: str, folder: Path, *, count: int = COUNT, buyers: Iterable[Buyer] = BUYERS.values()
) -> AsyncIterator[Deployment]:
    with database_url("migrated", kind) as url:
        database = Database(url)
        await import_accounts(database, path=write_accounts_file(folder, buyers), at=datetime.now(UTC))
        async with Sandbox.start(WORKSPACE) as slack:
            environment = build_environment(slack, url, transport=transport, LEASE_SECONDS=str(LEASE_SECONDS))
            async with run_replicas(count, environment, folder) as started:
                deployment = Deployment(slack, database, started, transport)
                balancing = asyncio.create_task(deployment.balance())
                yield deployment
                balancing.cancel()
                with suppress(asyncio.CancelledError):
                    await balancing
        await database.close()


@pytest.mark.parametrize(
    ("kind", "transport", "seed"),
    [
        ("postgresql", "http", 1),
        pytest.param("postgresql", "socket", 2, marks=pytest.mark.long),
        pytest.param("sqlite", "socket", 3, marks=pytest.mark.long),
    ],
)
async def test_replicas_killed_at_any_moment_lose_nothing_and_do_nothing_twice(
    kind: Kind, transport: str, seed: int, tmp_path: Path
) -> None:
    async with run_deployment(kind, transport, tmp_path) as deployment:
        buying = [asyncio.create_task(deployment.buy(name, ORDERS)) for name in BUYERS]
        await deployment.kill_some(seed)
        await asyncio.gather(*buying)
        evidence = await deployment.wait_until_finished()
        assert len(deployment.shown) >= len(BUYERS) * ORDERS
        evidence.check_orders(deployment.shown)
        evidence.check_money(SEATS_BEFORE)
        evidence.check_history()
        evidence.check_notices(deployment.slack)
        assert [replica.list_errors() for replica in deployment.replicas] == [[]] * COUNT


async def test_a_stopping_replica_is_unready_before_it_refuses_requests(tmp_path: Path) -> None:
    """Ctrl-C ends the delay."""
    with database_url("accounts", "sqlite") as url:
        async with Sandbox.start(WORKSPACE) as slack:
            environment = build_environment(slack, url, transport="http", SHUTDOWN_DELAY_SECONDS="60")
            async with (
                run_replicas(1, environment, tmp_path) as [replica],
                aiohttp.ClientSession() as session,
            ):
                slack.deliver_to(replica.events_url)
                stopping = asyncio.create_task(replica.stop())
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    while (answer := await replica.fetch_readiness(session))[0] == 200:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                assert answer[0] == 503
                assert "stopping" in answer[1]
                assert (await slack.get_person("U01ALICE").command("/quotes")).ok
                assert not stopping.done()
                replica.interrupt()
                async with asyncio.timeout(TIMEOUT_SECONDS):
                    assert await stopping == 0
                assert replica.list_errors() == []


async def test_acknowledged_work_is_finished_on_sigterm_and_new_work_refused(tmp_path: Path) -> None:
    # Without a channel, whose messages go out one a second.
    acme = Buyer("acme", ["alice"], "pm_slow_1")
    async with run_deployment("postgresql", "http", tmp_path, count=1, buyers=[acme]) as deployment:
        [replica], alice = deployment.replicas, deployment.slack.get_person("U01ALICE")
        await deployment.order(alice, acme.subscription_id, 1)
        await alice.close_modal(everything=True)
        # Acknowledged, and then in progress for a second.
        deployment.slack.inject_fault("slow", "views.open", seconds=1.0)
        assert (await alice.command("/add-seats")).ok
        async with asyncio.timeout(TIMEOUT_SECONDS):
            assert await replica.stop() == 0
        assert alice.modal is not None
        assert alice.modal.callback_id == "cart.save"
        assert not (await alice.submit()).ok
        assert replica.list_errors() == []
        # Another process continues what waits for the provider or for Slack.
        await replica.start()
        evidence = await deployment.wait_until_finished()
        assert [order.status for order in evidence.orders] == [OrderStatus.COMPLETED]
        evidence.check_notices(deployment.slack)


async def test_processes_that_start_concurrently_on_an_empty_database_migrate_it_once(tmp_path: Path) -> None:
    async with Sandbox.start(WORKSPACE) as slack:
        environment = build_environment(slack, create_database("empty"), transport="http")
        async with run_replicas(COUNT, environment, tmp_path) as started:
            assert [replica.list_errors() for replica in started] == [[]] * COUNT
