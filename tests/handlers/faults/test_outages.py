"""Slack, the database, the mail server and the provider are each away for ten minutes: what people see
meanwhile, and what is caught up with afterwards."""

import contextlib
import os
import signal
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.billing.gateway import (
    BillingGateway,
    BillingUnavailable,
    Charge,
    ChargeOutcome,
    NeverReceived,
    Preview,
    SubscriptionState,
    Unknown,
)
from bot.db import DATABASE_UNAVAILABLE_ERRORS, Database, lock_imports
from models.notice import Notice, NoticeKind, NoticeStatus
from models.service_order import ChargeAttempt, OrderStatus, ServiceOrder
from sandbox.driver import Modal
from scheduler import JOBS
from tests.handlers.steps import HookedGateway, find_messages, get_order, list_charges, open_modal
from tests.postgres import create_copy, run, server_url
from tests.time_limits import HANG_SECONDS
from tests.variants import only_sqlite
from tests.world import World
from tests.world import world as open_world

# Once is enough.
pytestmark = only_sqlite

TICK = 20
TEN_MINUTES = 600 // TICK
# A destination rests for five minutes at most between two tries.
FIVE_MINUTES = 300 // TICK


async def tick(world: World) -> None:
    """Time goes by, and each job runs; one that fails leaves the others alone, as in the scheduler."""
    world.clock.move(seconds=TICK)
    for job in JOBS.values():
        with contextlib.suppress(*DATABASE_UNAVAILABLE_ERRORS):
            await job.run(world.dependencies)


async def wait(world: World, ticks: int) -> None:
    for _ in range(ticks):
        await tick(world)


async def ready(world: World) -> int:
    async with httpx.AsyncClient(timeout=HANG_SECONDS) as client:
        return (await client.get(f"http://127.0.0.1:{world.port}/readyz")).status_code


async def check_delivered_once(world: World) -> None:
    """R24: every notice went out, once, and in order."""
    notices = await world.load_rows(Notice)
    assert {notice.status for notice in notices} == {NoticeStatus.DELIVERED}
    message_texts = [m.text for m in world.list_messages("C01BILLING")] + [
        m.text for m in world.get_person("alice").dms
    ]
    assert [text for text, times in Counter(message_texts).items() if times > 1] == []
    for destination in {notice.destination for notice in notices}:
        sent = [n for n in notices if n.destination == destination]
        times = [n.delivered_at for position, n in enumerate(sent) if not is_contained(n, sent[:position])]
        assert times == sorted(times, key=str)


def is_contained(notice: Notice, older: list[Notice]) -> bool:
    """Whether one status message showed it too: it is delivered with an older notice of the same order."""
    return notice.kind is NoticeKind.ORDER_STATUS and any(
        (other.kind, other.order_id, other.delivered_at)
        == (notice.kind, notice.order_id, notice.delivered_at)
        for other in older
    )


# --- Slack


async def test_an_order_completes_during_a_slack_outage_and_notices_follow(
    world: World,
) -> None:
    """R12, R24: what was on the screen can be pressed, and its answer comes with the ack."""
    alice = world.get_person("alice")
    placement = await world.reach_placement(alice, acme_meeting=2)
    world.slack.inject_fault("error_503", "*")
    await placement.submit()
    assert "SO-1001" in (await alice.wait_for_modal("service_order.show")).text
    await world.dependencies.tasks.wait_until_idle()
    await wait(world, TEN_MINUTES)
    assert await ready(world) == 503
    assert (await get_order(world)).status is OrderStatus.COMPLETED
    assert len(await list_charges(world)) == 1
    [mail] = world.slack.mail.messages
    assert "R-1001" in mail.subject + mail.text
    assert alice.dms == world.list_messages("C01BILLING") == []
    assert (await alice.command("/quotes")).ok, "nothing opens, and nothing breaks"
    await world.dependencies.tasks.wait_until_idle()

    world.slack.slack.faults.reset()
    await wait(world, FIVE_MINUTES)
    await check_delivered_once(world)
    assert find_messages(alice.dms, "R-1001")
    assert find_messages(world.list_messages("C01BILLING"), "SO-1001")
    assert await ready(world) == 200
    assert "SO-1001" in (await open_modal(alice, "/service-orders", "", "service_order.list")).text


