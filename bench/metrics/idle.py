"""What a replica asks of the database while nobody does anything."""

import asyncio

from bench.accounts import accounts_database
from bench.bulk_data import place_one
from bench.fake_slack import fake_slack, mail_sink
from bench.postgres import open_statement_log
from bench.processes import bot
from bench.report import Figure, at_most
from tests.postgres import Kind

# Until the notices of the order are delivered, one a second in a channel.
SETTLING_SECONDS = 15.0
# Twice the longest interval of a job.
SECONDS, LEAST_SECONDS = 120.0, 30.0


async def measure_idle(scale: float, kind: Kind) -> list[Figure]:
    async with accounts_database(1, kind) as (url, folder), fake_slack() as slack, mail_sink() as mail:
        await place_one(url, slack)
        log = open_statement_log(url)
        async with bot(folder, slack.url, url, SMTP_URL=mail):
            await asyncio.sleep(SETTLING_SECONDS)
            log.rewind()
            seconds = max(LEAST_SECONDS, SECONDS * scale)
            await asyncio.sleep(seconds)
            queries, transactions = len(log.list_queries()), log.count_transactions()
    return [
        at_most("idle replica: queries a second", queries / seconds, "/s", 1),
        at_most("idle replica: writing transactions a second", transactions / seconds, "/s", 0),
    ]
