"""Seatbot's entry point: settings → services → Slack app → handlers → scheduler → serve."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer
import uvloop
from rich.console import Console
from rich.progress import Progress
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import build_installation_store, now, open_services, open_slack_clients
from bot.db import Database, lock_imports
from bot.installations.token_check import TokenRejected, check_tokens
from bot.logs import configure_logging
from bot.process import ShutdownSignals, tune_garbage_collection
from bot.services import Services
from bot.settings import InvalidSettings, Settings, read_settings
from bot.use_cases.accounts_import.catalogue import save_catalogue
from bot.use_cases.audit.export import ExportFormat, export_history, verify_histories
from bot.use_cases.operations.check_result import CheckResult
from bot.use_cases.operations.doctor import run_checks
from bot.version import VERSION
from handlers.http import build_http_app, serve_http
from handlers.routes import ROUTES
from handlers.slack_app import build_slack_app
from handlers.socket_mode import SocketModeRunner
from models.account import AccountNotFound
from models.migrations.run import UnsupportedSchema
from scheduler import build_scheduler

cli = typer.Typer(help=__doc__, no_args_is_help=False, pretty_exceptions_enable=False)
console = Console()
log = structlog.get_logger()


@asynccontextmanager
async def run_bot(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    with_scheduler: bool = True,
    database: Database | None = None,
) -> AsyncIterator[tuple[Services, int]]:
    """The whole bot, up while inside; gives its services and the port it listens on.

    On exit it takes nothing new, finishes what was acknowledged, and closes. Without the scheduler, a test is
    the clock.
    """
    async with AsyncExitStack() as stack:
        database = database or Database(settings.database_url)
        clients = await stack.enter_async_context(open_slack_clients(settings, database))
        services = await stack.enter_async_context(open_services(settings, database, clients, clock))
        await prepare_database(services.database)
        slack_app = build_slack_app(services, clients, ROUTES)
        idle_timeout = settings.socket_idle_timeout_seconds
        socket_runner = SocketModeRunner(idle_timeout) if settings.is_socket_mode else None
        listener = socket.create_server((settings.host, settings.port))
        http_app = build_http_app(services, slack_app, clients, socket_runner)
        await stack.enter_async_context(serve_http(http_app, listener))
        if socket_runner is not None and settings.slack_app_token is not None:
            token = settings.slack_app_token.get_secret_value()
            await stack.enter_async_context(socket_runner.connect(slack_app, token, clients.default_client))
        if with_scheduler:
            scheduler = build_scheduler(services)
            scheduler.start()
            stack.callback(scheduler.shutdown, wait=False)
        yield services, listener.getsockname()[1]


async def prepare_database(database: Database) -> None:
    """Bring the database up to date, with the shipped catalogue in it."""
    await database.migrate()
    async with database.write() as session:
        await lock_imports(session)
        await save_catalogue(session)


def print_version(requested: bool) -> None:
    if requested:
        print(f"seatbot {VERSION}")  # noqa: T201
        raise typer.Exit


@cli.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    _: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=print_version, is_eager=True),
    ] = False,
) -> None:
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve() -> None:
    """Answer Slack until stopped (the default)."""
    settings = read_settings_or_exit()
    configure_logging(settings)
    try:
        run_or_exit(_run_server(settings))
    except TokenRejected as error:
        exit_with_error(f"cannot go on: {error}")


async def _run_server(settings: Settings) -> None:
    signals = ShutdownSignals()
    signals.register_handlers()
    async with open_slack_clients(settings, Database(settings.database_url)) as clients:
        await check_tokens(settings, clients.default_client)
    async with run_bot(settings) as (services, port):
        tune_garbage_collection()
        address = f"HTTP on {settings.host}:{port}/slack/events"
        transport = "Socket Mode" if settings.is_socket_mode else address
        log.info("app.started", version=VERSION, transport=transport)
        await signals.wait_for_shutdown()
        services.tasks.is_stopping = True
        log.info("app.stopping")
        if not settings.is_socket_mode:
            # Until its next health check, a load balancer goes on sending requests.
            await signals.wait_for_delay(settings.shutdown_delay_seconds)


@cli.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(help="The accounts file (YAML).")],
    overwrite: Annotated[
        bool, typer.Option(help="Overwrite stored seats, periods and decided quotes too.")
    ] = False,
) -> None:
    """Import accounts from a file: all of it, or nothing."""
    from bot.accounts_file import InvalidAccountsFile

    settings = read_settings_or_exit()
    try:
        run_or_exit(_run_import(settings, file, overwrite=overwrite))
    except InvalidAccountsFile as wrong:
        exit_with_error("\n".join(["nothing was imported:", *map(str, wrong.problems)]))


async def _run_import(settings: Settings, file: Path, *, overwrite: bool) -> None:
    # Late, as what a file is read with takes memory that `serve` can do without.
    from bot.use_cases.accounts_import.run import import_accounts

    database = Database(settings.database_url)
    try:
        await prepare_database(database)
        with display_progress("accounts") as progress:
            summary = await import_accounts(
                database, path=file, at=now(), overwrite=overwrite, progress=progress
            )
    finally:
        await database.close()
    for warning in summary.warnings:
        console.print(f"[yellow]warning:[/] {warning}")
    console.print(
        f"imported {summary.accounts} accounts ({summary.changed_accounts} changed), "
        f"{summary.subscriptions} subscriptions, {summary.billing_contacts} billing contacts, "
        f"{summary.quotes} quotes"
    )


@cli.command()
def migrate() -> None:
    """Bring the database to the shape this version expects."""
    settings = read_settings_or_exit()

    async def run() -> None:
        database = Database(settings.database_url)
        await prepare_database(database)
        await database.close()

    run_or_exit(run())
    console.print("the database is up to date")


@cli.command()
def audit(
    account: Annotated[str | None, typer.Option(help="The id of the account whose history to write.")] = None,
    export_format: Annotated[
        ExportFormat, typer.Option("--format", help="How to write it.")
    ] = ExportFormat.CSV,
    verify: Annotated[bool, typer.Option(help="Check every account's history instead.")] = False,
) -> None:
    """Write an account's history; or find what of any was changed, removed or put in (exit code 1)."""
    if account is None and not verify:
        exit_with_error("say whose history: --account ACCOUNT; or --verify")
    settings = read_settings_or_exit()
    run_or_exit(
        _verify_histories(settings) if verify else _run_export(settings, account or "", export_format)
    )


