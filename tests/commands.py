"""`python app.py COMMAND` as an operator runs it, in the test's own process: importing everything again would
take longer than the command."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from bot.cli import cli
from bot.settings import Settings

SETTING_NAMES = [name.upper() for name in Settings.model_fields]


@dataclass(frozen=True)
class CommandResult:
    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


async def run_command(folder: Path, *arguments: str, **settings: str) -> CommandResult:
    """With these settings alone, in a folder that should hold no `.env`; in a thread, as it runs a loop."""

    def invoke() -> CommandResult:
        with contextlib.chdir(folder):
            environment = {**dict.fromkeys(SETTING_NAMES), **settings}
            result = CliRunner().invoke(cli, arguments, env=environment, catch_exceptions=False)
        return CommandResult(result.exit_code, result.stdout, result.stderr)

    return await asyncio.to_thread(invoke)
