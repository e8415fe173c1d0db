"""Each alert fires in a real Prometheus when its condition occurs in a running bot (docs/operate.md,
*Runbook*), and stops once the runbook's steps have been taken."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from sqlalchemy.engine import make_url

from bot.db import Database
from bot.use_cases.accounts_import.run import import_accounts
from sandbox import Sandbox
from sandbox.driver import Person
from tests.chaos.process import run_bot_process
from tests.chaos.prometheus import PROMETHEUS, Prometheus, read_rules, run_prometheus
from tests.fake_stripe import FakeStripe, StripeRecords
from tests.postgres import database_url, run, server_url
from tests.replicas.accounts import Buyer, write_accounts_file
from tests.replicas.processes import ReplicaProcess, build_environment, run_replicas
from tests.time_limits import HANG_SECONDS
from tests.world import WORKSPACE

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(PROMETHEUS is None, reason="Prometheus is not installed: apt-get install prometheus"),
]

ACME = Buyer("acme", ["alice"], "pm_1", "C01BILLING")
LOST = Buyer("lost", ["sam"], "pm_lost_1", "C03SLOW")
NEVER = Buyer("never", ["carla"], "pm_customer_never_1", "C04CUSTOMER")
SOON = 30.0


@dataclass
class Stage:
    slack: Sandbox
    url: str
    replica: ReplicaProcess
    prometheus: Prometheus
    folder: Path

    def get_person(self, name: str) -> Person:
        users = self.slack.slack.workspace.users.values()
        return self.slack.get_person(next(user.id for user in users if user.name == name))

    def execute(self, *statements: str) -> None:
        run(self.url, *statements)

    @property
    def database_name(self) -> str:
        return str(make_url(self.url).database)

    async def place_order(self, buyer: Buyer) -> None:
        person = self.get_person(buyer.people[0])
        await person.command("/add-seats")
        modal = await person.wait_for_modal("cart.save", timeout=HANG_SECONDS)
        modal.fill(f"seats:{buyer.subscription_id}", 1)
        for following in ("quote.review", "service_order.place", "service_order.show"):
            await person.submit()
            await person.wait_for_modal(following, timeout=HANG_SECONDS)
        await person.close_modal(everything=True)


Condition = Callable[[Stage], AsyncIterator[None]]
CONDITIONS: list[tuple[tuple[str, ...], Callable[[Stage], AbstractAsyncContextManager[None]]]] = []


def register_condition(*alerts: str) -> Callable[[Condition], Condition]:
    """`condition` causes the alerts before its `yield`, and then takes the runbook's steps."""

    def register(condition: Condition) -> Condition:
        CONDITIONS.append((alerts, asynccontextmanager(condition)))
        return condition

    return register


@register_condition("SeatbotDown")
async def a_process_ends(stage: Stage) -> AsyncIterator[None]:
    await stage.replica.kill()
    yield
    await stage.replica.start()


