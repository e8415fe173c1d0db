"""Checking the configuration."""

import asyncio

import typer

from bot.bootstrap import build_database, now, open_dependencies, open_slack_clients
from bot.commands.terminal import console, format_literally, read_settings_or_exit
from bot.settings import Settings
from bot.use_cases.operations.check_result import CheckResult
from bot.use_cases.operations.doctor import run_checks
from handlers.install import BOT_SCOPES


def check_configuration() -> None:
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
        open_dependencies(settings, database, clients) as dependencies,
    ):
        return await run_checks(dependencies, set(BOT_SCOPES), now)
