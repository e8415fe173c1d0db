"""Buys subscription seats from Slack."""

import asyncio
import contextlib
import getpass
import io
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn, TextIO

import structlog
import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.billing.gateway import BillingUnavailable
from bot.bootstrap import (
    build_database,
    build_installation_store,
    catch_up_clock,
    now,
    open_customer_listing,
    open_services,
    open_slack_clients,
    prepare_database,
)
from bot.db import Database, describe_database_error
from bot.installations.slack_errors import get_error_name
from bot.installations.token_check import TokenRejected, check_tokens
from bot.logs import configure_logging
from bot.process import ShutdownSignals, tune_garbage_collection
from bot.services import Services
from bot.settings import InvalidSettings, Settings, read_settings
from bot.use_cases.audit.export import Delimiter, ExportFormat, export_history, verify_histories
from bot.use_cases.operations.check_result import CheckResult
from bot.use_cases.operations.doctor import run_checks
from bot.use_cases.operations.restore import (
    NumberUnknown,
    RestoredDatabase,
    accept_restored_database,
    check_not_restored,
)
from bot.version import VERSION
from handlers.http import build_http_app, serve_http
from handlers.install import BOT_SCOPES
from handlers.routes import ROUTES
from handlers.slack_app import SlackApp
from handlers.socket_mode import SocketModeRunner
from models.account import AccountNotFound
from models.control_characters import escape_control_characters
from models.migrations.run import UnsupportedSchema
from models.quote import ReasonTooLong
from scheduler import run_scheduler

if TYPE_CHECKING:
    from bot.use_cases.accounts_import.link import LinkOptions, LinkReport
    from bot.use_cases.accounts_import.run import ImportOptions

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
    """Yields the services and the port. On exit it accepts nothing new and finishes what was acknowledged."""
    async with AsyncExitStack() as stack:
        database = database or build_database(settings)
        clients = await stack.enter_async_context(open_slack_clients(settings, database))
        services = await stack.enter_async_context(open_services(settings, database, clients, clock))
        await prepare_database(services.database)
        await catch_up_clock(services)
        await check_not_restored(services.database, services.now())
        slack_app = SlackApp(services, clients, ROUTES)
        idle_timeout = settings.socket_idle_timeout_seconds
        socket_runner = SocketModeRunner(idle_timeout) if settings.is_socket_mode else None
        listener = socket.create_server((settings.host, settings.port))
        http_app = build_http_app(services, slack_app, clients, socket_runner)
        await stack.enter_async_context(serve_http(http_app, listener))
        if socket_runner is not None and settings.slack_app_token is not None:
            token = settings.slack_app_token.get_secret_value()
            await stack.enter_async_context(socket_runner.connect(slack_app, token, clients.default_client))
        if with_scheduler:
            await stack.enter_async_context(run_scheduler(services))
        yield services, listener.getsockname()[1]


def print_version(requested: bool) -> None:
    if requested:
        print(f"seatbot {VERSION}")  # noqa: T201
        raise typer.Exit


