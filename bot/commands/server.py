"""Answering Slack until stopped."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime

import structlog

from bot.bootstrap import (
    build_database,
    catch_up_clock,
    now,
    open_dependencies,
    open_slack_clients,
    prepare_database,
)
from bot.commands.database import open_database
from bot.commands.terminal import exit_with_error, read_settings_or_exit, run_or_exit
from bot.db import Database
from bot.dependencies import Dependencies
from bot.installations.token_check import TokenRejected, check_tokens
from bot.logs import configure_logging
from bot.process import ShutdownSignals, tune_garbage_collection
from bot.settings import Settings
from bot.use_cases.operations.restore import RestoredDatabase, check_not_restored
from bot.version import VERSION
from handlers.http import build_http_app, open_listener, serve_http
from handlers.routes import ROUTES
from handlers.slack_app import SlackApp
from handlers.socket_mode import SocketModeRunner
from scheduler import run_scheduler

log = structlog.get_logger()


@asynccontextmanager
async def run_bot(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = now,
    with_scheduler: bool = True,
    database: Database | None = None,
) -> AsyncIterator[tuple[Dependencies, int]]:
    """Yields the dependencies and the port. On exit it accepts nothing new, and finishes what was
    acknowledged."""
    async with AsyncExitStack() as stack:
        database = database or build_database(settings)
        clients = await stack.enter_async_context(open_slack_clients(settings, database))
        dependencies = await stack.enter_async_context(open_dependencies(settings, database, clients, clock))
        await prepare_database(dependencies.database)
        await catch_up_clock(dependencies)
        await check_not_restored(dependencies.database, dependencies.now())
        slack_app = SlackApp(dependencies, clients, ROUTES)
        idle_timeout = settings.socket_idle_timeout_seconds
        socket_runner = SocketModeRunner(idle_timeout) if settings.is_socket_mode else None
        listener = open_listener(settings.host, settings.port)
        http_app = build_http_app(dependencies, slack_app, clients, socket_runner)
        await stack.enter_async_context(serve_http(http_app, listener))
        if socket_runner is not None and settings.slack_app_token is not None:
            token = settings.slack_app_token.get_secret_value()
            await stack.enter_async_context(socket_runner.connect(slack_app, token, clients.default_client))
        if with_scheduler:
            await stack.enter_async_context(run_scheduler(dependencies))
        yield dependencies, listener.getsockname()[1]


def serve() -> None:
    """Answer Slack until stopped (the default)."""
    settings = read_settings_or_exit()
    configure_logging(settings)
    try:
        run_or_exit(_run_server(settings))
    except (TokenRejected, RestoredDatabase) as error:
        exit_with_error(f"cannot go on: {error}")


async def _run_server(settings: Settings) -> None:
    signals = ShutdownSignals()
    signals.register_handlers()
    async with open_database(settings) as database, open_slack_clients(settings, database) as clients:
        await database.check_prepared_statements()
        if not await signals.run_unless_requested(check_tokens(settings, clients.default_client)):
            return
    async with run_bot(settings) as (dependencies, port):
        tune_garbage_collection()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        address = f"HTTP on {host}:{port}/slack/events"
        transport = "Socket Mode" if settings.is_socket_mode else address
        log.info("app.started", version=VERSION, transport=transport)
        await signals.wait_for_shutdown()
        dependencies.tasks.is_stopping = True
        log.info("app.stopping")
        if not settings.is_socket_mode:
            # Until its next health check, a load balancer goes on sending requests.
            await signals.wait_for_delay(settings.shutdown_delay_seconds)
