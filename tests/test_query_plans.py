"""With many rows in every table, PostgreSQL answers each statement of the bot from an index."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx
from sqlalchemy import Connection, NullPool, create_engine, event

from bot.installations.store import SingleUseOAuthStateStore
from scheduler import JOBS
from tests.full_tables import fill_tables
from tests.handlers.all_screens import COMMANDS, create_order_and_quote, press_everything
from tests.variants import only_sqlite
from tests.world import OF_THE_TEST, World
from tests.world import world as open_world

ROWS = 20_000
# An index that is read from end to end must hold nothing but what is due or open.
MAX_ROWS_READ = 1_000
NOT_EXPLAINED = re.compile(
    r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|SET|SHOW|LISTEN|NOTIFY)\b", re.IGNORECASE
)
# Fewer than what a day with every button pressed sends: else something was not recorded.
MIN_STATEMENTS = 100

# By what SQLAlchemy compiled it from: the statement and the values of its last use.
Statements = dict[str, tuple[str, Any]]

# Once is enough.
pytestmark = only_sqlite


async def test_every_statement_is_answered_from_an_index() -> None:
    async with open_world(kind="postgresql") as world:
        with record_statements(world) as statements:
            await use_everything(world)
        engine = create_engine(world.dependencies.database.url, poolclass=NullPool)
        with engine.connect() as connection:
            big_tables = fill_tables(connection, ROWS, world.clock.at)
            reads = {sql: list_long_reads(connection, sql, p) for sql, p in statements.values()}
    assert len(statements) > MIN_STATEMENTS
    assert {sql: tables & big_tables for sql, tables in reads.items() if tables & big_tables} == {}


async def use_everything(world: World) -> None:
    """Orders that complete, are declined, take a while or need the customer; every command, button, form and
    job; health checks; and the time in which quotes expire and orders become overdue."""
    metadata = await create_order_and_quote(world)
    alice = world.get_person("alice")
    for route in COMMANDS:
        for words in ("", "SO-1001", "SQ-1002", "webinar 5", "help"):
            await alice.command(route.id, words)
            await world.dependencies.tasks.wait_until_idle()
    await alice.open_home()
    await world.settle()
    await press_everything(world, alice, metadata)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{world.port}") as client:
        for path in ("/readyz", "/metrics"):
            (await client.get(path)).raise_for_status()
    # By the machine's clock: the first one has expired, and the other will long after the test's clock.
    for seconds in (-1, 10**9):
        await SingleUseOAuthStateStore(seconds, world.dependencies.database).async_issue()
    await world.settle()
    await world.place_order(world.get_person("dora"), declined_meeting=1)
    await world.place_order(world.get_person("carla"), customer_assist=1)
    await world.place_order(world.get_person("sam"), slow_meeting=1)
    for hours in (0, 1, 48, 40 * 24):
        await world.pass_time(hours=hours)
        for job in JOBS.values():
            await job.run(world.dependencies)


@contextmanager
def record_statements(world: World) -> Iterator[Statements]:
    statements: Statements = {}

    def record(_c: object, _k: object, sql: str, parameters: Any, context: Any, *_: object) -> None:
        if NOT_EXPLAINED.match(sql) or context.execution_options.get(OF_THE_TEST):
            return
        template = str(context.compiled) if context.compiled else sql
        statements[template] = (sql, parameters[0] if isinstance(parameters, list) else parameters)

    engine = world.dependencies.database.sync_engine
    event.listen(engine, "before_cursor_execute", record)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", record)


def list_long_reads(connection: Connection, sql: str, parameters: Any) -> set[str]:
    """The tables that the statement would read whole, or much of."""
    [[plan]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {sql}", parameters)
    return {
        node["Relation Name"]
        for node in iterate_nodes(plan[0]["Plan"])
        if "Relation Name" in node and (node["Node Type"] == "Seq Scan" or node["Plan Rows"] > MAX_ROWS_READ)
    }


def iterate_nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from iterate_nodes(child)