async def _run_export(settings: Settings, account_id: str, export_format: ExportFormat) -> None:
    async with _open_migrated_database(settings) as database:
        with display_progress("entries") as progress:
            try:
                await export_history(
                    database,
                    account_id=account_id,
                    export_format=export_format,
                    out=sys.stdout,
                    progress=progress,
                )
            except AccountNotFound:
                exit_with_error(f"there is no account {account_id}")


async def _verify_histories(settings: Settings) -> None:
    async with _open_migrated_database(settings) as database:
        with display_progress("entries") as progress:
            histories = await verify_histories(database, progress=progress)
    for history in histories:
        for flaw in history.violations:
            print(f"{history.account_id}: {flaw.description}")  # noqa: T201
        if not history.violations:
            print(f"{history.account_id}: {history.last_number} entries, the last is {history.last_hash}")  # noqa: T201
    if any(history.violations for history in histories):
        raise SystemExit(1)


@asynccontextmanager
async def _open_migrated_database(settings: Settings) -> AsyncIterator[Database]:
    """Its shape is changed in nothing."""
    database = Database(settings.database_url)
    try:
        if not await database.is_migrated():
            exit_with_error("the database's shape is older than this version: python app.py migrate")
        yield database
    finally:
        await database.close()


@contextmanager
def display_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar beside what is written, for those who watch."""
    watched = Console(stderr=True)
    with Progress(console=watched, transient=True, disable=not watched.is_terminal) as progress:
        bar = progress.add_task(label)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


@cli.command()
def doctor() -> None:
    """Say what is missing or wrong, a line each; the exit code is 1 where anything is wrong."""
    settings = read_settings_or_exit()
    findings = asyncio.run(_run_doctor(settings))
    for finding in findings:
        mark = {True: "[green]ok[/]   ", False: "[red]wrong[/]", None: "[yellow]note[/] "}[finding.passed]
        console.print(f"{mark} {finding.name}: {finding.message}", highlight=False, soft_wrap=True)
    if any(finding.passed is False for finding in findings):
        raise typer.Exit(1)


async def _run_doctor(settings: Settings) -> list[CheckResult]:
    import yaml

    manifest = yaml.safe_load((Path(__file__).parent / "manifest.yml").read_text(encoding="utf-8"))
    scopes = set(manifest["oauth_config"]["scopes"]["bot"])
    database = Database(settings.database_url)
    async with (
        open_slack_clients(settings, database) as clients,
        open_services(settings, database, clients) as services,
    ):
        return await run_checks(services, scopes)


@cli.command(name="new-key")
def generate_key() -> None:
    """Make a key for TOKEN_ENCRYPTION_KEYS."""
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())  # noqa: T201


@cli.command(name="rotate-keys")
def rotate_keys() -> None:
    """Encrypt every workspace's token anew with the first of TOKEN_ENCRYPTION_KEYS."""
    settings = read_settings_or_exit()
    if not settings.is_multi_workspace:
        exit_with_error("there is nothing to do: SLACK_BOT_TOKEN is for one workspace, and is not stored")

    async def run() -> None:
        async with _open_migrated_database(settings) as database:
            rotation = await build_installation_store(settings, database).encrypt_with_first_key()
        done = f"{rotation.encrypted_rows} rows are encrypted with the first key"
        left = rotation.undecryptable_rows
        if left:
            exit_with_error(f"{done}; {left} rows could not be opened with any key: keep every old key")
        console.print(f"{done}; the others can go")

    run_or_exit(run())


