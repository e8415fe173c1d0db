"""Seatbot's entry point: settings → services → Slack app → handlers → scheduler → serve."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import structlog
import typer
import yaml
from cryptography.fernet import Fernet
from rich.console import Console
from rich.progress import Progress
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.accounts_file import WrongAccountsFile
from bot.bootstrap import build_services, installations, now, slack_clients
from bot.db import Database, hold_import
from bot.logs import set_up_logs
from bot.services import Services
from bot.settings import Settings, WrongSettings, read_settings
from bot.use_cases.account_import import import_accounts
from bot.use_cases.doctor import Finding, diagnose
from bot.use_cases.product import store_catalogue
from handlers.http import build_server, serving
from handlers.routes import ROUTES
from handlers.slack import build_app
from handlers.socket_mode import SocketDoor
from scheduler import build_scheduler

if TYPE_CHECKING:
    from sandbox import Sandbox

cli = typer.Typer(help=__doc__, no_args_is_help=False, pretty_exceptions_enable=False)
console = Console()
log = structlog.get_logger()


@asynccontextmanager
async def running(
    settings: Settings, *, clock: Callable[[], datetime] = now, ticking: bool = True
) -> AsyncIterator[tuple[Services, int]]:
    """The whole bot, up while inside; gives its services and the port it listens on.

    Leaving, it takes nothing new, finishes what was acknowledged, and closes. `ticking` is off where a test
    is the clock.
    """
    async with AsyncExitStack() as stack:
        database = Database(settings.database_url)
        clients = await stack.enter_async_context(slack_clients(settings, database))
        services = await stack.enter_async_context(build_services(settings, database, clients, clock))
        await prepare(services.database)
        app = build_app(services, clients, ROUTES)
        door = SocketDoor(settings.socket_quiet_seconds) if settings.socket_mode else None
        listener = socket.create_server((settings.host, settings.port))
        await stack.enter_async_context(serving(build_server(services, app, clients, door), listener))
        if door is not None and settings.slack_app_token is not None:
            token = settings.slack_app_token.get_secret_value()
            await stack.enter_async_context(door.open(app, token, clients.bare))
        if ticking:
            scheduler = build_scheduler(services)
            scheduler.start()
            stack.callback(scheduler.shutdown, wait=False)
        yield services, listener.getsockname()[1]


async def prepare(database: Database) -> None:
    """Bring the database up to date, with the shipped catalogue in it."""
    await database.migrate()
    async with database.write() as session:
        await hold_import(session)
        await store_catalogue(session)


@cli.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve() -> None:
    """Answer Slack until stopped (the default)."""
    settings = settings_or_exit()
    set_up_logs(settings)
    run_or_exit(_serve(settings))


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if not settings.many_workspaces:
        async with slack_clients(settings, Database(settings.database_url)) as clients:
            await _check_token(clients.bare)
    async with running(settings) as (_, port):
        mode = "Socket Mode" if settings.socket_mode else f"HTTP on {settings.host}:{port}/slack/events"
        log.info("seatbot is up", door=mode)
        await stop.wait()
        log.info("stopping: what was acknowledged is finished first")


async def _check_token(client: AsyncWebClient) -> None:
    """A wrong token stops the start; a Slack that is away does not."""
    try:
        await client.auth_test()
    except SlackApiError as error:
        if error.response.get("error") in ("invalid_auth", "not_authed", "account_inactive", "token_revoked"):
            raise
        log.warning("slack did not answer", error=error.response.get("error"))
    except OSError as error:
        log.warning("slack did not answer", error=str(error))


@cli.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="The accounts file (YAML).")],
    overwrite: Annotated[
        bool, typer.Option(help="Overwrite stored seats, periods and decided quotes too.")
    ] = False,
) -> None:
    """Import accounts from a file: all of it, or nothing."""
    settings = settings_or_exit()
    try:
        run_or_exit(_import(settings, file, overwrite=overwrite))
    except WrongAccountsFile as wrong:
        fail("\n".join(["nothing was imported:", *map(str, wrong.problems)]))


async def _import(settings: Settings, file: Path, *, overwrite: bool) -> None:
    database = Database(settings.database_url)
    try:
        await prepare(database)
        with Progress(console=console, transient=True) as progress:
            bar = progress.add_task("accounts")
            summary = await import_accounts(
                database,
                path=file,
                at=now(),
                overwrite=overwrite,
                progress=lambda done, total: progress.update(bar, completed=done, total=total),
            )
    finally:
        await database.close()
    for warning in summary.warnings:
        console.print(f"[yellow]warning:[/] {warning}")
    console.print(
        f"imported {summary.accounts} accounts ({summary.changed} changed), "
        f"{summary.subscriptions} subscriptions, {summary.billing_contacts} billing contacts, "
        f"{summary.quotes} quotes"
    )


@cli.command()
def migrate() -> None:
    """Bring the database to the shape this version expects."""
    settings = settings_or_exit()

    async def run() -> None:
        database = Database(settings.database_url)
        await prepare(database)
        await database.close()

    run_or_exit(run())
    console.print("the database is up to date")


@cli.command()
def doctor() -> None:
    """Say what is missing or wrong, a line each; the exit code is 1 where anything is wrong."""
    settings = settings_or_exit()
    findings = asyncio.run(_doctor(settings))
    for finding in findings:
        mark = {True: "[green]ok[/]   ", False: "[red]wrong[/]", None: "[yellow]note[/] "}[finding.well]
        console.print(f"{mark} {finding.about}: {finding.words}", highlight=False, soft_wrap=True)
    if any(finding.well is False for finding in findings):
        raise typer.Exit(1)


async def _doctor(settings: Settings) -> list[Finding]:
    manifest = yaml.safe_load((Path(__file__).parent / "manifest.yml").read_text(encoding="utf-8"))
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    database = Database(settings.database_url)
    async with (
        slack_clients(settings, database) as clients,
        build_services(settings, database, clients) as services,
    ):
        return await diagnose(services, scopes)


@cli.command(name="new-key")
def new_key() -> None:
    """Make a key for TOKEN_KEYS."""
    print(Fernet.generate_key().decode())  # noqa: T201


@cli.command(name="rotate-keys")
def rotate_keys() -> None:
    """Encrypt every workspace's token anew with the first of TOKEN_KEYS."""
    settings = settings_or_exit()
    if not settings.many_workspaces:
        fail("there is nothing to do: SLACK_BOT_TOKEN is for one workspace, and is not stored")

    async def run() -> None:
        database = Database(settings.database_url)
        rows = await installations(settings, database).rotate()
        await database.close()
        console.print(f"{rows} rows are encrypted with the first key; the others can go")

    run_or_exit(run())


