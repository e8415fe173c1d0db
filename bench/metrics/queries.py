"""Queries and writing transactions: of one order, and of a person's steps to it. `make trace` lists them."""

from bench.report import Figure, at_most
from bench.trace import Leg, record, trace_order
from tests.handlers.steps import ForgetfulTasks
from tests.postgres import Kind
from tests.world import world

MAX_QUERIES, MAX_TRANSACTIONS = 90, 12
MAX_TO_OPEN, MAX_TO_SAVE, MAX_TO_PLACE = 4, 12, 14


async def measure_queries(_scale: float, kind: Kind) -> list[Figure]:
    legs = await trace_order(kind)
    total = Leg.sum(legs)
    opened, saved = await _trace_cart(kind)
    return [
        at_most("queries of one order with one line", len(total.queries), "", MAX_QUERIES),
        at_most("its writing transactions", total.writing_transactions, "", MAX_TRANSACTIONS),
        at_most("queries to open /add-seats", len(opened.queries), "", MAX_TO_OPEN),
        at_most("queries to save a cart", len(saved.queries), "", MAX_TO_SAVE),
        at_most("queries to place an order", len(legs[0].queries), "", MAX_TO_PLACE),
    ]


async def _trace_cart(kind: Kind) -> tuple[Leg, Leg]:
    """A person's first cart."""
    async with world(kind=kind) as opened:
        opened.services.tasks = ForgetfulTasks()
        alice = opened.person("alice")
        await opened.fill_cart(alice, acme_meeting=1)
        await alice.close_modal(everything=True)
        with record(Leg("open")) as opening:
            await opened.fill_cart(alice, acme_meeting=1)
        with record(Leg("save")) as saving:
            await alice.submit()
            await alice.wait_for_modal("quote.review")
    return opening, saving
