"""The number of queries of a command and of a job run, which a long history does not increase."""

import re

from sqlalchemy import select

from bot.installations.store import SingleUseOAuthStateStore
from bot.job_ids import JobId
from bot.use_cases.home.publish import publish_due_homes
from models.installation import oauth_states
from scheduler import JOBS
from tests.handlers.steps import ForgetfulTasks, import_quote, open_modal
from tests.past_orders import OLD_NOTICES, ORDERS, copy_rows, open_fast_connection
from tests.postgres import explain
from tests.query_log import Query, log_queries
from tests.variants import both_databases, get_variant
from tests.world import World

pytestmark = both_databases

# They hold what waits, and nothing of the past.
QUEUES = {"account_change"}
# A full index scan is allowed only if the index holds nothing but due rows.
READ_WHOLE = re.compile(
    r"SCAN (?!CONSTANT ROW)(\w+)\b(?! USING (?:COVERING )?INDEX ix_(?:order_line_due\b|notice_waiting))"
)
MAX_QUERIES_OF_TICK = 23

# However many orders a page shows.
MAX_QUERIES = {"/add-seats": 3, "/quotes": 2, "/billing": 9, "/service-orders": 3}
MAX_QUERIES_OF_HOME = 36
# With all that they store; a crowd of people pressing waits for every one of them.
MAX_COMMITS_TO_SUBMIT = {"cart.save": 2}
MAX_QUERIES_TO_SUBMIT = {
    "cart.save": 12,
    "quote.review": 9,
    "checkout.save": 9,
    "service_order.place": 14,
    "quote.reject": 12,
}


async def complete_order(world: World) -> None:
    """An order that is completed, and told about."""
    await world.place_order(world.get_person("alice"), acme_meeting=1)
    await world.settle()


def add_a_past(world: World, first: int, past: int = 200) -> None:
    """Nothing of it is under way."""
    url = world.dependencies.database.url.replace("+psycopg", "")
    with open_fast_connection(url) as connection:
        copy_rows(connection, {**ORDERS, **OLD_NOTICES}, past, first=first)


async def list_queries(world: World, command: str) -> list[Query]:
    with log_queries(world.dependencies.database.sync_engine) as log:
        await world.get_person("alice").command(command)
        await world.dependencies.tasks.wait_until_idle()
    return log.queries


async def tick(world: World) -> list[Query]:
    """Every job, with nothing due."""
    with log_queries(world.dependencies.database.sync_engine) as log:
        for job in JOBS.values():
            await job.run(world.dependencies)
            await job.find_next_time(world.dependencies)
    return log.queries


async def test_a_command_takes_few_queries_and_as_many_after_a_long_past(world: World) -> None:
    await complete_order(world)
    add_a_past(world, first=1)
    few = {command: len(await list_queries(world, command)) for command in MAX_QUERIES}
    add_a_past(world, first=1001)
    assert {command: len(await list_queries(world, command)) for command in MAX_QUERIES} == few
    assert {command: number for command, number in few.items() if number > MAX_QUERIES[command]} == {}


async def test_a_home_takes_few_queries_and_as_many_after_a_long_past(world: World) -> None:
    await complete_order(world)
    alice = world.get_person("alice")
    add_a_past(world, first=1)
    await alice.open_home()
    await world.settle()

    async def count_queries() -> int:
        world.clock.move(seconds=5)
        with log_queries(world.dependencies.database.sync_engine) as log:
            await alice.open_home()
            await world.dependencies.tasks.wait_until_idle()
            await publish_due_homes(world.dependencies)
        return len(log.queries)

    few = await count_queries()
    add_a_past(world, first=1001)
    assert await count_queries() == few <= MAX_QUERIES_OF_HOME, few


async def test_each_step_of_an_order_takes_few_queries(world: World) -> None:
    await complete_order(world)
    world.dependencies.tasks = ForgetfulTasks()
    alice = world.get_person("alice")
    await world.fill_cart(alice, acme_meeting=2)
    for view in ("quote.review", "service_order.place"):
        await check_queries_of_submitting(world, view)
    await world.open_checkout(alice)
    for view in ("service_order.place", "service_order.show"):
        await check_queries_of_submitting(world, view)


async def test_rejecting_a_quote_takes_few_queries(world: World) -> None:
    await complete_order(world)
    await import_quote(world)
    alice = world.get_person("alice")
    await open_modal(alice, "/quotes", "", "quote.list")
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await check_queries_of_submitting(world, "quote.list")


async def check_queries_of_submitting(world: World, next_view: str) -> None:
    alice = world.get_person("alice")
    assert alice.modal
    form = alice.modal.callback_id
    with log_queries(world.dependencies.database.sync_engine) as log:
        await alice.submit()
        await alice.wait_for_modal(next_view)
    assert len(log.queries) <= MAX_QUERIES_TO_SUBMIT[form], (form, log.queries)
    assert log.commits <= MAX_COMMITS_TO_SUBMIT.get(form, 1), (form, log.commits)


async def test_a_tick_takes_as_many_queries_after_a_long_past_each_answered_from_an_index(
    world: World,
) -> None:
    await complete_order(world)
    few = len(await tick(world))
    add_a_past(world, first=1)
    queries = await tick(world)
    assert len(queries) == few <= MAX_QUERIES_OF_TICK, few
    assert list_whole_reads(world, queries) <= QUEUES


async def test_an_idle_tick_of_the_order_job_opens_no_writing_transaction(world: World) -> None:
    await complete_order(world)
    with log_queries(world.dependencies.database.sync_engine) as log:
        assert await JOBS[JobId.PROCESS_ORDERS].run(world.dependencies) == 0
    assert log.commits == 0


async def test_expired_oauth_states_are_deleted_by_an_index(world: World) -> None:
    expired, states = (
        SingleUseOAuthStateStore(seconds, world.dependencies.database) for seconds in (-1, 600)
    )
    await expired.async_issue()
    with log_queries(world.dependencies.database.sync_engine) as log:
        state = await states.async_issue()
    async with world.dependencies.read() as session:
        kept = await (await session.connection()).execute(select(oauth_states.c.state))
        assert kept.scalars().all() == [state]
    assert list_whole_reads(world, log.queries) == set()


def list_whole_reads(world: World, queries: list[Query]) -> set[str]:
    """The tables that SQLite would go through from end to end. Which of them PostgreSQL would depends on how
    many rows they have: test_query_plans.py fills them."""
    if get_variant().database == "postgresql":
        return set()
    plans = [str(row) for query in queries for row in explain(world.dependencies.database, *query)]
    return set(READ_WHOLE.findall("\n".join(plans)))
