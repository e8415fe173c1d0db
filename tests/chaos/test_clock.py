"""The wall clock steps by hours while the bot runs: what is due is still done immediately."""

from pathlib import Path

import pytest

from tests.chaos.faketime import LIBRARY, REASON, WallClock
from tests.chaos.process import run_bot_process

pytestmark = [pytest.mark.skipif(LIBRARY is None, reason=REASON), pytest.mark.long]


async def test_r24_orders_and_notices_continue_when_the_wall_clock_steps(tmp_path: Path) -> None:
    """An hour back, as when NTP corrects it, then eleven hours forward, as when a machine resumes, and back
    again. Each order is charged and announced within seconds."""
    # Not on SQLite: there Python sleeps between attempts, which libfaketime affects although it should not.
    clock = WallClock(tmp_path / "faketime")
    async with run_bot_process(tmp_path, transport="socket", kind="postgresql", **clock.environment) as bot:
        for number, hours in enumerate((0, -1, 10, 0), start=1001):
            await clock.set_offset(hours)
            await bot.place_order()
            await bot.wait_for_notices(f"SO-{number}", f"R-{number}")
        assert await bot.replica.stop() == 0
        lines = bot.replica.read_log()
        steps = [line["seconds"] for line in lines if line["event"] == "clock.stepped"]
        assert [round(step / 3600) for step in steps] == [-1, 11, -10]
        assert bot.replica.list_errors() == []
