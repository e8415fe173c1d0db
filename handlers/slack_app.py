"""The Slack app: Bolt with every route registered, and the last-resort error handler."""

import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncBoltContext, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult

from bot.blocks.block_kit import build_modal, build_section
from bot.blocks.refusal import format_refusal
from bot.i18n import Localizer, escape_mrkdwn
from bot.installations.clients import SlackClientProvider
from bot.logs import get_log_reference, start_log_context
from bot.metrics import ERRORS_TOTAL, REQUESTS_REJECTED_TOTAL, RETRIES_TOTAL
from bot.services import Services
from handlers.dispatch import register_routes
from handlers.install import INSTALLATION_EVENTS
from handlers.payloads import BOLT_PARSE_ERRORS, Body, UnreadablePayload, ViewSubmission, read_payload
from handlers.request import SlackRequest, identify_person
from handlers.respond import post_ephemeral
from handlers.route import Route
from models.errors import UnexpectedError

log = structlog.get_logger()

ANYTHING = re.compile(".*")

Middleware = Callable[..., Awaitable[BoltResponse | None]]


def build_slack_app(services: Services, clients: SlackClientProvider, routes: list[Route]) -> AsyncApp:
    app = AsyncApp(
        client=clients.default_client,
        logger=logging.getLogger("slack_bolt"),
        # Bolt's default runner polls for the ack every 10 ms.
        process_before_response=True,
        # `SlackRequestGuard` in handlers/http.py has verified it, before Bolt parses the body.
        request_verification_enabled=False,
        before_authorize=_make_request_middleware(services, clients),
        authorize=_authorize,
    )
    register_routes(app, routes)
    # A button of an old message, or an event that has no route.
    for register in (app.action, app.view, app.event):
        register(ANYTHING)(_ack_unrouted)
    app.error(_handle_error)
    return app


async def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    """Reads no token: it may be in the database, and the ack does not need it. `SlackRequest.get_client` does
    that, and refuses a workspace in which the app is not installed."""
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


def _make_request_middleware(services: Services, clients: SlackClientProvider) -> Middleware:
    async def attach_request(
        req: AsyncBoltRequest, body: Body, context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> BoltResponse | None:
        started = time.monotonic()
        try:
            payload = read_payload(body)
        except UnreadablePayload as unreadable:
            start_log_context()
            log.warning(
                "payload.unreadable",
                payload_type=unreadable.payload_type,
                error=unreadable.error,
                location=unreadable.location,
            )
            return _reject()
        start_log_context(source=payload.route_id)
        if "x-slack-retry-num" in req.headers:
            RETRIES_TOTAL.labels("event").inc()
        person = identify_person(payload, context)
        context["slack_request"] = SlackRequest(services, clients, payload, body, person, started=started)
        await next_()
        return None

    return attach_request


def _reject() -> BoltResponse:
    """Slack tells the person that it failed: over HTTP because of the status, over Socket Mode because no
    ack is sent."""
    REQUESTS_REJECTED_TOTAL.labels("malformed").inc()
    return BoltResponse(status=400, body="malformed")


async def _ack_unrouted(ack: AsyncAck) -> None:
    await ack()


async def _handle_error(error: Exception, context: AsyncBoltContext) -> BoltResponse:
    """Responds even if something escaped a listener: without a response the person would learn nothing."""
    request: SlackRequest | None = context.get("slack_request")
    if request is None and isinstance(error, BOLT_PARSE_ERRORS):
        start_log_context()
        log.warning("request.unreadable", error=type(error).__name__)
        return _reject()
    reference = get_log_reference()
    ERRORS_TOTAL.labels("request").inc()
    log.error("request.failed", handler=request and request.route_id, reference=reference, exc_info=error)
    if request is None or request.route_id in INSTALLATION_EVENTS:
        # Slack sends the event again.
        return BoltResponse(status=500, body="")
    localizer = Localizer()
    text = escape_mrkdwn(format_refusal(localizer, UnexpectedError(reference=reference)))
    if isinstance(request.payload, ViewSubmission):
        return BoltResponse(status=200, body=_build_error_update(localizer, text))
    if url := request.payload.private_reply_url:
        await post_ephemeral(url, text)
    return BoltResponse(status=200, body="")


def _build_error_update(localizer: Localizer, text: str) -> dict[str, Any]:
    title = localizer.format_text("refusal-title")
    view = build_modal("refusal.show", title, [build_section(text)], localizer)
    return {"response_action": "update", "view": view}
