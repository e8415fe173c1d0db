"""Working through a queue of rows, several at once, so that one that hangs stops no other."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Claim = TypeVar("Claim")

AT_ONCE = 16
ENOUGH = AT_ONCE // 2
LOOK_AGAIN_SECONDS = 1.0


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
            done += sum(task.result() for task in ended)
    finally:
        # What is on its way is stored, whatever ended the loop: else it would be sent twice.
        if running:
            await asyncio.wait(running)
