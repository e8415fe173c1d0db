"""The OAuth pages on which a workspace installs the bot, and the events of its removal."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast
from urllib.parse import parse_qs, urljoin

import aiohttp
import structlog
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route as PageRoute

from bot.blocks.refusal import format_refusal
from bot.dependencies import Dependencies
from bot.i18n import Localizer
from bot.installations.clients import MultiWorkspaceClients, verify_token
from bot.installations.slack_errors import get_error_name, is_slack_failure
from bot.logs import get_request_id, start_request_logs
from bot.metrics import ERRORS_TOTAL
from bot.use_cases.slack_user import delete_workspace_users
from handlers.payloads import EventCallback, Payload
from handlers.request import SlackRequest
from handlers.route import Route, RouteKind
from models.errors import UnexpectedError

log = structlog.get_logger()

# They have no user, and arrive when the tokens no longer work.
UNINSTALL_EVENTS = ("app_uninstalled", "tokens_revoked")
# An organisation's admins have added the app to workspaces, or removed it from some.
ACCESS_EVENTS = ("team_access_granted", "team_access_revoked")
INSTALLATION_EVENTS = (*UNINSTALL_EVENTS, *ACCESS_EVENTS)

# The same as in manifest.yml: a test compares them.
BOT_SCOPES = (
    "commands",
    "chat:write",
    "files:write",
    "users:read",
    "users:read.email",
    "channels:read",
    "groups:read",
)
OAUTH_STATE_SECONDS = 600

# The person was too slow, or went back in the browser.
INVALID_CODE_ERRORS = frozenset({"invalid_code", "code_already_used"})

# The id of a workspace or an organisation.
TEAM_ID_PATTERN = re.compile(r"[TE][A-Z0-9]{1,30}")

OAuthHandler = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]


class InstallationRejected(Exception):
    """Slack issued no token for a valid code, usually because of a wrong SLACK_CLIENT_SECRET. Carries
    Slack's error."""


class InstallationInterrupted(Exception):
    """Slack did not respond, or something on the way answered instead. Carries the error's name."""


