"""The database: opening, migrating and accepting a restored one."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from bot.billing.gateway import BillingUnavailable
from bot.bootstrap import build_database, now, open_charge_listing, prepare_database
from bot.commands.terminal import console, exit_with_error, print_line, read_settings_or_exit, run_or_exit
from bot.db import Database
from bot.settings import Settings
from bot.use_cases.operations.restore import NumberUnknown, accept_restored_database, find_last_order_time
from bot.version import PROGRAM


def migrate() -> None:
    """Migrate the database to this version."""
    settings = read_settings_or_exit()

    async def run() -> None:
        async with open_prepared_database(settings):
            pass

    run_or_exit(run())
    console.print("the database is up to date")


def accept_restore(
    numbers: Annotated[
        list[str] | None,
        typer.Argument(
            help="The last number issued of each kind: SQ-1042 SO-1040 R-1039. Without them, those are shown "
            "that are known, of orders also from Stripe's invoices."
        ),
    ] = None,
) -> None:
    """After restoring a backup: issue no document number a second time."""
    settings = read_settings_or_exit()
    try:
        run_or_exit(_run_acceptance(settings, numbers or []))
    except NumberUnknown as error:
        exit_with_error(f"nothing was changed: {error}")


async def _run_acceptance(settings: Settings, numbers: list[str]) -> None:
    async with open_migrated_database(settings) as database:
        charge_keys = await _list_charge_keys(settings, database)
        gaps = await accept_restored_database(database, numbers, now(), charge_keys=charge_keys)
    for prefix, (first, last) in gaps.items():
        console.print(f"{prefix}-{first + 1} to {prefix}-{last} will not be issued again", highlight=False)
    console.print("the database can be served")


async def _list_charge_keys(settings: Settings, database: Database) -> set[str]:
    """Lists charges made since the last order that is known. If the provider does not answer, the given
    numbers have to do."""
    try:
        async with open_charge_listing(settings) as listing:
            since = await find_last_order_time(database)
            return await listing.list_charge_keys(since) if listing else set()
    except BillingUnavailable as error:
        why = error.variables.get("why")
        print_line(f"Stripe does not say which orders it has charged: {why}", file=sys.stderr)
        return set()


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    database = build_database(settings)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_prepared_database(settings: Settings) -> AsyncIterator[Database]:
    async with open_database(settings) as database:
        await prepare_database(database)
        yield database


@asynccontextmanager
async def open_migrated_database(settings: Settings) -> AsyncIterator[Database]:
    """Exits if the schema is not this version's: a command that only reads, and a dry run, do not migrate."""
    async with open_database(settings) as database:
        if not await database.is_migrated():
            exit_with_error(f"the database's schema is older than this version: {PROGRAM} migrate")
        yield database