def use_utf8() -> None:
    """Whatever the terminal says: names are in any language, and files are read elsewhere."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@cli.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    _: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=print_version, is_eager=True),
    ] = False,
) -> None:
    # What a command writes holds names, addresses and receipts: no other user of the machine reads them.
    os.umask(0o077)
    use_utf8()
    if context.invoked_subcommand is None:
        serve()


@cli.command()
def serve() -> None:
    """Answer Slack until stopped (the default)."""
    settings = read_settings_or_exit()
    configure_logging(settings)
    try:
        run_or_exit(_run_server(settings))
    except (TokenRejected, RestoredDatabase) as error:
        exit_with_error(f"cannot go on: {error}")


async def _run_server(settings: Settings) -> None:
    signals = ShutdownSignals()
    signals.register_handlers()
    async with open_database(settings) as database, open_slack_clients(settings, database) as clients:
        await database.check_prepared_statements()
        if not await signals.run_unless_requested(check_tokens(settings, clients.default_client)):
            return
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
        list[str] | None,
        typer.Option(
            metavar="ACCOUNT",
            help="Of this account, replace stored seats, periods, decided quotes and people added elsewhere, "
            "and reopen it; can be repeated.",
        ),
    ] = None,
    close_missing: Annotated[
        bool,
        typer.Option("--close-missing", help="Close accounts of earlier files that this one does not list."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change, and store nothing.")
    ] = False,
) -> None:
    """Import accounts from a file: all of them, or none."""
    # Imported here: the modules that read a file take memory that `serve` does not need.
    from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
    from bot.use_cases.accounts_import.run import ImportOptions

    settings = read_settings_or_exit()
    options = ImportOptions(frozenset(overwrite or ()), close_missing, dry_run, get_operator_name())
    try:
        run_or_exit(_run_import(settings, file, options))
    except InvalidAccountsFile as error:
        exit_with_error("\n".join(["nothing was imported:", *map(str, error.problems)]))


async def _run_import(settings: Settings, file: Path, options: "ImportOptions") -> None:
    from bot.use_cases.accounts_import.describe import describe_changes
    from bot.use_cases.accounts_import.run import import_accounts

    async with open_database(settings) as database:
        await prepare_database(database)
        with display_progress("accounts") as progress:
            summary = await import_accounts(database, path=file, at=now(), options=options, progress=progress)
    if options.dry_run:
        for line in describe_changes(summary.changes):
            print_line(line)
    for warning in summary.warnings:
        console.print(f"[yellow]warning:[/] {format_literally(warning)}")
    verb = "would import" if options.dry_run else "imported"
    console.print(
        f"{verb} {summary.accounts} accounts ({summary.changed_accounts} changed), "
        f"{summary.subscriptions} subscriptions, {summary.billing_contacts} billing contacts, "
        f"{summary.quotes} quotes"
    )


@cli.command()
def export(
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Ids of accounts; without any, all that are open.")
    ] = None,
) -> None:
    """Write what is stored as an accounts file: importing it changes nothing."""
    settings = read_settings_or_exit()
    run_or_exit(_run_accounts_export(settings, accounts or []))


async def _run_accounts_export(settings: Settings, account_ids: list[str]) -> None:
    from bot.use_cases.accounts_import.export import export_accounts

    async with _open_migrated_database(settings) as database:
        try:
            exported = await export_accounts(database, account_ids)
        except AccountNotFound:
            exit_with_error("one of these accounts does not exist")
    print(exported.text, end="")  # noqa: T201
    for omitted in exported.omitted:
        print(f"not exported: {omitted}", file=sys.stderr)  # noqa: T201


@cli.command()
def close(
    account: Annotated[str, typer.Argument(help="The id of the account.")],
    reason: Annotated[str | None, typer.Option(help="What its contacts are told.")] = None,
) -> None:
    """Close an account: nothing can be ordered for it any more. `import --overwrite` reopens it."""
    settings = read_settings_or_exit()
    run_or_exit(_run_close(settings, account, reason))


async def _run_close(settings: Settings, account_id: str, reason: str | None) -> None:
    from bot.use_cases.accounts_import.close import close_account

    async with open_database(settings) as database:
        await prepare_database(database)
        try:
            was_open = await close_account(
                database, account_id=account_id, reason=reason, operator=get_operator_name(), at=now()
            )
        except AccountNotFound:
            exit_with_error(f"there is no account {account_id}")
        except ReasonTooLong as error:
            exit_with_error(f"the reason is longer than {error.variables['most']} characters")
    print(f"{account_id} is closed" if was_open else f"{account_id} was closed already")  # noqa: T201


@cli.command(name="link-stripe")
def link_stripe(
    customers: Annotated[
        list[str] | None, typer.Argument(help="Customers (cus_…) to link; without any, they are listed.")
    ] = None,
    workspace: Annotated[
        str | None, typer.Option(help="The workspace (T…) or organisation (E…) of the accounts.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="The channel (C…) of the accounts.")] = None,
    contact: Annotated[
        list[str] | None,
        typer.Option(help="A billing contact: 'Name <address>'. By default, the customer's own address."),
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The time zone of the accounts, such as Europe/Berlin.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be stored.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Create accounts for customers of Stripe, without a file."""
    settings = read_settings_or_exit()
    if settings.billing != "stripe":
        exit_with_error("nothing to link: set BILLING=stripe")
    # Imported here, so that `serve` does not need the memory.
    from bot.use_cases.accounts_import.link import LinkOptions

    options = LinkOptions(workspace, channel, tuple(contact or ()), time_zone)
    try:
        run_or_exit(_run_link(settings, customers or [], options, dry_run=dry_run, confirmed=yes))
    except BillingUnavailable as error:
        exit_with_error(f"cannot go on: Stripe does not answer: {error.variables.get('why')}")