@register_condition("SeatbotDatabaseUnavailable", "SeatbotJobFailing", "SeatbotJobStopped")
async def the_database_accepts_no_connections(stage: Stage) -> AsyncIterator[None]:
    name = stage.database_name
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    run(server_url(), f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", end)
    yield
    run(server_url(), f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@register_condition("SeatbotDatabaseReadOnly")
async def the_database_is_a_standby(stage: Stage) -> AsyncIterator[None]:
    name = stage.database_name
    end = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
    run(server_url(), f"ALTER DATABASE {name} SET default_transaction_read_only = on", end)
    yield
    run(server_url(), f"ALTER DATABASE {name} RESET default_transaction_read_only", end)


@register_condition("SeatbotNoticesDelayed")
async def slack_accepts_no_messages(stage: Stage) -> AsyncIterator[None]:
    stage.slack.inject_fault("error_503", "chat.postMessage")
    await stage.place_order(ACME)
    stage.execute("UPDATE notice SET due_at = due_at - interval '20 minutes' WHERE status = 'waiting'")
    yield
    stage.slack.slack.faults.reset()


@register_condition("SeatbotOrderStuck")
async def a_customer_does_not_confirm(stage: Stage) -> AsyncIterator[None]:
    await stage.place_order(NEVER)
    stage.execute("UPDATE service_order SET placed_at = placed_at - interval '13 hours' ")
    yield
    stage.execute("UPDATE service_order SET placed_at = placed_at + interval '13 hours' ")


@register_condition("SeatbotChargesUnconfirmed")
async def the_providers_answer_is_lost(stage: Stage) -> AsyncIterator[None]:
    await stage.place_order(LOST)
    yield


@register_condition("SeatbotViewsSlow")
async def slack_opens_views_late(stage: Stage) -> AsyncIterator[None]:
    stage.slack.inject_fault("slow", "views.open", seconds=2.5)
    for _ in range(3):
        await stage.get_person("alice").command("/quotes")
    yield
    stage.slack.slack.faults.reset()


@register_condition("SeatbotBillingUnavailable")
async def stripe_cannot_be_reached(stage: Stage) -> AsyncIterator[None]:
    async with order_from_stripe(stage, "http://127.0.0.1:1"):
        yield


@register_condition("SeatbotBillingUnavailable")
async def stripe_rejects_the_key(stage: Stage) -> AsyncIterator[None]:
    async with (
        FakeStripe(StripeRecords(lambda: datetime.now(UTC)), "rk_test_rolled").run() as fake,
        order_from_stripe(stage, fake.url),
    ):
        yield


@asynccontextmanager
async def order_from_stripe(stage: Stage, stripe_url: str) -> AsyncIterator[None]:
    folder = stage.folder / "stripe"
    folder.mkdir()
    stripe = {"BILLING": "stripe", "STRIPE_API_KEY": "rk_test_1", "STRIPE_API_URL": stripe_url}
    async with run_bot_process(folder, transport="http", kind="postgresql", **stripe) as bot:
        stage.prometheus.scrape([bot.replica.port])
        run(bot.url, "UPDATE account SET stripe_customer = 'cus_1'")
        for _ in range(6):
            await bot.alice.command("/add-seats")
            await asyncio.sleep(1)
        yield
    stage.prometheus.scrape([stage.replica.port])


@register_condition("SeatbotNoticeUndeliverable")
async def a_channel_is_archived(stage: Stage) -> AsyncIterator[None]:
    stage.slack.get_channel("C01BILLING").archive()
    await stage.place_order(ACME)
    yield


@register_condition("SeatbotMailRejected")
async def the_mail_server_rejects_a_message(stage: Stage) -> AsyncIterator[None]:
    stage.slack.mail.rejection = "552 5.3.4 too big"
    await stage.place_order(ACME)
    yield
    stage.slack.mail.rejection = None


@register_condition("SeatbotErrors")
async def a_table_is_gone(stage: Stage) -> AsyncIterator[None]:
    stage.execute("ALTER TABLE quote RENAME TO quote_gone")
    for _ in range(12):
        await stage.get_person("alice").command("/quotes")
        await asyncio.sleep(0.5)
    yield
    stage.execute("ALTER TABLE quote_gone RENAME TO quote")


@register_condition("SeatbotOverloaded")
async def slack_is_slow_and_many_commands_arrive(stage: Stage) -> AsyncIterator[None]:
    stage.slack.inject_fault("slow", "views.open", seconds=9)
    alice = stage.get_person("alice")
    commands = [asyncio.create_task(alice.command("/quotes")) for _ in range(230)]
    yield
    stage.slack.slack.faults.reset()
    await asyncio.gather(*commands, return_exceptions=True)


@register_condition("SeatbotUnsignedRequests")
async def unsigned_requests_arrive(stage: Stage) -> AsyncIterator[None]:
    async def call() -> None:
        async with httpx.AsyncClient() as client:
            while True:
                await client.post(stage.replica.events_url, content=b"{}")
                await asyncio.sleep(0.02)

    callers = [asyncio.create_task(call()) for _ in range(10)]
    yield
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)


@register_condition("SeatbotSlackTokenRejected")
async def the_token_is_revoked(stage: Stage) -> AsyncIterator[None]:
    [installation] = [
        i for i in stage.slack.slack.workspace.installations if i.bot_token == stage.slack.bot_token
    ]
    token, installation.bot_token = installation.bot_token, "xoxb-another"
    for _ in range(3):
        await stage.get_person("alice").command("/quotes")
        await asyncio.sleep(1)
    yield
    installation.bot_token = token


@register_condition("SeatbotSocketModeSilent")
async def nothing_arrives_over_socket_mode(stage: Stage) -> AsyncIterator[None]:
    folder = stage.folder / "socket"
    folder.mkdir()
    async with run_bot_process(folder, transport="socket", kind="postgresql") as bot:
        stage.prometheus.scrape([bot.replica.port])
        bot.slack.inject_fault("error_503", "apps.connections.open")
        await bot.slack.drop_sockets()
        yield
    stage.prometheus.scrape([stage.replica.port])


# The process acknowledges after at most 1.5 s, whatever it waits for: only an overloaded machine is slower.
NOT_PROVOKED = {"SeatbotAcknowledgementsSlow"}

# These look back over minutes: no test waits until they stop.
RATES = {
    "SeatbotJobFailing",
    "SeatbotChargesUnconfirmed",
    "SeatbotViewsSlow",
    "SeatbotBillingUnavailable",
    "SeatbotNoticeUndeliverable",
    "SeatbotMailRejected",
    "SeatbotErrors",
    "SeatbotUnsignedRequests",
    "SeatbotSlackTokenRejected",
}


def test_there_is_a_condition_for_each_alert() -> None:
    provoked = {name for names, _ in CONDITIONS for name in names}
    assert provoked | NOT_PROVOKED == {rule["alert"] for rule in read_rules()}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    with database_url("migrated", "postgresql") as url:
        database = Database(url)
        path = write_accounts_file(tmp_path, [ACME, LOST, NEVER])
        await import_accounts(database, path=path, at=datetime.now(UTC))
        await database.close()
        async with Sandbox.start(WORKSPACE, ack_seconds=HANG_SECONDS) as slack:
            slack.slack.workspace.trigger_seconds = HANG_SECONDS
            environment = build_environment(slack, url, transport="http")
            async with (
                run_replicas(1, environment, tmp_path) as [replica],
                run_prometheus(tmp_path) as prometheus,
            ):
                slack.deliver_to(replica.events_url)
                prometheus.scrape([replica.port])
                yield Stage(slack, url, replica, prometheus, tmp_path)


@pytest.mark.parametrize(
    ("alerts", "provoke"), CONDITIONS, ids=[f"{'-'.join(a)}-{c.__name__}" for a, c in CONDITIONS]
)
async def test_an_alert_fires_when_its_condition_occurs(
    stage: Stage, alerts: tuple[str, ...], provoke: Callable[[Stage], AbstractAsyncContextManager[None]]
) -> None:
    # An increase needs two samples.
    await stage.prometheus.wait_until_sampled()
    assert not {*alerts} & await stage.prometheus.list_firing()
    async with provoke(stage):
        await stage.prometheus.wait_until_firing(*alerts, seconds=SOON * 2)
    await stage.prometheus.wait_until_silent(*{*alerts} - RATES)
