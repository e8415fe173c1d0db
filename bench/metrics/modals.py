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
from bench.report import Figure, at_most, milliseconds, ratio_at_least, ratio_at_most, times_faster
from bench.user_flows import Opening, acknowledge, crowd, open_screen

PEOPLE = 64


@dataclass(frozen=True)
class Field:
    """The bot and its rivals, all up at once, so that what disturbs one disturbs the others."""

    slack: FakeSlack
    servers: dict[str, Server]


@asynccontextmanager
async def field() -> AsyncIterator[Field]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        url, folder = await enter(accounts_database(PEOPLE))
        slack, mail = await enter(fake_slack()), await enter(mail_sink())
        servers = {
            "bot": await enter(bot(folder, slack.url, url, SMTP_URL=mail)),
            "bare": await enter(rival("bare_bolt.py", folder, slack.url)),
            "floor": await enter(rival("bare_bolt.py", folder, slack.url, "floor")),
        }
        if shutil.which("node") and BOLT_JS.exists():
            servers["js"] = await enter(rival("bare_bolt.js", folder, slack.url))
        yield Field(slack, servers)


async def measure(scale: float) -> list[Figure]:
    async with field() as all_:
        await _warm(all_)
        return [
            *await _acks(all_, int(400 * scale)),
            *await _screens(all_, 6 * scale),
            *await _rate(all_, 3 * scale),
        ]


async def _warm(all_: Field) -> None:
    """Each person once on the bot, so that the provider knows their account."""
    for name, server in all_.servers.items():
        connection = await Connection.to(server.port)
        for n in range(PEOPLE):
            await open_screen(connection, all_.slack, user(n))
            if name != "bot":
                await acknowledge(connection, user(n), "/hello")
        connection.close()


async def _acks(all_: Field, rounds: int) -> list[Figure]:
    """One request to each in turn."""
    samples: dict[str, list[float]] = defaultdict(list)
    connections = {name: await Connection.to(server.port) for name, server in all_.servers.items()}
    for n in range(rounds):
        for name, connection in connections.items():
            if name == "bot":
                opening = await open_screen(connection, all_.slack, user(n % PEOPLE))
                samples[name].append(opening.ack)
            else:
                samples[name].append(await acknowledge(connection, user(n % PEOPLE), "/hello"))
    p50 = {name: milliseconds(times, 0.5) for name, times in samples.items()}
    figures = [
        ratio_at_most("ack, p50, beside the framework's floor", p50["bot"], p50["floor"], "ms", 2),
        times_faster("ack, p50, beside bare Bolt", p50["bot"], p50["bare"], "ms", 20),
    ]
    if "js" in p50:
        js = p50["js"]
        figures.append(Figure("ack, p50, beside Bolt for JavaScript", p50["bot"], "ms", js, p50["bot"] / js))
    return figures


GOALS = {(1, 0.5): 6.0, (64, 0.99): 150.0}


async def _screens(all_: Field, seconds: float) -> list[Figure]:
    figures = []
    for size in (1, 16, 64):
        openings, _ = await crowd(all_.servers["bot"].port, size, seconds / 2, partial(_open, all_.slack))
        times = [opening.screen for opening in openings]
        for share in (0.5, 0.99):
            name = f"time to modal, p{share * 100:.0f}, {size} at once"
            figures.append(at_most(name, milliseconds(times, share), "ms", GOALS.get((size, share))))
    return figures


async def _rate(all_: Field, seconds: float) -> list[Figure]:
    """In slices, each in turn."""
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(3):
        for name in [n for n in ("bot", "bare", "js") if n in all_.servers]:
            _, rate = await crowd(all_.servers[name].port, 16, seconds, partial(_open, all_.slack))
            rates[name].append(rate)
    mean = {name: sum(found) / len(found) for name, found in rates.items()}
    figures = [
        ratio_at_least(
            "openings a second, 16 at once, beside bare Bolt", mean["bot"], mean["bare"], "/s", 0.4
        )
    ]
    if "js" in mean:
        beside = "openings a second, beside Bolt for JavaScript"
        figures.append(Figure(beside, mean["bot"], "/s", mean["js"], mean["bot"] / mean["js"]))
    return figures


async def _open(slack: FakeSlack, connection: Connection, person: str) -> Opening:
    return await open_screen(connection, slack, person)
