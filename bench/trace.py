"""Counts the files and queries of each request and of one order: `make trace`, or

python -m bench.trace [--postgresql] [--files] [--queries]

It runs the real program against the sandbox: first the commands and forms that lead to an order with one
line; then the order, from pressing "Place service order" until its last notice is delivered. BEGIN, COMMIT,
ROLLBACK and the pool's checks are not counted as queries.
"""

import argparse
import asyncio
import logging
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.service_order.process import process_due_orders
from models.notice import Notice, NoticeStatus
from models.service_order import OrderStatus, ServiceOrder
from sandbox.driver import Person
from tests.handlers.steps import ForgetfulTasks
from tests.query_log import log_queries
from tests.variants import Kind
from tests.world import World, world

ROOT = Path(__file__).parents[1]
PRODUCT_PATHS = ("app.py", "bot/", "handlers/", "models/", "scheduler/")
MAX_DELIVERY_ROUNDS = 100
# The command or form, and the view that it opens.
COMMANDS = (
    ("/billing", "account.overview"),
    ("/quotes", "quote.list"),
    ("/service-orders", "service_order.list"),
    ("/add-seats", "cart.save"),
)
FORMS_BEFORE_ORDER = (
    ("cart.save", "quote.review"),
    ("quote.review", "service_order.place"),
)

console = Console(width=160)


@dataclass
class Step:
    """The files entered, the queries and the writing transactions of one step."""

    name: str
    files: set[str] = field(default_factory=set)
    queries: list[str] = field(default_factory=list)
    writing_transactions: int = 0

    @classmethod
    def sum(cls, steps: Iterable["Step"]) -> "Step":
        total = cls("together")
        for step in steps:
            total.files |= step.files
            total.queries += step.queries
            total.writing_transactions += step.writing_transactions
        return total


@contextmanager
def record_step(step: Step) -> Iterator[Step]:
    """Records what this process does in the meantime, except in the sandbox's own files."""

    def record_file(frame: FrameType, kind: str, _argument: Any) -> None:
        if kind == "call" and (name := _get_product_file(frame.f_code.co_filename)):
            step.files.add(name)

    with log_queries(Engine) as log:
        sys.setprofile(record_file)
        try:
            yield step
        finally:
            sys.setprofile(None)
    step.queries += [" ".join(sql.split()) for sql, _ in log.queries]
    step.writing_transactions += log.commits


def _get_product_file(path: str) -> str | None:
    name = path.removeprefix(f"{ROOT}/")
    return name if name.startswith(PRODUCT_PATHS) else None


async def trace_requests_and_order(kind: Kind) -> tuple[list[Step], list[Step]]:
    async with world(kind=kind) as opened:
        # Otherwise the background task that processes the order would be counted with placing it.
        opened.dependencies.tasks = ForgetfulTasks()
        alice = opened.get_person("alice")
        # Her Slack profile is only fetched once an hour.
        await alice.command("/billing")
        await alice.wait_for_modal("account.overview")
        requests = [
            *[await _trace_command(opened, alice, *command) for command in COMMANDS],
            *[await _trace_form(opened, alice, *form) for form in FORMS_BEFORE_ORDER],
        ]
        place = await _trace_form(opened, alice, "service_order.place", "service_order.show")
        with record_step(Step("process")) as process:
            await process_due_orders(opened.dependencies)
        await _check_completed(opened)
        return requests, [place, process, await _trace_delivery(opened)]


async def _trace_command(opened: World, person: Person, command: str, view: str) -> Step:
    with record_step(Step(command)) as step:
        await person.command(command)
        await person.wait_for_modal(view)
        await opened.dependencies.tasks.wait_until_idle()
    return step


async def _trace_form(opened: World, person: Person, view: str, next_view: str) -> Step:
    modal = await person.wait_for_modal(view)
    if view == "cart.save":
        modal.fill("seats:acme_meeting", 1)
    with record_step(Step(view)) as step:
        await person.submit()
        await person.wait_for_modal(next_view)
        await opened.dependencies.tasks.wait_until_idle()
    return step


async def _trace_delivery(opened: World) -> Step:
    deliver = Step("deliver")
    for _ in range(MAX_DELIVERY_ROUNDS):
        with record_step(deliver):
            await deliver_due_notices(opened.dependencies)
        if not await opened.load_rows(Notice, status=NoticeStatus.WAITING):
            return deliver
        opened.clock.move(seconds=1.5)  # A channel's rate limit is one message per second.
    raise RuntimeError("notices that are never delivered")


async def _check_completed(opened: World) -> None:
    order = await opened.load_row(ServiceOrder)
    if order.status is not OrderStatus.COMPLETED:
        raise RuntimeError(f"the order is {order.status.value}")


def print_steps(requests: list[Step], order: list[Step], *, files: bool, queries: bool) -> None:
    steps, total = [*requests, *order], Step.sum(order)
    for step in steps if queries else []:
        for number, query in enumerate(step.queries, start=1):
            console.print(f"{step.name} {number}: {query}", markup=False, highlight=False)
    for name in sorted(total.files) if files else []:
        console.print(name, highlight=False)
    console.print(_build_table("request", requests))
    console.print(_build_table("order", [*order, total]))


def _build_table(title: str, steps: list[Step]) -> Table:
    table = Table(title, "files", "queries", "writing transactions")
    for step in steps:
        table.add_row(step.name, *map(str, (len(step.files), len(step.queries), step.writing_transactions)))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.trace")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--files", action="store_true", help="list the files that were entered")
    parser.add_argument("--queries", action="store_true", help="list the queries, in their order")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # Bolt's, about how it is set up.
    kind: Kind = "postgresql" if options.postgresql else "sqlite"
    requests, order = asyncio.run(trace_requests_and_order(kind))
    print_steps(requests, order, files=options.files, queries=options.queries)


if __name__ == "__main__":
    main()
