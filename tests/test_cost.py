"""What a command and a tick ask of the database: few questions, and as many after a long past."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event, select

from bot.installations.store import SingleUseOAuthStateStore
from bot.jobs import JobId
from bot.use_cases.home.publish import publish_due_homes
from models.installation import oauth_states
from scheduler import JOBS
from tests.handlers.steps import ForgetfulTasks, import_quote, opened
from tests.past_orders import OLD_NOTICES, ORDERS, copy_rows, open_fast_connection
from tests.postgres import explain
from tests.world import World

# They hold what waits, and nothing of the past.
QUEUES = {"account_change"}
# A full index scan is allowed only if the index holds nothing but due rows.
READ_WHOLE = re.compile(
    r"SCAN (\w+)\b(?! USING (?:COVERING )?INDEX ix_(?:order_line_due\b|notice_waiting))|Seq Scan on (\w+)"
)
MOST_A_TICK = 20

Asked = list[tuple[str, Any]]

# At most so many each, however many orders a page shows.
MOST = {"/add-seats": 3, "/quotes": 2, "/billing": 8, "/service-orders": 3}
MOST_TO_SHOW_HOME = 36
# With all that they store; a crowd of people pressing waits for every one of them.
MOST_TO_SUBMIT = {
    "cart.save": 12,
    "quote.review": 9,
    "service_order.place": 15,
    "quote.reject": 12,
}
# To begin and end a transaction is no question.
NO_QUESTION = re.compile("BEGIN|COMMIT|ROLLBACK")


@contextmanager
def listening(world: World) -> Iterator[Asked]:
    asked: Asked = []

    def note(_c: object, _k: object, sql: str, parameters: object, *_: object) -> None:
        if not NO_QUESTION.match(sql):
            asked.append((sql, parameters))

    engine = world.services.database.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def ordered(world: World) -> None:
    """An order that is completed, and told about."""
    await world.order(world.person("alice"), acme_meeting=1)
    await world.settle()


def add_a_past(world: World, first: int, past: int = 200) -> None:
    """Nothing of it is under way."""
    url = world.services.database.url.replace("+psycopg", "")
    with open_fast_connection(url) as connection:
        copy_rows(connection, {**ORDERS, **OLD_NOTICES}, past, first=first)


async def asked_by(world: World, command: str) -> Asked:
    with listening(world) as asked:
        await world.person("alice").command(command)
        await world.services.tasks.wait_until_idle()
    return asked


async def tick(world: World) -> Asked:
    """Every job, with nothing due."""
    with listening(world) as asked:
        for job in JOBS.values():
            await job.run(world.services)
            await job.find_next_time(world.services)
    return asked


@pytest.mark.parametrize("command", MOST)
async def test_a_command_asks_few_questions_and_as_many_after_a_long_past(world: World, command: str) -> None:
    await ordered(world)
    add_a_past(world, first=1)
    few = len(await asked_by(world, command))
    add_a_past(world, first=1001)
    assert len(await asked_by(world, command)) == few <= MOST[command], few


async def test_a_home_asks_few_questions_and_as_many_after_a_long_past(world: World) -> None:
    await ordered(world)
    alice = world.person("alice")
    add_a_past(world, first=1)
    await alice.open_home()
    await world.settle()

    async def asked() -> int:
        world.clock.move(seconds=5)
        with listening(world) as questions:
            await alice.open_home()
            await world.services.tasks.wait_until_idle()
            await publish_due_homes(world.services)
        return len(questions)

    few = await asked()
    add_a_past(world, first=1001)
    assert await asked() == few <= MOST_TO_SHOW_HOME, few


async def test_each_step_of_an_order_asks_few_questions(world: World) -> None:
    await ordered(world)
    world.services.tasks = ForgetfulTasks()
    alice = world.person("alice")
    await world.fill_cart(alice, acme_meeting=2)
    for view in ("quote.review", "service_order.place", "service_order.show"):
        await assert_submitting_asks_few_questions(world, view)


async def test_rejecting_a_quote_asks_few_questions(world: World) -> None:
    await ordered(world)
    await import_quote(world)
    alice = world.person("alice")
    await opened(alice, "/quotes", "", "quote.list")
    await alice.press("quote.reject")
    await alice.wait_for_modal("quote.reject")
    await assert_submitting_asks_few_questions(world, "quote.list")


async def assert_submitting_asks_few_questions(world: World, next_view: str) -> None:
    alice = world.person("alice")
    assert alice.modal
    form = alice.modal.callback_id
    with listening(world) as asked:
        await alice.submit()
        await alice.wait_for_modal(next_view)
    assert len(asked) <= MOST_TO_SUBMIT[form], (form, [sql for sql, _ in asked])


async def test_a_tick_asks_as_many_questions_after_a_long_past_each_answered_from_an_index(
    world: World,
) -> None:
    await ordered(world)
    few = len(await tick(world))
    add_a_past(world, first=1)
    asked = await tick(world)
    assert len(asked) == few <= MOST_A_TICK, few
    for sql, parameters in asked:
        read_whole = tables_read_whole(world, sql, parameters)
        assert not read_whole - QUEUES, sql


async def test_an_idle_tick_of_the_order_job_opens_no_writing_transaction(world: World) -> None:
    await ordered(world)
    commits: list[object] = []
    record_commit = commits.append
    engine = world.services.database.sync_engine
    event.listen(engine, "commit", record_commit)
    try:
        assert await JOBS[JobId.PROCESS_ORDERS].run(world.services) == 0
    finally:
        event.remove(engine, "commit", record_commit)
    assert commits == []


async def test_expired_oauth_states_are_deleted_by_an_index(world: World) -> None:
    expired, states = (SingleUseOAuthStateStore(seconds, world.services.database) for seconds in (-1, 600))
    await expired.async_issue()
    with listening(world) as asked:
        state = await states.async_issue()
    async with world.services.read() as session:
        kept = await (await session.connection()).execute(select(oauth_states.c.state))
        assert kept.scalars().all() == [state]
    for sql, parameters in asked:
        assert tables_read_whole(world, sql, parameters) == set(), sql


def tables_read_whole(world: World, sql: str, parameters: Any) -> set[str]:
    """What the database says it would go through from end to end."""
    plan = "\n".join(str(row) for row in explain(world.services.database, sql, parameters))
    return {name for found in READ_WHOLE.findall(plan) for name in found if name}
