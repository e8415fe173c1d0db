"""What operators ask of a process: alive, ready, and how much of what."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.dialects import sqlite

from bot import metrics
from bot.db import Session
from bot.installations.slack_errors import INVALID_TOKEN_ERRORS
from bot.use_cases.operations import queue_stats
from bot.use_cases.operations.single_flight import SingleFlight
from handlers.routes import ROUTES
from models.notice import Notice, NoticeStatus
from sandbox.faults import FaultKind
from tests.handlers.steps import capture_log, make_failing_hook
from tests.postgres import explain
from tests.time_limits import HANG_SECONDS
from tests.variants import only_sqlite
from tests.world import World
from tests.world import world as open_world

# For what would otherwise hang; nothing is that slow.

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Over HTTP, whichever transport the other tests use."""
    async with open_world(transport="http") as world:
        yield world


@asynccontextmanager
async def browser(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.port}", timeout=HANG_SECONDS) as client:
        yield client


async def ready(world: World) -> tuple[int, str]:
    async with browser(world) as client:
        answer = await client.get("/readyz")
    return answer.status_code, answer.text


async def scrape(world: World) -> Samples:
    async with browser(world) as client:
        page = (await client.get("/metrics")).text
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples.get((name, frozenset(labels.items())), 0.0)


async def test_a_process_is_ready_while_database_and_slack_answer(world: World) -> None:
    async with browser(world) as client:
        assert (await client.get("/healthz")).text == "ok"
    assert await ready(world) == (200, "database: up to date\nslack: answers\n")
    world.slack.inject_fault("error_503", "api.test")
    assert (await ready(world))[0] == 200, "what Slack answered counts for a while"
    world.clock.move(seconds=16)
    status, said = await ready(world)
    assert status == 503
    assert "slack: does not answer" in said
    world.slack.slack.faults.reset()
    world.clock.move(seconds=1)
    assert (await ready(world))[0] == 200


async def test_concurrent_readiness_checks_share_one_call_to_slack(
    world: World,
) -> None:
    world.slack.inject_fault("error_503", "api.test")
    asked = len(world.slack.list_calls("api.test"))
    assert {status for status, _ in await asyncio.gather(*[ready(world) for _ in range(5)])} == {503}
    assert len(world.slack.list_calls("api.test")) == asked + 1


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM alembic_version", "not migrated"),
        ("UPDATE alembic_version SET version_num = '0001'", "migrated by another version"),
    ],
)
async def test_a_database_at_another_version_is_not_ready(world: World, statement: str, message: str) -> None:
    async with world.dependencies.write() as session:
        await session.exec(text(statement))  # type: ignore[call-overload]
    assert await ready(world) == (503, f"database: {message}\nslack: answers\n")


async def test_a_database_that_hangs_is_reported_and_queried_once_meanwhile() -> None:
    """A scraper that gets no answer in time raises no alert."""
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    async with open_world(transport="http", kind="postgresql") as world:
        world.dependencies.timeouts.check_seconds = 0.3
        with psycopg.connect(world.dependencies.settings.database_url) as other:
            other.execute("LOCK TABLE alembic_version, notice")
            for _ in range(3):
                async with asyncio.timeout(HANG_SECONDS):
                    [samples, answer] = await asyncio.gather(scrape(world), ready(world))
                assert value(samples, "seatbot_database_up") == 0
                assert answer[0] == 503
                assert "database: no answer within 0.3 s\n" in answer[1]
            assert other.execute(waiting).fetchone() == (2,), "one for each of both"
        await world.dependencies.tasks.wait_until_idle()
        world.dependencies.timeouts.check_seconds = HANG_SECONDS
        assert value(await scrape(world), "seatbot_database_up") == 1
        assert await ready(world) == (200, "database: up to date\nslack: answers\n")


