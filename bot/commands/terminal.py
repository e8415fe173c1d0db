"""How commands read settings, end, and write to the terminal."""

import getpass
import os
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn, TextIO

import typer
import uvloop
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from slack_sdk.errors import SlackApiError
from sqlalchemy.exc import SQLAlchemyError

from bot.db import describe_database_error
from bot.installations.slack_errors import get_error_name
from bot.settings import InvalidSettings, Settings, read_settings
from models.audit.operator_name import parse_operator_name
from models.migrations.run import UnsupportedSchema
from models.text.control_characters import escape_control_characters

console = Console()


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


def _parse_operator_option(name: str | None) -> str | None:
    try:
        return None if name is None else parse_operator_name(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


OperatorOption = Annotated[
    str | None,
    typer.Option(
        "--operator",
        metavar="NAME",
        callback=_parse_operator_option,
        help="Who the history says ran this; by default SEATBOT_OPERATOR, or else your user name.",
    ),
]


def get_operator_name(settings: Settings, option: str | None) -> str:
    # In a container, the user name says nothing.
    if name := option or settings.seatbot_operator:
        return name
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (OSError, KeyError):
        # The user id of a container has no name.
        return "operator"


def exit_with_error(message: str) -> NoReturn:
    print_line(message, file=sys.stderr)
    raise SystemExit(1)


def print_line(text: str, file: TextIO | None = None) -> None:
    # Control characters in names and addresses must not reach the terminal.
    print(escape_control_characters(text), file=file)


def format_literally(text: str) -> str:
    """Escapes text for `console.print`, which interprets `[b]` as markup."""
    return escape(escape_control_characters(text))


@contextmanager
def display_progress(label: str) -> Iterator[Callable[[int, int], None]]:
    # On standard error, because standard output may be a file; and only on a terminal.
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as progress:
        bar = progress.add_task(label)
        yield lambda done, total: progress.update(bar, completed=done, total=total)


def _format_error(error: Exception) -> str:
    if isinstance(error, SQLAlchemyError):
        return f"the database: {describe_database_error(error)}"
    if isinstance(error, SlackApiError):
        return f"Slack says {get_error_name(error)}; is SLACK_BOT_TOKEN right?"
    return str(error)
