"""Slack's Web API clients: instrumented, and one per workspace."""

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

import aiohttp
import structlog
from aiohttp import encode_basic_auth
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from sqlalchemy.exc import SQLAlchemyError

from bot.installations.organisation import fetch_workspace_ids, find_enterprise_id
from bot.installations.slack_errors import (
    INVALID_TOKEN_ERRORS,
    REVOKED_TOKEN_ERRORS,
    SlackErrorKind,
    UnreadableResponse,
    get_error_kind,
    get_error_name,
)
from bot.metrics import CALL_ERRORS_TOTAL, record_call, to_snake_case
from bot.network import find_proxy

if TYPE_CHECKING:
    from bot.installations.store import EncryptedInstallationStore

log = structlog.get_logger()

# How long this replica may take to notice an uninstallation that another one handled.
TOKEN_CACHE_SECONDS = 60.0

# How often Slack is asked, for a workspace that is not known, which ones the organisations' tokens reach.
ORGANISATION_REFRESH_SECONDS = 60.0

# A rejected token may fail once only, and alerts see an increase only between two samples: exported as 0.
for _method in ("auth.test", "chat.postMessage", "users.info", "views.open", "views.publish"):
    for _error in INVALID_TOKEN_ERRORS:
        CALL_ERRORS_TOTAL.labels("slack", _method, _error)


class NotInstalled(Exception):
    """The bot is not installed in that workspace, or no longer."""

    reason = "the bot is not installed there"


class TokenUndecryptable(NotInstalled):
    """The bot is installed, but its token cannot be decrypted."""

    reason = "no key of TOKEN_ENCRYPTION_KEYS opens its token"


class OrganisationUnknown(aiohttp.ClientError):
    """Slack did not say whether an organisation's token reaches the workspace."""


class InstrumentedClient(AsyncWebClient):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.proxy = find_proxy(self.base_url)

    async def api_call(self, api_method: str, **arguments: Any) -> AsyncSlackResponse:
        client = arguments.pop("auth", None)
        if client:
            # slack_sdk would pass it in a way that aiohttp has deprecated.
            basic = encode_basic_auth(client["client_id"], client["client_secret"])
            arguments["headers"] = {**(arguments.get("headers") or {}), "Authorization": basic}
        with record_call("slack", api_method, lambda error: to_snake_case(get_error_name(error))):
            try:
                return await super().api_call(api_method, **arguments)
            except (AttributeError, ValueError) as error:
                # slack_sdk expects an object, or something that is labelled as a page.
                raise UnreadableResponse(type(error).__name__) from error


class SlackClientProvider(Protocol):
    """`team_id` is a workspace's id or an organisation's."""

    @property
    def default_client(self) -> AsyncWebClient: ...

    async def get_client(self, team_id: str) -> AsyncWebClient:
        """Returns the client of the workspace's own installation, else of its organisation's. Raises
        NotInstalled and OrganisationUnknown."""

    def clear_cached_token(self, team_id: str) -> None: ...

    async def list_installations(self) -> list[str]: ...

    async def list_team_ids(self) -> list[str]:
        """Lists the workspaces with an installation, and those that an organisation's token reaches."""

    async def list_enterprise_ids(self) -> list[str]: ...

    async def refresh_organisation(self, enterprise_id: str) -> set[str]:
        """Stores which workspaces the organisation's token reaches now, if it has one that works. Returns
        those that it no longer reaches."""

    async def handle_uninstall(self, team_id: str) -> set[str]:
        """Returns what the removed token reached: the workspace, or the organisation with its workspaces."""


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
        # The token is a setting: nothing is cached.
        ...

    async def list_installations(self) -> list[str]:
        answer = await self.default_client.auth_test()
        if answer.get("is_enterprise_install"):
            return [find_enterprise_id(answer) or ""]
        return [str(answer["team_id"])]

    async def list_team_ids(self) -> list[str]:
        answer = await self.default_client.auth_test()
        if answer.get("is_enterprise_install"):
            return [find_enterprise_id(answer) or "", *await fetch_workspace_ids(self.default_client)]
        return [str(answer["team_id"])]

    async def list_enterprise_ids(self) -> list[str]:
        return []

    async def refresh_organisation(self, enterprise_id: str) -> set[str]:
        # The token is a setting, and the same for all workspaces of the organisation.
        return set()

    async def handle_uninstall(self, team_id: str) -> set[str]:
        log.warning("app.uninstalled", team=team_id)
        return {team_id}


