"""The audit history: exporting and verifying it."""

import sys
from typing import Annotated

import typer

from bot.commands.database import open_migrated_database
from bot.commands.terminal import (
    display_progress,
    exit_with_error,
    print_line,
    read_settings_or_exit,
    run_or_exit,
)
from bot.settings import Settings
from bot.use_cases.audit.export import Delimiter, ExportFormat, export_history, verify_histories
from models.account import AccountNotFound


def export_or_verify(
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
    async with open_migrated_database(settings) as database:
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
    async with open_migrated_database(settings) as database:
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
