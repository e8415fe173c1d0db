"""The Slack app: one reader of payloads for both transports, Bolt with every route, and the last-resort error
handler."""

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
from bot.dependencies import Dependencies
from bot.i18n import Localizer, escape_mrkdwn
from bot.installations.clients import SlackClientProvider
from bot.logs import get_request_id, start_request_logs
from bot.metrics import ERRORS_TOTAL, REQUESTS_REJECTED_TOTAL, RETRIES_TOTAL
from handlers.dispatch import ack_with_refusal, register_routes
from handlers.install import INSTALLATION_EVENTS
from handlers.payloads import (
    OtherPayload,
    Payload,
    SslCheck,
    UnreadablePayload,
    UrlVerification,
    ViewSubmission,
    read_payload,
)
from handlers.request import SlackRequest, identify_person
from handlers.respond import post_ephemeral
from handlers.route import Route
from models.errors import UnexpectedError, UnknownCommand, UnknownControl

log = structlog.get_logger()

ANY_ID = re.compile(".*")
# The ids of controls; any other is not logged as it is.
CONTROL_ID = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")
MAX_LOGGED_IDS = 100

# Slack may send these although the bot uses none of them: acknowledged, so that nobody sees an error.
UNUSED_TYPES = frozenset(
    {
        "app_rate_limited",
        "block_suggestion",
        "dialog_cancellation",
        "dialog_submission",
        "dialog_suggestion",
        "interactive_message",
        "message_action",
        "shortcut",
        "view_closed",
        "workflow_step_edit",
    }
)
OPTION_REQUEST_TYPES = ("block_suggestion", "dialog_suggestion")


class SlackApp:
    """A payload is handled in the same way whichever transport brought it."""

    def __init__(self, dependencies: Dependencies, clients: SlackClientProvider, routes: list[Route]) -> None:
        self._dependencies, self._clients = dependencies, clients
        self._logged_types: set[str] = set()
        self._route_ids = {route.id for route in routes}
        self.bolt_app = _build_bolt_app(clients, routes)

    async def handle(self, body: object, *, is_retry: bool = False) -> BoltResponse:
        """`body` is parsed JSON, or a form. Unless the status is 200, Slack tells the person that the request
        failed."""
        started = time.monotonic()
        try:
            payload = read_payload(body)
        except UnreadablePayload as unreadable:
            return await self.reject(unreadable)
        start_request_logs(source=self._get_log_source(payload))
        if is_retry:
            RETRIES_TOTAL.labels("event").inc()
        match payload:
            case UrlVerification():
                return BoltResponse(status=200, body={"challenge": payload.challenge})
            case SslCheck():
                return BoltResponse(status=200)
            case OtherPayload():
                return self._ack_unused(payload)
        return await self._dispatch(payload, started)

    def _get_log_source(self, payload: Payload) -> str:
        if isinstance(payload, OtherPayload):
            return _get_known_type(payload)
        return payload.route_id if payload.route_id in self._route_ids else _get_loggable_id(payload.route_id)

    async def reject(self, unreadable: UnreadablePayload) -> BoltResponse:
        """Tells the person, if the payload says who that is and how to reach them."""
        start_request_logs()
        REQUESTS_REJECTED_TOTAL.labels("malformed").inc()
        log.warning(
            "payload.unreadable",
            payload_type=unreadable.payload_type,
            error=unreadable.error,
            location=unreadable.location,
        )
        sender = unreadable.sender
        if sender is not None and sender.type == "event_callback":
            # Nobody waits for an answer, and it will not become readable by sending it again.
            return BoltResponse(status=200)
        if sender is None or not sender.can_reach_sender:
            return BoltResponse(status=400, body="malformed")
        request = self._build_request(sender, _build_bolt_request(sender), time.monotonic())
        return await ack_with_refusal(request, UnexpectedError(reference=get_request_id()))

    async def _dispatch(self, payload: Payload, started: float) -> BoltResponse:
        bolt_request = _build_bolt_request(payload)
        request = self._build_request(payload, bolt_request, started)
        bolt_request.context["slack_request"] = request
        try:
            response: BoltResponse = await self.bolt_app.async_dispatch(bolt_request)
        except Exception as error:
            # Bolt's own, on the way to a listener and to the error handler.
            return await _respond_to_error(error, request)
        return response

    def _build_request(
        self, payload: Payload, bolt_request: AsyncBoltRequest, started: float
    ) -> SlackRequest:
        person = identify_person(payload, bolt_request.context)
        return SlackRequest(self._dependencies, self._clients, payload, person, started=started)

    def _ack_unused(self, payload: OtherPayload) -> BoltResponse:
        payload_type = _get_known_type(payload)
        if payload_type == "app_rate_limited":
            log.warning("events.rate_limited", team=payload.team_id)
        elif payload_type not in self._logged_types:
            self._logged_types.add(payload_type)
            log.info("payload.ignored", payload_type=payload_type)
        if payload_type in OPTION_REQUEST_TYPES:
            return BoltResponse(status=200, body={"options": []})
        return BoltResponse(status=200)