async def _run_link(
    settings: Settings, names: list[str], options: "LinkOptions", *, dry_run: bool, confirmed: bool
) -> None:
    from bot.use_cases.accounts_import.link import build_link_report, list_link_problems, store_links

    async with open_database(settings) as database:
        await prepare_database(database)
        if options.workspace is None:
            options = replace(options, workspace=await _find_only_team(settings, database))
        async with open_customer_listing(settings) as listing:
            with display_progress("subscriptions") as progress:
                report = await build_link_report(
                    database, listing, options, lambda done: progress(done, done)
                )
        if not names:
            print_link_report(report)
            return
        if unknown := [name for name in names if name not in {**report.links, **report.linked}]:
            exit_with_error(f"not a customer to link: {', '.join(unknown)}")
        report = ask_for_missing_options(report.select(names))
        if problems := await list_link_problems(database, report):
            exit_with_error("\n".join(["nothing was linked:", *problems]))
        print_link_report(report)
        if dry_run or not report.links:
            return
        if not confirmed and not (sys.stdin.isatty() and typer.confirm("Link these customers?")):
            exit_with_error("nothing was linked: confirm it, or add --yes")
        print(f"linked {await store_links(database, report, now())} customers")  # noqa: T201


async def _find_only_team(settings: Settings, database: Database) -> str | None:
    """None if the bot is installed in several workspaces, or Slack does not say where."""
    async with open_slack_clients(settings, database) as clients:
        try:
            installations = await clients.list_installations()
        except (SlackApiError, OSError):
            return None
    return installations[0] if len(installations) == 1 else None


def ask_for_missing_options(report: "LinkReport") -> "LinkReport":
    missing = report.list_missing_options()
    if missing and not sys.stdin.isatty():
        exit_with_error(f"nothing was linked: add {', '.join(f'--{name}' for name in missing)}")
    answers = {name.replace("-", "_"): typer.prompt(f"--{name}") for name in missing}
    if contact := answers.pop("contact", None):
        answers["contacts"] = (contact,)
    return replace(report, options=replace(report.options, **answers))


def print_link_report(report: "LinkReport") -> None:
    for line in report.describe():
        print_line(line)


@cli.command()
def migrate() -> None:
    """Migrate the database to this version."""
    settings = read_settings_or_exit()

    async def run() -> None:
        async with open_database(settings) as database:
            await prepare_database(database)

    run_or_exit(run())
    console.print("the database is up to date")


@cli.command()
def restored(
    numbers: Annotated[
        list[str], typer.Argument(help="The last number issued of each kind: SQ-1042 SO-1040 R-1039.")
    ],
) -> None:
    """After restoring a backup: issue no document number a second time."""
    settings = read_settings_or_exit()
    try:
        run_or_exit(_accept_restored(settings, numbers))
    except NumberUnknown as error:
        exit_with_error(f"nothing was changed: {error}")


async def _accept_restored(settings: Settings, numbers: list[str]) -> None:
    async with _open_migrated_database(settings) as database:
        gaps = await accept_restored_database(database, numbers, now())
    for prefix, (first, last) in gaps.items():
        console.print(f"{prefix}-{first + 1} to {prefix}-{last} will not be issued again", highlight=False)
    console.print("the database can be served")


@cli.command()
def audit(
    account: Annotated[str | None, typer.Option(help="The id of the account.")] = None,
    export_format: Annotated[
        ExportFormat, typer.Option("--format", help="The format of the export.")
    ] = ExportFormat.CSV,
    delimiter: Annotated[
        Delimiter, typer.Option(help="Between the cells of the CSV; spreadsheets differ by language.")
    ] = Delimiter.COMMA,
    verify: Annotated[bool, typer.Option(help="Verify every account's history instead.")] = False,
) -> None:
    """Export an account's history; or verify that no entry was changed, removed or inserted."""
    if account is None and not verify:
        exit_with_error("choose --account ACCOUNT or --verify")
    settings = read_settings_or_exit()
    run_or_exit(
        _verify_histories(settings)
        if verify
        else _run_export(settings, account or "", export_format, delimiter)
    )


async def _run_export(
    settings: Settings, account_id: str, export_format: ExportFormat, delimiter: Delimiter
) -> None:
    async with _open_migrated_database(settings) as database:
        with display_progress("entries") as progress:
            try:
                await export_history(
                    database,
                    account_id=account_id,
                    export_format=export_format,
                    out=sys.stdout,
                    progress=progress,
                    delimiter=delimiter,
                )
            except AccountNotFound:
                exit_with_error(f"there is no account {account_id}")


async def _verify_histories(settings: Settings) -> None:
    async with _open_migrated_database(settings) as database:
        with display_progress("entries") as progress:
            histories = await verify_histories(database, progress=progress)
    for history in histories:
        for violation in history.violations:
            print_line(f"{history.account_id}: {violation.description}")
        if not history.violations:
            erased = f", {history.erased_entries} with erased data" if history.erased_entries else ""
            count = f"{history.last_number} entries{erased}"
            print_line(f"{history.account_id}: {count}, the last is {history.last_hash}")
    if any(history.violations for history in histories):
        raise SystemExit(1)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    database = build_database(settings)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _open_migrated_database(settings: Settings) -> AsyncIterator[Database]:
    """Exits if the schema is not this version's: a command that reads does not migrate."""
    async with open_database(settings) as database:
        if not await database.is_migrated():
            exit_with_error("the database's schema is older than this version: python app.py migrate")
        yield database


