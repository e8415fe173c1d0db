"""Buys subscription seats from Slack."""

import io
import os
import sys
from typing import Annotated

import typer

from bot.commands import (
    accounts,
    audit,
    database,
    demo,
    doctor,
    encryption_keys,
    personal_data,
    server,
    stripe_customers,
)
from bot.version import VERSION

cli = typer.Typer(help=__doc__, no_args_is_help=False, pretty_exceptions_enable=False)
cli.command("serve")(server.serve)
cli.command("import")(accounts.import_file)
cli.command("export")(accounts.export_file)
cli.command("close")(accounts.close_account)
cli.command("link-stripe")(stripe_customers.link_customers)
cli.command("migrate")(database.migrate)
cli.command("accept-restore")(database.accept_restore)
cli.command("audit")(audit.export_or_verify)
cli.command("export-person")(personal_data.export_person)
cli.command("erase-person")(personal_data.erase_person)
cli.command("doctor")(doctor.check_configuration)
cli.command("new-key")(encryption_keys.generate_key)
cli.command("rotate-keys")(encryption_keys.rotate_keys)
cli.command("demo")(demo.start_demo)


def print_version(requested: bool) -> None:
    if requested:
        print(f"seatbot {VERSION}")  # noqa: T201
        raise typer.Exit


@cli.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    _: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", callback=print_version, is_eager=True),
    ] = False,
) -> None:
    # Commands write files with names, addresses and receipts, which other users of the machine must not read.
    os.umask(0o077)
    _use_utf8()
    if context.invoked_subcommand is None:
        server.serve()


def _use_utf8() -> None:
    # Names are in any language, and files are read elsewhere, so the terminal's encoding doesn't matter.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def main() -> None:
    cli()


if __name__ == "__main__":
    main()
