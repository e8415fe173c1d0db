"""Behind a real PgBouncer in transaction mode, as Debian packages it."""

import asyncio
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from sandbox import Sandbox
from tests.chaos.test_proxy import run_doctor
from tests.ports import find_free_port
from tests.postgres import database_url
from tests.replicas.processes import APP, build_environment, run_replicas
from tests.time_limits import HANG_SECONDS
from tests.world import WORKSPACE

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(PGBOUNCER is None, reason="PgBouncer is not installed: apt-get install pgbouncer"),
]

BOTH_OFF = {"DATABASE_STARTUP_OPTIONS": "false", "DATABASE_PREPARED_STATEMENTS": "false"}


def write_config(folder: Path, url: URL, port: int) -> list[str]:
    """Returns the command that starts it. It refuses to run as root, and must own the server's socket."""
    assert PGBOUNCER is not None
    config, socket_folder = folder / "pgbouncer.ini", Path(str(url.query["host"]))
    config.write_text(
        f"[databases]\n* = host={socket_folder} user={url.username}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        "auth_type = any\npool_mode = transaction\ndefault_pool_size = 4\n"
    )
    for parent in (folder, *folder.parents[:2]):
        parent.chmod(0o755)
    as_user = ["-u", socket_folder.owner()] if os.geteuid() == 0 else []
    return [PGBOUNCER, "-q", *as_user, str(config)]


@pytest.fixture
async def pooled(tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """The pooler's address, and the database's own."""
    with database_url("accounts", "postgresql") as url:
        parts, port = make_url(url), find_free_port()
        command = write_config(tmp_path, parts, port)
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.DEVNULL)
        try:
            async with asyncio.timeout(HANG_SECONDS):
                while not await is_listening(port):
                    assert process.returncode is None, "PgBouncer ended"
                    await asyncio.sleep(0.05)
            yield f"postgresql://{parts.username}@127.0.0.1:{port}/{parts.database}?sslmode=disable", url
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()


async def is_listening(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def serve(environment: dict[str, str], folder: Path) -> tuple[int, str]:
    """The exit code and the output of a process that does not start."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(APP), "serve"),
        cwd=folder,
        env={**environment, "PORT": "0"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with asyncio.timeout(HANG_SECONDS):
        output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_what_the_pooler_breaks_is_reported_with_the_setting_to_change(
    pooled: tuple[str, str], tmp_path: Path
) -> None:
    """PgBouncer of Debian 12 (1.18) rejects startup options by default, and tracks no prepared statements."""
    async with Sandbox.start(WORKSPACE) as slack:
        environment = build_environment(slack, pooled[0], transport="http")
        refusing = "a pooler rejects startup options: set DATABASE_STARTUP_OPTIONS=false"
        assert f"wrong database: {refusing}" in await run_doctor(environment, tmp_path)
        code, output = await serve(environment, tmp_path)
        assert (code, "Traceback" in output) == (1, False)
        assert refusing in output
        environment |= {"DATABASE_STARTUP_OPTIONS": "false"}
        breaking = "a pooler breaks prepared statements: set DATABASE_PREPARED_STATEMENTS=false"
        assert f"wrong database: {breaking}" in await run_doctor(environment, tmp_path)
        code, output = await serve(environment, tmp_path)
        assert (code, "Traceback" in output) == (1, False)
        assert breaking in output


async def test_with_both_settings_off_orders_are_placed(pooled: tuple[str, str], tmp_path: Path) -> None:
    url, direct = pooled
    async with Sandbox.start(WORKSPACE, ack_seconds=HANG_SECONDS) as slack:
        slack.slack.workspace.trigger_seconds = HANG_SECONDS
        environment = build_environment(slack, url, transport="http", DATABASE_LISTEN_URL=direct, **BOTH_OFF)
        assert "ok    database: reachable, writable and up to date" in await run_doctor(environment, tmp_path)
        async with run_replicas(1, environment, tmp_path) as [bot]:
            slack.deliver_to(bot.events_url)
            alice = slack.get_person("U01ALICE")
            for _ in range(20):
                await alice.command("/billing")
                await alice.wait_for_modal("account.overview", timeout=HANG_SECONDS)
                await alice.close_modal()
            await alice.command("/add-seats")
            (await alice.wait_for_modal("cart.save", timeout=HANG_SECONDS)).fill("seats:acme_meeting", "1")
            for view in ("quote.review", "service_order.place", "service_order.show"):
                await alice.submit()
                await alice.wait_for_modal(view, timeout=HANG_SECONDS)
            await alice.wait_until(lambda: any("R-1001" in dm.text for dm in alice.dms), timeout=HANG_SECONDS)
            assert bot.list_errors() == []
