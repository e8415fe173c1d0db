"""Seatbot's entry point: settings → services → Slack app → handlers → scheduler → serve."""

import asyncio
import contextlib
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import aiohttp
import structlog
import typer
import uvloop
from rich.console import Console
from rich.progress import Progress
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import build_services, installations, now, slack_clients
from bot.db import Database, hold_import
from bot.installations.clients import WRONG_TOKEN, error_name
from bot.logs import set_up_logs
from bot.services import Services
from bot.settings import Settings, WrongSettings, read_settings
from bot.use_cases.accounts_import.catalogue import store_catalogue
from bot.use_cases.audit.export import Format, check_histories, export_history
from bot.use_cases.operations.doctor import Finding, diagnose
from handlers.http import build_server, serving
from handlers.routes import ROUTES
from handlers.slack import build_app
from handlers.socket_mode import SocketDoor
from models.account import AccountNotFound
from scheduler import build_scheduler

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
    # A thread that has waited for the disk is heard ten times sooner: until then a transaction is held open.
    sys.setswitchinterval(0.0005)
    stop, at_once = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def interrupted() -> None:
        at_once.set()
        stop.set()

    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGINT, interrupted)
    async with slack_clients(settings, Database(settings.database_url)) as clients:
        await _check_tokens(settings, clients.bare)
    async with running(settings) as (services, port):
        _collect_seldom()
        mode = "Socket Mode" if settings.socket_mode else f"HTTP on {settings.host}:{port}/slack/events"
        log.info("seatbot is up", door=mode)
        await stop.wait()
        services.tasks.stopping = True
        if not settings.socket_mode:
            # A balancer looks every few seconds, and sends requests until it has seen. Ctrl-C has none.
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(at_once.wait(), settings.leave_seconds)
        log.info("stopping: what was acknowledged is finished first")


def _collect_seldom() -> None:
    """What is there by now stays, and need not be looked through for garbage; what comes is looked through
    less often: else that takes a quarter of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


async def _check_tokens(settings: Settings, slack: AsyncWebClient) -> None:
    """A wrong token stops the start; a Slack that is away does not."""
    if settings.slack_bot_token is not None:
        await _check_token("SLACK_BOT_TOKEN", slack.auth_test())
    if settings.slack_app_token is not None:
        # The address that Slack answers with is not opened.
        token = settings.slack_app_token.get_secret_value()
        await _check_token("SLACK_APP_TOKEN", slack.apps_connections_open(app_token=token))


async def _check_token(setting: str, asked: Awaitable[object]) -> None:
    try:
        await asked
    except SlackApiError as error:
        if error_name(error) in WRONG_TOKEN:
            fail(f"cannot go on: Slack says {error_name(error)}; is {setting} right?")
        log.warning("slack did not answer", error=error_name(error))
    except (aiohttp.ClientError, OSError) as error:
        log.warning("slack did not answer", error=str(error) or type(error).__name__)


@cli.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="The accounts file (YAML).")],
    overwrite: Annotated[
        bool, typer.Option(help="Overwrite stored seats, periods and decided quotes too.")
    ] = False,
) -> None:
    """Import accounts from a file: all of it, or nothing."""
    from bot.accounts_file import WrongAccountsFile

    settings = settings_or_exit()
    try:
        run_or_exit(_import(settings, file, overwrite=overwrite))
    except WrongAccountsFile as wrong:
        fail("\n".join(["nothing was imported:", *map(str, wrong.problems)]))


async def _import(settings: Settings, file: Path, *, overwrite: bool) -> None:
    # Late, as what a file is read with takes memory that `serve` can do without.
    from bot.use_cases.accounts_import.run import import_accounts

    database = Database(settings.database_url)
    try:
        await prepare(database)
        with counted("accounts") as progress:
            summary = await import_accounts(
                database, path=file, at=now(), overwrite=overwrite, progress=progress
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
def audit(
    account: Annotated[str | None, typer.Option(help="The id of the account whose history to write.")] = None,
    form: Annotated[Format, typer.Option("--format", help="How to write it.")] = Format.CSV,
    verify: Annotated[bool, typer.Option(help="Check every account's history instead.")] = False,
) -> None:
    """Write an account's history; or find what of any was changed, removed or put in (exit code 1)."""
    if account is None and not verify:
        fail("say whose history: --account ACCOUNT; or --verify")
    settings = settings_or_exit()
    run_or_exit(_verify(settings) if verify else _export(settings, account or "", form))


async def _export(settings: Settings, account_id: str, form: Format) -> None:
    async with _migrated_database(settings) as database:
        with counted("entries") as progress:
            try:
                await export_history(
                    database, account_id=account_id, form=form, out=sys.stdout, progress=progress
                )
            except AccountNotFound:
                fail(f"there is no account {account_id}")


async def _verify(settings: Settings) -> None:
    async with _migrated_database(settings) as database:
        with counted("entries") as progress:
            histories = await check_histories(database, progress=progress)
    for history in histories:
        for flaw in history.flaws:
            print(f"{history.account_id}: {flaw.words}")  # noqa: T201
        if not history.flaws:
            print(f"{history.account_id}: {history.number} entries, the last is {history.hash}")  # noqa: T201
    if any(history.flaws for history in histories):
        raise SystemExit(1)


@asynccontextmanager
async def _migrated_database(settings: Settings) -> AsyncIterator[Database]:
    """Its shape is changed in nothing."""
    database = Database(settings.database_url)
    try:
        if not await database.migrated():
            fail("the database's shape is older than this version: python app.py migrate")
        yield database
    finally:
        await database.close()


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar beside what is written, for those who watch."""
    watched = Console(stderr=True)
    with Progress(console=watched, transient=True, disable=not watched.is_terminal) as progress:
        bar = progress.add_task(what)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


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
    import yaml

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
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())  # noqa: T201


@cli.command(name="rotate-keys")
def rotate_keys() -> None:
    """Encrypt every workspace's token anew with the first of TOKEN_KEYS."""
    settings = settings_or_exit()
    if not settings.many_workspaces:
        fail("there is nothing to do: SLACK_BOT_TOKEN is for one workspace, and is not stored")

    async def run() -> None:
        async with _migrated_database(settings) as database:
            rotation = await installations(settings, database).rotate()
        done = f"{rotation.renewed} rows are encrypted with the first key"
        if rotation.closed:
            fail(f"{done}; {rotation.closed} rows could not be opened with any key: keep every old key")
        console.print(f"{done}; the others can go")

    run_or_exit(run())


@cli.command()
def demo(port: Annotated[int, typer.Option(help="Where the page is.", min=0, max=65535)] = 8100) -> None:
    """Run `serve` against a Slack on this machine, with accounts to try everything on."""
    # Late: who serves needs neither the sandbox nor what it is built on.
    from demo.run import DemoFailed, run_demo

    try:
        with contextlib.suppress(KeyboardInterrupt):
            run_or_exit(run_demo(Path(__file__), port, console))
    except DemoFailed as error:
        fail(f"the demo could not start: {error}")


def settings_or_exit() -> Settings:
    try:
        return read_settings()
    except WrongSettings as wrong:
        fail(str(wrong))


def run_or_exit(work: Coroutine[None, None, None]) -> None:
    """What Slack, the database or the machine refuses is said in a line; faults of ours stay loud."""
    try:
        uvloop.run(work)
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
