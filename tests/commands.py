"""`python app.py COMMAND` as an operator runs it, in the test's own process: importing everything again would
take longer than the command."""

import asyncio
import contextlib
import io
import sys
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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


Streams = tuple[io.BytesIO, io.BytesIO, io.BytesIO]


class TerminalRunner(CliRunner):
    """A person types the input."""

    @contextlib.contextmanager
    def isolation(self, *arguments: Any, **options: Any) -> Generator[Streams]:
        with super().isolation(*arguments, **options) as streams:
            sys.stdin.isatty = lambda: True  # type: ignore[method-assign]
            yield streams


async def run_command(
    folder: Path, *arguments: str, answers: Sequence[str] | None = None, **settings: str
) -> CommandResult:
    """With these settings alone, in a folder that should hold no `.env`; in a thread, as it runs a loop.
    `answers` are typed at a terminal; without any, there is none."""
    runner = CliRunner() if answers is None else TerminalRunner()
    typed = "".join(f"{answer}\n" for answer in answers or ())

    def invoke() -> CommandResult:
        with contextlib.chdir(folder):
            environment = {**dict.fromkeys(SETTING_NAMES), **settings}
            result = runner.invoke(cli, arguments, input=typed, env=environment, catch_exceptions=False)
        return CommandResult(result.exit_code, result.stdout, result.stderr)

    return await asyncio.to_thread(invoke)
