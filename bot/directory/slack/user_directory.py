"""The directory that Slack keeps."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.user_directory import DirectoryUnavailable, Profile
from bot.installations.clients import Clients, NotInstalled, error_name

# Slack's own bot says of itself that it is none.
SLACKBOT = "USLACKBOT"

# A load balancer waits for whoever asks.
REACHED_WITHIN = 3

UNKNOWN = ("channel_not_found", "user_not_found", "users_not_found", "user_not_visible")


class SlackDirectory:
    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._organisations: dict[str, str | None] = {}

    async def profile(self, team_id: str, user_id: str) -> Profile:
        """Someone whom Slack does not know or show is reported as deleted: nobody who may do anything."""
        answer = await self._call(team_id, "users.info", user=user_id, include_locale="true")
        if answer is None:
            return Profile(user_id, "", user_id, None, None, None, deleted=True)
        user = answer["user"]
        home, organisation = await self._home(team_id, user)
        profile = user.get("profile") or {}
        return Profile(
            user_id=user["id"],
            home_team_id=home,
            name=user.get("real_name") or profile.get("real_name") or user.get("name") or user["id"],
            email=profile.get("email") or None,
            locale=user.get("locale") or None,
            time_zone=user.get("tz") or None,
            enterprise_id=organisation,
            deleted=bool(user.get("deleted")),
            is_bot=bool(user.get("is_bot")) or user["id"] == SLACKBOT,
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_stranger=bool(user.get("is_stranger")),
        )

    async def reach(self) -> None:
        with _translated():
            async with asyncio.timeout(REACHED_WITHIN):
                await self._clients.bare.api_test()

    async def workspaces(self) -> list[str]:
        with _translated():
            return await self._clients.teams()

    async def granted_scopes(self, team_id: str) -> set[str]:
        """Slack tells them in a header of any answer."""
        with _translated():
            answer = await (await self._client(team_id)).auth_test()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return {scope for scope in str(headers.get("x-oauth-scopes", "")).split(",") if scope}

    async def check_app_token(self, token: str) -> None:
        """The address that Slack answers with is not opened."""
        with _translated():
            await self._clients.bare.apps_connections_open(app_token=token)

    async def in_channel(self, team_id: str, channel_id: str) -> bool:
        answer = await self._call(team_id, "conversations.info", channel=channel_id)
        channel = answer["channel"] if answer else {}
        return bool(channel.get("is_member")) and not channel.get("is_archived")

    async def user_of_email(self, team_id: str, email: str) -> str | None:
        answer = await self._call(team_id, "users.lookupByEmail", email=email)
        return str(answer["user"]["id"]) if answer else None

    async def _home(self, team_id: str, user: dict[str, Any]) -> tuple[str, str | None]:
        """The person's own workspace, and their organisation where it is this workspace's too.

        The organisation of a stranger says nothing: it must not pass for ours. In an organisation a person
        of several workspaces is at home in each of them.
        """
        home = str(user.get("team_id") or "")
        enterprise = user.get("enterprise_user") or {}
        theirs = enterprise.get("enterprise_id")
        if not theirs or theirs != await self._organisation(team_id):
            return home, None
        return (team_id if team_id in enterprise.get("teams", []) else home), str(theirs)

    async def _organisation(self, team_id: str) -> str | None:
        if team_id not in self._organisations:
            answer = await self._call(team_id, "auth.test")
            self._organisations[team_id] = (answer or {}).get("enterprise_id")
        return self._organisations[team_id]

    async def _client(self, team_id: str) -> AsyncWebClient:
        try:
            return await self._clients.of(team_id)
        except NotInstalled as error:
            raise DirectoryUnavailable(error.why) from error

    async def _call(self, team_id: str, method: str, **arguments: str) -> dict[str, Any] | None:
        """None where Slack knows no such person or channel, or does not show them."""
        client = await self._client(team_id)
        with _translated():
            try:
                answer = await client.api_call(method, params=arguments)
            except SlackApiError as error:
                if error_name(error) in UNKNOWN:
                    return None
                raise
        assert isinstance(answer.data, dict), "these methods answer with an object"
        return answer.data


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        raise DirectoryUnavailable(error_name(error)) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise DirectoryUnavailable(type(error).__name__) from error
