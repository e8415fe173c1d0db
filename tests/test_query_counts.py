"""How many queries and writing transactions it takes to process an order line.

They include the embedded gateway's, and the query that finds that nothing more is due.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import event

from bot.use_cases.service_order.process import process_due_orders
from tests.handlers.service_order.orders import line_statuses
from tests.handlers.steps import ForgetfulTasks
from tests.world import World

NOT_A_QUERY = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET|SELECT 1$")


@dataclass
class Cost:
    queries: int = 0
    transactions: int = 0

    def is_within(self, *, queries: int, transactions: int) -> bool:
        return self.queries <= queries and self.transactions <= transactions


@contextmanager
def counting(world: World) -> Iterator[Cost]:
    cost = Cost()

    def count_query(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        cost.queries += not NOT_A_QUERY.match(statement)

    def count_transaction(_connection: object) -> None:
        cost.transactions += 1  # What only reads is rolled back.

    engine = world.services.database.sync_engine
    event.listen(engine, "before_cursor_execute", count_query)
    event.listen(engine, "commit", count_transaction)
    try:
        yield cost
    finally:
        event.remove(engine, "before_cursor_execute", count_query)
        event.remove(engine, "commit", count_transaction)


async def process(world: World) -> Cost:
    with counting(world) as cost:
        await process_due_orders(world.services)
    return cost


async def placed(world: World, person: str, **seats: int) -> None:
    """By a process that dies before it starts to process the order."""
    world.services.tasks = ForgetfulTasks()
    await world.order(world.person(person), **seats)
    await world.services.tasks.wait_until_idle()


@pytest.mark.parametrize(
    ("person", "subscription", "outcome", "most_queries"),
    [
        ("alice", "acme_meeting", "settled", 32),
        ("dora", "declined_meeting", "declined", 25),
        ("sam", "slow_meeting", "charging", 19),
        ("carla", "customer_assist", "needs_customer", 23),
    ],
)
async def test_processing_a_line_takes_few_queries(
    world: World, person: str, subscription: str, outcome: str, most_queries: int
) -> None:
    await placed(world, person, **{subscription: 1})
    cost = await process(world)
    assert await line_statuses(world) == [outcome]
    # To start, to store the attempt, and to store its outcome; one is the embedded gateway's.
    assert cost.is_within(queries=most_queries, transactions=4), cost


async def test_checking_a_charge_that_is_not_decided_takes_few_queries(world: World) -> None:
    await placed(world, "carla", customer_assist=1)
    await process(world)
    world.clock.move(seconds=11)
    undecided = await process(world)
    assert await line_statuses(world) == ["needs_customer"]
    world.clock.move(seconds=11)
    confirmed = await process(world)
    assert await line_statuses(world) == ["settled"]
    assert undecided.is_within(queries=10, transactions=3), undecided
    assert confirmed.is_within(queries=25, transactions=3), confirmed


async def test_checking_whether_a_waiting_order_can_start_takes_few_queries(world: World) -> None:
    await placed(world, "sam", slow_meeting=1)
    await process(world)
    await placed(world, "sue", slow_meeting=1)
    cost = await process(world)
    assert await line_statuses(world) == ["charging", "waiting"]
    assert cost.is_within(queries=6, transactions=1), cost
