"""A real process whose database's disk is full, or read-only (SQLite on a small file system)."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from bot.db import Database, DatabaseNotWritable
from bot.db.errors import DatabaseErrorKind
from sandbox import Sandbox
from tests.postgres import create_database, run, server_url, sqlite_file
from tests.replicas.processes import ReplicaProcess, build_environment, run_replicas
from tests.time_limits import HANG_SECONDS
from tests.world import WORKSPACE

pytestmark = pytest.mark.long

SAID = "we can’t store anything right now, so nothing was changed"


def mount(*arguments: object) -> bool:
    command = [shutil.which("mount") or "/bin/mount", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def unmount(folder: Path) -> None:
    subprocess.run([shutil.which("umount") or "/bin/umount", "-l", str(folder)], check=True)


def fill_up(file: Path) -> None:
    with suppress(OSError), file.open("wb", buffering=0) as filler:
        while True:
            filler.write(b"x" * 4096)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", folder):
        pytest.skip("mounting a file system is not allowed here")
    shutil.copy(sqlite_file("accounts"), folder / "seatbot.db")
    yield folder
    unmount(folder)


@asynccontextmanager
async def run_server(disk: Path, folder: Path) -> AsyncIterator[tuple[Sandbox, ReplicaProcess]]:
    async with Sandbox.start(WORKSPACE, ack_seconds=HANG_SECONDS) as slack:
        slack.slack.workspace.trigger_seconds = HANG_SECONDS
        environment = build_environment(slack, f"sqlite:///{disk}/seatbot.db", transport="http")
        async with run_replicas(1, environment, folder) as [bot]:
            slack.deliver_to(bot.events_url)
            yield slack, bot


async def fetch_readiness(bot: ReplicaProcess) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        return await bot.fetch_readiness(session)


async def fetch_metric(bot: ReplicaProcess, name: str) -> float:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{bot.port}/metrics") as page,
    ):
        return next(
            float(line.split()[1]) for line in (await page.text()).splitlines() if line.startswith(f"{name} ")
        )


async def test_a_full_disk_stops_changes_and_is_reported(disk: Path, tmp_path: Path) -> None:
    async with run_server(disk, tmp_path) as (slack, bot):
        alice = slack.get_person("U01ALICE")
        await alice.command("/add-seats")
        cart = await alice.wait_for_modal("cart.save", timeout=HANG_SECONDS)
        cart.fill("seats:acme_meeting", "1")
        assert await fetch_readiness(bot) == (200, "database: up to date\nslack: answers\n")
        fill_up(disk / "filler")
        assert await fetch_readiness(bot) == (503, "database: is not writable (disk_full)\nslack: answers\n")
        assert await fetch_metric(bot, "seatbot_database_writable") == 0
        await alice.submit()
        await alice.wait_until(lambda: bool(cart.errors), timeout=HANG_SECONDS)
        assert SAID in str(cart.errors)
        (disk / "filler").unlink()
        assert await fetch_readiness(bot) == (200, "database: up to date\nslack: answers\n")
        await alice.submit()
        await alice.wait_for_modal("quote.review", timeout=HANG_SECONDS)


async def test_a_read_only_disk_stops_changes_and_is_reported(disk: Path, tmp_path: Path) -> None:
    async with run_server(disk, tmp_path) as (slack, bot):
        alice = slack.get_person("U01ALICE")
        await alice.command("/add-seats")
        cart = await alice.wait_for_modal("cart.save", timeout=HANG_SECONDS)
        cart.fill("seats:acme_meeting", "1")
        # The process has the files open for writing, which a remount does not allow.
        assert mount("--bind", disk, disk)
        assert mount("-o", "remount,bind,ro", disk)
        status, said = await fetch_readiness(bot)
        assert status == 503
        assert "database: is not writable (read_only)" in said
        unmount(disk)
        assert (await fetch_readiness(bot))[0] == 200
        assert cart.errors == {}
        await alice.submit()
        await alice.wait_for_modal("quote.review", timeout=HANG_SECONDS)


@pytest.fixture
def small_tablespace() -> Iterator[tuple[Path, str]]:
    """A small file system, and the address of a database of the test server on it."""
    with psycopg.connect(server_url(), autocommit=True) as server:
        data = server.execute("SELECT current_setting('data_directory')").fetchone()
    assert data is not None
    folder = Path(tempfile.mkdtemp(prefix="tablespace-"))
    options = f"size=64m,mode=700,uid={os.stat(data[0]).st_uid}"
    if os.geteuid() != 0 or not mount("-t", "tmpfs", "-o", options, "tmpfs", folder):
        pytest.skip("mounting a file system is not allowed here")
    url = create_database("full")
    name = make_url(url).database
    run(server_url(), f"CREATE TABLESPACE small LOCATION '{folder}'")
    run(server_url(), f"ALTER DATABASE {name} SET TABLESPACE small")
    yield folder, url
    run(server_url(), f"DROP DATABASE {name} WITH (FORCE)", "DROP TABLESPACE small")
    unmount(folder)
    folder.rmdir()


async def insert_megabyte(database: Database) -> None:
    rows = [{"prefix": f"{number} {'x' * 1000}"} for number in range(1000)]
    async with database.write() as session:
        connection = await session.connection()
        await connection.execute(text("INSERT INTO document_sequence VALUES (:prefix, 1)"), rows)


async def test_a_full_disk_of_postgresql_is_noticed_until_there_is_space_again(
    small_tablespace: tuple[Path, str],
) -> None:
    """Rows can still be changed within their pages there."""
    folder, url = small_tablespace
    database = Database(url)
    await database.migrate()
    await database.check_writable()
    await database.check_space()
    fill_up(folder / "filler")
    with pytest.raises(DatabaseNotWritable):
        await database.check_space()
    with pytest.raises(DatabaseNotWritable) as raised:
        await insert_megabyte(database)
    assert raised.value.kind is DatabaseErrorKind.DISK_FULL
    for _ in range(2):
        with pytest.raises(DatabaseNotWritable):
            await database.check_writable()
    (folder / "filler").unlink()
    await database.check_writable()
    await insert_megabyte(database)
    await database.close()