@cli.command()
def demo(port: Annotated[int, typer.Option(help="Where the page is.", min=0, max=65535)] = 8100) -> None:
    """Run `serve` against a Slack on this machine, with accounts to try everything on."""
    # Late: who serves needs neither the sandbox nor what it is built on.
    from demo.run import DemoStartError, run_demo

    try:
        with contextlib.suppress(KeyboardInterrupt):
            run_or_exit(run_demo(Path(__file__), port, console))
    except DemoStartError as error:
        exit_with_error(f"the demo could not start: {error}")


def read_settings_or_exit() -> Settings:
    try:
        return read_settings()
    except InvalidSettings as wrong:
        exit_with_error(str(wrong))


def run_or_exit(work: Coroutine[None, None, None]) -> None:
    """What Slack, the database or the machine refuses is said in a line; faults of ours stay loud."""
    try:
        uvloop.run(work)
    except UnsupportedSchema as error:
        exit_with_error(str(error))
    except (SlackApiError, SQLAlchemyError, OSError) as error:
        exit_with_error(f"cannot go on: {_format_error(error)}")


def exit_with_error(message: str) -> NoReturn:
    print(message, file=sys.stderr)  # noqa: T201
    raise SystemExit(1)


def _format_error(error: Exception) -> str:
    if isinstance(error, SQLAlchemyError):
        # The driver's own words may hold the address with its password.
        return f"the database does not answer ({type(error).__name__}); is DATABASE_URL right?"
    if isinstance(error, SlackApiError):
        return f"Slack says {error.response.get('error')}; is SLACK_BOT_TOKEN right?"
    return str(error)


if __name__ == "__main__":
    cli()
