"""Measures how many queries an idle replica sends."""

import asyncio

from bench.accounts import create_accounts_database
from bench.bulk_data import place_first_order
from bench.fake_slack import run_fake_slack, run_mail_sink
from bench.postgres import open_statement_log
from bench.processes import run_bot
from bench.report import Figure, check_max
from tests.variants import Kind

# Until the order's notices are delivered, one per second per channel.
SETTLING_SECONDS = 15.0
# Twice the longest interval of a job.
MEASUREMENT_SECONDS, MIN_MEASUREMENT_SECONDS = 120.0, 30.0


async def measure_idle(scale: float, kind: Kind) -> list[Figure]:
    async with (
        create_accounts_database(1, kind) as (url, folder),
        run_fake_slack() as slack,
        run_mail_sink() as mail,
    ):
        await place_first_order(url, slack)
        log = open_statement_log(url)
        async with run_bot(folder, slack.url, url, SMTP_URL=mail):
            await asyncio.sleep(SETTLING_SECONDS)
            log.rewind()
            seconds = max(MIN_MEASUREMENT_SECONDS, MEASUREMENT_SECONDS * scale)
            await asyncio.sleep(seconds)
            queries, transactions = len(log.list_queries()), log.count_transactions()
    return [
        check_max("idle replica: queries a second", queries / seconds, "/s", 1),
        check_max("idle replica: writing transactions a second", transactions / seconds, "/s", 0),
    ]
