"""The endpoint for the billing provider's events, if it sends any."""

from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.billing.gateway import WebhookParser, WebhookVerificationError
from bot.logs import start_log_context
from bot.metrics import REQUESTS_REJECTED_TOTAL
from bot.services import Services
from bot.use_cases.billing_webhook import handle_provider_event
from handlers.request_body import read_body

log = structlog.get_logger()


def build_webhook_routes(services: Services) -> list[Route]:
    parser = services.webhook_parser
    if parser is None:
        return []
    return [Route("/stripe/webhook", _make_webhook_endpoint(services, parser), methods=["POST"])]


def _make_webhook_endpoint(
    services: Services, parser: WebhookParser
) -> Callable[[Request], Awaitable[Response]]:
    async def handle_webhook(request: Request) -> Response:
        """Acknowledged once the event is stored; until then the provider sends it again."""
        start_log_context(source="provider event")
        body = await read_body(request)
        if body is None:
            REQUESTS_REJECTED_TOTAL.labels("too_large").inc()
            return PlainTextResponse("too large", 413)
        try:
            event = parser.parse_event(body, request.headers.get("stripe-signature", ""))
        except WebhookVerificationError as error:
            REQUESTS_REJECTED_TOTAL.labels("unsigned_event").inc()
            log.warning("provider_event.rejected", reason=str(error))
            return PlainTextResponse("unsigned", 400)
        is_new = await handle_provider_event(services, event)
        return PlainTextResponse("stored" if is_new else "known")

    return handle_webhook
