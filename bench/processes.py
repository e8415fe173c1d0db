"""Runs the bot and its rivals, each as a separate process."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.raw_http import Connection
from bench.slack_requests import SIGNING_SECRET
from tests.ports import find_free_port

ROOT = Path(__file__).parents[1]
BASELINES_FOLDER = Path(__file__).parent / "baselines"
READY_TIMEOUT_SECONDS = 60.0
TOKEN = "xoxb-bench"
# `make bench` installs it there.
BOLT_JS = ROOT / "build/bolt-js/node_modules/@slack/bolt"


@dataclass
class Server:
    """A process that serves requests on `port`."""

    process: asyncio.subprocess.Process
    port: int
    seconds_to_ready: float
    log: Path

    @property
    def resident_mb(self) -> float:
        """Its resident memory, from /proc."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text("utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    async def stop(self) -> None:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(10):
                    await self.process.wait()
            except TimeoutError:
                self.process.kill()
                await self.process.wait()


@asynccontextmanager
async def run_bot(folder: Path, api_url: str, database_url: str, **settings: str) -> AsyncIterator[Server]:
    """Runs `python app.py serve`, and yields once it is ready."""
    environment = {
        "DATABASE_URL": database_url,
        "MAIL_FROM": "seatbot@bench.example",
        "LOG_FORMAT": "json",
        "SHUTDOWN_DELAY_SECONDS": "0",
        **settings,
    }
    command = [sys.executable, *PROFILER_ARGUMENTS, str(ROOT / "app.py"), "serve"]
    async with _start_process(command, folder, api_url, environment, "/readyz") as server:
        yield server


# BENCH_PROFILE=file profiles the bot with cProfile.
PROFILER_ARGUMENTS = (
    ["-m", "cProfile", "-o", os.environ["BENCH_PROFILE"]] if "BENCH_PROFILE" in os.environ else []
)


@asynccontextmanager
async def run_rival(
    name: str, folder: Path, api_url: str, *arguments: str, **settings: str
) -> AsyncIterator[Server]:
    """Runs a server of `baselines/`."""
    interpreter = [sys.executable] if name.endswith(".py") else ["node"]
    command = [*interpreter, str(BASELINES_FOLDER / name), *arguments]
    environment = {"NODE_PATH": str(BOLT_JS.parents[1]), "PYTHONPATH": str(ROOT), **settings}
    async with _start_process(command, folder, api_url, environment, None) as server:
        yield server


@asynccontextmanager
async def _start_process(
    command: list[str], folder: Path, api_url: str, environment: dict[str, str], ready: str | None
) -> AsyncIterator[Server]:
    port = find_free_port()
    whole = {
        "PATH": os.environ.get("PATH", ""),
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "SLACK_API_URL": api_url,
        "SLACK_BOT_TOKEN": TOKEN,
        "SLACK_SIGNING_SECRET": SIGNING_SECRET,
        **environment,
    }
    log = folder / f"{port}.log"
    started = time.perf_counter()
    with log.open("wb") as out:
        # This folder has no `.env`, so no settings of a developer are read.
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=whole, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
        )
    server = Server(process, port, 0, log)
    try:
        await _wait_until_ready(server, ready)
        server.seconds_to_ready = time.perf_counter() - started
        yield server
    finally:
        await server.stop()


async def _wait_until_ready(server: Server, path: str | None) -> None:
    async with asyncio.timeout(READY_TIMEOUT_SECONDS):
        while not await _is_ready(server.port, path):
            if server.process.returncode is not None:
                raise RuntimeError(f"it exited: {server.log.read_text('utf-8')}")
            await asyncio.sleep(0.01)


async def _is_ready(port: int, path: str | None) -> bool:
    try:
        connection = await Connection.connect(port)
    except OSError:
        return False
    try:
        if path is None:
            return True
        answer = await connection.send(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode())
        return answer.status == 200
    except ConnectionError:
        return False
    finally:
        connection.close()


async def run_program(name: str, api_url: str, *arguments: str) -> None:
    """Runs a program of `baselines/` until it exits."""
    environment = {"PATH": os.environ.get("PATH", ""), "SLACK_API_URL": api_url, "SLACK_BOT_TOKEN": TOKEN}
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BASELINES_FOLDER / name), *arguments, env=environment
    )
    if await process.wait():
        raise RuntimeError(f"{name} failed")
