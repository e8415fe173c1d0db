"""The bot against a simulated Slack on this machine."""

import contextlib
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.terminal import console, exit_with_error, run_or_exit


def start_demo(
    port: Annotated[int, typer.Option(help="The port of the page.", min=0, max=65535)] = 8100,
    organisation: Annotated[
        bool, typer.Option("--organisation", help="With an Enterprise organisation of two workspaces.")
    ] = False,
) -> None:
    """Run the bot against a simulated Slack on this machine, with accounts to try everything."""
    # Imported here: `serve` needs neither the sandbox nor its dependencies.
    try:
        from demo.run import DemoStartError, run_demo
    except ModuleNotFoundError as error:
        exit_with_error(f"the demo needs {error.name}: pip install 'seatbot[sandbox]'")

    try:
        with contextlib.suppress(KeyboardInterrupt):
            run_or_exit(run_demo(Path(sys.argv[0]).absolute(), port, console, organisation=organisation))
    except DemoStartError as error:
        exit_with_error(f"the demo could not start: {error}")