# --- the mail server


async def test_r13_slack_notices_go_out_during_a_mail_outage_and_the_receipt_follows(world: World) -> None:
    port = world.slack.mail.port
    await world.slack.mail.stop()
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=2)
    await world.dependencies.tasks.wait_until_idle()
    await wait(world, TEN_MINUTES)
    assert find_messages(alice.dms, "R-1001")
    [waiting] = await world.load_rows(Notice, status=NoticeStatus.WAITING)
    assert waiting.destination.startswith("email:")
    assert waiting.attempts < 15, "it is asked less and less often"
    assert await ready(world) == 200, "people are served"

    await world.slack.mail.start(port)
    await wait(world, FIVE_MINUTES)
    [mail] = world.slack.mail.messages
    assert "R-1001" in mail.subject + mail.text
    await check_delivered_once(world)


# --- the provider


class LosingGateway(HookedGateway):
    """The first charge arrives; its response is lost, and the provider is unavailable from then on."""

    def __init__(self, inner: BillingGateway) -> None:
        super().__init__(inner)
        self.away = False
        self.arrived: list[str] = []

    async def place_charge(self, charge: Charge) -> ChargeOutcome:
        if self.away:
            return Unknown()
        self.away = not self.arrived
        self.arrived.append(charge.key)
        outcome = await super().place_charge(charge)
        return Unknown() if self.away else outcome

    async def reconcile_charge(self, charge: Charge) -> ChargeOutcome | NeverReceived:
        return Unknown() if self.away else await super().reconcile_charge(charge)

    async def preview_lines(self, *asked: Any) -> Preview:
        self._answer()
        return await super().preview_lines(*asked)

    async def list_subscriptions(self, account_id: str) -> list[SubscriptionState]:
        self._answer()
        return await super().list_subscriptions(account_id)

    def _answer(self) -> None:
        if self.away:
            raise BillingUnavailable


async def test_during_a_provider_outage_people_see_a_message_and_nothing_is_charged_twice(
    world: World,
) -> None:
    """R19, R20: what was typed stays; a charge whose answer was lost is asked about, not sent again."""
    alice, benoit = world.get_person("alice"), world.get_person("benoit")
    provider = LosingGateway(world.dependencies.billing)
    world.dependencies.billing = provider
    cart = await world.fill_cart(benoit, acme_webinar=3)
    await world.place_order(alice, acme_meeting=2, acme_webinar=1)
    await world.dependencies.tasks.wait_until_idle()
    assert provider.away
    await alice.close_modal(everything=True)
    await alice.command("/add-seats")
    assert "The billing system isn’t responding" in (await alice.wait_for_ephemeral()).text
    await cart_submitted(world, cart)
    [said] = cart.errors.values()
    assert "Le système de facturation ne répond pas" in said
    assert cart.get_value("seats:acme_webinar") == "3", "what was typed is still there"
    await wait(world, TEN_MINUTES)
    assert (await get_order(world)).status is OrderStatus.PROCESSING
    assert len(await list_charges(world)) == 1, "that of the lost answer"
    assert find_messages(alice.dms, "R-1001") == []
    assert await ready(world) == 200, "people are served"

    provider.away = False
    await wait(world, FIVE_MINUTES)
    assert (await get_order(world)).status is OrderStatus.COMPLETED
    assert len(await list_charges(world)) == len(set(provider.arrived)) == len(provider.arrived) == 2
    assert await world.load_seats("acme_meeting") == (27, 27)
    assert find_messages(alice.dms, "R-1001")
    await check_delivered_once(world)
    await cart_submitted(world, cart)
    assert cart.errors == {}


# --- the database


