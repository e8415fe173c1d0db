"""The endpoint for the billing provider's events, if it sends any."""

import math
import time
from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.billing.gateway import UnsupportedEvent, WebhookParser, WebhookVerificationError
from bot.dependencies import Dependencies
from bot.logs import start_request_logs
from bot.metrics import REQUESTS_REJECTED_TOTAL
from bot.use_cases.billing_webhook import handle_provider_event
from handlers.request_body import BodyTooLarge, read_body

log = structlog.get_logger()


# Anybody can send a forged event, as often as they like: each is counted, but not logged.
LOG_INTERVAL_SECONDS = 60.0


class _LogInterval:
    def __init__(self) -> None:
        self._ends_at = -math.inf

    def is_over(self) -> bool:
        at = time.monotonic()
        if at < self._ends_at:
            return False
        self._ends_at = at + LOG_INTERVAL_SECONDS
        return True


def build_webhook_routes(dependencies: Dependencies) -> list[Route]:
    parser = dependencies.webhook_parser
    if parser is None:
        return []
    return [Route("/stripe/webhook", _make_webhook_endpoint(dependencies, parser), methods=["POST"])]


def _make_webhook_endpoint(
    dependencies: Dependencies, parser: WebhookParser
) -> Callable[[Request], Awaitable[Response]]:
    log_interval = _LogInterval()

    async def handle_webhook(request: Request) -> Response:
        # Acknowledged once the event is stored; until then the provider sends it again.
        start_request_logs(source="provider event")
        try:
            body = await read_body(request)
        except BodyTooLarge:
            REQUESTS_REJECTED_TOTAL.labels("too_large").inc()
            return PlainTextResponse("too large", 413)
        except ClientDisconnect:
            return PlainTextResponse("disconnected", 400)
        try:
            event = parser.parse_event(body, request.headers.get("stripe-signature", ""))
        except WebhookVerificationError as error:
            REQUESTS_REJECTED_TOTAL.labels("unsigned_event").inc()
            if log_interval.is_over():
                log.warning("provider_event.rejected", reason=str(error))
            return PlainTextResponse("unsigned", 400)
        except UnsupportedEvent as error:
            REQUESTS_REJECTED_TOTAL.labels("unsupported_event").inc()
            if log_interval.is_over():
                log.error("provider_event.unsupported", reason=str(error))
            # Stripe's dashboard shows it beside the delivery.
            return PlainTextResponse(str(error), 400)
        is_new = await handle_provider_event(dependencies, event)
        return PlainTextResponse("stored" if is_new else "known")

    return handle_webhook
