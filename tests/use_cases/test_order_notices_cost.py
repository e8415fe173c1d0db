"""What it costs to tell everybody of one order: in messages, in an email and on an open Home."""

import pytest

from bot.use_cases.delivery import store
from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.home.publish import publish_due_homes
from bot.use_cases.service_order.process import process_due_orders
from models.notice import Notice, NoticeStatus
from tests.handlers.steps import ForgetfulTasks
from tests.query_log import log_queries
from tests.time_limits import HANG_SECONDS
from tests.variants import both_databases
from tests.world import World

pytestmark = both_databases

MAX_DELIVERY_QUERIES, MAX_DELIVERY_COMMITS = 26, 3
# How often workers look for more depends on how long the PDFs take.
LOOKING_FOR_MORE = "SELECT notice.destination, notice.team"
MAX_HOME_QUERIES, MAX_HOME_COMMITS = 24, 2


async def test_notifying_everybody_of_an_order_takes_few_queries_and_commits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "GROUP_COMMIT_TIMEOUT_SECONDS", HANG_SECONDS)
    alice = world.get_person("alice")
    await alice.open_home()
    await world.place_order(alice, acme_meeting=1)
    await world.settle()
    world.clock.move(seconds=60)
    world.dependencies.tasks = ForgetfulTasks()
    await world.place_order(alice, acme_meeting=1)
    await process_due_orders(world.dependencies)
    world.clock.move(seconds=1)
    engine = world.dependencies.database.sync_engine
    with log_queries(engine) as delivery:
        assert await deliver_due_notices(world.dependencies) == 10
    assert await world.load_rows(Notice, status=NoticeStatus.WAITING) == []
    with log_queries(engine) as home:
        assert await publish_due_homes(world.dependencies) == 1
    assert delivery.commits <= MAX_DELIVERY_COMMITS
    queries = [sql for sql, _ in delivery.queries if not sql.startswith(LOOKING_FOR_MORE)]
    assert len(queries) <= MAX_DELIVERY_QUERIES, queries
    assert home.commits <= MAX_HOME_COMMITS
    assert len(home.queries) <= MAX_HOME_QUERIES, home.queries
