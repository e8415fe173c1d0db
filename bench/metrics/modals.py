"""Measures acks, times to a modal and modals per second, compared with bare Bolt."""

import shutil
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from bench.accounts import create_accounts_database, get_user_id
from bench.fake_slack import FakeSlack, run_fake_slack, run_mail_sink
from bench.processes import BOLT_JS, Server, run_bot, run_rival
from bench.raw_http import Connection
from bench.report import (
    Figure,
    check_max,
    check_max_ratio,
    check_min_ratio,
    compare_with_rival,
    compute_percentile_ms,
)
from bench.user_flows import CommandTimes, run_command, run_command_without_view, run_concurrently
from tests.variants import Kind

PEOPLE = 64
MAX_ACK_RATIO = 1.5
MIN_OPENINGS_RATIO = 0.4
# Keys: (number of concurrent people, percentile).
MAX_MODAL_MS = {(1, 0.5): 6.0, (64, 0.99): 200.0}


@dataclass(frozen=True)
class BenchmarkRig:
    """The bot and its rivals, running at the same time, so that a disturbance affects all of them."""

    slack: FakeSlack
    servers: dict[str, Server]


@asynccontextmanager
async def open_rig(kind: Kind) -> AsyncIterator[BenchmarkRig]:
    async with AsyncExitStack() as stack:
        enter = stack.enter_async_context
        url, folder = await enter(create_accounts_database(PEOPLE, kind))
        slack, mail = await enter(run_fake_slack()), await enter(run_mail_sink())
        servers = {
            "bot": await enter(run_bot(folder, slack.url, url, SMTP_URL=mail)),
            "bare": await enter(run_rival("bare_bolt.py", folder, slack.url)),
            "before_response": await enter(run_rival("bare_bolt.py", folder, slack.url, "before_response")),
        }
        if shutil.which("node") and BOLT_JS.exists():
            servers["js"] = await enter(run_rival("bare_bolt.js", folder, slack.url))
        rig = BenchmarkRig(slack, servers)
        await _warm_up(rig)
        yield rig


async def _warm_up(rig: BenchmarkRig) -> None:
    """Each person uses each program once, so that the bot has their profiles and has compiled its
    statements."""
    for name, server in rig.servers.items():
        connection = await Connection.connect(server.port)
        for n in range(PEOPLE):
            await run_command(connection, rig.slack, get_user_id(n))
            if name != "bot":
                await run_command_without_view(connection, get_user_id(n), "/hello")
        connection.close()


async def measure_ack(scale: float, kind: Kind) -> list[Figure]:
    """Sends one request to each program in turn."""
    samples: dict[str, list[float]] = defaultdict(list)
    async with open_rig(kind) as rig:
        connections = {name: await Connection.connect(server.port) for name, server in rig.servers.items()}
        for n in range(int(400 * scale)):
            for name, connection in connections.items():
                if name == "bot":
                    opening = await run_command(connection, rig.slack, get_user_id(n % PEOPLE))
                    samples[name].append(opening.ack)
                else:
                    samples[name].append(
                        await run_command_without_view(connection, get_user_id(n % PEOPLE), "/hello")
                    )
    p50 = {name: compute_percentile_ms(times, 0.5) for name, times in samples.items()}
    name = "ack of /add-seats, p50"
    return [
        check_max_ratio(
            f"{name} ÷ Bolt with process_before_response",
            p50["bot"],
            p50["before_response"],
            "ms",
            MAX_ACK_RATIO,
        ),
        compare_with_rival(f"{name} ÷ bare Bolt", p50["bot"], p50["bare"], "ms"),
        *(
            [compare_with_rival(f"{name} ÷ Bolt for JavaScript", p50["bot"], p50["js"], "ms")]
            if "js" in p50
            else []
        ),
    ]


async def measure_modal(scale: float, kind: Kind) -> list[Figure]:
    figures = []
    async with open_rig(kind) as rig:
        open_modal = partial(_open_modal, rig.slack)
        for size in (1, 16, 64):
            openings, _ = await run_concurrently(rig.servers["bot"].port, size, 6 * scale, open_modal)
            times = [opening.view for opening in openings]
            for share in (0.5, 0.99):
                name = f"time to modal, p{share * 100:.0f}, {size} at once"
                goal = MAX_MODAL_MS.get((size, share))
                figures.append(check_max(name, compute_percentile_ms(times, share), "ms", goal))
    return figures


async def measure_openings(scale: float, kind: Kind) -> list[Figure]:
    """Runs the programs alternately, in short slices."""
    rates: dict[str, list[float]] = defaultdict(list)
    async with open_rig(kind) as rig:
        for _ in range(3):
            for name in [n for n in ("bot", "bare", "js") if n in rig.servers]:
                open_modal = partial(_open_modal, rig.slack)
                _, rate = await run_concurrently(rig.servers[name].port, 16, 3 * scale, open_modal)
                rates[name].append(rate)
    mean = {name: sum(found) / len(found) for name, found in rates.items()}
    figure = "openings a second, 16 at once"
    return [
        check_min_ratio(
            f"{figure} ÷ bare Bolt's empty modal", mean["bot"], mean["bare"], "/s", MIN_OPENINGS_RATIO
        ),
        *(
            [compare_with_rival(f"{figure} ÷ Bolt for JavaScript", mean["bot"], mean["js"], "/s")]
            if "js" in mean
            else []
        ),
    ]


async def _open_modal(slack: FakeSlack, connection: Connection, person: str) -> CommandTimes:
    return await run_command(connection, slack, person)
