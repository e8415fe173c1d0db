import argparse
import asyncio
import signal
import sys
from pathlib import Path

import yaml
from pydantic import ValidationError

from sandbox.core import SandboxCore
from sandbox.server import Server


def main() -> None:
    arguments = _parse_arguments()
    try:
        slack = SandboxCore(
            arguments.config,
            rate_limits=not arguments.no_rate_limits,
            organisation=arguments.organisation,
        )
    except (OSError, ValidationError, yaml.YAMLError) as error:
        sys.exit(f"{arguments.config}: {error}")
    asyncio.run(_serve(slack, arguments))


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A Slack sandbox on this machine.")
    parser.add_argument("--port", type=int, default=8100, help="of the page, the Web API and the control API")
    parser.add_argument("--smtp-port", type=int, default=0, help="of the mailbox (default: any free one)")
    parser.add_argument("--config", type=Path, help="a workspace file")
    parser.add_argument("--request-url", help="where the app listens (HTTP mode); not needed for Socket Mode")
    parser.add_argument("--reset-url", help="gets a POST when someone presses Reset")
    parser.add_argument(
        "--no-rate-limits", action="store_true", help="allow any number of messages in a channel"
    )
    parser.add_argument(
        "--organisation",
        action="store_true",
        help="an Enterprise organisation that installed the app for its two workspaces",
    )
    return parser.parse_args()


async def _serve(slack: SandboxCore, arguments: argparse.Namespace) -> None:
    slack.delivery.request_url = arguments.request_url or slack.delivery.request_url
    slack.reset_url = arguments.reset_url or slack.reset_url
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    server = Server(slack)
    try:
        await server.start(arguments.port, arguments.smtp_port)
        sys.stdout.write(_format_settings(slack))
        sys.stdout.flush()
        await stop.wait()
    finally:
        await server.stop()


def _format_settings(slack: SandboxCore) -> str:
    app = slack.workspace.config.app
    lines = [
        f"Sandbox              {slack.base_url}/",
        f"SLACK_API_URL        {slack.base_url}/api/",
        *(f"SLACK_BOT_TOKEN      {i.bot_token}  ({i.team_id})" for i in slack.workspace.installations),
        f"SLACK_APP_TOKEN      {app.app_token}",
        f"SLACK_SIGNING_SECRET {app.signing_secret}",
        f"SMTP_URL             {slack.mailbox.url}",
        f"Delivers to          {slack.delivery.request_url or 'Socket Mode connections'}",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