def _get_known_type(payload: Payload) -> str:
    # A type that isn't Slack's may be any text, so it is not logged.
    return str(payload.type) if payload.type in UNUSED_TYPES else "unknown"


def _get_loggable_id(control: str) -> str:
    return control if CONTROL_ID.fullmatch(control) else "unknown"


def _build_bolt_request(payload: Payload) -> AsyncBoltRequest:
    # In this mode Bolt takes a body that is parsed already.
    return AsyncBoltRequest(mode="socket_mode", body=payload.build_bolt_body())


def _build_bolt_app(clients: SlackClientProvider, routes: list[Route]) -> AsyncApp:
    app = AsyncApp(
        # Otherwise Bolt inspects the call stack to derive a name.
        name="seatbot",
        client=clients.default_client,
        logger=logging.getLogger("slack_bolt"),
        # Bolt's default runner polls for the ack every 10 ms.
        process_before_response=True,
        # `SlackRequestGuard` in handlers/http.py has verified it, and `SlackApp` answers these two itself.
        request_verification_enabled=False,
        ssl_check_enabled=False,
        url_verification_enabled=False,
        authorize=_authorize,
    )
    register_routes(app, routes)
    # A command, a button, a form or a shortcut of another version, or an event that has no route.
    app.command(ANY_ID)(_refuse_unknown_command)
    refuse_unknown_control = _build_unknown_control_listener()
    for register in (app.action, app.view, app.global_shortcut):
        register(ANY_ID)(refuse_unknown_control)
    app.event(ANY_ID)(_ack_unrouted)
    app.error(_handle_error)
    return app


async def _authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
    # Reads no token: it may be in the database, and the ack does not need it. `SlackRequest.get_client` does
    # that, and refuses a workspace in which the app is not installed.
    return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id)


async def _ack_unrouted(ack: AsyncAck) -> None:
    await ack()


def _build_unknown_control_listener() -> Callable[[AsyncAck, SlackRequest], Awaitable[None]]:
    logged_ids: set[str] = set()

    async def refuse_unknown_control(ack: AsyncAck, slack_request: SlackRequest) -> None:
        control = _get_loggable_id(slack_request.route_id)
        if control not in logged_ids and len(logged_ids) < MAX_LOGGED_IDS:
            logged_ids.add(control)
            log.info("request.unrouted", handler=control)
        ack.response = await ack_with_refusal(slack_request, UnknownControl())

    return refuse_unknown_control


async def _refuse_unknown_command(ack: AsyncAck, slack_request: SlackRequest) -> None:
    ack.response = await ack_with_refusal(slack_request, UnknownCommand(command=slack_request.route_id))


async def _handle_error(error: Exception, context: AsyncBoltContext) -> BoltResponse:
    return await _respond_to_error(error, context.get("slack_request"))


async def _respond_to_error(error: Exception, request: SlackRequest | None) -> BoltResponse:
    # If an exception has escaped a listener, the person would see nothing without a response.
    request_id = get_request_id()
    ERRORS_TOTAL.labels("request").inc()
    log.error("request.failed", handler=request and request.route_id, request_id=request_id, exc_info=error)
    if request is None or request.route_id in INSTALLATION_EVENTS:
        # Slack sends the event again.
        return BoltResponse(status=500, body="")
    localizer = Localizer()
    text = escape_mrkdwn(format_refusal(localizer, UnexpectedError(reference=request_id)))
    if isinstance(request.payload, ViewSubmission):
        return BoltResponse(status=200, body=_build_error_update(localizer, text))
    if url := request.payload.private_reply_url:
        await post_ephemeral(url, text)
    return BoltResponse(status=200, body="")


def _build_error_update(localizer: Localizer, text: str) -> dict[str, Any]:
    title = localizer.format_text("refusal-title")
    view = build_modal("refusal.show", title, [build_section(text)], localizer)
    return {"response_action": "update", "view": view}
