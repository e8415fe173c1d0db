"""`python app.py serve` in any number of processes, with one database and one Slack."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from sandbox import Sandbox
from tests.ports import find_free_port

APP = Path(__file__).parents[2] / "app.py"
START_TIMEOUT_SECONDS = 300


class ReplicaProcess:
    def __init__(self, name: str, environment: dict[str, str], folder: Path) -> None:
        self.name = name
        self.port = find_free_port()
        self.log = folder / f"{name}.log"
        self._folder = folder
        self._environment = {**environment, "HOST": "127.0.0.1", "PORT": str(self.port)}
        self._process: asyncio.subprocess.Process | None = None
        self.is_up = False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def events_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/slack/events"

    async def start(self) -> None:
        """Returns once it is ready."""
        with self.log.open("ab") as log:
            # The folder holds no `.env`, so that no developer's is read.
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(APP), "serve"),
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        async with asyncio.timeout(START_TIMEOUT_SECONDS), aiohttp.ClientSession() as session:
            while not await self._is_ready(session):
                assert self._process.returncode is None, f"{self.name} ended: {self.log.read_text('utf-8')}"
                await asyncio.sleep(0.05)
        self.is_up = True

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            return (await self.fetch_readiness(session))[0] == 200
        except aiohttp.ClientError:
            return False

    async def fetch_readiness(self, session: aiohttp.ClientSession) -> tuple[int, str]:
        async with session.get(f"http://127.0.0.1:{self.port}/readyz") as response:
            return response.status, await response.text()

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> int:
        """Sends SIGTERM, as an operator does; returns the exit code."""
        return await self._end(signal.SIGTERM)

    def interrupt(self) -> None:
        """Sends SIGINT, as Ctrl-C does."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)

    async def _end(self, number: signal.Signals) -> int:
        process, self.is_up = self._process, False
        if process is None:
            return 0
        if process.returncode is None:
            process.send_signal(number)
        return await process.wait()

    def list_errors(self) -> list[dict[str, Any]]:
        """The errors in its log, and output that is not a line of the log."""
        return [line for line in self.read_log() if line.get("level") not in ("debug", "info", "warning")]

    def read_log(self) -> list[dict[str, Any]]:
        return [_parse_line(line) for line in self.log.read_text("utf-8").splitlines() if line.strip()]


def _parse_line(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {"event": line}
    return found if isinstance(found, dict) else {"event": line}


def build_environment(
    slack: Sandbox, database_url: str, *, transport: str, **settings: str
) -> dict[str, str]:
    credentials = (
        {"SLACK_APP_TOKEN": slack.app_token}
        if transport == "socket"
        else {"SLACK_SIGNING_SECRET": slack.signing_secret}
    )
    return {
        "PATH": os.environ.get("PATH", ""),
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_API_URL": slack.api_url,
        "DATABASE_URL": database_url,
        "SMTP_URL": slack.smtp_url,
        "MAIL_FROM": "seatbot@acme.example",
        "ACCOUNT_SERVICES_CHANNEL": "C07GENERAL",
        "LOG_FORMAT": "json",
        "SHUTDOWN_DELAY_SECONDS": "0",
        **credentials,
        **settings,
    }


@asynccontextmanager
async def run_replicas(
    count: int, environment: dict[str, str], folder: Path
) -> AsyncIterator[list[ReplicaProcess]]:
    """Starts this many at the same time, and kills them all in the end."""
    started = [ReplicaProcess(f"replica-{n}", environment, folder) for n in range(count)]
    try:
        await asyncio.gather(*(replica.start() for replica in started))
        yield started
    finally:
        await asyncio.gather(*(replica.kill() for replica in started))
