"""The user directory of a Slack workspace."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.user_directory import DirectoryRefused, DirectoryUnavailable, UserProfile
from bot.installations.clients import NotInstalled, SlackClientProvider
from bot.installations.slack_errors import OUTAGE_KINDS, get_error_kind, get_error_name

# Slackbot is not marked as a bot.
SLACKBOT_USER_ID = "USLACKBOT"

# A load balancer is waiting for the response.
CONNECTION_TIMEOUT_SECONDS = 3

NOT_FOUND_ERRORS = ("channel_not_found", "user_not_found", "users_not_found", "user_not_visible")


class SlackUserDirectory:
    def __init__(self, clients: SlackClientProvider) -> None:
        self._clients = clients
        self._enterprise_ids: dict[str, str | None] = {}

    async def fetch_profile(self, team_id: str, user_id: str) -> UserProfile:
        """Someone whom Slack does not know or show is reported as deleted, and so may do nothing."""
        answer = await self._request_slack(team_id, "users.info", user=user_id, include_locale="true")
        if answer is None:
            return UserProfile(user_id, "", user_id, None, None, None, deleted=True)
        user = answer["user"]
        home, organisation = await self._resolve_home_team(team_id, user)
        profile = user.get("profile") or {}
        return UserProfile(
            user_id=user["id"],
            home_team_id=home,
            name=user.get("real_name") or profile.get("real_name") or user.get("name") or user["id"],
            email=profile.get("email") or None,
            locale=user.get("locale") or None,
            time_zone=user.get("tz") or None,
            enterprise_id=organisation,
            deleted=bool(user.get("deleted")),
            is_bot=bool(user.get("is_bot")) or user["id"] == SLACKBOT_USER_ID,
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_stranger=bool(user.get("is_stranger")),
        )

    async def check_connection(self) -> None:
        with _convert_errors():
            async with asyncio.timeout(CONNECTION_TIMEOUT_SECONDS):
                await self._clients.default_client.api_test()

    async def list_workspaces(self) -> list[str]:
        with _convert_errors():
            return await self._clients.list_team_ids()

    async def fetch_granted_scopes(self, team_id: str) -> set[str]:
        with _convert_errors():
            answer = await (await self._get_client(team_id)).auth_test()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return {scope for scope in str(headers.get("x-oauth-scopes", "")).split(",") if scope}

    async def check_app_token(self, token: str) -> None:
        """Slack returns the URL of a connection, which is not opened."""
        with _convert_errors():
            await self._clients.default_client.apps_connections_open(app_token=token)

    async def is_in_channel(self, team_id: str, channel_id: str) -> bool:
        answer = await self._request_slack(team_id, "conversations.info", channel=channel_id)
        channel = answer["channel"] if answer else {}
        return bool(channel.get("is_member")) and not channel.get("is_archived")

    async def find_user_by_email(self, team_id: str, email: str) -> str | None:
        answer = await self._request_slack(team_id, "users.lookupByEmail", email=email)
        return str(answer["user"]["id"]) if answer else None

    async def _resolve_home_team(self, team_id: str, user: dict[str, Any]) -> tuple[str, str | None]:
        """The person's own workspace, or this one if they belong to it.

        A person of an organisation belongs to each of their workspaces in it. The organisation of an outsider
        is ignored: it must not pass for ours.
        """
        home = str(user.get("team_id") or "")
        enterprise = user.get("enterprise_user") or {}
        theirs = enterprise.get("enterprise_id")
        if not theirs or theirs != await self._get_enterprise_id(team_id):
            return home, None
        return (team_id if team_id in enterprise.get("teams", []) else home), str(theirs)

    async def _get_enterprise_id(self, team_id: str) -> str | None:
        if team_id not in self._enterprise_ids:
            answer = await self._request_slack(team_id, "auth.test")
            self._enterprise_ids[team_id] = (answer or {}).get("enterprise_id")
        return self._enterprise_ids[team_id]

    async def _get_client(self, team_id: str) -> AsyncWebClient:
        try:
            return await self._clients.get_client(team_id)
        except NotInstalled as error:
            raise DirectoryUnavailable(error.reason) from error

    async def _request_slack(self, team_id: str, method: str, **arguments: str) -> dict[str, Any] | None:
        """None if Slack does not know the person or channel, or does not show them."""
        client = await self._get_client(team_id)
        with _convert_errors():
            try:
                answer = await client.api_call(method, params=arguments)
            except SlackApiError as error:
                if get_error_name(error) in NOT_FOUND_ERRORS:
                    return None
                raise
        assert isinstance(answer.data, dict), "these methods answer with an object"
        return answer.data


@contextmanager
def _convert_errors() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        refusal = DirectoryUnavailable if get_error_kind(error) in OUTAGE_KINDS else DirectoryRefused
        raise refusal(get_error_name(error)) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise DirectoryUnavailable(type(error).__name__) from error
