"""SIGTERM: a clean stop logs nothing unusual, and is not delayed for long while Slack hangs."""

from pathlib import Path

import pytest

from tests.chaos.process import run_bot_process, stop_within

pytestmark = pytest.mark.long

LIMIT_SECONDS = 20.0


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_a_clean_stop_logs_nothing_above_info(transport: str, tmp_path: Path) -> None:
    """While jobs deliver the notices of an order."""
    async with run_bot_process(tmp_path, transport=transport) as bot:
        await bot.place_order()
        await stop_within(bot.replica, LIMIT_SECONDS)
        lines = bot.replica.read_log()
        [stop] = [number for number, line in enumerate(lines) if line["event"] == "app.stopping"]
        # The machine may be busy.
        unusual = [line for line in lines[stop:] if line["event"] != "database.slow_statement"]
        assert [line for line in unusual if line.get("level") != "info"] == []
        assert bot.replica.list_errors() == []


@pytest.mark.parametrize("transport", ["http", "socket"])
async def test_sigterm_ends_the_process_while_slack_hangs(transport: str, tmp_path: Path) -> None:
    """With the default delay for load balancers."""
    async with run_bot_process(tmp_path, transport=transport, SHUTDOWN_DELAY_SECONDS="5") as bot:
        await bot.place_order()
        bot.slack.inject_fault("timeout", "*", seconds=600)
        assert (await bot.alice.command("/quotes")).ok
        await bot.alice.open_home()
        await stop_within(bot.replica, LIMIT_SECONDS)
        assert bot.replica.list_errors() == []
