"""How many queries and writing transactions it takes to process an order line.

They include the embedded gateway's, and the query that finds that nothing more is due.
"""

import pytest

from bot.use_cases.service_order.process import process_due_orders
from tests.handlers.service_order.orders import list_line_statuses
from tests.handlers.steps import ForgetfulTasks
from tests.query_log import QueryLog, log_queries
from tests.world import World


async def process(world: World) -> QueryLog:
    with log_queries(world.dependencies.database.sync_engine) as log:
        await process_due_orders(world.dependencies)
    return log


def check_cost(log: QueryLog, *, queries: int, transactions: int) -> None:
    assert len(log.queries) <= queries, log.queries
    assert log.commits <= transactions


async def placed(world: World, person: str, **seats: int) -> None:
    """By a process that dies before it starts to process the order."""
    world.dependencies.tasks = ForgetfulTasks()
    await world.place_order(world.get_person(person), **seats)
    await world.dependencies.tasks.wait_until_idle()


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
    assert await list_line_statuses(world) == [outcome]
    # To start, to store the attempt, and to store its outcome; one is the embedded gateway's.
    check_cost(cost, queries=most_queries, transactions=4)


async def test_checking_a_charge_that_is_not_decided_takes_few_queries(world: World) -> None:
    await placed(world, "carla", customer_assist=1)
    await process(world)
    world.clock.move(seconds=11)
    undecided = await process(world)
    assert await list_line_statuses(world) == ["needs_customer"]
    world.clock.move(seconds=11)
    confirmed = await process(world)
    assert await list_line_statuses(world) == ["settled"]
    check_cost(undecided, queries=10, transactions=3)
    check_cost(confirmed, queries=25, transactions=3)


async def test_checking_whether_a_waiting_order_can_start_takes_few_queries(world: World) -> None:
    await placed(world, "sam", slow_meeting=1)
    await process(world)
    await placed(world, "sue", slow_meeting=1)
    cost = await process(world)
    assert await list_line_statuses(world) == ["charging", "waiting"]
    check_cost(cost, queries=6, transactions=1)