class DatabaseOutage:
    """A PostgreSQL that accepts no connections, and has closed the open ones."""

    def __init__(self, world: World) -> None:
        self._name = make_url(world.dependencies.settings.database_url).database

    def __enter__(self) -> None:
        run(
            server_url(),
            f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self._name}'",
        )

    def __exit__(self, *_: object) -> None:
        run(server_url(), f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")


async def cart_submitted(world: World, cart: Modal) -> None:
    await cart.submit()
    await world.dependencies.tasks.wait_until_idle()


async def test_during_a_database_outage_people_see_a_message_and_nothing_is_lost_or_repeated() -> None:
    """R19, R20: what was typed stays; what was placed continues."""
    async with open_world(kind="postgresql") as world:
        alice, benoit = world.get_person("alice"), world.get_person("benoit")
        cart = await world.fill_cart(benoit, acme_webinar=3)
        placement = await world.reach_placement(alice, acme_meeting=2)
        await placement.submit()
        with DatabaseOutage(world):
            await cart_submitted(world, cart)
            [said] = cart.errors.values()
            assert "can’t reach our database" in said
            assert cart.get_value("seats:acme_webinar") == "3", "what was typed is still there"
            seen = len(benoit.ephemerals)
            await benoit.command("/service-orders")
            await world.dependencies.tasks.wait_until_idle()
            assert "can’t reach our database" in benoit.ephemerals[seen].words
            await cart.press("cart.back")
            await world.dependencies.tasks.wait_until_idle()
            assert benoit.modal is not None
            assert "can’t reach our database" in benoit.modal.text
            await wait(world, TEN_MINUTES)
            assert await ready(world) == 503
        await wait(world, FIVE_MINUTES)
        assert await ready(world) == 200
        [order] = await world.load_rows(ServiceOrder)
        assert order.status is OrderStatus.COMPLETED
        [attempt] = await world.load_rows(ChargeAttempt)
        assert len(await list_charges(world)) == 1
        assert attempt.outcome is not None
        await check_delivered_once(world)
        assert len(world.slack.mail.messages) == 1
        await benoit.close_modal(everything=True)
        cart = await world.fill_cart(benoit, acme_webinar=3)
        await cart_submitted(world, cart)
        assert cart.errors == {}


async def test_if_the_database_hangs_people_see_a_message_and_can_try_again() -> None:
    """R20: neither a form nor a command waits for ever. The address may say how long."""
    url = create_copy("accounts")
    async with open_world(
        kind="postgresql", database_url=f"{url}&options=-c%20statement_timeout%3D300"
    ) as world:
        alice = world.get_person("alice")
        cart = await world.fill_cart(alice, acme_webinar=3)
        with psycopg.connect(url) as other:
            other.execute("LOCK TABLE account")
            await cart_submitted(world, cart)
            [said] = cart.errors.values()
            assert "can’t reach our database" in said
            seen = len(alice.ephemerals)
            await alice.command("/quotes")
            await world.dependencies.tasks.wait_until_idle()
            assert "can’t reach our database" in alice.ephemerals[seen].words
        await cart_submitted(world, cart)
        assert cart.errors == {}
        await alice.wait_for_modal("quote.review")


@contextlib.contextmanager
def standing_still(world: World) -> Iterator[None]:
    """As a server whose disk has stopped: it is there, and neither answers nor ends anything."""
    name = make_url(world.dependencies.settings.database_url).database
    with psycopg.connect(server_url()) as other:
        found = other.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [name]).fetchall()
    for (pid,) in found:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for (pid,) in found:
            os.kill(pid, signal.SIGCONT)


async def test_if_the_database_server_freezes_people_see_a_message_and_work_continues_afterwards() -> None:
    """R20: no time limit of its own is any help then."""
    async with open_world(kind="postgresql") as world:
        alice = world.get_person("alice")
        await open_modal(alice, "/quotes", "", "quote.list")
        await alice.close_modal()
        world.dependencies.timeouts.unresponsive_seconds = 0.3
        with standing_still(world):
            await alice.command("/quotes")
            assert "can’t reach our database" in (await alice.wait_for_ephemeral()).text
            assert alice.modal is None
        await alice.wait_for_modal("quote.list")


async def test_statements_time_out_after_fifteen_seconds_except_while_waiting_to_import() -> None:
    database = Database(create_copy("migrated"))
    asked = text("SHOW statement_timeout")
    async with database.read() as session:
        assert (await (await session.connection()).execute(asked)).scalar() == "15s"
    async with database.write() as session:
        await lock_imports(session)
        assert (await (await session.connection()).execute(asked)).scalar() == "0"
    async with database.write() as session:
        assert (await (await session.connection()).execute(asked)).scalar() == "15s"
    await database.close()
