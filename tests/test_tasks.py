"""Running coroutines together."""

import asyncio

import pytest

from bot.tasks import gather_or_cancel


async def test_once_one_fails_none_goes_on() -> None:
    """A request left behind would log its own failure later, in the middle of something else."""
    ended: list[str] = []

    async def wait_for_ever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("cancelled")

    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError

    with pytest.raises(LookupError):
        await gather_or_cancel(wait_for_ever(), fail())
    assert ended == ["cancelled"]


async def test_results_are_in_the_order_of_the_coroutines() -> None:
    async def double(number: int) -> int:
        await asyncio.sleep(0.001 / number)
        return number * 2

    assert await gather_or_cancel(double(1), double(2), double(3)) == (2, 4, 6)
