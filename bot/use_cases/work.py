"""Working through a queue of rows, several at once, so that one that hangs stops no other."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

Claim = TypeVar("Claim")

AT_ONCE = 16
LOOK_AGAIN_SECONDS = 1.0


async def work_off(
    claim: Callable[[int], Awaitable[list[Claim]]], do: Callable[[Claim], Coroutine[Any, Any, bool]]
) -> int:
    """`claim` takes up to so many; `do` never raises, and says whether it counts. Returns how many did."""
    done = 0
    running: set[asyncio.Task[bool]] = set()
    try:
        while True:
            running |= {asyncio.create_task(do(claimed)) for claimed in await claim(AT_ONCE - len(running))}
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
