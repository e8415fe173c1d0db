"""Acks, screens and openings a second, beside bare Bolt."""

import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bench.accounts import accounts_database, user
from bench.fake_slack import FakeSlack, fake_slack, mail_sink
from bench.processes import BOLT_JS, Server, bot, rival
from bench.raw_http import Connection
from bench.report import Figure, at_most, beside, milliseconds, ratio_at_least, ratio_at_most
from bench.user_flows import Opening, acknowledge, open_screen, run_concurrently
from tests.postgres import Kind

PEOPLE = 64
MAX_ACK_RATIO = 1.5
MIN_OPENINGS_RATIO = 0.4
# By how many people at once, and percentile.
MAX_MODAL_MS = {(1, 0.5): 6.0, (64, 0.99): 200.0}


@dataclass(frozen=True)
class Field:
    """The bot and its rivals, all up at once, so that what disturbs one disturbs the others."""

    slack: FakeSlack
    servers: dict[str, Server]


@asynccontextmanager
async def open_field(kind: Kind) -> AsyncIterator[Field]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        url, folder = await enter(accounts_database(PEOPLE, kind))
        slack, mail = await enter(fake_slack()), await enter(mail_sink())
        servers = {
            "bot": await enter(bot(folder, slack.url, url, SMTP_URL=mail)),
            "bare": await enter(rival("bare_bolt.py", folder, slack.url)),
            "before_response": await enter(rival("bare_bolt.py", folder, slack.url, "before_response")),
        }
        if shutil.which("node") and BOLT_JS.exists():
            servers["js"] = await enter(rival("bare_bolt.js", folder, slack.url))
        field = Field(slack, servers)
        await _warm_up(field)
        yield field


async def _warm_up(field: Field) -> None:
    """Each person once on each, so that the bot knows them and has compiled its statements."""
    for name, server in field.servers.items():
        connection = await Connection.to(server.port)
        for n in range(PEOPLE):
            await open_screen(connection, field.slack, user(n))
            if name != "bot":
                await acknowledge(connection, user(n), "/hello")
        connection.close()


async def measure_ack(scale: float, kind: Kind) -> list[Figure]:
    """One request to each in turn."""
    samples: dict[str, list[float]] = defaultdict(list)
    async with open_field(kind) as field:
        connections = {name: await Connection.to(server.port) for name, server in field.servers.items()}
        for n in range(int(400 * scale)):
            for name, connection in connections.items():
                if name == "bot":
                    opening = await open_screen(connection, field.slack, user(n % PEOPLE))
                    samples[name].append(opening.ack)
                else:
                    samples[name].append(await acknowledge(connection, user(n % PEOPLE), "/hello"))
    p50 = {name: milliseconds(times, 0.5) for name, times in samples.items()}
    name = "ack of /add-seats, p50"
    return [
        ratio_at_most(
            f"{name} ÷ Bolt with process_before_response",
            p50["bot"],
            p50["before_response"],
            "ms",
            MAX_ACK_RATIO,
        ),
        beside(f"{name} ÷ bare Bolt", p50["bot"], p50["bare"], "ms"),
        *([beside(f"{name} ÷ Bolt for JavaScript", p50["bot"], p50["js"], "ms")] if "js" in p50 else []),
    ]


async def measure_modal(scale: float, kind: Kind) -> list[Figure]:
    figures = []
    async with open_field(kind) as field:
        open_modal = partial(_open, field.slack)
        for size in (1, 16, 64):
            openings, _ = await run_concurrently(field.servers["bot"].port, size, 6 * scale, open_modal)
            times = [opening.screen for opening in openings]
            for share in (0.5, 0.99):
                name = f"time to modal, p{share * 100:.0f}, {size} at once"
                goal = MAX_MODAL_MS.get((size, share))
                figures.append(at_most(name, milliseconds(times, share), "ms", goal))
    return figures


async def measure_openings(scale: float, kind: Kind) -> list[Figure]:
    """In slices, each in turn."""
    rates: dict[str, list[float]] = defaultdict(list)
    async with open_field(kind) as field:
        for _ in range(3):
            for name in [n for n in ("bot", "bare", "js") if n in field.servers]:
                open_modal = partial(_open, field.slack)
                _, rate = await run_concurrently(field.servers[name].port, 16, 3 * scale, open_modal)
                rates[name].append(rate)
    mean = {name: sum(found) / len(found) for name, found in rates.items()}
    figure = "openings a second, 16 at once"
    return [
        ratio_at_least(
            f"{figure} ÷ bare Bolt's empty modal", mean["bot"], mean["bare"], "/s", MIN_OPENINGS_RATIO
        ),
        *([beside(f"{figure} ÷ Bolt for JavaScript", mean["bot"], mean["js"], "/s")] if "js" in mean else []),
    ]


async def _open(slack: FakeSlack, connection: Connection, person: str) -> Opening:
    return await open_screen(connection, slack, person)
