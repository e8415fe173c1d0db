"""The billing provider's way in: its events, where it sends any."""

from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.billing.gateway import EventReader, ForgedEvent
from bot.logs import begin
from bot.metrics import TURNED_AWAY
from bot.services import Services
from bot.use_cases.billing_webhook import take_provider_event
from handlers.request_body import read_body

log = structlog.get_logger()


def event_routes(services: Services) -> list[Route]:
    """Beside either of Slack's doors."""
    reader = services.provider_events
    if reader is None:
        return []
    return [Route("/stripe/webhook", _receive(services, reader), methods=["POST"])]


def _receive(services: Services, reader: EventReader) -> Callable[[Request], Awaitable[Response]]:
    async def receive(request: Request) -> Response:
        """Answered once it is stored: until then the provider sends it again."""
        begin(source="provider event")
        body = await read_body(request)
        if body is None:
            TURNED_AWAY.labels("too large").inc()
            return PlainTextResponse("too large", 413)
        try:
            event = reader.read(body, request.headers.get("stripe-signature", ""))
        except ForgedEvent as error:
            TURNED_AWAY.labels("event").inc()
            log.warning("an event was turned away", why=str(error))
            return PlainTextResponse("unsigned", 400)
        stored = await take_provider_event(services, event)
        return PlainTextResponse("stored" if stored else "known")

    return receive
