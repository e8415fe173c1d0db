"""The pages by which a workspace installs the bot, and what follows when it is taken out again."""

from collections.abc import Awaitable, Callable
from typing import Any, cast
from urllib.parse import urljoin

import structlog
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncBoltContext
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.blocks.refusal import refusal_text
from bot.i18n import Reader
from bot.installations.clients import Clients, ManyWorkspaces, error_name, works
from bot.logs import begin, reference
from bot.metrics import FAULTS
from bot.services import Services
from bot.use_cases.slack_user import forget_people
from models.errors import Unexpected

log = structlog.get_logger()

# They carry no person, and come when no token is good any more.
UNINSTALLED = ("app_uninstalled", "tokens_revoked")

# What the bot is installed with: that of manifest.yml, as a test sees to.
SCOPES = (
    "commands",
    "chat:write",
    "files:write",
    "users:read",
    "users:read.email",
    "channels:read",
    "groups:read",
)
STATE_SECONDS = 600

# Of a person who comes late, or back.
WRONG_CODE = frozenset({"invalid_code", "code_already_used"})

Handle = Callable[[AsyncBoltRequest], Awaitable[BoltResponse]]


class InstallationRefused(Exception):
    """Slack's word for why a good code became no token: SLACK_CLIENT_SECRET is wrong, mostly."""


class _Exchange:
    """What Slack's library calls to install. Of itself it takes whatever Slack refuses for a wrong code,
    tells the person so and the operator nothing."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client

    async def oauth_v2_access(self, **arguments: Any) -> AsyncSlackResponse:
        return await _refusals_told(self._client.oauth_v2_access(**arguments))

    async def auth_test(self, **arguments: Any) -> AsyncSlackResponse:
        return await _refusals_told(self._client.auth_test(**arguments))


async def _refusals_told(asked: Awaitable[AsyncSlackResponse]) -> AsyncSlackResponse:
    try:
        return await asked
    except SlackApiError as error:
        if error_name(error) in WRONG_CODE:
            raise
        raise InstallationRefused(error_name(error)) from None


def install_routes(services: Services, clients: ManyWorkspaces) -> list[Route]:
    flow = _flow(services, clients)
    for path in (flow.install_path, flow.redirect_uri_path):
        FAULTS.labels(path)
    return [
        Route(flow.install_path, _page(flow.handle_installation)),
        Route(flow.redirect_uri_path, _page(flow.handle_callback)),
    ]


def _flow(services: Services, clients: ManyWorkspaces) -> AsyncOAuthFlow:
    from bot.installations.store import OAuthStates

    settings = services.settings
    secret = settings.slack_client_secret
    assert secret is not None, "checked with the settings"
    return AsyncOAuthFlow(
        client=cast(AsyncWebClient, _Exchange(clients.bare)),
        settings=AsyncOAuthSettings(
            client_id=settings.slack_client_id,
            client_secret=secret.get_secret_value(),
            scopes=SCOPES,
            user_scopes=[],
            authorization_url=urljoin(settings.slack_api_url, "/oauth/v2/authorize"),
            installation_store=clients.store,
            installation_store_bot_only=True,
            state_store=OAuthStates(STATE_SECONDS, services.database.writer),
            state_expiration_seconds=STATE_SECONDS,
            # The library's page shows a picture from elsewhere; Slack's own page asks all there is.
            install_page_rendering_enabled=False,
        ),
    )


def _page(handle: Handle) -> Callable[[Request], Awaitable[Response]]:
    async def page(request: Request) -> Response:
        begin(source=request.url.path)
        asked = AsyncBoltRequest(body="", query=request.url.query, headers=dict(request.headers))
        try:
            return to_starlette_response(await handle(asked))
        except InstallationRefused as refused:
            return _failed(request.url.path, slack_says=str(refused))
        except Exception:
            return _failed(request.url.path, exc_info=True)

    return page


def _failed(path: str, **why: Any) -> Response:
    """What Slack's library does not expect: wrong settings, a Slack or a database that is away, mostly."""
    shown = reference()
    FAULTS.labels(path).inc()
    log.error("installation failed", where=path, reference=shown, **why)
    return PlainTextResponse(refusal_text(Reader(), Unexpected(reference=shown)), 500)


def uninstallation(services: Services, clients: Clients) -> Callable[..., Awaitable[None]]:
    """Done before the ack, and once more where Slack repeats it. The two events come in either order, and so
    late that the bot may be installed again: then its token opens the workspace."""

    async def listener(event: dict[str, Any], context: AsyncBoltContext) -> None:
        team = context.team_id
        if team and _uninstalled(event) and not await works(clients, team):
            await clients.forget(team)
            await forget_people(services, team_id=team)

    return listener


def _uninstalled(event: dict[str, Any]) -> bool:
    """`tokens_revoked` names the bot where its own token is among them."""
    return event["type"] == "app_uninstalled" or bool((event.get("tokens") or {}).get("bot"))
