"""What operators and load balancers ask: alive, ready, and how much of what."""

from collections.abc import Awaitable, Callable

import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot import metrics
from bot.services import Services
from bot.use_cases.operations.queue_stats import Backlog, read_backlog
from bot.use_cases.operations.readiness import Look, Readiness
from handlers.socket_mode import SocketDoor
from models.service_order import OrderStatus

log = structlog.get_logger()

Endpoint = Callable[[Request], Awaitable[Response]]

OPEN = (OrderStatus.PLACED, OrderStatus.PROCESSING)


def health_routes(services: Services, door: SocketDoor | None) -> list[Route]:
    return [
        Route("/healthz", _healthz),
        Route("/readyz", _readyz(services, door)),
        Route("/metrics", _metrics(services, door)),
    ]


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ok")


def _readyz(services: Services, door: SocketDoor | None) -> Endpoint:
    readiness = Readiness(services)

    async def ready(request: Request) -> Response:
        """A line for each part; 503 where one is not well, or where the process is about to stop."""
        found = await readiness.check()
        if door is not None:
            found.append(door.finding())
        lines = [f"{finding.about}: {finding.words}" for finding in found]
        if services.tasks.stopping:
            lines.append("stopping")
        well = all(finding.well for finding in found) and not services.tasks.stopping
        return PlainTextResponse("\n".join(lines) + "\n", 200 if well else 503)

    return ready


def _metrics(services: Services, door: SocketDoor | None) -> Endpoint:
    async def read() -> Backlog | None:
        try:
            return await read_backlog(services)
        except Exception as error:
            log.warning("the backlog could not be read", error=type(error).__name__)
            return None

    look = Look("backlog", services.tasks, read)

    async def scrape(request: Request) -> Response:
        metrics.TASKS.set(len(services.tasks))
        if door is not None:
            metrics.SOCKET_SILENCE.set(door.silent_for)
        backlog = await look.seen()
        # Without it, what this process counted is told all the same.
        metrics.DATABASE_UP.set(backlog is not None)
        if backlog is not None:
            _show(backlog)
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return scrape


def _show(backlog: Backlog) -> None:
    for status in OPEN:
        metrics.OPEN_ORDERS.labels(status.value).set(backlog.orders.get(status, 0))
    metrics.OLDEST_ORDER.set(backlog.oldest_order.total_seconds())
    metrics.WAITING_NOTICES.set(backlog.notices)
    metrics.OLDEST_NOTICE.set(backlog.oldest_notice.total_seconds())