async def test_a_check_that_timed_out_gives_its_result_to_the_next_caller(world: World) -> None:
    answered, calls = asyncio.Event(), 0

    async def check() -> str:
        nonlocal calls
        calls += 1
        await answered.wait()
        return "up to date"

    flight = SingleFlight("database", world.dependencies, check)
    world.dependencies.timeouts.check_seconds = 0.05
    assert await flight.wait_for_result() is None
    world.dependencies.timeouts.check_seconds = HANG_SECONDS
    waiting = asyncio.create_task(flight.wait_for_result())
    await asyncio.sleep(0)
    answered.set()
    assert await waiting == "up to date"
    assert calls == 1


async def test_migration_files_are_read_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await ready(world)
    monkeypatch.setattr("pathlib.Path.glob", make_failing_hook(AssertionError("read again")))
    assert await ready(world) == (200, "database: up to date\nslack: answers\n")


async def test_an_idle_socket_is_renewed_and_unready_if_that_fails() -> None:
    """An idle connection may be deaf: the greeting of a new one proves that it hears."""
    async with open_world(transport="socket", socket_idle_timeout_seconds=1) as world:
        [first] = world.slack.slack.sockets.connections
        await world.slack.wait_until(
            lambda: first not in world.slack.slack.sockets.connections and world.slack.slack.sockets.is_open,
            timeout=HANG_SECONDS,
        )
        async with asyncio.timeout(HANG_SECONDS):
            while (answer := await ready(world))[0] != 200:  # noqa: ASYNC110 -- a slow machine reconnects again
                await asyncio.sleep(0.2)
        assert "socket mode: last heard" in answer[1]
        # No new connection is to be had, and the old one says nothing.
        world.slack.inject_fault("error_500", "apps.connections.open")
        async with asyncio.timeout(HANG_SECONDS):
            while (await ready(world))[0] == 200:  # noqa: ASYNC110 -- time has to go by
                await asyncio.sleep(0.2)
        world.slack.slack.faults.reset()
        async with asyncio.timeout(HANG_SECONDS):
            while (await ready(world))[0] != 200:  # noqa: ASYNC110
                await asyncio.sleep(0.2)


async def test_each_attempt_to_connect_a_socket_takes_a_new_url() -> None:
    """Slack accepts a URL once, and a handshake may fail after that."""
    async with open_world(transport="socket") as world:
        sockets = world.slack.slack.sockets
        with capture_log(world) as stream:
            sockets.failing_handshakes = 2
            await world.slack.disconnect("refresh_requested", grace=0)
            assert "socket mode: not connected" in (await ready(world))[1]
            await world.slack.wait_until(lambda: sockets.is_open, timeout=HANG_SECONDS)
            async with asyncio.timeout(HANG_SECONDS):
                while (await ready(world))[0] != 200:  # noqa: ASYNC110 -- the greeting has to arrive
                    await asyncio.sleep(0.05)
        alice = world.get_person("alice")
        await alice.command("/quotes")
        await alice.wait_for_modal("quote.list")
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert len(world.slack.list_calls("apps.connections.open")) == 4
    warnings = [line for line in lines if line["level"] in ("warning", "error")]
    assert [line["event"] for line in warnings] == ["socket_mode.connection_failed"], "once per outage"


async def test_metrics_count_finished_and_waiting_work(world: World) -> None:
    before = await scrape(world)
    alice = world.get_person("alice")
    await world.place_order(alice, acme_meeting=2)
    await world.dependencies.tasks.wait_until_idle()
    world.clock.move(seconds=90)
    waiting = await scrape(world)
    assert value(waiting, "seatbot_waiting_notices") == len(
        await world.load_rows(Notice, status=NoticeStatus.WAITING)
    )
    assert value(waiting, "seatbot_oldest_notice_age_seconds") == 90
    world.slack.inject_fault("error_500", "chat.postMessage", times=1)
    await world.settle()
    after = await scrape(world)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("seatbot_ack_duration_seconds_count", kind="command") == 1
    assert grown("seatbot_ack_duration_seconds_count", kind="submit") == 3
    for status in ("placed", "processing", "completed"):
        assert grown("seatbot_orders_total", status=status) == 1
    assert grown("seatbot_charges_total", outcome="settled") == 1
    assert grown("seatbot_retries_total", kind="notice") == 1
    assert grown("seatbot_notices_total", outcome="delivered") > 3
    assert grown("seatbot_call_duration_seconds_count", service="slack", operation="views.open") == 1
    errors = {"service": "slack", "operation": "chat.postMessage"}
    assert sum(v for (n, ls), v in after.items() if n == "seatbot_call_errors_total" and errors.items() <= ls)
    assert grown("seatbot_call_duration_seconds_count", service="billing", operation="place_charge") == 1
    assert grown("seatbot_call_duration_seconds_count", service="mail", operation="send_email") == 1
    assert value(after, "seatbot_database_up") == 1
    assert value(after, "seatbot_waiting_notices") == value(after, "seatbot_oldest_notice_age_seconds") == 0


