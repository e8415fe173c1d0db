"""Slack's Web API clients: instrumented, and one per workspace."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import structlog
from aiohttp import encode_basic_auth
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.installations.slack_errors import REVOKED_TOKEN_ERRORS, get_error_name
from bot.metrics import record_call, to_snake_case

if TYPE_CHECKING:
    from bot.installations.store import EncryptedInstallationStore

log = structlog.get_logger()

# How long this replica may take to notice an uninstallation that another one handled.
TOKEN_CACHE_SECONDS = 60.0


class NotInstalled(Exception):
    """The bot is not installed in that workspace, or no longer."""

    reason = "the bot is not installed there"


class TokenUndecryptable(NotInstalled):
    """The bot is installed, but its token cannot be decrypted."""

    reason = "no key of TOKEN_ENCRYPTION_KEYS opens its token"


class InstrumentedClient(AsyncWebClient):
    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        client = arguments.pop("auth", None)
        if client:
            # slack_sdk would pass it in a way that aiohttp has deprecated.
            basic = encode_basic_auth(client["client_id"], client["client_secret"])
            arguments["headers"] = {**(arguments.get("headers") or {}), "Authorization": basic}
        with record_call("slack", api_method, lambda error: to_snake_case(get_error_name(error))):
            return await super().api_call(api_method, **arguments)


class SlackClientProvider(Protocol):
    @property
    def default_client(self) -> AsyncWebClient: ...

    async def get_client(self, team_id: str) -> AsyncWebClient: ...

    def clear_cached_token(self, team_id: str) -> None:
        """The token is read again when it is next needed."""

    async def list_team_ids(self) -> list[str]: ...

    async def handle_uninstall(self, team_id: str) -> None: ...


async def verify_token(clients: SlackClientProvider, team_id: str) -> bool:
    """Whether the workspace's stored token works. Raises if Slack does not answer."""
    # Another replica may have stored a new one.
    clients.clear_cached_token(team_id)
    try:
        await (await clients.get_client(team_id)).auth_test()
    except NotInstalled:
        return False
    except SlackApiError as error:
        if get_error_name(error) in REVOKED_TOKEN_ERRORS:
            return False
        raise
    return True


class SingleWorkspaceClients:
    def __init__(self, client: AsyncWebClient) -> None:
        self.default_client = client

    async def get_client(self, team_id: str) -> AsyncWebClient:
        return self.default_client

    def clear_cached_token(self, team_id: str) -> None:
        """The token is a setting: nothing is cached."""

    async def list_team_ids(self) -> list[str]:
        return [str((await self.default_client.auth_test())["team_id"])]

    async def handle_uninstall(self, team_id: str) -> None:
        log.warning("app.uninstalled", team=team_id)


class MultiWorkspaceClients:
    """Clients of the workspaces that installed the bot. Each request and each notice needs a token, so tokens
    are cached for TOKEN_CACHE_SECONDS."""

    def __init__(
        self,
        store: "EncryptedInstallationStore",
        build_client: Callable[[str | None], AsyncWebClient],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.default_client, self.store = build_client(None), store
        self._build_client, self._clock = build_client, clock
        self._cached_clients: dict[str, tuple[float, AsyncWebClient]] = {}
        store.on_change = self.clear_cached_token

    async def get_client(self, team_id: str) -> AsyncWebClient:
        until, client = self._cached_clients.get(team_id, (0.0, None))
        if client is not None and self._clock() < until:
            return client
        try:
            token = await self.store.find_bot_token(team_id)
        except SQLAlchemyError:
            # If the database is unavailable, the cached token is still good.
            if client is not None:
                return client
            raise
        if token is None:
            self.clear_cached_token(team_id)
            is_installed = team_id in await self.store.list_team_ids()
            raise (TokenUndecryptable if is_installed else NotInstalled)(team_id)
        if client is None or client.token != token:
            client = self._build_client(token)
        self._cached_clients[team_id] = (self._clock() + TOKEN_CACHE_SECONDS, client)
        return client

    async def list_team_ids(self) -> list[str]:
        return await self.store.list_team_ids()

    async def handle_uninstall(self, team_id: str) -> None:
        await self.store.async_delete_all(enterprise_id=None, team_id=team_id)
        log.warning("app.uninstalled", team=team_id)

    def clear_cached_token(self, team_id: str) -> None:
        self._cached_clients.pop(team_id, None)
