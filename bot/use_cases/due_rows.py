"""Working through rows that are due: a queue, several at once, so that one that hangs stops no other; or what
the clock brings, one after another."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import col, select

from bot.db import Session
from bot.metrics import record_job_progress
from bot.services import Services
from models.quote import Quote
from models.service_order import OrderLine, ServiceOrder

ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT", Quote, ServiceOrder, OrderLine)

MAX_CONCURRENCY = 16
MIN_CLAIM_SIZE = MAX_CONCURRENCY // 2
POLL_INTERVAL_SECONDS = 1.0
BATCH_SIZE = 100


async def process_queue(
    claim_items: Callable[[int], Awaitable[list[ItemT]]],
    process_item: Callable[[ItemT], Coroutine[Any, Any, bool]],
) -> int:
    """`claim` takes up to so many; `do` never raises, and says whether it counts. Returns how many did."""
    done = 0
    running: set[asyncio.Task[bool]] = set()
    ended: set[asyncio.Task[bool]] = set()
    try:
        while True:
            room = MAX_CONCURRENCY - len(running)
            # To ask what is due costs as much for one as for many; what hangs holds up the others a moment.
            if room >= MIN_CLAIM_SIZE or not ended:
                running |= {asyncio.create_task(process_item(claimed)) for claimed in await claim_items(room)}
            if not running:
                return done
            ended, running = await asyncio.wait(
                running, timeout=POLL_INTERVAL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if ended:
                more = sum(task.result() for task in ended)
                record_job_progress(more)
                done += more
    finally:
        # What is on its way is stored, whatever ended the loop: else it would be sent twice.
        if running:
            await asyncio.wait(running)


async def process_due_rows(
    services: Services,
    table: type[RowT],
    due_at: Any,
    process_row: Callable[[Session, RowT, datetime], Awaitable[None]],
    *conditions: Any,
) -> int:
    """A transaction for each row whose instant in the column `due_at` has come, the one longest due first.
    Returns how many there were.

    `do` holds the account and looks at the row again: another worker may have been there meanwhile.
    """
    at = services.now()
    async with services.read() as session:
        due = select(col(table.id)).where(*conditions, due_at <= at).order_by(due_at).limit(BATCH_SIZE)
        ids = (await session.exec(due)).all()
    for id_ in ids:
        async with services.write() as session:
            await process_row(session, await session.get_one(table, id_), at)
        record_job_progress(1)
    return len(ids)
