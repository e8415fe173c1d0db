"""All state in memory, with common lookups."""

import asyncio
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from sandbox.config import ChannelConfig, Config, OrganisationConfig, TeamConfig, UserConfig
from sandbox.errors import SlackError
from sandbox.records import (
    Channel,
    Client,
    File,
    Installation,
    ResponseUrl,
    Team,
    Trigger,
    User,
    View,
)

TRIGGER_SECONDS = 3
RESPONSE_URL_SECONDS = 30 * 60
RESPONSE_URL_USES = 5
STACK_LIMIT = 3
WAIT_SECONDS = 60.0  # for tests that wait for an app; only there to end a hang

Clock = Callable[[], float]


def read_wall_clock() -> float:
    """Resolves `time.time` at each call, so that a test can freeze it."""
    return time.time()


class Changes:
    """Wakes tests and open pages that wait for the workspace to change."""

    def __init__(self) -> None:
        self.version = 0
        self._waiters: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        self.version += 1
        waiters, self._waiters = self._waiters, set()
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, seconds: float) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        await asyncio.wait([waiter], timeout=seconds)
        self._waiters.discard(waiter)

    async def wait_until(self, predicate: Callable[[], Any], seconds: float) -> Any:
        """Returns the predicate's first truthy value. It is evaluated at each change, and every 20 ms.

        The timeout uses the event loop's clock, which a frozen time.time does not stop."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not (value := predicate()):
            left = deadline - loop.time()
            if left <= 0:
                raise TimeoutError(f"not true after {seconds} s")
            await self.wait(min(0.02, left))
        return value


class Workspace:
    def __init__(self, config: Config, clock: Clock = read_wall_clock) -> None:
        self.config = config
        self.clock = clock
        self.trigger_seconds: float = TRIGGER_SECONDS
        self.changes = Changes()
        self.reset()

    def reset(self) -> None:
        self.teams: dict[str, Team] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.clients: dict[tuple[str, str], Client] = {}
        self.homes: dict[tuple[str, str], View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.files: dict[str, File] = {}
        self._numbers: dict[str, Iterator[int]] = {}
        self._last_ts = 0
        for team in self.config.teams:
            self._add_team(team)
        if self.config.organisation:
            self._add_organisation(self.config.organisation)
        for user in self.config.users:
            self._add_user(user)
        for channel in self.config.channels:
            self._add_channel(channel)
        self.changes.notify()

    def _add_team(self, team: TeamConfig) -> None:
        record = Team(team.id, team.name, team.domain, team.enterprise_id)
        self.teams[team.id] = record
        if team.installed and team.bot_token:
            self.install(team.id, list(self.config.app.scopes or []), team.bot_token)

    def _add_organisation(self, organisation: OrganisationConfig) -> None:
        id_, token = organisation.id, organisation.bot_token
        self.teams[id_] = Team(id_, organisation.name, "", id_, is_organisation=True)
        if organisation.installed and token:
            self.install(id_, list(self.config.app.scopes or []), token)

    def install(self, team_id: str, scopes: list[str], bot_token: str | None = None) -> Installation:
        """`team_id` may be an organisation's: the app is then installed for all its teams."""
        team, suffix = self.teams[team_id], team_id.removeprefix("T")
        token = bot_token or f"{self.create_id(f'xoxb-{suffix}-')}"
        team.installation = Installation(team_id, token, f"UBOT{suffix}", f"B{suffix}", scopes)
        bot_id = team.installation.bot_user_id
        self.users[bot_id] = User(
            bot_id,
            team_id,
            self.bot_name,
            self.app_name,
            is_bot=True,
            enterprise_id=team.enterprise_id,
        )
        return team.installation

    def _add_user(self, user: UserConfig) -> None:
        fields = user.model_dump(exclude={"team"})
        self.users[user.id] = User(team_id=str(user.team), **fields)
        record = self.users[user.id]
        record.real_name = record.real_name or record.name
        record.enterprise_id = record.enterprise_id or self.teams[record.team_id].enterprise_id

    def _add_channel(self, channel: ChannelConfig) -> None:
        fields = channel.model_dump(exclude={"team", "bot", "members"})
        record = Channel(team_id=str(channel.team), members=list(channel.members), **fields)
        self.channels[channel.id] = record
        installation = self.find_installation(record.team_id)
        if channel.bot and installation:
            record.members.append(installation.bot_user_id)

    # --- names and numbers

    @property
    def app_id(self) -> str:
        return self.config.app.id

    @property
    def app_name(self) -> str:
        return str(self.config.app.name)

    @property
    def bot_name(self) -> str:
        name = self.config.manifest.get("features", {}).get("bot_user", {}).get("display_name")
        return str(name or self.app_name)

    def has_command(self, name: str) -> bool:
        """Whether the manifest lists the command; without a manifest, every command exists."""
        listed = self.config.manifest.get("features", {}).get("slash_commands")
        return listed is None or any(command.get("command") == name for command in listed)

    @property
    def installations(self) -> list[Installation]:
        return [team.installation for team in self.teams.values() if team.installation]

    def create_id(self, prefix: str) -> str:
        numbers = self._numbers.setdefault(prefix, count(1))
        return f"{prefix}{next(numbers):08d}"

    def create_ts(self) -> str:
        """A message timestamp as Slack's: the time in microseconds, never the same twice."""
        self._last_ts = max(self._last_ts + 1, int(self.clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def create_hash(self) -> str:
        return f"{int(self.clock())}.{self.create_id('h')}"

    # --- people and channels

    def get_user(self, user_id: str) -> User:
        """Looks a user up by their id in a workspace or in the organisation."""
        if user_id in self.users:
            return self.users[user_id]
        for user in self.users.values():
            if user.enterprise_user_id == user_id:
                return user
        raise SlackError("user_not_found")

    def get_client(self, user_id: str, client_id: str = "main") -> Client:
        key = (user_id, client_id)
        if key not in self.clients:
            self.clients[key] = Client(client_id, self.get_user(user_id).id)
        return self.clients[key]

    def get_or_open_dm(self, installation: Installation, user_id: str) -> Channel:
        """Returns the direct message between a person and the bot, and opens it if there is none."""
        members = [user_id, installation.bot_user_id]
        for channel in self.channels.values():
            if channel.is_im and channel.members == members:
                return channel
        channel = Channel(self.create_id("D"), "directmessage", installation.team_id, members, is_im=True)
        self.channels[channel.id] = channel
        return channel

    def is_ext_shared(self, channel: Channel) -> bool:
        """Whether it is shared between organisations. A channel shared by teams of one organisation is
        not."""
        members = [self.users[member] for member in channel.members]
        return len({member.enterprise_id or member.team_id for member in members}) > 1

    def find_installation_by_token(self, token: str) -> Installation | None:
        return next((i for i in self.installations if i.bot_token == token), None)

    def find_installation(self, team_id: str) -> Installation | None:
        """Returns the team's installation, or its organisation's if that has access to the team."""
        team = self.teams[team_id]
        organisation = self.teams.get(team.enterprise_id or "")
        shared = organisation.installation if organisation and team.has_access else None
        return team.installation or shared

    def find_client_installation(self, client: Client) -> Installation | None:
        return self.find_installation(self.get_client_team(client).id)

    def get_client_team(self, client: Client) -> Team:
        """Returns the team that the client shows: one of its person's teams."""
        return self.teams[client.team_id or self.get_user(client.user_id).team_id]

    def list_teams(self, installation: Installation) -> list[Team]:
        """Lists the teams that the token has access to."""
        return [
            team
            for team in self.teams.values()
            if not team.is_organisation and self.find_installation(team.id) is installation
        ]

    # --- views

    def iterate_views(self) -> Iterator[View]:
        for client in list(self.clients.values()):
            yield from client.stack
        yield from list(self.homes.values())

    def find_view_client(self, view: View) -> Client | None:
        return next((client for client in self.clients.values() if view in client.stack), None)

    # --- triggers and response_urls

    def create_trigger(self, client: Client, team_id: str) -> Trigger:
        trigger = Trigger(self.create_id("13."), client, team_id, self.clock() + self.trigger_seconds)
        self.triggers[trigger.id] = trigger
        return trigger

    def use_trigger(self, trigger_id: str) -> Trigger:
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.used:
            raise SlackError("exchanged_trigger_id")
        if self.clock() > trigger.expires:
            raise SlackError("expired_trigger_id")
        trigger.used = True
        return trigger

    def create_response_url(self, **fields: Any) -> ResponseUrl:
        url = ResponseUrl(self.create_id("RU"), expires=self.clock() + RESPONSE_URL_SECONDS, **fields)
        self.response_urls[url.id] = url
        return url
