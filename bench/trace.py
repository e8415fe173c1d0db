"""What one order costs in files and queries: `make trace`, or

python -m bench.trace [--postgresql] [--files] [--queries]

It runs the real program against the sandbox, for one order with one line, from pressing "place service order"
until its last notice is delivered. BEGIN, COMMIT, ROLLBACK and the pool's checks are not counted as queries.
"""

import argparse
import asyncio
import logging
import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, event

from bot.use_cases.delivery.worker import deliver_due_notices
from bot.use_cases.service_order.process import process_due_orders
from models.notice import Notice, NoticeStatus
from models.service_order import OrderStatus, ServiceOrder
from tests.handlers.steps import ForgetfulTasks
from tests.postgres import Kind
from tests.world import World, world

ROOT = Path(__file__).parents[1]
PRODUCT = ("app.py", "bot/", "handlers/", "models/", "scheduler/")
# Passed to a database's driver to manage its transactions and connections.
NOT_A_QUERY = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|PRAGMA|SET|SELECT 1$)", re.IGNORECASE)
MAX_DELIVERY_ROUNDS = 100

console = Console(width=160)


@dataclass
class Leg:
    """What was entered, queried and committed during one part of the way."""

    name: str
    files: set[str] = field(default_factory=set)
    queries: list[str] = field(default_factory=list)
    writing_transactions: int = 0

    @classmethod
    def sum(cls, legs: Iterable["Leg"]) -> "Leg":
        total = cls("together")
        for leg in legs:
            total.files |= leg.files
            total.queries += leg.queries
            total.writing_transactions += leg.writing_transactions
        return total


@contextmanager
def record(leg: Leg) -> Iterator[Leg]:
    """Everything that this process does meanwhile, the sandbox's own files apart."""

    def record_query(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not NOT_A_QUERY.match(statement):
            leg.queries.append(" ".join(statement.split()))

    def record_commit(_connection: Any) -> None:
        leg.writing_transactions += 1  # What only reads is rolled back.

    def record_file(frame: FrameType, kind: str, _argument: Any) -> None:
        if kind == "call" and (name := _get_product_file(frame.f_code.co_filename)):
            leg.files.add(name)

    event.listen(Engine, "before_cursor_execute", record_query)
    event.listen(Engine, "commit", record_commit)
    sys.setprofile(record_file)
    try:
        yield leg
    finally:
        sys.setprofile(None)
        event.remove(Engine, "before_cursor_execute", record_query)
        event.remove(Engine, "commit", record_commit)


def _get_product_file(path: str) -> str | None:
    name = path.removeprefix(f"{ROOT}/")
    return name if name.startswith(PRODUCT) else None


async def trace_order(kind: Kind) -> list[Leg]:
    async with world(kind=kind) as opened:
        # The background task that starts processing would be counted with the first leg.
        opened.services.tasks = ForgetfulTasks()
        alice = opened.person("alice")
        await opened.placement(alice, acme_meeting=1)
        with record(Leg("place")) as place:
            await alice.submit()
            await alice.wait_for_modal("service_order.show")
            await opened.services.tasks.wait_until_idle()
        with record(Leg("process")) as process:
            await process_due_orders(opened.services)
        await _check_completed(opened)
        deliver = Leg("deliver")
        for _ in range(MAX_DELIVERY_ROUNDS):
            with record(deliver):
                await deliver_due_notices(opened.services)
            if not await opened.rows(Notice, status=NoticeStatus.WAITING):
                return [place, process, deliver]
            opened.clock.move(seconds=1.5)  # Slack's rate limit of a channel is a second.
        raise RuntimeError("notices that are never delivered")


async def _check_completed(opened: World) -> None:
    order = await opened.row(ServiceOrder)
    if order.status is not OrderStatus.COMPLETED:
        raise RuntimeError(f"the order is {order.status.value}")


def show(legs: list[Leg], *, files: bool, queries: bool) -> None:
    table = Table("leg", "files", "queries", "writing transactions")
    total = Leg.sum(legs)
    for leg in [*legs, total]:
        table.add_row(leg.name, *map(str, (len(leg.files), len(leg.queries), leg.writing_transactions)))
    for leg in legs if queries else []:
        for number, query in enumerate(leg.queries, start=1):
            console.print(f"{leg.name} {number}: {query}", markup=False, highlight=False)
    for name in sorted(total.files) if files else []:
        console.print(name, highlight=False)
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.trace")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--files", action="store_true", help="list the files that were entered")
    parser.add_argument("--queries", action="store_true", help="list the queries, in their order")
    options = parser.parse_args()
    logging.disable(logging.WARNING)  # Bolt's, about how it is set up.
    kind: Kind = "postgresql" if options.postgresql else "sqlite"
    show(asyncio.run(trace_order(kind)), files=options.files, queries=options.queries)


if __name__ == "__main__":
    main()
