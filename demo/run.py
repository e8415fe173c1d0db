"""The demo: a simulated Slack on this machine, and the bot as a process of its own."""

import asyncio
import os
import shutil
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from demo import story
from sandbox import Sandbox


class DemoStartError(Exception):
    """The bot did not start."""


async def run_demo(app: Path, port: int, console: Console, *, organisation: bool = False) -> None:
    """Until it is stopped; `app` is the entry point. With `organisation`, Acme's workspace is one of two in
    an organisation that has installed the bot. Raises DemoStartError."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Sandbox.start(
        story.WORKSPACE_PATH, port=port, rate_limits=True, organisation=organisation
    ) as slack:

        def render_accounts() -> str:
            return story.render_accounts(datetime.now(UTC).date(), organisation=organisation)

        bot = DemoBot(app, slack, render_accounts)
        try:
            await bot.start()
        except (RuntimeError, TimeoutError) as error:
            await bot.stop()
            raise DemoStartError(str(error)) from error
        slack.slack.on_reset.append(bot.restart)
        console.print(f"\nOpen [bold]{slack.page_url}[/] and choose who you are. Ctrl-C ends the demo.\n")
        await stop.wait()
        await bot.stop()


class DemoBot:
    """`serve`, unchanged, as a process of its own that knows the sandbox only from its settings."""

    def __init__(self, app: Path, slack: Sandbox, render_accounts: Callable[[], str]) -> None:
        self.app = app
        self.slack = slack
        self.render_accounts = render_accounts
        # One per port, so that two demos have a database each.
        self.folder = Path(".demo", slack.page_url.rstrip("/").rpartition(":")[2]).absolute()
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Import the story as of today, then serve. The folder holds no `.env`: none of yours is read."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        accounts = self.folder / "accounts.yml"
        accounts.write_text(self.render_accounts(), encoding="utf-8")
        if await (await self._run_command("import", str(accounts))).wait():
            raise RuntimeError("its accounts could not be imported")
        self.process = await self._run_command("serve")
        await self.slack.wait_until(lambda: self.slack.slack.sockets.connections, timeout=20)

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def _run_command(self, *command: str) -> asyncio.subprocess.Process:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "SMTP_URL": self.slack.smtp_url,
            "MAIL_FROM": "seatbot@acme.example",
            "SELLER_ADDRESS": "1 Main Street; Dublin 2; Ireland",
            "ACCOUNT_SERVICES_CHANNEL": "C00GENERAL",
            "DATABASE_URL": "sqlite:///seatbot.db",
            "PORT": "0",
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, str(self.app), *command, cwd=self.folder, env=environment, start_new_session=True
        )
