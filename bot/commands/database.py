"""The database: opening, migrating and accepting a restored one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from bot.bootstrap import build_database, now, prepare_database
from bot.commands.terminal import console, exit_with_error, read_settings_or_exit, run_or_exit
from bot.db import Database
from bot.settings import Settings
from bot.use_cases.operations.restore import NumberUnknown, accept_restored_database
from bot.version import PROGRAM


def migrate() -> None:
    """Migrate the database to this version."""
    settings = read_settings_or_exit()

    async def run() -> None:
        async with open_database(settings) as database:
            await prepare_database(database)

    run_or_exit(run())
    console.print("the database is up to date")


def accept_restored(
    numbers: Annotated[
        list[str], typer.Argument(help="The last number issued of each kind: SQ-1042 SO-1040 R-1039.")
    ],
) -> None:
    """After restoring a backup: issue no document number a second time."""
    settings = read_settings_or_exit()
    try:
        run_or_exit(_run_acceptance(settings, numbers))
    except NumberUnknown as error:
        exit_with_error(f"nothing was changed: {error}")


async def _run_acceptance(settings: Settings, numbers: list[str]) -> None:
    async with open_migrated_database(settings) as database:
        gaps = await accept_restored_database(database, numbers, now())
    for prefix, (first, last) in gaps.items():
        console.print(f"{prefix}-{first + 1} to {prefix}-{last} will not be issued again", highlight=False)
    console.print("the database can be served")


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    database = build_database(settings)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_migrated_database(settings: Settings) -> AsyncIterator[Database]:
    """Exits if the schema is not this version's: a command that reads does not migrate."""
    async with open_database(settings) as database:
        if not await database.is_migrated():
            exit_with_error(f"the database's schema is older than this version: {PROGRAM} migrate")
        yield database
