"""Processing rows that are due. They are found by a read: nothing is locked if nothing is due.

`process_queue` claims rows, several at once, and holds no transaction while it works on them;
`process_due_rows` changes each row in a short transaction of its own.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, case
from sqlmodel import col, func, select
from sqlmodel.sql.expression import SelectOfScalar

from bot.db import Session
from bot.dependencies import Dependencies
from bot.metrics import record_job_progress
from models.quote import Quote
from models.service_order import OrderLine, ServiceOrder

KeyT = TypeVar("KeyT")
ItemT = TypeVar("ItemT")
RowT = TypeVar("RowT", Quote, ServiceOrder, OrderLine)

MAX_CONCURRENCY = 16
POLL_INTERVAL_SECONDS = 1.0
BATCH_SIZE = 100
# Finding many due rows costs about as much as finding one.
PREFETCH_SIZE = 128


class ClaimQueue(Generic[KeyT, ItemT]):
    """`find_keys` reads at most that many keys of due rows; `claim_items` locks those that are still due and
    free, and leases them to this worker. Keys beyond those claimed now are kept for the next claim."""

    def __init__(
        self,
        dependencies: Dependencies,
        find_keys: Callable[[int], Awaitable[Sequence[KeyT]]],
        claim_items: Callable[[Sequence[KeyT]], Awaitable[list[ItemT]]],
    ) -> None:
        self._dependencies = dependencies
        self._find_keys = find_keys
        self._claim_items = claim_items
        self._prefetched: Sequence[KeyT] = ()

    async def claim(self, limit: int) -> list[ItemT]:
        """Claims nothing once the process shuts down."""
        if limit == 0 or self._dependencies.tasks.is_draining:
            return []
        is_fresh = not self._prefetched
        if is_fresh:
            self._prefetched = await self._find_keys(max(limit, PREFETCH_SIZE))
        keys, self._prefetched = self._prefetched[:limit], self._prefetched[limit:]
        items = await self._claim_items(keys) if keys else []
        if len(items) < len(keys):
            # If one could not be claimed (another worker, a rate limit), others probably cannot either.
            self._prefetched = ()
        return items if items or is_fresh else await self.claim(limit)


async def process_queue(
    claim_items: Callable[[int], Awaitable[list[ItemT]]],
    process_item: Callable[[ItemT], Coroutine[Any, Any, int]],
    *,
    max_concurrency: int = MAX_CONCURRENCY,
) -> int:
    """Runs until nothing more can be claimed. `process_item` never raises, and says how much its item counts.
    Returns the sum."""
    done = 0
    running: set[asyncio.Task[int]] = set()
    ended: set[asyncio.Task[int]] = set()
    try:
        while True:
            room = max_concurrency - len(running)
            # One claim for many: an item that hangs delays the others by a poll at most.
            if room >= max_concurrency // 2 or not ended:
                running |= {asyncio.create_task(process_item(item)) for item in await claim_items(room)}
            if not running:
                return done
            ended, running = await asyncio.wait(
                running, timeout=POLL_INTERVAL_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if ended:
                count = sum(task.result() for task in ended)
                record_job_progress(count)
                done += count
    finally:
        # Started work is finished and stored however the loop ended; otherwise it would be done twice.
        if running:
            await asyncio.wait(running)


class StopProcessing(Exception):
    """The remaining rows are left for the next tick."""


async def process_keys(keys: Sequence[KeyT], process_key: Callable[[KeyT], Awaitable[bool]]) -> int:
    """Processes keys one after another, each once, until StopProcessing. Returns how many counted."""
    done = 0
    for key in keys:
        try:
            count = int(await process_key(key))
        except StopProcessing:
            return done
        record_job_progress(count)
        done += count
    return done


async def process_due_rows(
    dependencies: Dependencies,
    table: type[RowT],
    due_at: Any,
    process_row: Callable[[Session, RowT, datetime], Awaitable[None]],
    *conditions: Any,
) -> int:
    """Runs a transaction for each row whose time in the column `due_at` has come, the one due longest first.
    Returns how many there were. `process_row` locks the account and checks the row again: another worker may
    have been faster."""
    at = dependencies.now()
    async with dependencies.read() as session:
        due = select(col(table.id)).where(*conditions, due_at <= at).order_by(due_at).limit(BATCH_SIZE)
        ids = (await session.exec(due)).all()

    async def process_id(id_: int | None) -> bool:
        async with dependencies.write() as session:
            await process_row(session, await session.get_one(table, id_), at)
        return True

    return await process_keys(ids, process_id)


def get_later(first: Any, second: Any) -> ColumnElement[datetime]:
    """Selects the later of two times; the first if the second is NULL."""
    return case((second > first, second), else_=first)


async def find_next_time(dependencies: Dependencies, due_at: Any, *conditions: Any) -> datetime | None:
    statement: SelectOfScalar[datetime | None] = select(func.min(due_at)).where(
        due_at.is_not(None), *conditions
    )
    async with dependencies.read() as session:
        return (await session.exec(statement)).one()