@cli.command()
def demo(port: Annotated[int, typer.Option(help="Where the page is.", min=0, max=65535)] = 8100) -> None:
    """Run `serve` against a Slack on this machine, with accounts to try everything on."""
    with contextlib.suppress(KeyboardInterrupt):
        run_or_exit(_demo(port))


async def _demo(port: int) -> None:
    # Late: who serves needs neither the sandbox nor what it is built on.
    from demo import story
    from sandbox import Sandbox

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Sandbox.start(story.WORKSPACE, port=port, rate_limits=True) as slack:
        bot = DemoBot(slack, lambda: story.accounts_for(now().date()))
        try:
            await bot.start()
        except (RuntimeError, TimeoutError) as error:
            await bot.stop()
            fail(f"the demo could not start: {error}")
        slack.slack.on_reset.append(bot.restart)
        console.print(f"\nOpen [bold]{slack.page_url}[/] and choose who you are. Ctrl-C ends the demo.\n")
        await stop.wait()
        await bot.stop()


class DemoBot:
    """`serve`, unchanged, as a process of its own that knows the sandbox by its settings alone."""

    def __init__(self, slack: "Sandbox", accounts: Callable[[], str]) -> None:
        self.slack = slack
        self.accounts = accounts
        # One for each port: a second demo leaves the first one its database.
        self.folder = Path(".demo", slack.page_url.rstrip("/").rpartition(":")[2]).absolute()
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Import the story as of today, then serve. The folder holds no `.env`: none of yours is read."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        accounts = self.folder / "accounts.yml"
        accounts.write_text(self.accounts(), encoding="utf-8")
        if await (await self._run("import", str(accounts))).wait():
            raise RuntimeError("its accounts could not be imported")
        self.process = await self._run("serve")
        await self.slack.wait_until(lambda: self.slack.slack.sockets.connections, timeout=20)

    async def stop(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def _run(self, *command: str) -> asyncio.subprocess.Process:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.slack.api_url,
            "SMTP_URL": self.slack.smtp_url,
            "MAIL_FROM": "seatbot@acme.example",
            "ACCOUNT_SERVICES_CHANNEL": "C00GENERAL",
            "DATABASE_URL": "sqlite:///seatbot.db",
            "PORT": "0",
        }
        return await asyncio.create_subprocess_exec(
            sys.executable, __file__, *command, cwd=self.folder, env=environment, start_new_session=True
        )


def settings_or_exit() -> Settings:
    try:
        return read_settings()
    except WrongSettings as wrong:
        fail(str(wrong))


def run_or_exit(work: Coroutine[None, None, None]) -> None:
    """What Slack, the database or the machine refuses is said in a line; faults of ours stay loud."""
    try:
        asyncio.run(work)
    except (SlackApiError, SQLAlchemyError, OSError) as error:
        fail(f"cannot go on: {_in_words(error)}")


def fail(words: str) -> NoReturn:
    print(words, file=sys.stderr)  # noqa: T201
    raise SystemExit(1)


def _in_words(error: Exception) -> str:
    if isinstance(error, SQLAlchemyError):
        # The driver's own words may hold the address with its password.
        return f"the database does not answer ({type(error).__name__}); is DATABASE_URL right?"
    if isinstance(error, SlackApiError):
        return f"Slack says {error.response.get('error')}; is SLACK_BOT_TOKEN right?"
    return str(error)


if __name__ == "__main__":
    cli()