class _OAuthClient:
    """The calls that `AsyncOAuthFlow` makes. Bolt takes every error for an invalid code, and only shows it
    to the person; here, other errors are logged."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def oauth_v2_access(self, **arguments: Any) -> AsyncSlackResponse:
        return await _raise_rejections(self._client.oauth_v2_access(**arguments))

    async def auth_test(self, **arguments: Any) -> AsyncSlackResponse:
        return await _raise_rejections(self._client.auth_test(**arguments))


async def _raise_rejections(response: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    try:
        return await response
    except SlackApiError as error:
        if get_error_name(error) in INVALID_CODE_ERRORS:
            raise
        if is_slack_failure(error):
            raise InstallationInterrupted(get_error_name(error)) from None
        raise InstallationRejected(get_error_name(error)) from None
    except (aiohttp.ClientError, TimeoutError) as error:
        raise InstallationInterrupted(get_error_name(error)) from None


def build_install_routes(dependencies: Dependencies, clients: MultiWorkspaceClients) -> list[PageRoute]:
    flow = _build_oauth_flow(dependencies, clients)
    for path in (flow.install_path, flow.redirect_uri_path):
        ERRORS_TOTAL.labels(path)
    return [
        PageRoute(flow.install_path, _make_page_endpoint(flow.handle_installation)),
        PageRoute(flow.redirect_uri_path, _make_page_endpoint(flow.handle_callback)),
    ]


def _build_oauth_flow(dependencies: Dependencies, clients: MultiWorkspaceClients) -> AsyncOAuthFlow:
    from bot.installations.store import SingleUseOAuthStateStore

    settings = dependencies.settings
    secret = settings.slack_client_secret
    assert secret is not None, "checked with the settings"
    return AsyncOAuthFlow(
        client=cast(AsyncWebClient, _OAuthClient(clients.default_client)),
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=secret.get_secret_value(),
            scopes=BOT_SCOPES,
            user_scopes=[],
            authorization_url=urljoin(settings.slack_api_url, "/oauth/v2/authorize"),
            installation_store=clients.store,
            installation_store_bot_only=True,
            state_store=SingleUseOAuthStateStore(OAUTH_STATE_SECONDS, dependencies.database),
            state_expiration_seconds=OAUTH_STATE_SECONDS,
            # Bolt's page loads an image from elsewhere, and Slack's own page says everything needed.
            install_page_rendering_enabled=False,
        ),
    )


def _make_page_endpoint(handler: OAuthHandler) -> Callable[[Request], Awaitable[Response]]:
    async def handle_page(request: Request) -> Response:
        start_request_logs(source=request.url.path)
        bolt_request = AsyncBoltRequest(body="", query=_build_query(request), headers=dict(request.headers))
        try:
            return to_starlette_response(await handler(bolt_request))
        except InstallationInterrupted as interruption:
            log.warning("installation.interrupted", handler=request.url.path, error=str(interruption))
            return PlainTextResponse(Localizer().format_text("installation-interrupted"), 503)
        except InstallationRejected as rejection:
            return _handle_failure(request.url.path, error=str(rejection))
        except Exception:
            return _handle_failure(request.url.path, exc_info=True)

    return handle_page


def _build_query(request: Request) -> dict[str, Sequence[str]]:
    # slack_sdk adds `team` to the URL of Slack's authorize page without escaping it, with whatever parameters
    # are in it.
    query: dict[str, Sequence[str]] = {**parse_qs(request.url.query, keep_blank_values=True)}
    teams = query.pop("team", [])
    if len(teams) == 1 and TEAM_ID_PATTERN.fullmatch(teams[0]):
        query["team"] = teams
    return query


def _handle_failure(path: str, **details: Any) -> Response:
    # Errors that Bolt doesn't handle: usually wrong settings, or an unavailable database.
    request_id = get_request_id()
    ERRORS_TOTAL.labels(path).inc()
    log.error("installation.failed", handler=path, request_id=request_id, **details)
    return PlainTextResponse(format_refusal(Localizer(), UnexpectedError(reference=request_id)), 500)


async def handle_uninstall(request: SlackRequest) -> None:
    """The two events arrive in any order, may be repeated, and may come so late that the app has been
    installed again: then its token works, and nothing is deleted."""
    team_id = request.person.team_id
    if not team_id or not _is_bot_removed(request.payload):
        return
    for installed_in in {team_id, *await _list_organisations(request)}:
        if not await verify_token(request.clients, installed_in):
            reached = await request.clients.handle_uninstall(installed_in)
            await delete_workspace_users(request.dependencies, team_ids=reached)
    await handle_access_change(request)


async def handle_access_change(request: SlackRequest) -> None:
    # Ask Slack which workspaces are left: events may be late, repeated or out of order.
    for enterprise_id in await _list_organisations(request):
        lost = await request.clients.refresh_organisation(enterprise_id)
        await delete_workspace_users(request.dependencies, team_ids=lost)


async def _list_organisations(request: SlackRequest) -> set[str]:
    """The organisation-wide installations that an event may be about: it may name one of their workspaces."""
    named = (request.person.team_id, request.payload.enterprise_id)
    return {*await request.clients.list_enterprise_ids()}.intersection(named)


def _is_bot_removed(payload: Payload) -> bool:
    # `tokens_revoked` lists the bot if its own token is revoked.
    if not isinstance(payload, EventCallback):
        return False
    tokens = payload.event.tokens
    return payload.event.type == "app_uninstalled" or bool(tokens and tokens.bot)


ROUTES = [
    *(Route(RouteKind.UNINSTALL, event_type, handle_uninstall) for event_type in UNINSTALL_EVENTS),
    *(Route(RouteKind.UNINSTALL, event_type, handle_access_change) for event_type in ACCESS_EVENTS),
]