async def test_the_values_of_labels_are_in_lower_case_with_underscores(world: World) -> None:
    """Except for ids of ours, and Slack's own names of its methods."""
    world.slack.inject_fault("error_500", "chat.postMessage", times=1)
    await world.place_order(world.get_person("alice"), acme_meeting=2)
    await world.settle()
    ids = {"job", "handler", "version"}
    for name, labels in await scrape(world):
        for label, given in labels:
            if name.startswith("seatbot_") and label not in {"le", *ids}:
                is_slack_method = label == "operation" and ("service", "slack") in labels
                form = r"[a-zA-Z]+(\.[a-zA-Z0-9]+)+" if is_slack_method else r"[a-z]+(_[a-z0-9]+)*"
                assert re.fullmatch(form, given), (name, label, given)


async def test_a_view_that_comes_too_late_is_timed_logged_and_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow database delays no ack: a command is acknowledged before any query."""
    before, alice = await scrape(world), world.get_person("alice")
    monkeypatch.setattr(world.slack.slack.workspace, "trigger_seconds", -1)
    read, acknowledged = world.dependencies.database.read, asyncio.Event()

    @asynccontextmanager
    async def read_late() -> AsyncIterator[Session]:
        async with asyncio.timeout(HANG_SECONDS):
            await acknowledged.wait()
        async with read() as session:
            yield session

    monkeypatch.setattr(world.dependencies.database, "read", read_late)
    with capture_log(world) as stream:
        await alice.command("/quotes")
        await asyncio.sleep(0.3)
        acknowledged.set()
        assert "took too long" in (await alice.wait_for_ephemeral()).text
        await world.dependencies.tasks.wait_until_idle()
    after = await scrape(world)

    def grown(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert grown("seatbot_view_duration_seconds_count", kind="command") == 1
    assert grown("seatbot_view_duration_seconds_sum", kind="command") > 0.3
    assert grown("seatbot_errors_total", handler="/quotes") == 1
    [late] = [
        line
        for line in map(json.loads, stream.getvalue().splitlines())
        if line["event"] == "view.trigger_expired"
    ]
    assert (late["level"], late["handler"], late["error"]) == ("warning", "/quotes", "expired_trigger_id")


async def test_series_used_by_alerts_exist_from_the_start(world: World) -> None:
    """The first sample of a series is no increase."""
    page = (Path(__file__).parents[3] / "docs/operate.md").read_text(encoding="utf-8")
    samples = await scrape(world)
    asked = re.findall(r"(seatbot_\w+)\{([^}~]+)\}", page)
    assert len(asked) > 3
    for name, labels in asked:
        chosen = set(re.findall(r'(\w+)="([^"]+)"', labels))
        assert [found for found in samples if found[0] == name and chosen <= found[1]], (name, labels)
    for kind in ("command", "show"):
        assert ("seatbot_view_duration_seconds_count", frozenset({("kind", kind)})) in samples
    for handler in {"request", *(route.id for route in ROUTES)}:
        assert ("seatbot_errors_total", frozenset({("handler", handler)})) in samples


def test_every_error_of_a_rejected_token_raises_the_alert() -> None:
    page = (Path(__file__).parents[3] / "docs/operate.md").read_text(encoding="utf-8")
    [names] = re.findall(r'service="slack",error=~"([^"]+)"', page)
    assert set(names.split("\\|")) == INVALID_TOKEN_ERRORS - {"missing_scope"}


async def counted(world: World, error: Exception | None = None) -> None:
    async with world.dependencies.write() as session:
        await session.exec(text("SELECT 1"))  # type: ignore[call-overload]
        metrics.count_on_commit(session, metrics.RETRIES_TOTAL.labels("test"))
        if error:
            raise error


async def test_a_rolled_back_change_is_not_counted(world: World) -> None:
    before = value(await scrape(world), "seatbot_retries_total", kind="test")
    with pytest.raises(RuntimeError):
        await counted(world, RuntimeError())
    assert value(await scrape(world), "seatbot_retries_total", kind="test") == before
    await counted(world)
    assert value(await scrape(world), "seatbot_retries_total", kind="test") == before + 1


async def test_open_orders_are_shown_by_status_with_the_age_of_the_oldest(world: World) -> None:
    sam, carla = world.get_person("sam"), world.get_person("carla")
    await world.place_order(sam, slow_meeting=1)
    await world.dependencies.tasks.wait_until_idle()
    world.clock.move(seconds=30)
    await world.place_order(carla, customer_assist=1)
    await world.dependencies.tasks.wait_until_idle()
    samples = await scrape(world)
    assert value(samples, "seatbot_open_orders", status="processing") == 2
    assert value(samples, "seatbot_open_orders", status="placed") == 0
    assert value(samples, "seatbot_oldest_order_age_seconds") == 30


async def test_e_mails_waiting_for_a_mail_server_do_not_age_the_queue() -> None:
    async with open_world(smtp_url=None) as world:
        await world.place_order(world.get_person("alice"), acme_meeting=2)
        await world.settle()
        world.clock.move(days=3)
        samples = await scrape(world)
        assert value(samples, "seatbot_waiting_notices") == 1
        assert value(samples, "seatbot_oldest_notice_age_seconds") == 0


@only_sqlite
async def test_queries_of_a_scrape_use_the_partial_indexes(world: World) -> None:
    """However long the history; tests/test_query_plans.py shows it for PostgreSQL."""
    statements = (
        queue_stats.select_open_orders(),
        queue_stats.select_waiting_notice_count(),
        queue_stats.select_oldest_due_time(),
        queue_stats.select_oldest_due_time(below="email:"),
    )
    for statement in statements:
        sql = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
        plan = "\n".join(str(row) for row in explain(world.dependencies.database, sql, ()))
        assert re.search("ix_service_order_open|ix_notice_waiting", plan), plan


async def test_rejected_requests_are_counted(world: World) -> None:
    before = value(await scrape(world), "seatbot_requests_rejected_total", reason="unsigned")
    async with browser(world) as client:
        await client.post("/slack/events", content=b"{}")
    assert value(await scrape(world), "seatbot_requests_rejected_total", reason="unsigned") == before + 1


async def test_the_age_of_the_oldest_waiting_row_is_never_negative(world: World) -> None:
    """A replica whose clock is behind may read what another has just written."""
    await world.place_order(world.get_person("alice"), acme_meeting=2)
    world.clock.move(seconds=-30)
    found = await queue_stats.load_queue_stats(world.dependencies)
    assert found.oldest_order_age == timedelta() == found.oldest_notice_age


async def test_only_slacks_own_responses_count_as_answers(world: World) -> None:
    for kind, is_answer in NOT_THE_USUAL_ANSWER:
        world.clock.move(seconds=60)
        world.slack.slack.faults.reset()
        world.slack.inject_fault(kind, "api.test")
        status, page = await ready(world)
        assert (status, "slack: answers" in page) == ((200, True) if is_answer else (503, False)), kind


NOT_THE_USUAL_ANSWER: tuple[tuple[FaultKind, bool], ...] = (
    ("unknown_method", True),
    ("ratelimited", True),
    ("missing_headers", True),
    ("html", False),
    ("text", False),
    ("empty", False),
    ("truncated", False),
)
