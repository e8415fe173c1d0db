"""The user directory of a Slack workspace."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.user_directory import (
    DirectoryRateLimited,
    DirectoryRefused,
    DirectoryUnavailable,
    UserProfile,
)
from bot.installations.clients import NotInstalled, SlackClientProvider
from bot.installations.organisation import find_enterprise_id
from bot.installations.slack_errors import (
    SlackErrorKind,
    get_error_kind,
    get_error_name,
    is_slack_failure,
    read_retry_after,
)
from bot.network import find_date
from models.text.control_characters import normalize_line
from models.text.email_address import encode_email_domain

# Slackbot is not marked as a bot.
SLACKBOT_USER_ID = "USLACKBOT"

# A load balancer is waiting for the response.
CONNECTION_TIMEOUT_SECONDS = 3

# Slack takes at most 1,000, and advises fewer.
MEMBERS_PAGE_SIZE = "200"

NOT_FOUND_ERRORS = ("channel_not_found", "user_not_found", "users_not_found", "user_not_visible")


@dataclass(frozen=True)
class _Membership:
    home_team_id: str
    enterprise_id: str | None = None
    enterprise_user_id: str | None = None
    workspace_ids: list[str] = field(default_factory=list)


class SlackUserDirectory:
    def __init__(self, clients: SlackClientProvider) -> None:
        self._clients = clients
        self._enterprise_ids: dict[str, str | None] = {}

    async def fetch_profile(self, team_id: str, user_id: str) -> UserProfile:
        """Someone whom Slack does not know or show is reported as deleted, and so may do nothing."""
        answer = await self._request_slack(team_id, "users.info", user=user_id, include_locale="true")
        if answer is None:
            return UserProfile(user_id, "", user_id, None, None, None, deleted=True)
        user = answer.get("user")
        if not isinstance(user, dict) or not user.get("id"):
            raise DirectoryUnavailable("no user in the answer")
        membership = await self._resolve_membership(team_id, user)
        profile = user.get("profile") or {}
        return UserProfile(
            # Slack may answer with another id of the same person: their organisation's.
            user_id=user_id,
            **vars(membership),
            name=_get_name(user, profile),
            email=profile.get("email") or None,
            locale=user.get("locale") or None,
            time_zone=user.get("tz") or None,
            deleted=bool(user.get("deleted")),
            is_bot=bool(user.get("is_bot")) or user["id"] == SLACKBOT_USER_ID,
            is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
            is_stranger=bool(user.get("is_stranger")),
        )

    async def check_connection(self) -> None:
        with _convert_errors():
            async with asyncio.timeout(CONNECTION_TIMEOUT_SECONDS):
                try:
                    await self._clients.default_client.api_test()
                except SlackApiError as error:
                    # Any other answer of Slack's is an answer.
                    if get_error_kind(error) is SlackErrorKind.TRANSIENT:
                        raise

    async def fetch_server_time(self) -> datetime | None:
        with _convert_errors():
            answer = await self._clients.default_client.api_test()
        return find_date(answer.headers)

    async def list_installations(self) -> list[str]:
        with _convert_errors():
            return await self._clients.list_installations()

    async def list_team_ids(self) -> list[str]:
        with _convert_errors():
            return await self._clients.list_team_ids()

    async def fetch_granted_scopes(self, team_id: str) -> set[str] | None:
        with _convert_errors():
            answer = await (await self._get_client(team_id)).auth_test()
        headers = {name.lower(): value for name, value in answer.headers.items()}
        scopes = headers.get("x-oauth-scopes")
        return {name for scope in scopes.split(",") if (name := scope.strip())} if scopes else None

    async def check_app_token(self, token: str) -> None:
        # Slack returns the URL of a connection, which is never opened.
        with _convert_errors():
            await self._clients.default_client.apps_connections_open(app_token=token)

    async def is_in_channel(self, team_id: str, channel_id: str) -> bool:
        answer = await self._request_slack(team_id, "conversations.info", channel=channel_id)
        channel = (answer or {}).get("channel") or {}
        return bool(channel.get("is_member")) and not channel.get("is_archived")

    async def list_channel_members(self, team_id: str, channel_id: str) -> set[str]:
        members: set[str] = set()
        cursor = ""
        while True:
            answer = await self._request_slack(
                team_id,
                "conversations.members",
                channel=channel_id,
                limit=MEMBERS_PAGE_SIZE,
                **({"cursor": cursor} if cursor else {}),
            )
            members.update(map(str, (answer or {}).get("members") or []))
            cursor = str(((answer or {}).get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return members

    async def find_user_by_email(self, team_id: str, email: str) -> str | None:
        # Somebody may have signed up with either form of an internationalised domain.
        for spelling in dict.fromkeys((email, encode_email_domain(email))):
            answer = await self._request_slack(team_id, "users.lookupByEmail", email=spelling)
            user = (answer or {}).get("user") or {}
            if user.get("id"):
                return str(user["id"])
        return None

    async def _resolve_membership(self, team_id: str, user: dict[str, Any]) -> _Membership:
        # A person of our organisation belongs to each of their workspaces in it. An outsider's organisation
        # is ignored, so that it cannot be mistaken for ours (R5).
        home = str(user.get("team_id") or "")
        member = user.get("enterprise_user") or {}
        organisation = str(member.get("enterprise_id") or "")
        if not organisation or not await self._is_own_organisation(team_id, organisation):
            return _Membership(home)
        # An organisation's id in place of the workspace's says only that they belong to the organisation.
        workspaces = list(member.get("teams") or [team_id if home == organisation else home])
        home = team_id if team_id in workspaces else home
        return _Membership(home, organisation, str(member.get("id") or user["id"]), workspaces)

    async def _is_own_organisation(self, team_id: str, enterprise_id: str) -> bool:
        # A workspace may have joined an organisation since.
        if self._enterprise_ids.get(team_id) is None:
            answer = await self._request_slack(team_id, "auth.test")
            self._enterprise_ids[team_id] = find_enterprise_id(answer or {})
        return self._enterprise_ids[team_id] == enterprise_id

    async def _get_client(self, team_id: str) -> AsyncWebClient:
        try:
            with _convert_errors():
                return await self._clients.get_client(team_id)
        except NotInstalled as error:
            raise DirectoryUnavailable(error.reason) from error

    async def _request_slack(self, team_id: str, method: str, **arguments: str) -> dict[str, Any] | None:
        """Returns None if Slack doesn't know the person or channel, or doesn't show them."""
        client = await self._get_client(team_id)
        with _convert_errors():
            try:
                answer = await client.api_call(method, params=arguments)
            except SlackApiError as error:
                if get_error_name(error) in NOT_FOUND_ERRORS:
                    return None
                raise
        assert isinstance(answer.data, dict), "the client refuses everything else"
        return answer.data


def _get_name(user: dict[str, Any], profile: dict[str, Any]) -> str:
    names = (user.get("real_name"), profile.get("real_name"), user.get("name"))
    readable = (normalize_line(name) for name in names if isinstance(name, str))
    return next(filter(None, readable), str(user["id"]))


@contextmanager
def _convert_errors() -> Iterator[None]:
    try:
        yield
    except SlackApiError as error:
        if get_error_kind(error) is SlackErrorKind.RATE_LIMITED:
            raise DirectoryRateLimited(get_error_name(error), read_retry_after(error)) from error
        refusal = DirectoryUnavailable if is_slack_failure(error) else DirectoryRefused
        raise refusal(get_error_name(error)) from error
    except (aiohttp.ClientError, TimeoutError) as error:
        raise DirectoryUnavailable(type(error).__name__) from error
