"""Slack's client, and the one that a workspace is called with."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from aiohttp import encode_basic_auth
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.metrics import timed_call

if TYPE_CHECKING:
    from bot.installations.store import EncryptedInstallations

log = structlog.get_logger()

# What Slack says of a token that is worth nothing, or nothing any more.
DEAD_TOKEN = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_revoked"})

# … and of one that is not the one asked for. That is no proof of an uninstallation.
WRONG_TOKEN = DEAD_TOKEN | {"missing_scope", "not_allowed_token_type", "token_expired"}

# What another replica was told of an uninstallation is known here as much later at most.
REMEMBERED_SECONDS = 60.0


class NotInstalled(Exception):
    """The bot is not, or is no longer, installed in that workspace."""

    why = "the bot is not installed there"


class TokenClosed(NotInstalled):
    """It is, and cannot be called all the same."""

    why = "no key of TOKEN_KEYS opens its token"


class MeasuredClient(AsyncWebClient):
    """Every call is timed, and counted where it fails."""

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        client = arguments.pop("auth", None)
        if client:
            # Slack's library would do it in a way that aiohttp will drop.
            basic = encode_basic_auth(client["client_id"], client["client_secret"])
            arguments["headers"] = {**(arguments.get("headers") or {}), "Authorization": basic}
        with timed_call("slack", api_method, error_name):
            return await super().api_call(api_method, **arguments)


def error_name(error: Exception) -> str:
    """Slack's name for the error; the kind of error where its answer was not Slack's at all."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    code = data.get("error") if isinstance(data, dict) else None
    return str(code or type(error).__name__)


class Clients(Protocol):
    @property
    def bare(self) -> AsyncWebClient:
        """For calls that concern no workspace."""

    async def of(self, team_id: str) -> AsyncWebClient:
        """Raises NotInstalled."""

    def look_again(self, team_id: str) -> None:
        """Nothing is remembered of the workspace's token: it is read when it is needed next."""

    async def teams(self) -> list[str]:
        """The workspaces it is installed in."""

    async def forget(self, team_id: str) -> None:
        """The workspace has uninstalled the bot."""


async def works(clients: Clients, team_id: str) -> bool:
    """Whether the token that is stored of the workspace opens it. Raises what Slack's silence raises."""
    # Another replica may have stored a new one.
    clients.look_again(team_id)
    try:
        await (await clients.of(team_id)).auth_test()
    except NotInstalled:
        return False
    except SlackApiError as error:
        if error_name(error) in DEAD_TOKEN:
            return False
        raise
    return True


class OneWorkspace:
    """The one whose token is set."""

    def __init__(self, client: AsyncWebClient) -> None:
        self.bare = client

    async def of(self, team_id: str) -> AsyncWebClient:
        return self.bare

    def look_again(self, team_id: str) -> None:
        """It is set, and stays what it is."""

    async def teams(self) -> list[str]:
        return [str((await self.bare.auth_test())["team_id"])]

    async def forget(self, team_id: str) -> None:
        log.warning("the bot was uninstalled: SLACK_BOT_TOKEN is worth nothing any more", team=team_id)


class ManyWorkspaces:
    """Those in which the bot was installed by its own page. A token is looked up once a minute at most: each
    request, and each notice, needs one."""

    def __init__(
        self,
        store: "EncryptedInstallations",
        client: Callable[[str | None], AsyncWebClient],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.bare, self.store = client(None), store
        self._client, self._clock = client, clock
        self._known: dict[str, tuple[float, AsyncWebClient]] = {}
        store.on_change = self.look_again

    async def of(self, team_id: str) -> AsyncWebClient:
        until, client = self._known.get(team_id, (0.0, None))
        if client is not None and self._clock() < until:
            return client
        try:
            token = await self.store.token_of(team_id)
        except SQLAlchemyError:
            # A database that is away takes no workspace its token.
            if client is not None:
                return client
            raise
        if token is None:
            self.look_again(team_id)
            stored = team_id in await self.store.teams()
            raise (TokenClosed if stored else NotInstalled)(team_id)
        if client is None or client.token != token:
            client = self._client(token)
        self._known[team_id] = (self._clock() + REMEMBERED_SECONDS, client)
        return client

    async def teams(self) -> list[str]:
        return await self.store.teams()

    async def forget(self, team_id: str) -> None:
        await self.store.async_delete_all(enterprise_id=None, team_id=team_id)
        log.warning("the bot was uninstalled", team=team_id)

    def look_again(self, team_id: str) -> None:
        self._known.pop(team_id, None)
