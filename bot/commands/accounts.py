"""Accounts by file: importing, exporting and closing them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.bootstrap import now
from bot.commands.database import open_migrated_database, open_prepared_database
from bot.commands.terminal import (
    OperatorOption,
    console,
    display_progress,
    exit_with_error,
    format_literally,
    get_operator_name,
    print_line,
    read_settings_or_exit,
    run_or_exit,
)
from bot.settings import Settings
from models.account import AccountNotFound
from models.quote import ReasonTooLong

if TYPE_CHECKING:
    from bot.use_cases.accounts_import.run import ImportOptions


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
    operator: OperatorOption = None,
) -> None:
    """Import accounts from a file: all of them, or none."""
    # Imported here: the modules that read a file take memory that `serve` does not need.
    from bot.accounts_file.yaml_with_lines import InvalidAccountsFile
    from bot.use_cases.accounts_import.run import ImportOptions

    settings = read_settings_or_exit()
    operator_name = get_operator_name(settings, operator)
    options = ImportOptions(frozenset(overwrite or ()), close_missing, dry_run, operator_name)
    try:
        run_or_exit(_run_import(settings, file, options))
    except InvalidAccountsFile as error:
        exit_with_error("\n".join(["nothing was imported:", *map(str, error.problems)]))


async def _run_import(settings: Settings, file: Path, options: "ImportOptions") -> None:
    from bot.use_cases.accounts_import.import_run import describe_changes, describe_product_changes
    from bot.use_cases.accounts_import.run import import_accounts

    opening = open_migrated_database(settings) if options.dry_run else open_prepared_database(settings)
    async with opening as database:
        with display_progress("accounts") as progress:
            summary = await import_accounts(database, path=file, at=now(), options=options, progress=progress)
    for line in describe_product_changes(summary.product_changes):
        print_line(line)
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


def export_file(
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Ids of accounts; without any, all that are open.")
    ] = None,
) -> None:
    """Write what is stored as an accounts file: importing it changes nothing."""
    settings = read_settings_or_exit()
    run_or_exit(_run_export(settings, accounts or []))


async def _run_export(settings: Settings, account_ids: list[str]) -> None:
    from bot.use_cases.accounts_import.export import export_accounts

    async with open_migrated_database(settings) as database:
        try:
            exported = await export_accounts(database, account_ids)
        except AccountNotFound:
            exit_with_error("one of these accounts does not exist")
    print(exported.text, end="")  # noqa: T201
    for omitted in exported.omitted:
        print(f"not exported: {omitted}", file=sys.stderr)  # noqa: T201
    for warning in exported.warnings:
        print(f"warning: {warning}", file=sys.stderr)  # noqa: T201


def close_account(
    account: Annotated[str, typer.Argument(help="The id of the account.")],
    reason: Annotated[str | None, typer.Option(help="What its contacts are told.")] = None,
    operator: OperatorOption = None,
) -> None:
    """Close an account: nothing can be ordered for it any more. `import --overwrite` reopens it."""
    settings = read_settings_or_exit()
    run_or_exit(_run_close(settings, account, reason, get_operator_name(settings, operator)))


async def _run_close(settings: Settings, account_id: str, reason: str | None, operator: str) -> None:
    from bot.use_cases.accounts_import import close

    async with open_prepared_database(settings) as database:
        try:
            was_open = await close.close_account(
                database, account_id=account_id, reason=reason, operator=operator, at=now()
            )
        except AccountNotFound:
            exit_with_error(f"there is no account {account_id}")
        except ReasonTooLong as error:
            exit_with_error(f"the reason is longer than {error.variables['most']} characters")
    print(f"{account_id} is closed" if was_open else f"{account_id} was closed already")  # noqa: T201
