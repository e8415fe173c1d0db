"""Notices delivered, to a Slack without limits and within Slack's limits."""

import asyncio
import re
from collections import defaultdict
from itertools import pairwise

from bench.accounts import accounts_database
from bench.bulk_data import place_one, waiting_notices
from bench.fake_slack import TEAM, FakeSlack, fake_slack, mail_sink
from bench.processes import bot, program
from bench.rate_limiter import A_MINUTE, Limits
from bench.report import Figure, at_most, ratio_at_least
from tests.past_orders import ORDERS, copy_rows, open_fast_connection
from tests.postgres import Kind

UNLIMITED, LIMITED, CHANNELS = 2000, 1000, 50
NUMBER = re.compile(rb"SO-(\d{8,})")
MIN_RATIO = 0.3
MOST_SECONDS = 300.0


async def measure_notices(scale: float, kind: Kind) -> list[Figure]:
    bare = await _bare(int(UNLIMITED * scale))
    # Of as many workspaces and channels, for the bot keeps to Slack's limits, whatever Slack does.
    own = await _deliver(kind, int(UNLIMITED * scale), "'T' || i", "'CX' || i", None)
    name = "notices a second ÷ 16 bare tasks over slack_sdk"
    return [ratio_at_least(name, _rate(own), _rate(bare), "/s", MIN_RATIO)]


async def measure_limits(scale: float, kind: Kind) -> list[Figure]:
    number = int(LIMITED * scale)
    limits = Limits()
    slack = await _deliver(kind, number, f"'{TEAM}'", f"'CX' || (i % {CHANNELS})", limits)
    took = slack.posted[-1][0] - slack.posted[0][0]
    allowed = max(number / A_MINUTE * 60, number / CHANNELS)
    name = f"{number:,} notices over {CHANNELS} channels ÷ what Slack's limits allow"
    figure = Figure(name, took, "s", allowed, took / allowed, "≤ 1.1 × rival", took <= 1.1 * allowed)
    wrong = _out_of_order(slack)
    return [
        figure,
        at_most("of these out of order", wrong, "", 0),
        Figure("of these refused at first", limits.refused, ""),
    ]


async def _deliver(kind: Kind, number: int, team: str, channel: str, limits: Limits | None) -> FakeSlack:
    async with accounts_database(1, kind) as (url, folder), fake_slack() as slack, mail_sink() as mail:
        await place_one(url, slack)
        with open_fast_connection(url) as connection:
            connection.exec_driver_sql("UPDATE notice SET status = 'delivered', delivered_at = created_at")
            copy_rows(connection, {**ORDERS, **waiting_notices(team, channel)}, number)
        slack.limits = limits
        async with bot(folder, slack.url, url, SMTP_URL=mail):
            await _posted(slack, number)
    return slack


async def _bare(number: int) -> FakeSlack:
    async with fake_slack() as slack:
        await program("bare_notices.py", slack.url, str(number))
    return slack


async def _posted(slack: FakeSlack, number: int) -> None:
    async with asyncio.timeout(MOST_SECONDS):
        while len(slack.posted) < number:  # noqa: ASYNC110 -- what arrives is counted, not announced
            await asyncio.sleep(0.05)


def _rate(slack: FakeSlack) -> float:
    times = [at for at, _, _ in slack.posted]
    return (len(times) - 1) / (times[-1] - times[0])


def _out_of_order(slack: FakeSlack) -> int:
    """How many came after one that was told later."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for _, channel, body in slack.posted:
        found = NUMBER.search(body)
        assert found, "the message names its order"
        numbers[channel].append(int(found.group(1)))
    return sum(a > b for told in numbers.values() for a, b in pairwise(told))
