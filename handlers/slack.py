"""The Slack app: who calls, which listener takes it, and what is answered where all else failed."""

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
from bot.installations.clients import NotInstalled, SlackClientProvider
from bot.logs import get_log_reference, start_log_context
from bot.metrics import ACK_DURATION_SECONDS, ERRORS_TOTAL, RETRIES_TOTAL
from bot.services import Services
from bot.tasks import TooBusy
from handlers.install import UNINSTALL_EVENTS, make_uninstall_listener
from handlers.listener import register
from handlers.request import Body, Call, asks_for_help, person_of, response_url_of, source_of
from handlers.route import Route
from handlers.view_delivery import say_in_private
from models.errors import UnexpectedError

log = structlog.get_logger()

# Slack is answered nothing but that they came.
ACKNOWLEDGED_AT_ONCE = ("command", "show")


class App(AsyncApp):
    """Bolt's, which acknowledges at once where its answer would say no more. Either door asks it."""

    def __init__(self, services: Services, routes: list[Route], **options: Any) -> None:
        super().__init__(**options)
        self._services = services
        # A button and the form that it opens may have one id.
        self._kinds = {(route.kind == "submit", route.id): route.kind for route in routes}

    async def async_dispatch(self, req: AsyncBoltRequest) -> BoltResponse:
        req.context["came"] = time.monotonic()
        source = source_of(req.body)
        kind = self._kinds.get((req.body.get("type") == "view_submission", source), "other")
        with ACK_DURATION_SECONDS.labels(kind).time():
            if kind == "link":
                return BoltResponse(status=200)
            # Help is the answer itself.
            if kind in ACKNOWLEDGED_AT_ONCE and not asks_for_help(req.body):
                try:
                    self._services.tasks.start(super().async_dispatch(req), source)
                except TooBusy as refusal:
                    req.context["refusal"] = refusal
                else:
                    return BoltResponse(status=200)
            return await super().async_dispatch(req)


def build_app(services: Services, clients: SlackClientProvider, routes: list[Route]) -> AsyncApp:
    secret = services.settings.slack_signing_secret
    app = App(
        services,
        routes,
        client=clients.default_client,
        logger=logging.getLogger("slack_bolt"),
        signing_secret=secret.get_secret_value() if secret else "",
        process_before_response=True,
        authorize=_authorize(clients),
        user_facing_authorize_error_message=Localizer().format_text("not-installed"),
    )

    @app.middleware
    async def bring_call(
        req: AsyncBoltRequest, body: Body, context: AsyncBoltContext, next_: Callable[[], Awaitable[None]]
    ) -> None:
        # A person is shown the request's id where it fails.
        start_log_context(source=source_of(body))
        if "x-slack-retry-num" in req.headers:
            RETRIES_TOTAL.labels("event").inc()
        if source_of(body) not in UNINSTALL_EVENTS:
            context["call"] = await _read_call(services, clients, body, context)
        await next_()

    for route in routes:
        ERRORS_TOTAL.labels(route.id)
        if route.kind == "uninstall":
            app.event(route.id)(make_uninstall_listener(services, clients))
        else:
            register(app, route)
    # An old message's button, an event nobody asked for: acknowledged, and nothing else.
    anything = re.compile(".*")
    for listen in (app.action, app.view, app.event):
        listen(anything)(_only_ack)
    app.error(_report)
    return app


def _authorize(clients: SlackClientProvider) -> Callable[..., Awaitable[Any]]:
    """The library's own would read the database twice and call `auth.test`, at each request."""

    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult | None:
        try:
            client = await clients.get_client(team_id or "")
        except NotInstalled:
            return None
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token=client.token)

    return authorize


async def _read_call(
    services: Services, clients: SlackClientProvider, body: Body, context: AsyncBoltContext
) -> Call:
    """Nothing is asked yet that may take long: what only reads is acknowledged first."""
    client = await clients.get_client(context.team_id or "")
    person = person_of(body, context.team_id or "", context.user_id or "", source_of(body))
    return Call(services, client, body, person, started=context["came"], refusal=context.get("refusal"))


async def _only_ack(ack: AsyncAck) -> None:
    await ack()


async def _report(error: Exception, body: dict[str, Any]) -> BoltResponse:
    """What escaped all else. Answered all the same: a lost answer leaves the person with nothing."""
    shown = get_log_reference()
    ERRORS_TOTAL.labels("request").inc()
    log.error("request.failed", handler=source_of(body), reference=shown, exc_info=error)
    reader = Localizer()
    refusal = UnexpectedError(reference=shown)
    text = escape_mrkdwn(format_refusal(reader, refusal))
    if body.get("type") == "view_submission":
        view = build_modal("refusal.show", reader.format_text("refusal-title"), [build_section(text)], reader)
        return BoltResponse(status=200, body={"response_action": "update", "view": view})
    if url := response_url_of(body):
        await say_in_private(url, text)
    # Slack repeats an event that was not taken, and the tokens must go.
    return BoltResponse(status=500 if source_of(body) in UNINSTALL_EVENTS else 200, body="")
