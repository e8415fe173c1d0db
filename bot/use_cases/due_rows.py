"""Working through rows that are due: a queue, several at once, so that one that hangs stops no other; or what
the clock brings, one after another."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from bot.metrics import got_on
from bot.services import Services
from models.quote import Quote
from models.service_order import OrderLine, ServiceOrder

Claim = TypeVar("Claim")
Row = TypeVar("Row", Quote, ServiceOrder, OrderLine)

AT_ONCE = 16
ENOUGH = AT_ONCE // 2
LOOK_AGAIN_SECONDS = 1.0
BATCH = 100


async def work_off(
    claim: Callable[[int], Awaitable[list[Claim]]], do: Callable[[Claim], Coroutine[Any, Any, bool]]
) -> int:
    """`claim` takes up to so many; `do` never raises, and says whether it counts. Returns how many did."""
    done = 0
    running: set[asyncio.Task[bool]] = set()
    ended: set[asyncio.Task[bool]] = set()
    try:
        while True:
            room = AT_ONCE - len(running)
            # To ask what is due costs as much for one as for many; what hangs holds up the others a moment.
            if room >= ENOUGH or not ended:
                running |= {asyncio.create_task(do(claimed)) for claimed in await claim(room)}
            if not running:
                return done
            ended, running = await asyncio.wait(
                running, timeout=LOOK_AGAIN_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if ended:
                more = sum(task.result() for task in ended)
                got_on(more)
                done += more
    finally:
        # What is on its way is stored, whatever ended the loop: else it would be sent twice.
        if running:
            await asyncio.wait(running)


async def each_due(
    services: Services,
    table: type[Row],
    due_at: Any,
    do: Callable[[AsyncSession, Row, datetime], Awaitable[None]],
    *also: Any,
) -> int:
    """A transaction for each row whose instant in the column `due_at` has come, the one longest due first.
    Returns how many there were.

    `do` holds the account and looks at the row again: another worker may have been there meanwhile.
    """
    at = services.now()
    async with services.read() as session:
        due = select(col(table.id)).where(*also, due_at <= at).order_by(due_at).limit(BATCH)
        ids = (await session.exec(due)).all()
    for id_ in ids:
        async with services.write() as session:
            await do(session, await session.get_one(table, id_), at)
        got_on(1)
    return len(ids)
