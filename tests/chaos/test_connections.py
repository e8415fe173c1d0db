"""A real process with few file descriptors, and clients that use up resources without a signature."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from sandbox import Sandbox
from tests.postgres import database_url
from tests.replicas.processes import ReplicaProcess, build_environment, run_replicas
from tests.time_limits import HANG_SECONDS
from tests.world import WORKSPACE

pytestmark = pytest.mark.long

DESCRIPTORS = 256
# For one client: a head may have 64 KB, and its socket buffers as much again.
MAX_GROWTH_BYTES = 32 * 1024 * 1024


@contextmanager
def limit_descriptors() -> Iterator[None]:
    """Limits processes that are started inside."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def run_server(folder: Path) -> AsyncIterator[tuple[Sandbox, ReplicaProcess]]:
    with database_url("accounts", "sqlite") as url:
        async with Sandbox.start(WORKSPACE, ack_seconds=HANG_SECONDS) as slack:
            slack.slack.workspace.trigger_seconds = HANG_SECONDS
            environment = build_environment(slack, url, transport="http")
            with limit_descriptors():
                running = run_replicas(1, environment, folder)
                [bot] = await running.__aenter__()
            try:
                slack.deliver_to(bot.events_url)
                yield slack, bot
            finally:
                await running.__aexit__(None, None, None)


def read_memory(bot: ReplicaProcess) -> int:
    status = Path(f"/proc/{bot.pid}/status").read_text("ascii")
    return 1024 * int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


async def send_endlessly(port: int, start: bytes, more: bytes) -> int:
    """Returns how many bytes were accepted."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(start)
    sent = 0
    with suppress(OSError):
        while sent < 200_000_000:
            writer.write(more)
            await writer.drain()
            sent += len(more)
    writer.transport.abort()
    return sent


async def test_silent_connections_stop_neither_health_checks_nor_orders(tmp_path: Path) -> None:
    async with run_server(tmp_path) as (slack, bot):
        silent = [await asyncio.open_connection("127.0.0.1", bot.port) for _ in range(240)]
        for _, writer in silent[::2]:
            writer.write(b"POST /slack/events HTTP/1.1\r\nContent-Length: 1000\r\n\r\nxx")
        async with aiohttp.ClientSession() as session:
            assert (await bot.fetch_readiness(session))[0] == 200
        alice = slack.get_person("U01ALICE")
        await alice.command("/add-seats")
        (await alice.wait_for_modal("cart.save", timeout=HANG_SECONDS)).fill("seats:acme_meeting", "1")
        for view in ("quote.review", "service_order.place", "service_order.show"):
            await alice.submit()
            await alice.wait_for_modal(view, timeout=HANG_SECONDS)
        await alice.wait_until(lambda: any("R-1001" in dm.text for dm in alice.dms), timeout=HANG_SECONDS)
        assert bot.list_errors() == []
        # They do not delay the shutdown either.
        silent += [await asyncio.open_connection("127.0.0.1", bot.port) for _ in range(20)]
        stopped_at = time.monotonic()
        assert await bot.stop() == 0
        assert time.monotonic() - stopped_at < 30
        for _, writer in silent:
            writer.transport.abort()


async def test_an_endless_head_uses_no_memory(tmp_path: Path) -> None:
    async with run_server(tmp_path) as (_, bot):
        before = read_memory(bot)
        for start, more in (
            (b"GET /healthz HTTP/1.1\r\n", b"X-Abcdefgh: b\r\n" * 4000),
            (b"GET /healthz HTTP/1.1\r\nX-A: ", b"b" * 65536),
            (b"GET /", b"a" * 65536),
        ):
            assert await send_endlessly(bot.port, start, more) < 20_000_000
        assert read_memory(bot) - before < MAX_GROWTH_BYTES
        async with aiohttp.ClientSession() as session:
            assert (await bot.fetch_readiness(session))[0] == 200
