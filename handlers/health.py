"""`/healthz`, `/readyz` and `/metrics`."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import metrics
from bot.clock import SteadyClock
from bot.db import DATABASE_UNAVAILABLE_ERRORS
from bot.dependencies import Dependencies
from bot.use_cases.operations.queue_stats import QueueStats, load_queue_stats
from bot.use_cases.operations.readiness import Readiness
from bot.use_cases.operations.single_flight import SingleFlight
from handlers.socket_mode import SocketModeRunner
from models.service_order import OrderStatus

log = structlog.get_logger()

Endpoint = Callable[[Request], Awaitable[Response]]

OPEN_STATUSES = (OrderStatus.PLACED, OrderStatus.PROCESSING)


def build_health_routes(dependencies: Dependencies, socket_runner: SocketModeRunner | None) -> list[Route]:
    return [
        Route("/healthz", _handle_healthz),
        Route("/readyz", _make_readyz_endpoint(dependencies, socket_runner)),
        Route("/metrics", _make_metrics_endpoint(dependencies, socket_runner)),
    ]


async def _handle_healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


def _make_readyz_endpoint(dependencies: Dependencies, socket_runner: SocketModeRunner | None) -> Endpoint:
    readiness = Readiness(dependencies)

    async def handle_readyz(request: Request) -> Response:
        """Returns a line for each check, with 503 if one fails, or if the process is about to stop."""
        results = await readiness.run_checks()
        if socket_runner is not None:
            results.append(socket_runner.get_status())
        lines = [f"{result.name}: {result.message}" for result in results]
        if dependencies.tasks.is_stopping:
            lines.append("stopping")
        is_ready = all(result.passed for result in results) and not dependencies.tasks.is_stopping
        return PlainTextResponse("\n".join(lines) + "\n", 200 if is_ready else 503)

    return handle_readyz


def _make_metrics_endpoint(dependencies: Dependencies, socket_runner: SocketModeRunner | None) -> Endpoint:
    async def find_stats() -> QueueStats | None:
        try:
            return await load_queue_stats(dependencies)
        except Exception as error:
            log.warning("queue_stats.unavailable", error=type(error).__name__)
            return None

    async def find_writable() -> bool:
        try:
            await dependencies.database.check_writable()
        except DATABASE_UNAVAILABLE_ERRORS:
            return False
        return True

    stats_flight = SingleFlight("queue statistics", dependencies, find_stats)
    writable_flight = SingleFlight("database writes", dependencies, find_writable)

    async def handle_metrics(request: Request) -> Response:
        metrics.BACKGROUND_TASKS.set(len(dependencies.tasks))
        if isinstance(dependencies.now, SteadyClock):
            metrics.CLOCK_AHEAD_SECONDS.set(dependencies.now.seconds_ahead)
        if socket_runner is not None:
            metrics.SOCKET_LAST_EVENT_AGE_SECONDS.set(socket_runner.idle_seconds)
        stats, is_writable = await asyncio.gather(
            stats_flight.wait_for_result(), writable_flight.wait_for_result()
        )
        # If the database does not respond, this process's own counters are exported all the same.
        metrics.DATABASE_UP.set(stats is not None)
        metrics.DATABASE_WRITABLE.set(bool(is_writable))
        if stats is not None:
            _set_queue_metrics(stats)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return handle_metrics


def _set_queue_metrics(stats: QueueStats) -> None:
    for status in OPEN_STATUSES:
        metrics.OPEN_ORDERS.labels(status.value).set(stats.open_orders.get(status, 0))
    metrics.OLDEST_ORDER_AGE_SECONDS.set(stats.oldest_order_age.total_seconds())
    metrics.WAITING_NOTICES.set(stats.waiting_notices)
    metrics.OLDEST_NOTICE_AGE_SECONDS.set(stats.oldest_notice_age.total_seconds())
