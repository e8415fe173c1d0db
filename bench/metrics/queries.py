"""Counts the queries and writing transactions of one order and of the steps before it; `make trace` lists
them."""

from bench.report import Figure, check_max
from bench.trace import Step, trace_requests_and_order
from tests.variants import Kind

MAX_QUERIES, MAX_TRANSACTIONS = 90, 12
MAX_TO_OPEN, MAX_TO_SAVE, MAX_TO_PLACE = 4, 12, 14


async def measure_queries(_scale: float, kind: Kind) -> list[Figure]:
    requests, order = await trace_requests_and_order(kind)
    total, counts = Step.sum(order), {step.name: len(step.queries) for step in [*requests, *order]}
    return [
        check_max("queries of one order with one line", len(total.queries), "", MAX_QUERIES),
        check_max("its writing transactions", total.writing_transactions, "", MAX_TRANSACTIONS),
        check_max("queries to open /add-seats", counts["/add-seats"], "", MAX_TO_OPEN),
        check_max("queries to save a cart", counts["cart.save"], "", MAX_TO_SAVE),
        check_max("queries to place an order", counts["service_order.place"], "", MAX_TO_PLACE),
    ]
