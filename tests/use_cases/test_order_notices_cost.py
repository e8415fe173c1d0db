"""What it costs to tell everybody of one order: in messages, in an e-mail and on an open Home."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from bot.use_cases.delivery import store
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.home.publish import publish_due_homes
from bot.use_cases.service_order.process import process_due_orders
from models.notice import Notice, NoticeStatus
from tests.handlers.steps import ForgetfulTasks
from tests.time_limits import HANG_SECONDS
from tests.world import World

MAX_DELIVERY_QUERIES, MAX_DELIVERY_COMMITS = 29, 3
MAX_HOME_QUERIES, MAX_HOME_COMMITS = 23, 2


@contextmanager
def counting(world: World) -> Iterator[dict[str, int]]:
    counts = {"queries": 0, "commits": 0}

    def count_query(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        counts["queries"] += not statement.startswith("BEGIN")

    def count_commit(_connection: object) -> None:
        counts["commits"] += 1

    engine = world.services.database.sync_engine
    event.listen(engine, "before_cursor_execute", count_query)
    event.listen(engine, "commit", count_commit)
    try:
        yield counts
    finally:
        event.remove(engine, "before_cursor_execute", count_query)
        event.remove(engine, "commit", count_commit)


async def test_telling_everybody_of_an_order_takes_few_queries_and_commits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "GROUP_COMMIT_TIMEOUT_SECONDS", HANG_SECONDS)
    alice = world.person("alice")
    await alice.open_home()
    await world.order(alice, acme_meeting=1)
    await world.settle()
    world.clock.move(seconds=60)
    world.services.tasks = ForgetfulTasks()
    await world.order(alice, acme_meeting=1)
    await process_due_orders(world.services)
    world.clock.move(seconds=1)
    with counting(world) as delivery:
        assert await deliver_due_notices(world.services) == 10
    assert await world.rows(Notice, status=NoticeStatus.WAITING) == []
    with counting(world) as home:
        assert await publish_due_homes(world.services) == 1
    assert delivery["commits"] <= MAX_DELIVERY_COMMITS, delivery
    assert delivery["queries"] <= MAX_DELIVERY_QUERIES, delivery
    assert home["commits"] <= MAX_HOME_COMMITS, home
    assert home["queries"] <= MAX_HOME_QUERIES, home