@contextmanager
def display_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """On standard error and only on a terminal, as standard output may be a file."""
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        bar = progress.add_task(label)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


@cli.command()
def doctor() -> None:
    """Check the configuration, with one line per check; the exit code is 1 if a check fails."""
    settings = read_settings_or_exit()
    results = asyncio.run(_run_doctor(settings))
    for result in results:
        label = {True: "[green]ok[/]   ", False: "[red]wrong[/]", None: "[yellow]note[/] "}[result.passed]
        message = format_literally(result.message)
        console.print(f"{label} {result.name}: {message}", highlight=False, soft_wrap=True)
    if any(result.passed is False for result in results):
        raise typer.Exit(1)


async def _run_doctor(settings: Settings) -> list[CheckResult]:
    database = build_database(settings)
    async with (
        open_slack_clients(settings, database) as clients,
        open_services(settings, database, clients) as services,
    ):
        return await run_checks(services, set(BOT_SCOPES))


@cli.command(name="new-key")
def generate_key() -> None:
    """Generate a key for TOKEN_ENCRYPTION_KEYS."""
    from cryptography.fernet import Fernet

    print(Fernet.generate_key().decode())  # noqa: T201


@cli.command(name="rotate-keys")
def rotate_keys() -> None:
    """Re-encrypt every stored token with the first of TOKEN_ENCRYPTION_KEYS."""
    settings = read_settings_or_exit()
    if not settings.is_multi_workspace:
        exit_with_error("nothing to do: SLACK_BOT_TOKEN is not stored")

    async def run() -> None:
        async with _open_migrated_database(settings) as database:
            rotation = await build_installation_store(settings, database).encrypt_with_first_key()
        summary = f"{rotation.encrypted_rows} rows are encrypted with the first key"
        if failed := rotation.undecryptable_rows:
            exit_with_error(f"{summary}; {failed} rows cannot be decrypted with any key: keep every old key")
        console.print(f"{summary}; the other keys can be removed")

    run_or_exit(run())


@cli.command()
def demo(
    port: Annotated[int, typer.Option(help="The port of the page.", min=0, max=65535)] = 8100,
    organisation: Annotated[
        bool, typer.Option("--organisation", help="With an Enterprise organisation of two workspaces.")
    ] = False,
) -> None:
    """Run the bot against a simulated Slack on this machine, with accounts to try everything."""
    # Imported here: `serve` needs neither the sandbox nor its dependencies.
    from demo.run import DemoStartError, run_demo

    try:
        with contextlib.suppress(KeyboardInterrupt):
            run_or_exit(run_demo(Path(__file__), port, console, organisation=organisation))
    except DemoStartError as error:
        exit_with_error(f"the demo could not start: {error}")


def read_settings_or_exit() -> Settings:
    try:
        return read_settings()
    except InvalidSettings as error:
        exit_with_error(str(error))


def run_or_exit(work: Coroutine[None, None, None]) -> None:
    """Failures of Slack, the database or the machine end in one line, bugs in a traceback."""
    try:
        uvloop.run(work)
        # Here, so that a closed pipe is not noticed at the exit of the interpreter, which complains.
        sys.stdout.flush()
    except UnsupportedSchema as error:
        exit_with_error(str(error))
    except BrokenPipeError:
        # The reader of the pipe has closed it (`| head`): Typer ends the process silently.
        raise
    except (SlackApiError, SQLAlchemyError, OSError) as error:
        exit_with_error(f"cannot go on: {_format_error(error)}")


def get_operator_name() -> str:
    """For the history: who runs the command on this machine."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        # The user id of a container has no name.
        return "operator"


def exit_with_error(message: str) -> NoReturn:
    print_line(message, file=sys.stderr)
    raise SystemExit(1)


def print_line(text: str, file: TextIO | None = None) -> None:
    """Names and addresses in it cannot steer the terminal."""
    print(escape_control_characters(text), file=file)


def format_literally(text: str) -> str:
    """For `console.print`, which takes `[b]` for markup."""
    return escape(escape_control_characters(text))


def _format_error(error: Exception) -> str:
    if isinstance(error, SQLAlchemyError):
        return f"the database: {describe_database_error(error)}"
    if isinstance(error, SlackApiError):
        return f"Slack says {get_error_name(error)}; is SLACK_BOT_TOKEN right?"
    return str(error)


if __name__ == "__main__":
    cli()