class MultiWorkspaceClients:
    """Clients of the workspaces and organisations that installed the bot. Each request and each notice needs
    a token, so tokens are cached for TOKEN_CACHE_SECONDS."""

    def __init__(
        self,
        store: "EncryptedInstallationStore",
        build_client: Callable[[str | None], AsyncWebClient],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.default_client, self.store = build_client(None), store
        self._build_client, self._clock = build_client, clock
        self._cached_clients: dict[str, tuple[float, AsyncWebClient]] = {}
        self._organisations_fresh_until, self._refresh_lock = 0.0, asyncio.Lock()
        store.on_change = self._forget_tokens

    async def get_client(self, team_id: str) -> AsyncWebClient:
        until, client = self._cached_clients.get(team_id, (0.0, None))
        if client is not None and self._clock() < until:
            return client
        try:
            token = await self._find_token(team_id)
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

    async def _find_token(self, team_id: str) -> str | None:
        token = await self.store.find_bot_token(team_id)
        if token is None:
            await self._refresh_organisations()
            token = await self.store.find_bot_token(team_id)
        return token

    async def _refresh_organisations(self) -> None:
        """Refreshes all of them, since an unknown workspace may belong to any, but only once in
        ORGANISATION_REFRESH_SECONDS. If Slack refuses one, the others are still refreshed. Raises
        OrganisationUnknown."""
        async with self._refresh_lock:
            if self._clock() < self._organisations_fresh_until:
                return
            failure: Exception | None = None
            for enterprise_id in await self.list_enterprise_ids():
                try:
                    await self.refresh_organisation(enterprise_id)
                except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
                    failure = error
            if failure is not None:
                raise OrganisationUnknown(get_error_name(failure)) from failure
            self._organisations_fresh_until = self._clock() + ORGANISATION_REFRESH_SECONDS

    async def list_installations(self) -> list[str]:
        return await self.store.list_installations()

    async def list_team_ids(self) -> list[str]:
        await self._refresh_organisations()
        return await self.store.list_team_ids()

    async def list_enterprise_ids(self) -> list[str]:
        return await self.store.list_enterprise_ids()

    async def refresh_organisation(self, enterprise_id: str) -> set[str]:
        token = await self.store.find_bot_token(enterprise_id)
        if token is None:
            return set()
        try:
            workspace_ids = await fetch_workspace_ids(self._build_client(token))
        except SlackApiError as error:
            if get_error_kind(error) is not SlackErrorKind.TOKEN:
                raise
            if get_error_name(error) not in REVOKED_TOKEN_ERRORS:
                # The other workspaces are not kept waiting until somebody has corrected it.
                log.error("organisation.token_rejected", team=enterprise_id, error=get_error_name(error))
            return set()
        return await self.store.save_organisation_workspaces(enterprise_id, workspace_ids)

    async def handle_uninstall(self, team_id: str) -> set[str]:
        workspace_ids = await self.store.list_workspace_ids(team_id)
        if await self.store.delete_installation(team_id):
            log.warning("app.uninstalled", team=team_id)
        return {team_id, *workspace_ids}

    def clear_cached_token(self, team_id: str) -> None:
        self._cached_clients.pop(team_id, None)

    def _forget_tokens(self) -> None:
        # An organisation's token may be cached for each of its workspaces.
        self._cached_clients.clear()
        self._organisations_fresh_until = 0.0
