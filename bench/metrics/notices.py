"""Measures the delivery of notices, without and with Slack's rate limits."""

import asyncio
import re
from collections import defaultdict
from itertools import pairwise

from bench.accounts import create_accounts_database
from bench.bulk_data import build_waiting_notices, place_first_order
from bench.fake_slack import TEAM, FakeSlack, run_fake_slack, run_mail_sink
from bench.processes import run_bot, run_program
from bench.rate_limiter import WORKSPACE_MESSAGES_PER_MINUTE, SlackRateLimits
from bench.report import Figure, check_max, check_min_ratio
from tests.past_orders import ORDERS, copy_rows, open_fast_connection
from tests.variants import Kind

UNLIMITED_NOTICES, LIMITED_NOTICES, CHANNELS = 2000, 1000, 50
ORDER_NUMBER_PATTERN = re.compile(rb"SO-(\d{8,})")
MIN_RATIO = 0.3
MAX_SECONDS = 300.0


async def measure_notices(scale: float, kind: Kind) -> list[Figure]:
    bare = await _run_bare_notices(int(UNLIMITED_NOTICES * scale))
    # Each in a different workspace and channel, because the bot respects Slack's limits in any case.
    own = await _deliver(kind, int(UNLIMITED_NOTICES * scale), "'T' || i", "'CX' || i", None)
    name = "notices a second ÷ 16 bare tasks over slack_sdk"
    return [check_min_ratio(name, _compute_rate(own), _compute_rate(bare), "/s", MIN_RATIO)]


async def measure_limits(scale: float, kind: Kind) -> list[Figure]:
    number = int(LIMITED_NOTICES * scale)
    limits = SlackRateLimits()
    slack = await _deliver(kind, number, f"'{TEAM}'", f"'CX' || (i % {CHANNELS})", limits)
    took = slack.messages[-1][0] - slack.messages[0][0]
    allowed = max(number / WORKSPACE_MESSAGES_PER_MINUTE * 60, number / CHANNELS)
    name = f"{number:,} notices over {CHANNELS} channels ÷ what Slack's limits allow"
    figure = Figure(name, took, "s", allowed, took / allowed, "≤ 1.1 × rival", took <= 1.1 * allowed)
    wrong = _count_out_of_order(slack)
    return [
        figure,
        check_max("of these out of order", wrong, "", 0),
        Figure("of these refused at first", limits.rejected_count, ""),
    ]


async def _deliver(
    kind: Kind, number: int, team: str, channel: str, limits: SlackRateLimits | None
) -> FakeSlack:
    async with (
        create_accounts_database(1, kind) as (url, folder),
        run_fake_slack() as slack,
        run_mail_sink() as mail,
    ):
        await place_first_order(url, slack)
        with open_fast_connection(url) as connection:
            connection.exec_driver_sql("UPDATE notice SET status = 'delivered', delivered_at = created_at")
            copy_rows(connection, {**ORDERS, **build_waiting_notices(team, channel)}, number)
        slack.rate_limits = limits
        async with run_bot(folder, slack.url, url, SMTP_URL=mail):
            await _wait_until_posted(slack, number)
    return slack


async def _run_bare_notices(number: int) -> FakeSlack:
    async with run_fake_slack() as slack:
        await run_program("bare_notices.py", slack.url, str(number))
    return slack


async def _wait_until_posted(slack: FakeSlack, number: int) -> None:
    async with asyncio.timeout(MAX_SECONDS):
        while len(slack.messages) < number:  # noqa: ASYNC110 -- there is no event to wait for
            await asyncio.sleep(0.05)


def _compute_rate(slack: FakeSlack) -> float:
    times = [at for at, _, _ in slack.messages]
    return (len(times) - 1) / (times[-1] - times[0])


def _count_out_of_order(slack: FakeSlack) -> int:
    """Counts the notices that arrived after a later one of the same channel."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for _, channel, body in slack.messages:
        found = ORDER_NUMBER_PATTERN.search(body)
        assert found, "the message names its order"
        numbers[channel].append(int(found.group(1)))
    return sum(a > b for sequence in numbers.values() for a, b in pairwise(sequence))
